"""A run directory of which any bytes have changed: every reader says what is wrong with it in words
or reads what is left, at once and in little memory."""

from __future__ import annotations

import hashlib
import shutil
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scenarios import hostile
from tuiwb.base.errors import UserError
from tuiwb.cli import figures, summary
from tuiwb.client.diagnose import diagnose
from tuiwb.engine.checkpoint import load
from tuiwb.plots.show import paint
from tuiwb.run import checkpoints, inbox, pictures
from tuiwb.run.layout import RunPaths
from tuiwb.run.listing import list_runs
from tuiwb.run.meta import read_spec
from tuiwb.run.reader import RunReader

MEMORY = 256 << 20
"""Bytes that reading a run of some kilobytes may take."""
MANY = settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def _whole(runs: Path) -> Path:
    path = hostile.run(runs, "whole", "finished")
    folder = RunPaths(path).checkpoint(10)
    folder.mkdir()
    torch.save({"step": 10, "model": {"w": torch.zeros(3)}}, folder / "state.pt")
    _sign(folder)
    return path


def _sign(folder: Path) -> None:
    digest = hashlib.sha256((folder / "state.pt").read_bytes()).hexdigest()
    (folder / "sha256").write_text(digest)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _whole(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEMORY


NUMBERS = (
    b"9" * 400,
    b"9" * 5000,
    b"-1",
    b"1e999",
    b"NaN",
    b"0",
    b"1e308",
    b"18446744073709551616",
)
WORDS = (
    b"[" * 3000,
    b'{"a":' * 3000,
    b"\x00",
    b"\xff\xfe",
    b"null",
    b'"',
    b"}",
    b"\n",
    b"true",
    b"{}",
)


@st.composite
def mutations(draw: st.DrawFn) -> list[tuple[str, float, bytes, float]]:
    """What is done to a file: a kind, a place (a share of the file), bytes, a length."""
    kinds = st.sampled_from(("flip", "cut", "insert", "replace", "number", "double", "empty"))
    piece = st.one_of(st.binary(max_size=40), st.sampled_from(NUMBERS), st.sampled_from(WORDS))
    share = st.floats(0, 1, allow_nan=False)
    return draw(st.lists(st.tuples(kinds, share, piece, share), min_size=1, max_size=4))


def mutated(data: bytes, done: list[tuple[str, float, bytes, float]]) -> bytes:
    """``data`` with all of that done to it."""
    for kind, place, piece, length in done:
        at = int(place * len(data))
        end = at + int(length * min(len(data) - at, 64))
        match kind:
            case "flip" if at < len(data):
                data = data[:at] + bytes([data[at] ^ (1 + len(piece) % 255)]) + data[at + 1 :]
            case "cut":
                data = data[:at]
            case "insert":
                data = data[:at] + piece + data[at:]
            case "replace":
                data = data[:at] + piece + data[end:]
            case "number":  # the next number becomes another
                digits = next((i for i in range(at, len(data)) if data[i : i + 1].isdigit()), None)
                if digits is not None:
                    stop = digits
                    while data[stop : stop + 1].isdigit():
                        stop += 1
                    data = data[:digits] + (piece or b"7") + data[stop:]
            case "double":
                data = data + data
            case "empty":
                data = b""
    return data


def read_all(path: Path) -> None:
    """Everything that reads a run without torch; raises nothing but `UserError`."""
    paths = RunPaths(path)
    list_runs(path.parent)
    for picture in pictures.latest(paths.pictures).values():
        if (stored := pictures.read(picture)) is not None:
            paint(stored.kind, stored.arrays, 40, 12, title=stored.name)
    inbox.take(paths)
    for step in checkpoints.steps(paths):
        checkpoints.is_whole(paths.checkpoint(step))
    try:
        read_spec(paths)
    except UserError as error:
        assert str(error)
    try:
        reader = RunReader(path)
    except UserError as error:
        assert str(error)
        return
    with reader:
        view = reader.poll(None)
        assert not view.behind
        figures.draw(view, tuple(figures.FIGURES), 60, False, True)
        summary.as_dict(view)
        assert hostile.raw_in(summary.in_words(view)) == []
        diagnose(view)


def files(whole: Path, *patterns: str) -> list[str]:
    return sorted(
        str(file.relative_to(whole)) for p in patterns for file in whole.rglob(p) if file.is_file()
    )


PARTS = {
    "spec": ("spec.toml",),
    "meta": ("meta.json", "worker.lock", "*.log"),
    "journal": ("journal.jsonl",),
    "tables": ("tables/*.npy",),
    "pictures": ("pictures/*.npz",),
    "inbox": ("inbox/*.json",),
}


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
@MANY
@given(done=mutations(), which=st.integers(0, 100))
def test_any_bytes_may_have_changed(
    part: str,
    whole: Path,
    tmp_path_factory: pytest.TempPathFactory,
    done: list[tuple[str, float, bytes, float]],
    which: int,
) -> None:
    runs = tmp_path_factory.mktemp("mutated")
    path = shutil.copytree(whole, runs / "run")
    names = files(whole, *PARTS[part])
    name = names[which % len(names)]
    (path / name).write_bytes(mutated((path / name).read_bytes(), done))
    try:
        read_all(path)
    finally:
        shutil.rmtree(runs)


@MANY
@given(done=mutations(), signed=st.booleans())
def test_a_checkpoint_loads_or_is_damaged(
    whole: Path,
    tmp_path_factory: pytest.TempPathFactory,
    done: list[tuple[str, float, bytes, float]],
    signed: bool,
) -> None:
    folder = tmp_path_factory.mktemp("checkpoint")
    state = (whole / "checkpoints" / "00000010" / "state.pt").read_bytes()
    (folder / "state.pt").write_bytes(mutated(state, done))
    (folder / "sha256").write_text(hashlib.sha256(state).hexdigest())
    if signed:  # by somebody who means it
        _sign(folder)
    try:
        assert isinstance(load(folder), dict)
    except UserError as error:
        assert "checkpoint" in error.what
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("rows", [10**15, -5, 2**70])
def test_a_table_that_claims_rows_that_it_has_not(rows: int, tmp_path: Path, whole: Path) -> None:
    path = Path(shutil.copytree(whole, tmp_path / "run"))
    file = path / "tables" / "steps.0000.npy"
    data = file.read_bytes()
    at = data.index(b"'shape': (") + 10
    end = data.index(b",)", at)
    file.write_bytes(data[:at] + str(rows).rjust(end - at).encode()[: end - at] + data[end:])
    read_all(path)
    with RunReader(path) as reader:
        assert reader.poll(None).table("steps").rows <= 10


@pytest.mark.parametrize("size", [1 << 30, 1 << 40])
@pytest.mark.parametrize("name", ["spec.toml", "meta.json", "pictures/00000010-text.npz"])
def test_a_file_that_is_too_large_is_not_read(
    name: str, size: int, tmp_path: Path, whole: Path, little_memory: None
) -> None:
    path = Path(shutil.copytree(whole, tmp_path / "run"))
    with (path / name).open("ab") as file:
        file.truncate(size)
    read_all(path)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "{a=" * 30_000,
        ".".join(["a"] * 60_000) + " = 1",
        "\n".join(f"[{'.'.join(['a'] * 120)}.k{i}]" for i in range(400)),
        "[train]\nsteps = " + "9" * 100_000,
        '[about]\ntitle = "' + "x" * 130_000 + '"',
        "x" * 1_000_000,
        "[about]\ntitle = '''" + "\n" * 100_000,
    ],
)
def test_a_spec_that_would_keep_the_parser_busy(text: str, tmp_path: Path) -> None:
    (tmp_path / "spec.toml").write_text(text)
    with pytest.raises(UserError) as refused:
        read_spec(RunPaths(tmp_path))
    assert len(str(refused.value)) < 30_000
