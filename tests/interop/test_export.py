"""What leaves the house is what is in it: numbers for numbers, never over anything, and nothing of
the run is executed."""

from __future__ import annotations

import csv
import hashlib
import os
import pickle
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from pyarrow import parquet
from safetensors import safe_open
from safetensors.torch import load_file

from tests.cli.conftest import Tuiwb, command  # noqa: F401  (a fixture)
from tests.cli.recorded import record
from tests.scenarios import hostile
from tuiwb.api import open_run
from tuiwb.base.errors import UserError
from tuiwb.interop import tensorboard
from tuiwb.interop.export import FORMATS, export
from tuiwb.run.layout import RunPaths
from tuiwb.run.table import TableWriter
from tuiwb.run.view import RunView
from tuiwb.spec import from_toml
from tuiwb.worker.weights import save


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunView:
    monkeypatch.chdir(tmp_path)
    return open_run(record(tmp_path / "runs", name="mine"))


def checkpoint(paths: RunPaths, step: int, model: object) -> Path:
    """A checkpoint as the engine leaves it, as far as weights go."""
    folder = paths.checkpoint(step)
    folder.mkdir(mode=0o700)
    torch.save({"step": step, "model": model}, folder / "state.pt")
    digest = hashlib.sha256((folder / "state.pt").read_bytes()).hexdigest()
    (folder / "sha256").write_text(digest + "\n")
    return folder


def test_formats_are_found_by_their_folder() -> None:
    assert FORMATS.names() == ("csv", "parquet", "safetensors", "script", "tensorboard")


def test_csv_reads_back_as_the_same_numbers(run: RunView, tmp_path: Path) -> None:
    done = export(run, "csv")
    assert done.path == tmp_path / "mine-csv"
    assert {path.stem for path in done.path.iterdir()} == {"steps", "evals", "layers"}
    for name, table in run.tables.items():
        with (done.path / f"{name}.csv").open(newline="") as file:
            head, *rows = csv.reader(file)
        expected = table.read(0, table.rows)
        for column in table.columns:
            shape = expected.dtype[column].shape
            at = head.index(f"{column}/f1" if shape else column)
            read = np.array([row[at] for row in rows], np.float64)
            wanted = expected[column].reshape(len(expected), -1)[:, 0]
            assert np.array_equal(
                read.astype(wanted.dtype), wanted, equal_nan=wanted.dtype.kind == "f"
            )
    assert "nan" in (done.path / "steps.csv").read_text()


def test_parquet_reads_back_as_the_same_numbers(run: RunView, tmp_path: Path) -> None:
    # three numbers a row, in a run of one layer: no layer's
    extra = np.zeros(5, [("step", "<i8"), ("counts", "<u2", (3,))])
    extra["counts"] = np.arange(15).reshape(5, 3)
    with TableWriter(run.path / "tables", "histograms", extra.dtype) as table:
        table.append(extra)
    run = open_run(run.path)
    done = export(run, "parquet")
    assert done.path == tmp_path / "mine-parquet" and "steps.parquet (100 rows)" in done.words
    assert {path.stem for path in done.path.iterdir()} == set(run.tables)
    for name, table in run.tables.items():
        read = parquet.read_table(done.path / f"{name}.parquet")
        expected = table.read(0, table.rows)
        assert read.schema.metadata[b"tuiwb.run"] == b"mine"
        assert from_toml(read.schema.metadata[b"tuiwb.spec"].decode(), "it").spec == run.spec.spec
        for column in table.columns:
            layered = expected.dtype[column].shape == (1,)
            values = read[f"{column}/f1" if layered else column]
            wanted = expected[column].reshape(len(expected), -1)
            if name == "histograms" and column == "counts":
                assert values.to_pylist() == wanted.tolist()
                continue
            found = values.to_numpy()
            assert found.dtype == wanted.dtype
            kind = {"equal_nan": True} if wanted.dtype.kind == "f" else {}
            assert np.array_equal(found, wanted[:, 0], **kind)
    assert np.isnan(parquet.read_table(done.path / "steps.parquet")["loss"].to_numpy()).sum() == 1


def test_without_pyarrow_it_is_said_what_to_install(
    run: RunView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UserError, match="Parquet files need") as told:
        export(run, "parquet")
    assert told.value.next == "pip install 'tuiwb[parquet]'"
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_event_files_read_back_as_the_same_points(run: RunView) -> None:
    done = export(run, "tensorboard")
    (writer,) = tensorboard.read(done.path)
    assert writer.problems == []
    rows = run.table("steps").read(0, 1000)
    finite = np.isfinite(rows["loss"])
    series = writer.scalars["steps/loss"]
    assert series.step.tolist() == rows["step"][finite].tolist()
    assert series.values.tolist() == rows["loss"][finite].tolist()
    assert "evals/val_accuracy" in writer.scalars and "layers/grad_norm/f1" in writer.scalars


def test_an_export_is_its_owners_alone(run: RunView) -> None:
    before = os.umask(0)
    try:
        for to in ("csv", "parquet", "tensorboard"):
            folder = export(run, to).path
            assert folder.stat().st_mode & 0o777 == 0o700
            assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    finally:
        os.umask(before)


