"""A machine that trains along waits for the first one's run, and says what keeps it away."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tuiwb.base.clock import FrozenClock
from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.client.fork import _world
from tuiwb.client.join import await_run, join, refuse_other_spec
from tuiwb.run.create import create
from tuiwb.run.layout import RunPaths
from tuiwb.run.meta import read_meta
from tuiwb.run.world import World, world_of
from tuiwb.spec import resolve

TWO = World(4, 2, 2, "node1:29500", wait=30)


def made(runs: Path, world: World | None) -> Path:
    return create(runs, resolve("mlp-digits"), name="big", world=world)


def test_it_waits_until_the_run_is_there(tmp_path: Path) -> None:
    clock, looks = FrozenClock(0.0), []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        clock.advance(seconds)
        if len(looks) == 7:
            made(tmp_path, TWO)

    assert await_run(tmp_path / "big", TWO, clock, sleep) == TWO
    assert len(looks) == 7


def test_a_run_that_never_comes_is_given_up(tmp_path: Path) -> None:
    clock = FrozenClock(0.0)
    with pytest.raises(UserError, match="there is no run big after 0:30") as caught:
        await_run(tmp_path / "big", TWO, clock, clock.advance)
    assert "--node-rank 0" in caught.value.next


@pytest.mark.parametrize("other", [None, World(2), World(4, 2, 4, "node1:29500")])
def test_another_world_than_was_told_is_refused(tmp_path: Path, other: World | None) -> None:
    path = made(tmp_path, other)
    with pytest.raises(UserError, match="not trained by the machines that were told") as caught:
        await_run(path, TWO)
    assert caught.value.allowed == "4 processes on each of 2 machines, which meet at node1:29500"
    if other is None or other.alone:
        assert caught.value.found == "one process"


def test_another_spec_than_the_run_s_is_refused_with_both_values(tmp_path: Path) -> None:
    path = made(tmp_path, TWO)
    refuse_other_spec(path, resolve("mlp-digits"))
    with pytest.raises(UserError, match="made with another spec than was told here") as caught:
        refuse_other_spec(path, resolve("mlp-digits", ["optim.lr=0.5", "optim.name=sgd"]))
    assert "optim.lr=0.5" in caught.value.found
    assert 'optim.name="sgd"' in caught.value.found
    assert "optim.lr=0.001" in caught.value.allowed
    with pytest.raises(UserError, match="another spec") as caught:
        refuse_other_spec(path, resolve("cnn-digits"))
    assert "more" in caught.value.found  # all that differs between two presets is a screenful


def test_a_machine_s_part_that_fails_is_told_with_its_log(tmp_path: Path) -> None:
    path = made(tmp_path, TWO)
    code = "import sys; print(sys.argv[1:]); sys.exit('no way' if sys.argv[2] == '1' else 0)"
    with pytest.raises(WorkerFailed, match="machine 1 has left big: exit code 1") as caught:
        join(path, 1, [sys.executable, "-c", code])
    assert "no way" in caught.value.found
    assert f"['--machine', '1', '{path}']" in caught.value.found
    assert join(path, 2, [sys.executable, "-c", code]) == 0
    assert not RunPaths(path).journal.read_text()  # the first machine speaks for all


def test_what_it_said_is_told_where_the_run_is_gone_by_then(tmp_path: Path) -> None:
    """The first machine takes a run away that never began."""
    path = made(tmp_path, TWO)
    said = "noise\nrank 1: it has another spec\n  found:    b\n"
    code = f"import shutil, sys; print({said!r}); shutil.rmtree(sys.argv[3]); sys.exit(2)"
    with pytest.raises(WorkerFailed, match="exit code 2") as caught:
        join(path, 1, [sys.executable, "-c", code])
    assert caught.value.found == "rank 1: it has another spec\n  found:    b"
    assert caught.value.where == str(tmp_path)


def test_a_run_keeps_by_how_many_it_is_trained_and_a_child_inherits_it(tmp_path: Path) -> None:
    many = create(tmp_path, resolve("mlp-digits"), world=World(3))
    assert world_of(read_meta(RunPaths(many))[0]) == _world(RunPaths(many)) == World(3)
    alone = create(tmp_path, resolve("mlp-digits"), world=World(1))
    assert "ranks" not in read_meta(RunPaths(alone))[0]
    assert _world(RunPaths(made(tmp_path, TWO))) is None  # other machines do not know of it
