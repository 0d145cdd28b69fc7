"""``rm``, ``prune``, ``mv``, ``note``, ``tag`` and ``ls`` as a person types them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import ROOT, Tuiwb
from tests.cli.recorded import record
from tests.cli.test_terminal import terminal
from tuiwb.run.create import create
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import WorkerLock
from tuiwb.spec import resolve

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def runs(own_world: Path) -> Path:
    """A runs folder: a finished run, one that failed, and a fork of the first."""
    folder = own_world / "runs"
    record(folder, name="first")
    record(folder, "failed", name="second")
    shutil.copytree(record(folder, name="child-of"), folder / "child")
    shutil.rmtree(folder / "child-of")
    meta = json.loads((folder / "child" / "meta.json").read_text())
    uid = json.loads((folder / "first" / "meta.json").read_text())["uid"]
    meta["parent"] = {"run": "first", "uid": uid, "step": 50}
    (folder / "child" / "meta.json").write_text(json.dumps(meta))
    return folder


def names(folder: Path) -> set[str]:
    return {name for name in os.listdir(folder) if not name.startswith(".")}


def listed(command: Run, *arguments: object) -> list[dict[str, Any]]:
    done = command("ls", "--json", *arguments)
    assert done.returncode == 0
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_tags_and_notes_are_listed_shown_and_filtered_by(runs: Path, command: Run) -> None:
    assert command("tag", "first", "+good", "keep").stdout == "first  good keep\n"
    assert command("tag", "first", "-good", "+better").stdout == "first  better keep\n"
    assert command("tag", "second").stdout == "second  no tags\n"
    assert "noted at step 100" in command("note", "first", "warm", "up", "longer").stdout
    shown = command("ls").stdout
    assert "better keep" in shown and "warm up longer" in shown
    (run,) = listed(command, "--tag", "keep")
    assert (run["id"], run["tags"], run["note"]) == ("first", ["better", "keep"], "warm up longer")
    assert [run["id"] for run in listed(command, "longer")] == ["first"]
    assert [run["id"] for run in listed(command, "--state", "failed,crashed")] == ["second"]
    words = command("show", "first", "--plot", "").stdout
    assert "tags: better keep" in words and "note, step 100: warm up longer" in words
    facts = json.loads(command("show", "first", "--json").stdout)
    assert facts["tags"] == ["better", "keep"] and facts["notes"][0]["text"] == "warm up longer"


def test_a_copy_of_the_folder_keeps_its_tags(runs: Path, command: Run, tmp_path: Path) -> None:
    command("tag", "first", "+good")
    shutil.copytree(runs / "first", tmp_path / "copies" / "copy")
    (run,) = listed(command, "--runs", tmp_path / "copies")
    assert run["tags"] == ["good"]


def test_a_fork_stands_under_its_parent_also_under_its_new_name(runs: Path, command: Run) -> None:
    assert "mv" not in command("mv", "first", "renamed").stderr
    lines = command("ls").stdout.splitlines()
    at = next(n for n, text in enumerate(lines) if text.startswith("renamed"))
    assert lines[at + 1].startswith(("└─child", "`-child")) and "at 50" in lines[at + 1]
    alone = command("ls", "child").stdout
    assert "renamed at 50" in alone
    shown = command("show", "child", "--plot", "").stdout
    assert "from first at step 50" in shown  # what it was called then
    (child,) = listed(command, "child")
    assert child["parent"]["run"] == "first" and child["parent"]["step"] == 50


def test_no_more_are_listed_than_fit_and_it_is_said(runs: Path, command: Run) -> None:
    done = command("ls", "--limit", "1")
    assert len(done.stdout.splitlines()) == 2 and "and 2 more; --all lists them" in done.stderr
    assert "more" not in command("ls", "--all").stderr
    assert len(listed(command, "--limit", "2")) == 2
    assert "none of 3 runs is as asked" in command("ls", "--preset", "gpt-char").stderr


def test_rm_wants_to_be_asked_or_told(runs: Path, command: Run, tuiwb: Tuiwb) -> None:
    done = tuiwb("rm", "second")
    assert done.returncode == 2 and "nobody is there to be asked" in done.stderr
    done = command("rm", "sec", "--yes")
    assert done.returncode == 2 and "nearest:  second" in done.stderr
    assert names(runs) == {"first", "second", "child"}
    done = command("rm", "second", "first", "second", "--yes")
    assert (done.returncode, done.stdout) == (0, "second  deleted\nfirst  deleted\n")
    assert names(runs) == {"child"}


@pytest.mark.parametrize(("answer", "left"), [("y", set()), ("n", {"second"}), ("", {"second"})])
def test_rm_asks_on_a_terminal(runs: Path, answer: str, left: set[str]) -> None:
    with terminal("rm", "sec", cwd=runs.parent) as screen:
        screen.until("[y/N]")
        assert "second  failed at step 100" in screen.text
        screen.type(f"{answer}\n")
        assert screen.end() == 0
    assert names(runs) == {"first", "child"} | left


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rm", "frist", "--yes"], ["there is no run 'frist'", "nearest:  first"]),
        (["rm", "photos", "--yes"], ["is not a run"]),
        (["rm", "link", "--yes"], ["link is a link, not a run"]),
        (["rm", "./", "--yes"], ["may be a run, or something else", "may be"]),
        (["mv", "first", "second"], ["there is a run second already"]),
        (["mv", "first", "../out"], ["not a name for a run", "letters, digits"]),
        (["mv", "photos", "x"], ["is not a run"]),
        (["tag", "first", "+two words"], ["not a tag: 'two words'"]),
        (["tag", "first", "-none"], ["first has no tag none"]),
        (["tag", "nobody", "+x"], ["there is no run 'nobody'"]),
        (["note", "first", " "], ["a note is a line of text"]),
        (["prune"], ["say which runs may go", "--older-than 30d"]),
        (["prune", "--older-than", "yesterday"], ["cannot read 'yesterday'", "--older-than"]),
        (["prune", "--larger-than", "2"], ["cannot read '2'", "2GB"]),
        (["prune", "--state", "dead"], ["unknown state 'dead'"]),
        (["prune", "--keep", "-1"], ["--keep"]),
        (["ls", "--state", "finish"], ["unknown state 'finish'", "nearest:  finished"]),
        (["ls", "--limit", "0"], ["--limit"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_said_and_leaves_all_as_it_was(
    runs: Path, command: Run, arguments: list[str], words: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    (runs / "photos").mkdir()
    (runs / "photos" / "cat.png").write_text("cat")
    (runs / "link").symlink_to(runs / "first")
    home = runs.parent / "home"
    home.mkdir()
    (home / "meta.json").write_text("{}")
    (home / "thesis.tex").write_text("years")
    monkeypatch.chdir(home)
    done = command(*arguments)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert names(runs) == {"first", "second", "child", "photos", "link"}
    assert names(home) == {"meta.json", "thesis.tex"}


def test_a_live_run_is_neither_deleted_nor_renamed_nor_pruned(runs: Path, command: Run) -> None:
    live = create(runs, resolve("mlp-digits"), name="live")
    with WorkerLock(RunPaths(live).lock):
        for arguments in (["rm", "live", "--yes"], ["mv", "live", "dead"]):
            done = command(*arguments)
            assert done.returncode == 2 and "tuiwb ctl live stop" in done.stderr
        done = command("prune", "--keep", "0")
        assert "live" not in done.stdout and "1 live" in done.stderr
    assert "live" in names(runs)


def test_prune_shows_first_and_deletes_when_told(runs: Path, command: Run) -> None:
    command("tag", "second", "+keep")
    done = command("prune", "--older-than", "1d", "--keep", "0")
    assert done.returncode == 0 and "nothing is deleted" in done.stderr
    assert "first" in done.stdout and "1, kept whole" in done.stdout and "kB" in done.stdout
    assert "1 tagged keep" in done.stderr and "second" not in done.stdout
    assert names(runs) == {"first", "second", "child"}
    told = json.loads(command("prune", "--older-than", "1d", "--json").stdout)
    assert told["deletes"] is False and told["bytes"] == sum(r["bytes"] for r in told["runs"])
    done = command("prune", "--older-than", "1d", "--state", "finished", "--yes")
    assert sorted(done.stdout.splitlines()[-2:]) == ["child  deleted", "first  deleted"]
    assert names(runs) == {"second"}
    assert "nothing to delete" in command("prune", "--older-than", "1d").stderr


def test_prune_takes_only_checkpoints_where_that_is_asked(runs: Path, command: Run) -> None:
    kept = RunPaths(runs / "first").checkpoint(100)
    kept.mkdir()
    (kept / "state.pt").write_bytes(b"x" * 5000)
    done = command("prune", "--older-than", "1d", "--checkpoints-only", "--yes")
    assert "first  its checkpoints are deleted" in done.stdout and "5 kB" in done.stderr
    assert os.listdir(runs / "first" / "checkpoints") == []
    assert names(runs) == {"first", "second", "child"} and len(listed(command)) == 3


def test_what_somebody_began_to_delete_goes_with_the_next(runs: Path, command: Run) -> None:
    for name in (".rm-0123456789ab", ".rm-notes-of-mine"):
        (runs / name).mkdir()
        (runs / name / "meta.json").write_text("{}")
    command("rm", "second", "--yes")
    assert not (runs / ".rm-0123456789ab").exists()
    assert (runs / ".rm-notes-of-mine" / "meta.json").exists()


@pytest.mark.slow
def test_ls_fits_its_terminal(runs: Path, command: Run) -> None:
    command("note", "first", "a note that is much longer than the room that is left " * 4)
    for width in (60, 80, 120):
        with terminal("ls", cwd=runs.parent, columns=width) as screen:
            assert screen.end() == 0
            lines = screen.text.splitlines()
        assert max(map(len, lines)) <= width and len(lines) == 4
        assert "first" in screen.text and "failed" in screen.text


def test_ls_at_the_same_time_as_runs_go(runs: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-m", "tuiwb", "ls", "--all"]
    listings = [
        subprocess.Popen(
            line, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    give_up = time.monotonic() + 60
    while any(one.poll() is None for one in listings) and time.monotonic() < give_up:
        shutil.rmtree(record(runs, name="here-and-gone"))
    for one in listings:
        assert one.stderr is not None
        words = one.stderr.read()
        assert one.wait(60) == 0, words
        one.stderr.close()
