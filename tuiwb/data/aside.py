"""A third part, set aside: looked at once, when a run is over, and never to choose by.

Whatever a source holds out is cut in two, so that every source has it: stratified by class with the
split's seed, or of a text its end. What was held out never entered a scaling's figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import msgspec
import torch

from tuiwb.base.errors import UserError
from tuiwb.data.dataset import Dataset, Part, fingerprint
from tuiwb.data.split import split
from tuiwb.spec.sections import DataKnobs

K = TypeVar("K", bound=DataKnobs)


def with_test(load: Callable[[K], Dataset], knobs: K) -> Dataset:
    """What ``load`` gives for ``knobs``, with the share ``knobs.test`` of all samples as ``test``.

    The training part is that of a ``val_share`` which is larger by as much; baselines are of all
    that is held out. Nothing is left to train on, or too little of a class: `UserError`.
    """
    if not knobs.test:
        return load(knobs)
    held = knobs.val_share + knobs.test
    if held >= 1:
        raise UserError(
            "nothing is left to train on",
            where="data.test",
            found=f"data.val_share = {knobs.val_share:g}, data.test = {knobs.test:g}",
            allowed="two shares that are together less than 1",
        )
    dataset = load(msgspec.structs.replace(knobs, val_share=held))
    val, test = _cut(dataset, knobs.test / held, knobs.split_seed)
    tensors = (*dataset.train.tensors(), *val.tensors(), *test.tensors())
    return replace(
        dataset,
        val=val,
        test=test,
        fingerprint=fingerprint(tensors, (*dataset.classes, *dataset.vocabulary)),
        notes=(*dataset.notes, f"{len(test)} {_noun(dataset)} set aside for one test at the end"),
    )


def _cut(dataset: Dataset, share: float, seed: int) -> tuple[Part, Part]:
    held = dataset.val
    if dataset.context:
        # at one place, as every text is cut: windows that lay in both parts would leak
        at = round(len(held) * (1 - share))
        parts = Part(held.inputs[:at], None), Part(held.inputs[at:], None)
        if min(len(part) for part in parts) < 2:
            raise UserError(
                "the text that is held out is too short to be cut in two",
                where="data.test",
                found=f"{len(held)} tokens",
                allowed="larger shares, or a longer text",
            )
        return parts
    labels = held.targets.numpy() if dataset.classes and held.targets is not None else None
    try:
        rows = split(len(held), share, seed, labels)
    except UserError as error:
        error.where = "data.test"
        error.found = f"{len(held)} samples held out, {share:.0%} of them to be set aside"
        raise
    val, test = (_rows(held, torch.from_numpy(chosen)) for chosen in rows)
    return val, test


def _rows(part: Part, rows: torch.Tensor) -> Part:
    return Part(
        part.inputs[rows],
        None if part.targets is None else part.targets[rows],
        None if part.points is None else part.points[rows],
    )


def _noun(dataset: Dataset) -> str:
    return "tokens" if dataset.context else "samples"
