"""A test part: every source has it, it shares nothing with the others, each class is in it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.contracts.examples import given
from tests.contracts.making import knobs, module, names
from tests.contracts.test_data import _rows, _sorted
from tuiwb.base.errors import UserError
from tuiwb.data.aside import with_test
from tuiwb.data.dataset import Dataset
from tuiwb.spec.declarations import declared


def loaded(name: str, **values: object) -> Dataset:
    asked = knobs("data", name, **{**given(name), "val_share": 0.2, **values})
    return with_test(module("data", name).load, asked)


@pytest.mark.slow
@pytest.mark.parametrize("name", names("data"))
def test_every_source_can_set_a_part_aside(name: str) -> None:
    raw = {"scaling": "none"} if "scaling" in declared("data", name).__struct_fields__ else {}
    whole, data = loaded(name, val_share=0.5, **raw), loaded(name, test=0.3, **raw)
    assert data.test is not None and whole.test is None
    assert data.fingerprint != whole.fingerprint
    parts = (data.train, data.val, data.test)
    count = sum(map(len, parts))
    for part, share in zip(parts, (0.5, 0.2, 0.3), strict=True):
        assert len(part) / count == pytest.approx(share, abs=0.02)
    # the training part is untouched by it, and the held-out samples are all in one of the two
    assert torch.equal(data.train.inputs, whole.train.inputs)
    held = np.concatenate((_rows(data.val), _rows(data.test)))
    if data.context:
        assert np.array_equal(held, _rows(whole.val))
    else:
        assert np.array_equal(_sorted(held), _sorted(_rows(whole.val)))
    if data.classes and data.test.targets is not None:
        assert set(data.test.targets.tolist()) == set(range(len(data.classes)))


def test_the_seed_decides_what_is_set_aside() -> None:
    first, again, other = (loaded("digits", test=0.2, split_seed=seed) for seed in (0, 0, 1))
    assert first.test is not None and again.test is not None and other.test is not None
    assert torch.equal(first.test.inputs, again.test.inputs)
    assert not torch.equal(first.test.inputs, other.test.inputs)


def test_moves_with_the_data() -> None:
    data = loaded("iris", test=0.2).to("meta")
    assert data.test is not None and data.test.inputs.is_meta


@pytest.mark.parametrize(
    ("name", "values"),
    [("iris", {"test": 0.8}), ("iris", {"test": 0.001}), ("pydoc", {"test": 1e-9})],
)
def test_shares_that_leave_nothing_are_refused(name: str, values: dict[str, float]) -> None:
    with pytest.raises(UserError) as refused:
        loaded(name, **values)
    assert refused.value.where == "data.test"
