"""What a filter of metrics asks for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.recorder import Recorder
from tuiwb.api import open_run
from tuiwb.base.errors import UserError
from tuiwb.run.table import TableWriter
from tuiwb.tui.metrics import Metric, catalogue, matching, pattern, split

NAMES = ("loss", "lr", "val_loss", "val_accuracy", "train/acc", "gpu util")
METRICS = [Metric("metrics", name, name) for name in NAMES]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", NAMES),
        ("loss", ("loss", "val_loss")),
        ("LOSS", ("loss", "val_loss")),
        ("val_*", ("val_loss", "val_accuracy")),
        ("*loss", ("loss", "val_loss")),
        ("l?", ("lr",)),
        ("val_* lr", ("lr", "val_loss", "val_accuracy")),
        ("!val_*", ("loss", "lr", "train/acc", "gpu util")),
        ("loss !val_*", ("loss",)),
        ("/^l/", ("loss", "lr")),
        ("!/^l/ !/acc/", ("val_loss", "gpu util")),
        ("/gpu util/", ("gpu util",)),
        ("/train/acc/", ("train/acc",)),
        ("/^v", ("val_loss", "val_accuracy")),
        ("metrics.lr", ("lr",)),
        ("!", NAMES),
        ("/", NAMES),
        ("nothing", ()),
    ],
)
def test_filters(text: str, found: tuple[str, ...]) -> None:
    assert [metric.column for metric in matching(METRICS, text)] == list(found)


def test_a_broken_expression_is_told() -> None:
    with pytest.raises(UserError) as raised:
        pattern("loss /val_(/")
    assert "/val_(/" in str(raised.value) and "glob" not in str(raised.value)


@given(st.text(max_size=12))
def test_no_text_is_too_odd(text: str) -> None:
    try:
        found = matching(METRICS, text)
    except UserError:
        return
    assert set(found) <= set(METRICS)


def test_the_catalogue_holds_every_column_of_numbers_once(record: Callable[..., Recorder]) -> None:
    made = record().start().train(50)
    kind = np.dtype([("step", "<i8"), ("time", "<f8"), ("loss", "<f4"), ("f1", "<f4")])
    TableWriter(made.paths.tables, "metrics", kind).append(np.zeros(1, kind))
    found = catalogue(open_run(made.paths.root))
    labels = [metric.label for metric in found]
    assert len(labels) == len(set(labels))
    assert labels[0] == "steps.loss" and "metrics.loss" in labels and "f1" in labels
    assert "lr" in labels and "val_accuracy" in labels and "cpu" in labels
    assert not {"step", "time", "act_std"} & {metric.column for metric in found}
    assert split(found[0].key) == ("steps", "loss") and split("loss") == ("", "")
