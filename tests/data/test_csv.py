"""A CSV file of one's own: what is read, what is reported, what is refused and in which words."""

from __future__ import annotations

import csv as standard
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.contracts.making import knobs, module
from tests.scenarios.helpers import new_run, view, worker
from tuiwb.base import progress
from tuiwb.base.errors import UserError
from tuiwb.data import delimited
from tuiwb.data.dataset import Dataset
from tuiwb.engine.build import load_data
from tuiwb.spec import resolve

GOOD = "size,colour,kind\n" + "".join(
    f"{i},{'red' if i % 3 else 'blue'},{i % 2}\n" for i in range(40)
)


def _load(folder: Path, text: str | bytes, **values: Any) -> Dataset:
    path = folder / "own.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    loaded = module("data", "csv").load(knobs("data", "csv", path=str(path), **values))
    assert isinstance(loaded, Dataset)
    return loaded


def _rows(data: Dataset) -> np.ndarray:
    """Both parts, in the order of their rows."""
    inputs = torch.cat((data.train.inputs, data.val.inputs)).numpy()
    return inputs[np.lexsort(inputs.T[::-1])]


def test_numbers_stay_and_words_become_columns(tmp_path: Path) -> None:
    data = _load(tmp_path, GOOD, scaling="none")
    rows = _rows(data)
    assert data.classes == ("0", "1") and data.signature.shape == (3,)
    assert rows[:, 0].tolist() == list(range(40))
    assert rows[:, 1].tolist() == [float(i % 3 == 0) for i in range(40)], "blue"
    assert np.array_equal(rows[:, 1] + rows[:, 2], np.ones(40))
    assert "features (3): size number, colour one of 2 words" in data.notes
    assert "classes: 0 20, 1 20" in data.notes


def test_words_are_not_scaled_and_numbers_are(tmp_path: Path) -> None:
    train = _load(tmp_path, GOOD, scaling="standard").train.inputs
    assert abs(float(train[:, 0].mean())) < 1e-6
    assert set(train[:, 1].tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    data = _load(tmp_path, GOOD.replace(",", delimiter), scaling="none")
    assert data.signature.shape == (3,)
    assert torch.equal(data.train.inputs, _load(tmp_path, GOOD, scaling="none").train.inputs)


def test_quotes_marks_and_ends_of_lines(tmp_path: Path) -> None:
    text = 'name,x,kind\r\n"a, ""b""\nc",1,u\r\n' + "d, 2 ,v\r\n\r\n" * 8 + "d,3,u\r\n" * 8
    data = _load(tmp_path, "\ufeff" + text, scaling="none")
    assert data.notes[0].startswith("own.csv: 17 rows, 3 columns, cut at ','")
    assert data.classes == ("u", "v")
    assert sorted(set(_rows(data)[:, 2].tolist())) == [1, 2, 3]


def test_a_file_without_names(tmp_path: Path) -> None:
    data = _load(tmp_path, GOOD.partition("\n")[2])
    assert "no names in the first row" in data.notes[0]
    assert "features (3): c1 number, c2 one of 2 words" in data.notes
    first = _load(tmp_path, "a,b\n" * 9 + "x,y\n" * 9, header="no", target="c1")
    assert first.classes == ("a", "x") and len(first.train) + len(first.val) == 18


def test_the_target_may_be_numbers(tmp_path: Path) -> None:
    data = _load(tmp_path, GOOD, target="size")
    assert not data.classes and data.signature.outputs == 1
    assert "target: size, a number" in data.notes
    assert data.baselines["least squares"] > 0
    assert _load(tmp_path, GOOD, target="kind", answers="numbers").classes == ()
    assert len(_load(tmp_path, GOOD * 1, target="kind", answers="classes").classes) == 2


def test_one_and_one_point_nought_are_one_class(tmp_path: Path) -> None:
    data = _load(tmp_path, "x,y\n" + "1,1\n2,1.0\n3,0\n4,0.0\n" * 5)
    assert data.classes == ("0", "1")


def test_decimal_commas(tmp_path: Path) -> None:
    text = "x;y\n" + "".join(f"{i},5;{i % 2}\n" for i in range(20))
    data = _load(tmp_path, text, decimal=",", scaling="none")
    assert _rows(data)[:, 0].tolist() == [i + 0.5 for i in range(20)]


def test_missing_numbers_take_the_median_of_the_training_part(tmp_path: Path) -> None:
    text = "x,town,kind\n" + "".join(
        f"{'NA' if i % 5 == 0 else i},{'' if i % 7 == 0 else 'ab'[i % 2]},{i % 2}\n"
        for i in range(60)
    )
    data = _load(tmp_path, text, scaling="none")
    filled, counts = np.unique(data.train.inputs[:, 0].numpy(), return_counts=True)
    known = np.delete(
        data.train.inputs[:, 0].numpy(), data.train.inputs[:, 0] == filled[counts.argmax()]
    )
    assert filled[counts.argmax()] == pytest.approx(np.median(known), abs=1)
    assert any("x 12 (from line 2), town 9 (from line 2)" in note for note in data.notes)
    assert float(data.train.inputs[:, 1:].sum(1).min()) == 0, "no word is there"
    dropped = _load(tmp_path, text, scaling="none", missing="drop")
    assert len(dropped.train) + len(dropped.val) == sum(1 for i in range(60) if i % 5 and i % 7)
    assert "22 rows with missing values left out" not in dropped.notes
    assert any(note.endswith("rows with missing values left out") for note in dropped.notes)


def test_infinities_count_as_missing(tmp_path: Path) -> None:
    data = _load(tmp_path, GOOD.replace("7,", "inf,", 1))
    assert torch.isfinite(data.train.inputs).all()
    assert any("missing values" in note and "size 1 (from line" in note for note in data.notes)


def test_rows_without_a_target_are_left_out_and_counted(tmp_path: Path) -> None:
    data = _load(tmp_path, GOOD + "40,red,\n41,blue,NA\n")
    assert len(data.train) + len(data.val) == 40
    assert "2 rows without a target left out, the first in line 42" in data.notes


def test_columns_of_many_words_and_ignored_ones_are_left_out(tmp_path: Path) -> None:
    text = "id,x,empty,kind\n" + "".join(f"n{i},{i},,{i % 2}\n" for i in range(60))
    assert (
        "left out: id (more than 50 different words), empty (empty)" in _load(tmp_path, text).notes
    )
    assert _load(tmp_path, GOOD, ignore="colour").signature.shape == (1,)


def test_ragged_rows_can_be_skipped(tmp_path: Path) -> None:
    data = _load(tmp_path, GOOD + "1,2\n1,2,3,4\n", ragged="skip")
    assert len(data.train) + len(data.val) == 40
    assert "2 rows with another number of cells left out, the first in line 42" in data.notes


def test_of_a_long_file_an_even_draw_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 64)
    text = "x,kind\n" + "".join(f"{i},{i % 2}\n" for i in range(10_000))
    data = _load(tmp_path, text, rows=1000, scaling="none")
    kept = _rows(data)[:, 0]
    assert len(kept) == 1000 == len(set(kept.tolist()))
    assert np.histogram(kept, bins=10, range=(0, 10_000))[0].min() > 70
    assert "1000 of 10000 rows kept, drawn evenly by data.split_seed" in data.notes
    other = _rows(_load(tmp_path, text, rows=1000, scaling="none", split_seed=1))[:, 0]
    assert not np.array_equal(kept, other)


