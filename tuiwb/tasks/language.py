"""The next token after each token: loss in nats per token, perplexity, bits, accuracy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import exp, inf, log
from typing import ClassVar

import torch
from torch import Tensor, nn

from tuiwb.data.dataset import Dataset
from tuiwb.spec.sections import TaskKnobs
from tuiwb.tasks import looking
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch, Loss, plain

TEMPERATURE = 0.8
"""Of generated text: below 1, likely tokens are likelier still."""
WRITTEN = 120
"""Tokens of generated text."""


class Knobs(TaskKnobs):
    """The next token after each token."""

    targets: ClassVar[str] = "tokens"


class Language:
    """Outputs [B, T, V] against the tokens one place on, int64 [B, T]."""

    def __init__(self, loss: Loss) -> None:
        self._loss = loss
        self._plain = plain(loss)
        self.baselines: dict[str, float] = {}

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss over the tokens of one batch; no further parts."""
        inputs, targets = batch
        return self._loss(model(inputs), targets), {}

    def evaluate(self, model: nn.Module, batches: Iterable[Batch]) -> dict[str, float]:
        """``loss`` (nats per token), ``perplexity`` = exp(loss), ``bits`` = loss / ln 2,
        ``accuracy`` = share of tokens whose right successor was the likeliest."""
        sums = None
        seen = 0
        for inputs, targets in batches:
            outputs = model(inputs)
            row = torch.stack(
                (
                    self._plain(outputs, targets).float() * targets.numel(),
                    (outputs.argmax(-1) == targets).sum().float(),
                )
            )
            sums = row if sums is None else sums + row
            seen += targets.numel()
        if sums is None:
            return {}
        loss, right = (sums / seen).tolist()  # the one read-back
        return {
            "loss": loss,
            "perplexity": exp(loss) if loss < 700 else inf,
            "bits": loss / log(2),
            "accuracy": right,
        }

    def pictures(self, model: nn.Module, dataset: Dataset) -> Iterator[Picture]:
        """Text as the model would go on, and what attention, or units and gates, do over a stretch
        of text."""
        context, words = dataset.context or dataset.signature.shape[0], dataset.vocabulary
        tokens = dataset.val.inputs.flatten()[:context].long()
        written = generate(model, tokens[: context // 2], WRITTEN, context)
        begun, gone_on = (looking.text(t, words) for t in (tokens[: context // 2], written))
        yield Picture(
            "generated text",
            "text",
            {"text": f"{begun}|{gone_on}"},
            f"after the bar, at temperature {TEMPERATURE}",
        )
        spelled = looking.spelled(tokens, words)
        yield from looking.attention(model, tokens[None], spelled)
        yield from looking.activations(model, tokens[None], spelled)


def generate(model: nn.Module, prompt: Tensor, count: int, context: int) -> Tensor:
    """``count`` tokens int64 after ``prompt``, each drawn after the ``context`` tokens before it,
    from the global generator."""
    tokens = prompt
    for _ in range(count):
        logits = model(tokens[None, -context:])[0, -1].float()
        drawn = torch.multinomial(torch.softmax(logits / TEMPERATURE, dim=-1), 1)
        tokens = torch.cat((tokens, drawn))
    return tokens[len(prompt) :]


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Language:
    """The task on ``dataset``; its baselines are the n-grams that the data counted at load."""
    task = Language(loss)
    task.baselines = dict(dataset.baselines)
    return task
