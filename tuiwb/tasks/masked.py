"""Filling in masked tokens from both sides: a masked language model (Devlin et al. 2019).

In training, ``share`` of the tokens of each window are to be guessed: 80 % of them are replaced by
the mask, 10 % by a random token, 10 % stay. An evaluation masks every token of the held-out text
exactly once, in passes of about 15 %, always by the mask: its figures change neither with a draw
nor with ``share`` (more than 15 % teach a small model faster: Wettig et al. 2023).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil, exp, inf
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tuiwb.data.dataset import Dataset
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TaskKnobs
from tuiwb.tasks import looking
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch, Loss, plain

EVALUATED = 0.15
"""Share of the tokens that are masked at once in an evaluation."""


class Knobs(TaskKnobs):
    """Masked tokens filled in from both sides."""

    targets: ClassVar[str] = "tokens"
    own_models: ClassVar[bool] = True

    share: Annotated[
        float, knob("share of the tokens that are to be guessed", gt=0, lt=1, tier="branch")
    ] = 0.15


class Masked:
    """A model with ``mask``, ``encode(tokens)`` [B, T, width] and ``answer(vectors)`` [..., V]."""

    def __init__(self, loss: Loss, share: float, vocabulary: int) -> None:
        self._loss = loss
        self._plain = plain(loss)
        self._share = share
        self._vocabulary = vocabulary
        self.baselines: dict[str, float] = {}

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss over the chosen tokens of one batch; no further parts."""
        net: Any = model
        tokens, _ = batch
        count = max(1, round(self._share * tokens.shape[1]))
        chosen = torch.rand(tokens.shape, device=tokens.device).topk(count, dim=1).indices
        right = tokens.gather(1, chosen)
        fate = torch.rand(chosen.shape, device=tokens.device)
        shown = torch.where(fate < 0.8, net.mask, right)
        shown = torch.where(fate >= 0.9, torch.randint_like(right, self._vocabulary), shown)
        vectors = net.encode(tokens.scatter(1, chosen, shown))
        return self._loss(net.answer(_at(vectors, chosen)), right), {}

    def evaluate(self, model: nn.Module, batches: Iterable[Batch]) -> dict[str, float]:
        """``loss`` (nats per masked token), ``perplexity`` = exp(loss), and ``accuracy``."""
        net: Any = model
        sums = None
        seen = 0
        for tokens, _ in batches:
            for places in self._passes(tokens):
                chosen = places.expand(len(tokens), -1)
                right = tokens.gather(1, chosen)
                outputs = net.answer(_at(net.encode(tokens.scatter(1, chosen, net.mask)), chosen))
                row = torch.stack(
                    (
                        self._plain(outputs, right).float() * right.numel(),
                        (outputs.argmax(-1) == right).sum().float(),
                    )
                )
                sums = row if sums is None else sums + row
                seen += right.numel()
        if sums is None:
            return {}
        loss, good = (sums / seen).tolist()  # the one read-back
        return {
            "loss": loss,
            "perplexity": exp(loss) if loss < 700 else inf,
            "accuracy": good,
        }

    def pictures(self, model: nn.Module, dataset: Dataset) -> Iterator[Picture]:
        """Guesses at masked tokens, one word in different company, and attention."""
        net: Any = model
        context = dataset.context or dataset.signature.shape[0]
        tokens, words = dataset.val.inputs.flatten()[: 8 * context], dataset.vocabulary
        rows = tokens[: len(tokens) // context * context].view(-1, context)
        yield _guesses(net, rows[0], words)
        yield from _company(net, rows, words)
        yield from looking.attention(model, rows[:1], looking.spelled(rows[0], words))

    def _passes(self, tokens: Tensor) -> tuple[Tensor, ...]:
        """The places of a window, each in exactly one pass, by a draw of their number alone."""
        length = tokens.shape[1]
        random = torch.Generator().manual_seed(length)
        places = torch.randperm(length, generator=random).to(tokens.device)
        return places.chunk(ceil(length / max(1, round(EVALUATED * length))))


def _at(vectors: Tensor, places: Tensor) -> Tensor:
    """The vectors [B, k, width] at places [B, k] of [B, T, width]."""
    return vectors.gather(1, places[..., None].expand(-1, -1, vectors.shape[-1]))


def _guesses(net: Any, row: Tensor, words: tuple[str, ...]) -> Picture:
    places = torch.arange(3, len(row), 7, device=row.device)
    masked = row.clone()
    masked[places] = net.mask
    chances = torch.softmax(net(masked[None])[0, places].float(), dim=-1)
    lines = [looking.text(masked, words), ""]
    for place, chance in zip(places, chances, strict=True):
        best, which = chance.topk(3)
        tried = ", ".join(
            f"{words[w]!r} {c:.2f}" for c, w in zip(best.tolist(), which.tolist(), strict=True)
        )
        lines.append(f"{words[int(row[place])]!r}: {tried}")
    return Picture("masked tokens", "text", {"text": "\n".join(lines)})


def _company(net: Any, rows: Tensor, words: tuple[str, ...]) -> Iterator[Picture]:
    """One token in several windows: how alike its contextual vectors are (cosine)."""
    values, counts = rows.unique(return_counts=True)
    # frequent enough to be met twice, rare enough to mean something
    order = sorted(zip(counts.tolist(), values.tolist(), strict=True), reverse=True)
    named = [v for count, v in order if count >= 2 and words[v].isalpha() and len(words[v]) > 3]
    vectors = F.normalize(net.encode(rows).float(), dim=-1)
    lines = []
    for token in named[:12]:
        found = vectors[rows == token]
        alike = (found @ found.T)[~torch.eye(len(found), dtype=torch.bool, device=rows.device)]
        lines.append(
            f"{words[token]}: {len(found)} times, cosine {alike.min():.2f} to {alike.max():.2f}"
        )
    if lines:
        yield Picture("one word in different company", "text", {"text": "\n".join(lines)})


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Masked:
    """The task on ``dataset``; its baselines are the n-grams, which see one side only."""
    task = Masked(loss, knobs.share, dataset.signature.vocabulary)
    task.baselines = dict(dataset.baselines)
    return task
