"""The doctor's benchmark: how it counts, and what the quick subset comes to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.benchmarks.doctor import _plain, _words, measure, trials
from tests.benchmarks.faults import FAULTS, NEAR_MISSES
from tests.benchmarks.healthy import healthy
from tests.benchmarks.scores import confusion, scores, took, wrong
from tests.benchmarks.trial import Seen, Trial
from tuiwb.doctor.examine import SYMPTOMS
from tuiwb.spec import presets, resolve

SICK = Trial("a", "mlp-digits", (), ("plateau", "underfit"), ("loss-spike",), since=100)
FINE = Trial("b", "mlp-digits")


def test_what_a_fault_brings_with_it_counts_for_neither() -> None:
    told = Seen("a", {"loss-spike": 120, "underfit": 150, "plateau": 200, "stall": 130})
    assert took(SICK, told) == 50
    assert wrong(SICK, told) == ["stall"]
    found = scores([(SICK, told), (FINE, Seen("b"))])
    assert (found.right, found.wrong, found.precision) == (2, 1, 2 / 3)
    assert (found.faults, found.healthy, found.recall, found.steps) == (1, 1, 1.0, 50)
    assert found.false_alarms == (("a", "stall", 130),)


def test_whatever_is_found_in_a_healthy_run_is_wrong() -> None:
    pairs = [(FINE, Seen("b", {"plateau": 9})), (SICK, Seen("a"))]
    found = scores(pairs)
    assert (found.precision, found.recall, found.missed) == (0.0, 0.0, ("a",))
    assert found.false_alarms == (("b", "plateau", 9),)
    assert found.matrix == {"none": {"plateau": 1}, "plateau": {"none": 1}}
    assert "b: plateau at step 9" in _words(pairs, found)
    json.dumps(_plain(pairs, found), allow_nan=False)
    # planted and not found; found and not planted
    assert [line.split()[-2:] for line in confusion(found).splitlines()[1:]] == [
        [".", "1"],
        ["1", "."],
    ]


def test_every_symptom_is_planted_and_every_preset_tried() -> None:
    planted = {trial.expected[0] for trial in FAULTS}
    assert planted == set(SYMPTOMS.names()) - {"straggler"}  # which takes several processes
    assert {trial.preset for trial in healthy()} == {info.name for info in presets()}
    names = [trial.name for trial in trials()]
    assert len(names) == len(set(names))
    assert not any(trial.expected for trial in [*NEAR_MISSES, *healthy()])
    for trial in [*FAULTS, *NEAR_MISSES]:
        resolve(trial.preset, trial.overrides)
        assert set(trial.expected + trial.also) <= set(SYMPTOMS.names())


QUICK_FAULTS = trials(("faults",), quick=True)


@pytest.mark.slow
@pytest.mark.parametrize("half", [0, 1])
def test_the_doctor_is_right_nine_times_out_of_ten(tmp_path: Path, half: int) -> None:
    wanted = QUICK_FAULTS[half::2]
    found = scores(list(zip(wanted, measure(wanted, tmp_path, False, 1), strict=True)))
    assert found.precision >= 0.9, found.false_alarms
    assert found.recall >= 0.9, found.missed


@pytest.mark.slow
def test_the_doctor_is_silent_where_nothing_is_wrong(tmp_path: Path) -> None:
    wanted = trials(("near", "healthy"), quick=True)
    assert len(wanted) >= 8
    found = scores(list(zip(wanted, measure(wanted, tmp_path, False, 1), strict=True)))
    assert not found.false_alarms
