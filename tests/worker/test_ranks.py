"""What holds ranks together, and what is said where something comes between them."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from torch.distributed import DistNetworkError
from torch.distributed.elastic.rendezvous import RendezvousTimeoutError

from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.run.world import World, machines, meeting_place, world_of
from tuiwb.worker.casualties import casualty
from tuiwb.worker.meeting import compare
from tuiwb.worker.rank import LOST, lost
from tuiwb.worker.rendezvous import Rendezvous


@dataclass
class Failure:
    """A rank that has ended."""

    exitcode: int
    error_file_data: Any = field(default_factory=dict)


def papers(**other: str) -> dict[str, str]:
    return {"host": "a", "spec": "12ab", "tuiwb": "0.1", "torch": "2.13"} | other


def test_ranks_that_see_another_spec_or_version_are_named() -> None:
    compare([papers(), papers(host="b")])
    with pytest.raises(UserError, match="rank 2 has another spec than rank 0") as caught:
        compare([papers(), papers(), papers(host="c", spec="34cd")])
    assert (caught.value.where, caught.value.found) == ("rank 2 on c", "spec 34cd")
    assert "12ab" in caught.value.allowed and "--runs" in caught.value.next
    with pytest.raises(UserError, match="rank 1 has another torch") as caught:
        compare([papers(), papers(host="b", torch="2.4")])
    assert "install the same version of torch on b" in caught.value.next


@pytest.mark.parametrize(
    ("failures", "words", "killed"),
    [
        ({0: LOST, 1: -9}, "rank 1 was killed (SIGKILL)", True),
        ({0: -15, 1: -11, 2: LOST}, "rank 1 was killed (SIGSEGV)", True),
        ({0: LOST, 1: LOST}, "rank 0 has lost another one", True),
        ({0: LOST, 3: 1}, "rank 3 ended with exit code 1", False),
    ],
)
def test_the_rank_that_was_there_first_is_told(
    failures: dict[int, int], words: str, killed: bool
) -> None:
    found = casualty({rank: Failure(code) for rank, code in failures.items()})
    assert (found.words, found.killed) == (words, killed)


def test_an_error_that_a_rank_tells_goes_before_kills() -> None:
    error = WorkerFailed("out of memory", where="here", next="less")
    told = Failure(4, {"message": "out of memory", "error": error.as_dict()})
    found = casualty({0: Failure(-signal.SIGKILL), 1: told})
    assert found.error is not None and not found.killed
    assert (found.error.what, found.error.where) == ("rank 1: out of memory", "here")
    assert found.status == 4


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError("[gloo/transport/tcp/pair.cc:547] Connection closed by peer"), True),
        (DistNetworkError("The client socket has failed to connect"), True),
        (RuntimeError("NCCL error: remote process exited"), True),
        (RuntimeError("CUDA out of memory"), False),
        (ValueError("gloo/"), False),
        (UserError("no such knob"), False),
    ],
)
def test_the_loss_of_another_rank_is_told_from_errors_of_its_own(
    error: Exception, expected: bool
) -> None:
    assert lost(error) is expected


@pytest.fixture
def port() -> Iterator[int]:
    """One on which somebody listens."""
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_port_that_is_taken_is_said(port: int) -> None:
    with pytest.raises(UserError, match=f"the port of localhost:{port} is taken") as caught:
        Rendezvous("run", World(1, 2, 2, f"localhost:{port}", wait=1), 0)
    assert caught.value.where == "--rdzv"


def test_a_machine_that_never_comes_is_named(port: int) -> None:
    free = port - 1 if port > 40_000 else port + 1
    meeting = Rendezvous("run", World(1, 3, 3, f"127.0.0.1:{free}", wait=1), 0)
    try:
        with pytest.raises(RendezvousTimeoutError):
            meeting.handler.next_rendezvous()
        told = meeting.nobody_came()
    finally:
        meeting.close()
    assert told.what == "machine 1, machine 2 did not come within 0:01"
    assert told.found == f"1 of 3: machine 0 ({socket.gethostname()})"


def test_a_first_machine_that_is_not_there_is_said(port: int) -> None:
    free = port - 1 if port > 40_000 else port + 1
    with pytest.raises(UserError, match=f"machine 1 cannot reach 127.0.0.1:{free}"):
        Rendezvous("run", World(1, 2, 2, f"127.0.0.1:{free}", wait=1), 1)


def test_a_world_is_kept_in_the_run_and_nonsense_is_none() -> None:
    for world in (World(2), World(4, 2, 8, "node1:29500", wait=60)):
        assert world_of({"ranks": world.as_dict()}) == world
    assert World(4, 2, 8, "a:1").planned == 32
    nonsense: list[Any] = [None, 3, {}, {"processes": "x"}, {"processes": 0}]
    nonsense += [{"processes": 2, "machines": told} for told in (5, [3, 2], [1, 2, 3], "ab")]
    nonsense += [{"processes": 2, "meet": "no host:at all"}]
    for told in nonsense:
        assert world_of({"ranks": told}) is None


def test_what_is_typed_for_machines_is_read_or_refused() -> None:
    assert (machines("3"), machines("2:4")) == ((3, 3), (2, 4))
    assert (meeting_place("node1"), meeting_place("[::1]:7")) == ("node1:29500", "[::1]:7")
    for text in ("0", "4:2", "two", "-1", "1:", "9999999"):
        with pytest.raises(UserError, match="not a number of machines"):
            machines(text)
    for text in ("a b", ":29500", "host:0", "host:99999", "http://host:1"):
        with pytest.raises(UserError, match="not a place to meet"):
            meeting_place(text)
