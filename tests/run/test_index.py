"""The index: it spares reading, and is never believed against a run's own folder."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.run.test_listing import make
from tuiwb.base.clock import FrozenClock
from tuiwb.run import index, summary
from tuiwb.run.journal import Journal
from tuiwb.run.kept import RunSummary
from tuiwb.run.labels import change_tags
from tuiwb.run.layout import RunPaths
from tuiwb.run.listing import Listing, list_runs
from tuiwb.run.lock import WorkerLock

Read = list[str]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """The names of the runs whose files were read."""
    names: Read = []
    whole = summary.examine

    def examine(path: Path, clock: FrozenClock) -> tuple[RunSummary | None, bool]:
        names.append(path.name)
        return whole(path, clock)

    monkeypatch.setattr(summary, "examine", examine)
    return names


def ended(runs: Path, name: str, created: float, state: str = "finished") -> RunPaths:
    """A run that ended long ago, as far as its files can tell."""
    paths = make(runs, name, created)
    with WorkerLock(paths.lock), Journal(paths.journal) as journal:
        journal.write("state", 7, state=state)
    age(paths)
    return paths


def age(*all: RunPaths) -> None:
    """Make it an hour since these, and their folder, were last touched."""
    then = time.time() - 3600
    for paths in all:
        for path in (paths.journal, paths.root, paths.root.parent):
            os.utime(path, (then, then))


@pytest.fixture
def three(tmp_path: Path) -> Iterator[list[RunPaths]]:
    """Three runs that are over, and an index of them."""
    made = [ended(tmp_path, name, 10.0 + n) for n, name in enumerate(("one", "two", "three"))]
    list_runs(tmp_path)
    yield made


def test_what_is_over_is_read_once(three: list[RunPaths], read: Read) -> None:
    folder = three[0].root.parent
    again = list_runs(folder)
    assert [run.id for run in again] == ["three", "two", "one"] and read == []
    assert {(r.state, r.step, r.preset) for r in again} == {("finished", 7, "mlp-digits")}
    assert again[0].path == three[2].root and isinstance(again[0].path, Path)
    assert (folder / index.NAME).stat().st_mode & 0o777 == 0o600


def test_what_changed_is_read_again(three: list[RunPaths], read: Read) -> None:
    one, two, _ = three
    with WorkerLock(one.lock), Journal(one.journal) as journal:
        journal.write("state", 9, state="training")  # taken up again
        states = {run.id: run.state for run in list_runs(one.root.parent)}
        assert states == {"one": "training", "two": "finished", "three": "finished"}
        assert read == ["one"]
        change_tags(two, add=["good"])
        assert {run.id: run.tags for run in list_runs(one.root.parent)}["two"] == ("good",)


def test_a_live_run_is_never_taken_from_the_index(tmp_path: Path, read: Read) -> None:
    paths = make(tmp_path, "live", time.time())
    with WorkerLock(paths.lock), Journal(paths.journal) as journal:
        journal.write("state", state="training")
        age(paths)
        for _ in range(3):
            assert list_runs(tmp_path)[0].state == "training"
        assert read == ["live"] * 3
    assert list_runs(tmp_path)[0].state == "crashed"  # nothing was written: the lock tells


def test_one_that_somebody_has_locked_is_looked_at_even_where_no_other_is(
    three: list[RunPaths], read: Read
) -> None:
    with WorkerLock(three[0].lock), Listing(three[0].root.parent) as listing:
        listing.look(check=0)
        assert read == ["one"], "as /proc/locks says"
        assert listing.runs[-1].state == "starting"


@pytest.mark.parametrize("bad", [b"", b"\xff" * 999, b"\x95\xa5tuiwb", b"[1, 2]", "older", "huge"])
def test_an_index_that_is_no_use_is_made_anew(
    three: list[RunPaths], bad: bytes | str, monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    folder = three[0].root.parent
    if bad == "older":
        monkeypatch.setattr(index, "VERSION", index.VERSION + 1)
    elif bad == "huge":
        monkeypatch.setattr(index, "_MAX", 10)
    else:
        assert isinstance(bad, bytes)
        (folder / index.NAME).write_bytes(bad)
    assert len(list_runs(folder)) == 3 and sorted(read) == ["one", "three", "two"]
    monkeypatch.undo()
    assert len(index.read(folder).entries) == (0 if bad == "older" else 3)


def test_a_run_that_has_gone_or_is_another_is_noticed(three: list[RunPaths]) -> None:
    one, two, three_ = three
    folder = one.root.parent
    shutil.rmtree(two.root)
    other = ended(folder.parent / "beside", "other", 5.0, "failed")
    shutil.rmtree(three_.root)
    os.rename(other.root, three_.root)
    assert [(run.id, run.state) for run in list_runs(folder)] == [
        ("one", "finished"), ("three", "failed")
    ]  # fmt: skip


def test_what_is_shown_is_looked_at_closely(three: list[RunPaths]) -> None:
    """Labels that came with rsync change no journal."""
    with Listing(three[0].root.parent) as listing:
        listing.look()
        (three[0].root / "labels.json").write_text('{"tags": ["copied"]}')
        assert [run.tags for run in listing.refresh(listing.runs)] == [(), (), ("copied",)]
        shutil.rmtree(three[1].root)
        assert [run.id for run in listing.refresh(listing.runs)] == ["three", "one"]


def test_a_strangers_index_puts_nothing_outside_and_drives_nothing(
    three: list[RunPaths], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = three[0].root.parent
    outside = ended(tmp_path_factory.mktemp("outside"), "secret", 1.0)
    found = index.read(folder)
    lies = [
        RunSummary(f"../{outside.root.parent.name}/secret", "finished", inode=1),
        RunSummary("ghost", "finished", started=99.0, inode=2),
    ]
    data = [
        msgspec.structs.astuple(run)[:-1] for run in (*(one.full() for one in found.entries), *lies)
    ]
    data[0] = (data[0][0], "\x1b[2J", *data[0][2:])
    for scanned in (0, 1):
        packed = msgspec.msgpack.encode(("tuiwb", index.VERSION, scanned, ["x"], data))
        (folder / index.NAME).write_bytes(packed)
        assert {(run.id, run.state) for run in list_runs(folder)} == {
            (name, "finished") for name in ("one", "two", "three")
        }


def test_odd_runs_cost_the_others_nothing(tmp_path: Path, read: Read) -> None:
    """A date before time and a name that is no text are not for the index."""
    ended(tmp_path, "fine", 5.0)
    early = ended(tmp_path, "early", 6.0)
    early.meta.write_text(json.dumps(json.loads(early.meta.read_text()) | {"created": -9e14}))
    odd = tmp_path / os.fsdecode(b"odd-\xff")
    os.rename(ended(tmp_path, "odd", 7.0).root, odd)
    age(early, RunPaths(odd))
    for _ in range(2):
        assert {run.path for run in list_runs(tmp_path)} == {tmp_path / "fine", early.root, odd}
    assert read.count("fine") == 1


def test_many_at_once(tmp_path: Path) -> None:
    """Listings in several threads, each with its own index to write, while runs come and go."""
    made = [ended(tmp_path, f"run-{n:02d}", float(n)) for n in range(20)]
    seen: list[int] = []
    wrong: list[BaseException] = []

    def follow() -> None:
        try:
            for _ in range(10):
                seen.append(len(list_runs(tmp_path)))
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=follow) for _ in range(4)]
    for thread in threads:
        thread.start()
    for paths in made[:10]:
        shutil.rmtree(paths.root)
    for thread in threads:
        thread.join()
    assert not wrong and all(10 <= number <= 20 for number in seen)
    assert len(list_runs(tmp_path)) == 10
    assert os.listdir(tmp_path / ".index") == ["runs"]


def test_a_folder_that_cannot_be_written_is_listed_all_the_same(
    three: list[RunPaths], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = three[0].root.parent
    shutil.rmtree(folder / ".index")
    (folder / ".index").write_text("in the way")
    assert len(list_runs(folder)) == 3


def test_a_look_may_be_short_and_goes_on_the_next_time(tmp_path: Path) -> None:
    for n in range(5):
        ended(tmp_path, f"run-{n}", float(n))
    with Listing(tmp_path) as listing:
        unread: list[int] = []
        while not unread or unread[-1]:
            listing.look(budget_s=0.0)
            unread.append(listing.unread)
        assert unread == [4, 3, 2, 1, 0] and len(listing.runs) == 5
        before = listing.runs
        listing.look()
        assert listing.runs is before, "nothing new: the same list"


def test_the_folder_itself_may_go_and_come_back(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with Listing(runs) as listing:
        listing.look()
        assert listing.runs == []
        ended(runs, "one", 1.0)
        listing.look()
        assert [run.id for run in listing.runs] == ["one"]
        shutil.rmtree(runs)
        listing.look()
        assert listing.runs == []
        ended(runs, "two", 1.0)
        listing.look()
        assert [run.id for run in listing.runs] == ["two"]
