"""``--nproc``: what does not go together is refused before anything is made or changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuiwb.cli.main import execute
from tuiwb.run.create import create
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.world import World
from tuiwb.spec import resolve


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--nnodes 2", "machines need a place to meet"),
        ("--nnodes 2 --rdzv a:1", "a run of several machines needs a name"),
        ("--nnodes 2:1 --rdzv a:1", "not a number of machines"),
        ("--nnodes 2 --rdzv a:b -n x", "not a place to meet"),
        ("--nnodes 2 --rdzv a:1 -n x --node-rank 2", "there is no machine number 2"),
        ("--node-rank 1 -n x", "there is no machine number 1"),
        ("--nproc 2 --seeds 3", "seeds are trained together by one process"),
        ("--nproc 0", "--nproc"),
    ],
)
def test_what_does_not_go_together_is_refused_in_words(
    options: str, said: str, own_world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["run", "mlp-digits", *options.split()]) == 2
    assert said in capsys.readouterr().err
    assert not list((own_world / "runs").glob("*"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--nproc 2 --node-rank 1", "as many processes as the run says"),
        ("--nproc 2", "is trained by several machines"),
        ("--nproc 0", "--nproc"),
    ],
)
def test_several_machines_keep_their_processes(
    options: str, said: str, own_world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = create(own_world / "runs", resolve("mlp-digits"), world=World(1, 2, 2, "node1:29500"))
    with Journal(RunPaths(path).journal) as journal:
        journal.write("state", 7, state="stopped", reason="as asked")
    before = RunPaths(path).meta.read_bytes()
    assert execute(["resume", path.name, *options.split()]) == 2
    assert said in capsys.readouterr().err
    assert RunPaths(path).meta.read_bytes() == before
