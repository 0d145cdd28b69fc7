"""Batches as a pure function of seed and step: a resumed run sees what it would have seen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from tuiwb.base.errors import UserError
from tuiwb.data.dataset import Part

CHUNK = 256
"""Steps of text whose random windows are drawn, and moved to the device, at once."""


class Batches:
    """The training batches of one run: ``at(step)``, of constant shape, on the data's device.

    Samples are taken from an endless row of epochs, each a permutation drawn from (seed, epoch);
    a batch that reaches the end of one epoch goes on in the next, so that every epoch holds every
    sample exactly once and no batch is short. Text is cut at random places, drawn from
    (seed, step // CHUNK), into windows of ``context`` tokens and their successors.
    """

    def __init__(self, part: Part, batch_size: int, seed: int, context: int = 0) -> None:
        self._inputs, self._targets = part.inputs, part.targets
        self._seed = seed
        self._context = context
        self._device = part.inputs.device
        self.augment: Callable[[Tensor, int], Tensor] | None = None
        """Changes the inputs of a batch, given its number; it must be pure as `at` is."""
        self._drawn: dict[int, Tensor] = {}
        count = len(part)
        if context:
            check_context(count, context, "training")
            self.batch_size = batch_size
            self.samples_per_step = batch_size * context
            # every window as a row of a view: no memory but the tokens' own
            self._windows = _openly(part.inputs).unfold(0, context + 1, 1)
        else:
            self.batch_size = self.samples_per_step = min(batch_size, count)
        self.steps_per_epoch: float = count / self.samples_per_step

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """Batch number ``step`` (from 0): inputs [B, *shape] and targets [B] or [B, outputs];
        text: tokens [B, T] and their successors [B, T]."""
        if self._context:
            rows = self._starts(step // CHUNK)[step % CHUNK]
            windows = _indices(self._windows.index_select(0, rows))
            return windows[:, :-1], windows[:, 1:]
        rows = self._rows(step)
        assert self._targets is not None
        inputs = self._inputs.index_select(0, rows)
        if self.augment is not None:
            inputs = self.augment(inputs, step)
        return inputs, self._targets.index_select(0, rows)

    def _rows(self, step: int) -> Tensor:
        count, size = len(self._inputs), self.batch_size
        epoch, offset = divmod(step * size, count)
        head = self._permutation(epoch)[offset : offset + size]
        if len(head) == size:
            return head
        return torch.cat((head, self._permutation(epoch + 1)[: size - len(head)]))

    def _permutation(self, epoch: int) -> Tensor:
        if epoch not in self._drawn:
            order = torch.randperm(len(self._inputs), generator=generator(self._seed, epoch))
            self._keep(epoch, order)
        return self._drawn[epoch]

    def _starts(self, chunk: int) -> Tensor:
        if chunk not in self._drawn:
            starts = torch.randint(
                len(self._windows), (CHUNK, self.batch_size), generator=generator(self._seed, chunk)
            )
            self._keep(chunk, starts)
        return self._drawn[chunk]

    def _keep(self, key: int, indices: Tensor) -> None:
        """Move indices to the device once; two neighbours are all that a moving step needs."""
        for old in [k for k in self._drawn if abs(k - key) > 1]:
            del self._drawn[old]
        self._drawn[key] = indices.to(self._device)


def evaluation(part: Part, batch_size: int, context: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
    """All of ``part`` in order, once; the last batch may be short.

    Text: windows of ``context`` tokens, end to end, so that every token but the first is predicted
    exactly once; what is left at the end is a window of its own.
    """
    if context:
        yield from _windows(part.inputs, batch_size, context)
        return
    assert part.targets is not None
    for start in range(0, len(part), batch_size):
        stop = start + batch_size
        yield part.inputs[start:stop], part.targets[start:stop]


def _windows(tokens: Tensor, batch_size: int, context: int) -> Iterator[tuple[Tensor, Tensor]]:
    rows = (len(tokens) - 1) // context
    whole = rows * context
    tokens = _openly(tokens)
    inputs = tokens[:whole].view(rows, context)
    targets = tokens[1 : whole + 1].view(rows, context)
    for start in range(0, rows, batch_size):
        stop = start + batch_size
        yield _indices(inputs[start:stop]), _indices(targets[start:stop])
    if whole < len(tokens) - 1:
        yield _indices(tokens[whole:-1][None]), _indices(tokens[whole + 1 :][None])


def _openly(tokens: Tensor) -> Tensor:
    """Tokens of 16 bits as torch can cut them: it has few operations on uint16, all on int16."""
    return tokens.view(torch.int16) if tokens.dtype == torch.uint16 else tokens


def _indices(tokens: Tensor) -> Tensor:
    """Tokens as int64; the upper half of 16 bits was negative for a while."""
    return tokens.long() & 0xFFFF if tokens.dtype == torch.int16 else tokens


def check_context(tokens: int, context: int, part: str) -> None:
    """A window and its successor must fit into a part; else a `UserError` at ``data.context``."""
    if tokens < context + 1:
        raise UserError(
            f"the {part} text is shorter than one sample",
            where="data.context",
            found=f"{context} tokens in one sample, {tokens} in the {part} text",
            allowed=f"at most {max(tokens - 1, 0)}",
        )


def generator(*keys: int) -> torch.Generator:
    """A CPU generator seeded by all of ``keys``: (0, 1) and (1, 0) have nothing in common."""
    text = ",".join(map(str, keys)).encode()
    seed = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1
    return torch.Generator().manual_seed(seed)
