"""Word vectors from who stands beside whom: skip-gram with negative sampling (Mikolov et al. 2013).

Each word of a window is to be told apart from ``negatives`` words drawn at random, as a neighbour
of each word at most ``window`` places away:

    -log s(c' o) - sum_k log s(-c' n_k),  s the logistic function, n_k from counts^0.75.

word2vec draws the reach of each window and drops frequent words at random; here pairs have the
weight that they would have had on average: (window + 1 - distance) / window, times
min(1, sqrt(t / share)) of both words. A word's negatives are shared by all its pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import log
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tuiwb.data.dataset import Dataset
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TaskKnobs
from tuiwb.tasks.groups import GROUPS
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch, Loss


class Knobs(TaskKnobs):
    """Word vectors from who stands beside whom."""

    targets: ClassVar[str] = "none"
    own_models: ClassVar[bool] = True
    brings_loss: ClassVar[bool] = True

    window: Annotated[
        int, knob("how far apart two words still are neighbours", unit="words", ge=1, le=100,
                  tier="branch")
    ] = 5  # fmt: skip
    negatives: Annotated[
        int, knob("random words that each word is told apart from", unit="words", ge=1, le=1000,
                  tier="branch")
    ] = 5  # fmt: skip
    frequent: Annotated[
        float, knob("share of the text above which a word counts less; 1 is off", gt=0, le=1,
                    scale="log", tier="branch")
    ] = 1e-3  # fmt: skip


class Embed:
    """A model with tables ``centres`` and ``contexts`` [V, width] of vectors."""

    def __init__(self, knobs: Knobs, counts: Tensor, words: Sequence[str] = ()) -> None:
        self._window = knobs.window
        self._negatives = knobs.negatives
        self._counts = counts
        shares = counts / counts.sum()
        self._keep = (knobs.frequent / shares.clamp(min=1e-12)).sqrt().clamp(max=1)
        noise = counts**0.75
        self._noise = noise / noise.sum()
        self._edges = self._noise.cumsum(0)
        self._grouped = _grouped(words, counts.device)
        self.baselines: dict[str, float] = {}

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss over the pairs of one batch; no further parts."""
        words, _ = batch
        draws = torch.rand(*words.shape, self._negatives, device=words.device)
        pulled, pushed, weight, _ = self._sums(model, words, draws)
        return (pulled + pushed) / weight, {}

    def evaluate(self, model: nn.Module, batches: Iterable[Batch]) -> dict[str, float]:
        """``loss`` (nats per pair, its negatives included); ``accuracy``, how often a neighbour
        scores above a random word (0.5 by chance); ``purity``, how often a word of a known group is
        nearest to one of its own group, beside ``chance``, what random vectors reach."""
        random = torch.Generator().manual_seed(0)
        sums = None
        for words, _ in batches:
            draws = torch.rand(*words.shape, self._negatives, generator=random)
            row = torch.stack(self._sums(model, words, draws.to(words.device)))
            sums = row if sums is None else sums + row
        if sums is None:
            return {}
        pulled, pushed, weight, above = sums.tolist()  # the one read-back
        metrics = {"loss": (pulled + pushed) / weight, "accuracy": above / weight}
        if self._grouped is not None:
            rows, groups = self._grouped
            net: Any = model
            alike = _cosines(net.centres.weight[rows]).fill_diagonal_(-2)
            metrics["purity"] = float((groups[alike.argmax(1)] == groups).float().mean())
            same = (groups[:, None] == groups).float().sum(1) - 1
            metrics["chance"] = float(same.mean()) / (len(groups) - 1)
        return metrics

    def pictures(self, model: nn.Module, dataset: Dataset) -> Iterator[Picture]:
        """Nearest neighbours of words, and how alike the words of the known groups are."""
        net: Any = model
        words = dataset.vocabulary
        alike = _cosines(net.centres.weight)
        if self._grouped is None:
            return
        rows, groups = self._grouped
        lines = []
        for group in groups.unique().tolist():
            word = int(rows[groups == group][0])
            near = alike[word].topk(min(7, len(words))).indices.tolist()
            others = ", ".join(words[n] for n in near if n != word)
            lines.append(f"{words[word]}: {others}")
        yield Picture("nearest neighbours", "text", {"text": "\n".join(lines)})
        names = [words[row] for row in rows.tolist()]
        yield Picture(
            "likeness of grouped words",
            "matrix",
            {
                "values": alike[rows][:, rows].float().cpu().numpy(),
                "rows": names,
                "columns": names,
                "scale": "linear",
            },
            "cosine; groups lie side by side",
        )

    def _sums(
        self, model: nn.Module, words: Tensor, draws: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Loss of neighbours, loss of negatives, weight, and weight of neighbours above them."""
        net: Any = model
        centres, contexts = net.centres(words), net.contexts(words)
        drawn = torch.searchsorted(self._edges, draws).clamp(max=len(self._edges) - 1)
        random = torch.einsum("btd,btkd->btk", centres, net.contexts(drawn))
        keep = self._keep[words]
        push = F.softplus(random).sum(-1)
        zero = push.new_zeros(())
        pulled, pushed, weight, above = zero, zero, zero, zero
        for distance in range(1, min(self._window, words.shape[1] - 1) + 1):
            reach = (self._window + 1 - distance) / self._window
            weights = reach * keep[:, distance:] * keep[:, :-distance]
            sides = slice(distance, None), slice(None, -distance)
            for mine, other in (sides, sides[::-1]):
                scores = (centres[:, mine] * contexts[:, other]).sum(-1)
                pulled = pulled + (weights * F.softplus(-scores)).sum()
                pushed = pushed + (weights * push[:, mine]).sum()
                higher = (scores[..., None] > random[:, mine]).float().mean(-1)
                above = above + (weights * higher).sum()
                weight = weight + weights.sum()
        return pulled, pushed, weight, above

    def frequencies(self, val: Tensor) -> float:
        """Loss on ``val`` of scores that know how frequent a word is and not beside whom it
        stands: ln p(o) / (k q(o)), the best that the same score for every centre can do. Shares
        are those of the training part, one added to each count."""
        kept = self._keep * (self._counts + 1)
        asked = self._keep * torch.bincount(val, minlength=len(self._keep))
        q, k = self._noise, self._negatives
        smooth = (self._counts + 1) ** 0.75
        scores = (kept / kept.sum()).log() - (k * smooth / smooth.sum()).log()
        pulled = (asked / asked.sum() * F.softplus(-scores)).sum()
        return float(pulled + k * (q * F.softplus(scores)).sum())


def _cosines(vectors: Tensor) -> Tensor:
    unit = F.normalize(vectors.float(), dim=-1)
    return unit @ unit.T


def _grouped(words: Sequence[str], device: torch.device) -> tuple[Tensor, Tensor] | None:
    """Vocabulary rows of the known words and the group of each; None where hardly any is known."""
    index = {word: row for row, word in enumerate(words)}
    found = [
        (index[word], group)
        for group, members in enumerate(GROUPS.values())
        for word in members
        if word in index
    ]
    if len(found) < 20:
        return None
    rows, groups = zip(*found, strict=True)
    return torch.tensor(rows, device=device), torch.tensor(groups, device=device)


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Embed:
    """The task on ``dataset``; ``loss`` is not used.

    Baselines, in nats per pair: ``no idea``, the same score for every pair (the best is ln 1/k),
    and ``word frequencies``, scores that know each word's share and nothing of its company.
    """
    tokens = dataset.train.inputs.flatten()
    counts = torch.bincount(tokens, minlength=dataset.signature.vocabulary).float()
    task = Embed(knobs, counts, dataset.vocabulary)
    k = knobs.negatives
    task.baselines = {
        "no idea": log(1 + k) + k * log(1 + 1 / k),
        "word frequencies": task.frequencies(dataset.val.inputs.flatten()),
    }
    return task