def test_nothing_is_overwritten_without_force(run: RunView, tmp_path: Path) -> None:
    mine = tmp_path / "mine-csv"
    mine.mkdir()
    (mine / "steps.csv").write_text("my own")
    (mine / "other.csv").write_text("my own")
    with pytest.raises(UserError, match="already"):
        export(run, "csv")
    assert (mine / "steps.csv").read_text() == "my own"
    export(run, "csv", force=True)
    assert (mine / "steps.csv").read_text().startswith("step,time,loss")
    assert (mine / "other.csv").read_text() == "my own"  # no part of the export
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine-csv", "runs"]


@pytest.mark.parametrize("force", [False, True])
def test_a_link_is_not_written_through(run: RunView, tmp_path: Path, force: bool) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (tmp_path / "out").symlink_to(theirs)
    with pytest.raises(UserError):
        export(run, "csv", tmp_path / "out", force=force)
    assert list(theirs.iterdir()) == []


@pytest.mark.parametrize(
    ("to", "step", "said"),
    [
        ("excel", None, "unknown format"),
        ("csv", "7", "exported whole"),
        ("tensorboard", "best", "exported whole"),
        ("safetensors", None, "no checkpoint"),
        ("safetensors", "soon", "not a step"),
        ("safetensors", "9" * 30, "not a step"),
    ],
)
def test_what_cannot_be_exported_is_said(
    to: str, step: str | None, said: str, run: RunView, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=said):
        export(run, to, step=step)
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_a_place_that_cannot_be_written(run: RunView, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot export"):
        export(run, "csv", tmp_path / "file" / "x")


def test_a_run_without_rows(tmp_path: Path) -> None:
    path = record(tmp_path / "runs")
    for table in (path / "tables").iterdir():
        table.unlink()
    empty = open_run(path)
    for to in ("csv", "tensorboard"):
        with pytest.raises(UserError, match="no rows"):
            export(empty, to, tmp_path / "x")


def test_names_of_a_strangers_run_do_not_calculate(tmp_path: Path) -> None:
    run = open_run(hostile.run(tmp_path / "runs"))
    done = export(run, "csv", tmp_path / "out")
    assert "'@click" not in done.words
    for path in done.path.iterdir():
        assert not path.read_text().startswith(("=", "+", "-", "@"))
        assert hostile.raw_in(path.read_text()) == []


def test_weights_are_what_torch_saved(tmp_path: Path) -> None:
    shared = torch.randn(3, 4)
    state = {
        "a.weight": shared,
        "tied.weight": shared,
        "view": shared.t(),
        "half": torch.randn(5).to(torch.bfloat16),
        "count": torch.tensor(7),
        "mask": torch.tensor([True, False]),
        "empty": torch.empty(0, 3),
        "complex": torch.zeros(2, dtype=torch.complex64),
        "extra": {"no": "tensor"},
    }
    out = tmp_path / "w.safetensors"
    facts = save(state, out, {"run": "mine"})
    read = load_file(out)
    assert facts["left"] == 2 and facts["tensors"] == len(read) == 7
    for name, tensor in read.items():
        assert tensor.dtype == state[name].dtype and torch.equal(tensor, state[name])
    with safe_open(out, "pt") as file:
        assert file.metadata() == {"format": "pt", "run": "mine"}


@pytest.mark.slow
def test_weights_of_a_checkpoint_by_the_command(
    run: RunView,
    tmp_path: Path,
    command: Tuiwb,  # noqa: F811
) -> None:
    paths = RunPaths(run.path)
    for step in (50, 100):
        checkpoint(paths, step, {"w": torch.full((2,), float(step))})
    (paths.checkpoint(100) / "state.pt").write_bytes(b"half")  # the newest is damaged
    done = command("export", run.path, "--to", "safetensors")
    assert done.returncode == 0, done.stderr
    assert "step 50" in done.stdout
    assert load_file(tmp_path / "mine.safetensors")["w"].tolist() == [50, 50]

    for step, said in (("7", "50, 100"), ("100", "damaged"), ("best", "100")):
        done = command("export", run.path, "--to", "safetensors", "--step", step, "--out", "x")
        assert done.returncode == 2 and said in done.stderr, done.stderr
        assert not (tmp_path / "x").exists()


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("it-ran",)


@pytest.mark.parametrize("kind", ["pickle", "torch", "bomb", "link"])
def test_a_strangers_checkpoint_runs_nothing_and_takes_no_memory(
    kind: str, run: RunView, tmp_path: Path
) -> None:
    from tuiwb.engine.checkpoint import load

    paths = RunPaths(run.path)
    folder = checkpoint(paths, 10, {"w": torch.zeros(2)})
    file = folder / "state.pt"
    if kind == "pickle":
        file.write_bytes(pickle.dumps({"model": Evil()}))
    elif kind == "torch":
        torch.save({"model": Evil()}, file)
    elif kind == "bomb":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("archive/data.pkl", bytes(1 << 26))
    else:
        file.rename(tmp_path / "elsewhere.pt")
        file.symlink_to(tmp_path / "elsewhere.pt")
    (folder / "sha256").write_text(hashlib.sha256(file.read_bytes()).hexdigest())
    with pytest.raises(UserError):
        load(folder)
    assert not (tmp_path / "it-ran").exists()
