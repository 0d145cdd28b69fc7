"""The worker and a reader of its journal build the same facts."""

from __future__ import annotations

import json
import math
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.doctor.facts import facts, flat, knobs
from tuiwb.doctor.window import Facts, LayerFacts
from tuiwb.engine.build import build
from tuiwb.run.journal import Journal, JournalTail
from tuiwb.run.layout import RunPaths
from tuiwb.spec import resolve
from tuiwb.worker.introduce import introduce


def test_the_worker_s_facts_are_those_of_its_journal(tmp_path: Path) -> None:
    resolved = resolve("mlp-digits", ["train.steps=1"])
    session = build(resolved.spec)
    session.model.get_parameter("output.weight").requires_grad_(False)
    session.model.get_parameter("output.bias").requires_grad_(False)
    paths = RunPaths(tmp_path)
    with Journal(paths.journal) as journal:
        worker = introduce(session, journal)
    events = {event["kind"]: event for event in JournalTail(paths.journal).read()}
    spec = flat(msgspec.to_builtins(resolved.spec))
    assert facts(spec, events["model"], events["data"]) == worker

    assert worker.task == "classify"
    assert worker.number("optim.lr") == resolved.spec.optim.lr
    assert worker.classes == 10
    assert sum(worker.class_counts) == len(session.dataset.train)
    assert worker.vocabulary == 0
    assert math.isclose(worker.inputs["std"], 1.0, rel_tol=1e-3)
    assert worker.steps_per_epoch == session.batches.steps_per_epoch
    assert [layer.trainable for layer in worker.layers if layer.parameters] == [True, True, False]


def test_a_language_task_has_a_vocabulary() -> None:
    data = {"classes": [], "vocabulary": 103, "inputs": {}}
    assert facts({}, None, data).vocabulary == 103


def test_a_journal_of_before_says_less() -> None:
    """Runs that were written before these figures were taken still open."""
    model = {"layers": [{"name": "a", "kind": "Linear", "parameters": 3}], "parameters": 3}
    old = facts({"optim.lr": 0.1}, model, {"classes": ["x", "y"], "baselines": {"guess": 0.7}})
    assert old.layers == (LayerFacts("a", "Linear", 3, trainable=True),)
    assert (old.classes, old.class_counts, old.inputs) == (2, (), {})
    assert old.baselines == {"guess": 0.7}
    assert math.isnan(old.steps_per_epoch)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELDS = ("layers", "classes", "class_counts", "vocabulary", "inputs", "baselines",
          "steps_per_epoch", "name", "kind", "parameters", "trainable")  # fmt: skip
EVENT = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6)


@pytest.mark.slow
@given(EVENT, EVENT)
def test_a_stranger_s_journal_gives_facts_all_the_same(
    model: dict[str, object], data: dict[str, object]
) -> None:
    found = facts({}, model, data)
    assert isinstance(found, Facts)
    layers = model.get("layers")
    assert len(found.layers) == (len(layers) if isinstance(layers, list) else 0)
    assert all(math.isfinite(value) for value in found.inputs.values())
    json.dumps(found.class_counts)


def test_flat_keeps_what_stands_in_tables_alone() -> None:
    spec = {"optim": {"lr": 0.1, "name": "sgd"}, "format": 1, "about": {"expect": None}}
    assert flat(spec) == {"optim.lr": 0.1, "optim.name": "sgd", "about.expect": None}


def test_numbers_of_a_spec_are_numbers_or_their_default() -> None:
    found = facts({"train.clip_norm": 1, "data.text": "x"})
    assert (found.number("train.clip_norm"), found.number("data.text", 7.0)) == (1.0, 7.0)
    assert found.task == ""


def test_a_knob_that_does_nothing_is_none() -> None:
    with_it, without = (resolve(name).spec for name in ("mlp-digits", "resnet20"))
    assert "regularize.dropout" in knobs(with_it)
    assert knobs(with_it) == flat(msgspec.to_builtins(with_it))
    assert "regularize.dropout" not in knobs(without)
    assert "regularize.weight_decay" in knobs(without)