@pytest.mark.slow
def test_a_large_file_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times the file is not ten times the memory, and it says how far it is."""
    monkeypatch.setattr(delimited, "BLOCK", 256)
    monkeypatch.setattr(progress, "EVERY", 0.0)
    heard: list[str] = []

    def peak(count: int) -> int:
        text = "x,y,z,kind\n" + "".join(f"{i},{i / 7:.6f},{i * i},{i % 2}\n" for i in range(count))
        (tmp_path / "own.csv").write_text(text)
        del text
        chosen = knobs("data", "csv", path=str(tmp_path / "own.csv"), rows=500)
        with progress.telling(heard.append):
            tracemalloc.start()
            try:
                module("data", "csv").load(chosen)
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    peak(200)  # what is imported at the first call is not the file's
    assert peak(20_000) < 1.5 * peak(2_000) + 50_000
    assert any("reading own.csv:" in words and "% of" in words for words in heard)


def test_the_task_must_fit_the_target(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(GOOD)
    settings = ["data.name=csv", f"data.path={tmp_path / 'own.csv'}"]
    assert load_data(resolve("logreg-cancer", settings).spec).classes == ("0", "1")
    with pytest.raises(UserError, match="does not fit the targets") as caught:
        load_data(resolve("logreg-cancer", [*settings, "data.target=size"]).spec)
    assert "numbers" in caught.value.found and "regress" in caught.value.allowed


def test_an_edited_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(GOOD)
    spec = resolve("logreg-cancer", ["data.name=csv", f"data.path={path}"]).spec
    before = load_data(spec)
    assert load_data(spec) is before
    path.write_text(GOOD + "40,red,1\n")
    assert len(load_data(spec).train) + len(load_data(spec).val) == 41


WRONG: dict[str, tuple[str | bytes, dict[str, Any], list[str]]] = {
    "empty": ("", {}, ["holds no rows", "own.csv"]),
    "names alone": ("a,b,c\n", {}, ["holds no rows", "column c"]),
    "no such target": (
        GOOD,
        {"target": "knd"},
        ["no column 'knd'", "data.target", "size, colour, kind", "nearest:  kind"],
    ),
    "no such ignored column": (
        GOOD,
        {"ignore": "size, shape"},
        ["no column 'shape'", "data.ignore"],
    ),
    "no target in any row": ("a,b\n1,\n2,NA\n", {}, ["no row with a target", "column b", "2 rows"]),
    "a short row": (
        GOOD + "1,2\n",
        {},
        ["another number of cells", "line 42", "2 cells", "3 cells", "data.ragged = skip"],
    ),
    "a long row": (GOOD.replace("3,", "3,,", 1), {}, ["line 5", "4 cells"]),
    "one class": (
        "x,y\n1,a\n2,a\n3,a\n",
        {},
        ["one class only", "'a' in every row", "at least two classes"],
    ),
    "a class of one row": (
        GOOD + "7,red,2\n",
        {},
        ["class '2' has 1 rows", "0 20, 1 20, 2 1", "at least two rows"],
    ),
    "values missing": (
        GOOD + "NaN,red,1\n",
        {"missing": "refuse"},
        ["values are missing", "line 42", "size 1", "data.missing = fill"],
    ),
    "all incomplete": (
        "x,z,y\n" + ",1,a\n1,,b\n" * 5,
        {"missing": "drop"},
        ["every row has a missing value", "data.missing = fill"],
    ),
    "only a target": ("y\n1\n0\n", {}, ["no column is left", "data.delimiter"]),
    "only names as features": (
        "id,y\n" + "".join(f"n{i},{i % 2}\n" for i in range(60)),
        {},
        ["no column is left", "id (more than 50"],
    ),
    "a name twice": ("a,a,b\n1,2,0\n", {}, ["two columns have the name 'a'", "line 1"]),
    "words as numbers": (
        "x,y\n1,2\n2,many\n",
        {"answers": "numbers"},
        ["does not hold numbers", "'many'"],
    ),
    "too many classes": (
        "x,y\n" + "".join(f"{i},n{i}\n" for i in range(1100)),
        {},
        ["too many different values", "more than 1000"],
    ),
    "not UTF-8": (
        b"x,y\n1,a\n2,caf\xe9\n",
        {},
        ["not UTF-8", "byte 13", "line 3", "0xe9", "iconv"],
    ),
    "UTF-16": ("x,y\n1,2\n".encode("utf-16"), {}, ["not UTF-8", "byte 0", "UTF-16"]),
    "an open quotation mark": (
        GOOD + '1,"' + "x" * 200_000,
        {},
        ["cannot be read", "line 42", "quotation mark"],
    ),
    "one row": ("x,y\n1,2.5\n", {}, ["too few rows", "1 rows"]),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_what_is_wrong_is_told(mistake: str, tmp_path: Path) -> None:
    text, values, said = WRONG[mistake]
    with pytest.raises(UserError) as caught:
        _load(tmp_path, text, **values)
    for part in said:
        assert part in str(caught.value), str(caught.value)


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(GOOD)
    load = module("data", "csv").load
    with pytest.raises(UserError, match="there is no file") as caught:
        load(knobs("data", "csv", path=str(tmp_path / "sale.csv")))
    assert caught.value.where == "data.path" and caught.value.nearest == "sales.csv"
    with pytest.raises(UserError, match="is not a file"):
        load(knobs("data", "csv", path=str(tmp_path)))
    with pytest.raises(UserError, match=r"needs data\.path"):
        resolve("logreg-cancer", ["data.name=csv"])


def test_the_standard_reader_agrees(tmp_path: Path) -> None:
    data = _load(tmp_path, GOOD, scaling="none", ignore="colour")
    with (tmp_path / "own.csv").open(newline="") as file:
        expected = sorted(float(row["size"]) for row in standard.DictReader(file))
    assert sorted(_rows(data)[:, 0].tolist()) == expected


@pytest.mark.slow
def test_the_worker_reads_it_where_the_user_was_and_says_what_it_found(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.csv").write_text(GOOD + "99,red,\n")
    monkeypatch.chdir(tmp_path)
    settings = ("data.name=csv", "data.path=own.csv", "train.steps=3", "train.eval_every=0")
    paths = new_run(tmp_path_factory.mktemp("runs"), "logreg-cancer", *settings)
    monkeypatch.chdir(paths.root)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    with worker(paths) as process:
        assert process.wait(240) == 0, paths.log.read_text()
    seen = view(paths)
    (data,) = (event for event in seen.events if event["kind"] == "data")
    assert "1 rows without a target left out, the first in line 42" in data["notes"]
    assert {event["text"] for event in seen.events if event["kind"] == "note"} == set(data["notes"])
