"""What every data source promises, whichever it is."""

from __future__ import annotations

from functools import cache
from math import isfinite

import numpy as np
import pytest
import torch

from tests.contracts.examples import MAKERS, given
from tests.contracts.making import knobs, module, names
from tuiwb.data.batches import Batches, evaluation
from tuiwb.data.dataset import Dataset, Part
from tuiwb.spec.declarations import declared


@cache
def _load(name: str, share: float = 0.2, seed: int = 0, scaling: str | None = None) -> Dataset:
    values: dict[str, object] = {**given(name), "val_share": share, "split_seed": seed}
    if scaling and "scaling" in declared("data", name).__struct_fields__:
        values["scaling"] = scaling
    loaded = module("data", name).load(knobs("data", name, **values))
    assert isinstance(loaded, Dataset)
    return loaded


def _rows(part: Part) -> np.ndarray:
    """Samples with their targets, one a row (text: tokens)."""
    inputs = part.inputs.flatten(1) if part.inputs.ndim > 1 else part.inputs[:, None]
    if part.targets is None:
        return inputs.numpy()
    targets = part.targets if part.targets.ndim > 1 else part.targets[:, None]
    return torch.cat((inputs, targets.float()), dim=1).numpy()


def _sorted(rows: np.ndarray) -> np.ndarray:
    return np.array(sorted(row.tobytes() for row in rows), dtype=object)


def _equal(a: Dataset, b: Dataset) -> bool:
    return all(
        torch.equal(x, y)
        for x, y in zip(
            (*a.train.tensors(), *a.val.tensors()),
            (*b.train.tensors(), *b.val.tensors()),
            strict=True,
        )
    )


@pytest.mark.parametrize("name", names("data"))
def test_keeps_the_promise_of_its_signature(name: str) -> None:
    data, trait = _load(name), declared("data", name)
    assert data.signature.kind == trait.gives  # type: ignore[attr-defined]
    for part in (data.train, data.val):
        assert len(part) > 0
        if part.targets is None:
            assert data.signature.shape == (data.context,)
            assert part.inputs.dtype in (torch.int64, torch.uint16)
            tokens = part.inputs.long()
            assert int(tokens.min()) >= 0 and int(tokens.max()) < data.signature.vocabulary
            assert len(data.vocabulary) == data.signature.vocabulary == data.signature.outputs
        elif data.signature.kind == "tokens":
            assert part.inputs.dtype == part.targets.dtype == torch.int64
            answer = data.signature.answer or data.signature.shape[0]
            assert part.inputs.shape == (len(part), *data.signature.shape)
            assert part.targets.shape == (len(part), answer)
            assert part.inputs.min() >= 0 and part.inputs.max() < data.signature.vocabulary
            assert part.targets.max() < data.signature.outputs == len(data.vocabulary)
            continue
        else:
            assert part.inputs.dtype == torch.float32
            assert part.inputs.shape == (len(part), *data.signature.shape)
            assert torch.isfinite(part.inputs).all()
        if data.classes and part.targets is not None:
            assert part.targets.dtype == torch.int64
            assert part.targets.shape == (len(part),)
            assert len(data.classes) == data.signature.outputs
            assert set(part.targets.tolist()) == set(range(len(data.classes)))
        elif part.targets is not None:
            assert part.targets.shape == (len(part), data.signature.outputs)
            assert part.targets.dtype == torch.float32


@pytest.mark.slow
@pytest.mark.parametrize("name", names("data"))
def test_seed_decides_the_split_alone(name: str) -> None:
    first, other = _load(name), _load(name, seed=1)
    again = module("data", name).load(
        knobs("data", name, **given(name), val_share=0.2, split_seed=0)
    )
    assert _equal(first, again)
    assert first.fingerprint == again.fingerprint
    assert not _equal(first, other)
    assert first.fingerprint != other.fingerprint


@pytest.mark.slow
@pytest.mark.parametrize("name", names("data"))
def test_no_sample_is_lost_or_doubled(name: str) -> None:
    """Unscaled, the two parts together are the same samples wherever they are cut."""
    totals = []
    for share in (0.2, 0.5):
        data = _load(name, share=share, scaling="none")
        assert abs(len(data.val) / (len(data.val) + len(data.train)) - share) < 0.02
        rows = np.concatenate((_rows(data.train), _rows(data.val)))
        totals.append(rows if data.context else _sorted(rows))
    assert np.array_equal(*totals)


@pytest.mark.parametrize("name", names("data"))
def test_classes_keep_their_shares(name: str) -> None:
    data = _load(name)
    if not data.classes:
        return
    assert data.train.targets is not None and data.val.targets is not None
    shares = [
        torch.bincount(targets, minlength=len(data.classes)) / len(targets)
        for targets in (data.train.targets, data.val.targets)
    ]
    assert float((shares[0] - shares[1]).abs().max()) < 1.5 / len(data.val) + 0.01


@pytest.mark.parametrize("name", names("data"))
def test_baselines_are_finite_and_named(name: str) -> None:
    baselines = _load(name).baselines
    assert baselines
    assert all(isfinite(value) and value >= 0 for value in baselines.values())


@pytest.mark.parametrize("name", names("data"))
def test_the_fingerprint_is_of_the_content(name: str) -> None:
    data = _load(name)
    assert len(data.fingerprint) == 16 and int(data.fingerprint, 16) >= 0
    assert data.fingerprint != _load(name, share=0.5).fingerprint


@pytest.mark.parametrize("name", names("data"))
def test_evaluation_covers_everything_once(name: str) -> None:
    data = _load(name)
    batches = list(evaluation(data.val, 7 if not data.context else 33, data.context))
    inputs = torch.cat([x.flatten() for x, _ in batches])
    if data.context:
        tokens = data.val.inputs.long()
        assert torch.equal(inputs, tokens[:-1])
        assert torch.equal(torch.cat([y.flatten() for _, y in batches]), tokens[1:])
    else:
        assert torch.equal(inputs, data.val.inputs.flatten())


@pytest.mark.parametrize("name", names("data"))
def test_batches_are_pure_and_of_one_shape(name: str) -> None:
    data = _load(name)
    batches = [Batches(data.train, 16, 5, data.context) for _ in range(2)]
    steps = [0, 1, 40, 3, 300, 2]
    forwards = {s: batches[0].at(s) for s in sorted(steps)}
    for s in steps:  # asked in another order, another object gives the same bits
        x, y = batches[1].at(s)
        assert torch.equal(x, forwards[s][0]) and torch.equal(y, forwards[s][1])
        assert x.shape == forwards[0][0].shape
    assert not torch.equal(forwards[0][0], forwards[1][0])
    other = Batches(data.train, 16, 6, data.context).at(0)[0]
    assert not torch.equal(other, forwards[0][0])


def test_a_share_without_room_for_each_class_is_an_error_of_the_user() -> None:
    from tuiwb.base.errors import UserError

    with pytest.raises(UserError) as caught:
        module("data", "iris").load(knobs("data", "iris", val_share=0.999))
    assert caught.value.where == "data.val_share"
    assert "150 samples" in caught.value.found


@pytest.mark.parametrize("name", names("data"))
def test_a_source_of_the_users_own_has_an_example_here(name: str) -> None:
    traits = declared("data", name)
    assert bool(traits.needs or traits.downloads) == (name in MAKERS)  # type: ignore[attr-defined]
