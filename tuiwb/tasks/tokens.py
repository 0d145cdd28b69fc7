"""Counting right tokens and right sequences, for every task whose answers are tokens."""

from __future__ import annotations

import torch
from torch import Tensor

from tuiwb.tasks.task import Loss


class Tally:
    """Sums over batches, on the device; targets below 0 count for nothing.

    ``blank`` is a token that is easily right: `result` then has the accuracy over the other places
    as ``recall``.
    """

    def __init__(self, loss: Loss, blank: int | None = None) -> None:
        self._loss = loss
        self._blank = blank
        self._sums: Tensor | None = None

    def add(self, outputs: Tensor, targets: Tensor, guesses: Tensor | None = None) -> None:
        """Logits [B, L, V] for the loss, and the tokens guessed [B, L] (else the likeliest)."""
        if guesses is None:
            guesses = outputs.argmax(-1)
        asked = targets >= 0
        right = (guesses == targets) & asked
        hard = asked if self._blank is None else asked & (targets != self._blank)
        row = torch.stack(
            (
                self._loss(outputs, targets).float() * asked.sum(),
                right.sum().float(),
                asked.sum().float(),
                (right | ~asked).all(-1).sum().float(),
                torch.tensor(float(len(targets)), device=targets.device),
                (right & hard).sum().float(),
                hard.sum().float(),
            )
        )
        self._sums = row if self._sums is None else self._sums + row

    def result(self) -> dict[str, float]:
        """``loss`` (nats per token), ``accuracy`` (share of tokens), ``whole`` (share of sequences
        without a mistake) and, with a blank, ``recall``; nothing where nothing was added."""
        if self._sums is None:
            return {}
        loss, right, asked, whole, sequences, kept, hard = self._sums.tolist()  # one read-back
        metrics = {"loss": loss / asked, "accuracy": right / asked, "whole": whole / sequences}
        if self._blank is not None:
            metrics["recall"] = kept / hard
        return metrics
