"""By how many processes a run is trained, as its ``meta.json`` says: read by whoever starts it, and
changed by whoever starts it again with others."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuiwb.base.errors import UserError
from tuiwb.run.files import replace
from tuiwb.run.layout import RunPaths
from tuiwb.run.meta import read_meta

WAIT = 600
"""Seconds for which machines wait for one another."""
PORT = 29500
"""Where they meet, unless somebody says otherwise: torch's own."""
MEET = "TUIWB_MEET"
"""Variable with the place, for a batch job that learns its machines when it starts: HOST:PORT."""
MOST = 100_000
_PLACE = re.compile(
    r"(?P<host>[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>\d{1,5}))?"
)


@dataclass(frozen=True)
class World:
    """``processes`` on each of ``least`` to ``most`` machines (nodes), which find each other at
    ``meet``, HOST:PORT on the first of them (empty: there is one machine)."""

    processes: int
    least: int = 1
    most: int = 1
    meet: str = ""
    wait: int = WAIT
    """Seconds for which machines wait for one another."""

    def __post_init__(self) -> None:
        for value in (self.processes, self.least, self.most, self.wait):
            if not 1 <= value <= MOST:
                raise ValueError(f"{value} is not from 1 to {MOST}")
        if self.least > self.most:
            raise ValueError(f"at least {self.least} machines, and {self.most} at most")
        if self.most > 1 and not self.meet:
            raise ValueError("machines need a place to meet")

    @property
    def planned(self) -> int:
        """Processes in all, where every machine is there."""
        return self.processes * self.most

    @property
    def alone(self) -> bool:
        """Whether one process trains, in which case there is no need to tell of it."""
        return self.planned == 1

    def as_dict(self) -> dict[str, Any]:
        """What `meta.json` keeps."""
        told: dict[str, Any] = {"processes": self.processes, "machines": [self.least, self.most]}
        return told | ({"meet": self.meet, "wait": self.wait} if self.meet else {})


def world_of(meta: Mapping[str, Any]) -> World | None:
    """The world of a run; None where one process trains it, or what it says makes no sense."""
    told = meta.get("ranks")
    if not isinstance(told, Mapping):
        return None
    machines = told.get("machines", [1, 1])
    try:
        least, most = (int(number) for number in machines)
        meet = meeting_place(str(told.get("meet") or ""))
        if meet and (here := os.environ.get(MEET)):
            meet = meeting_place(here)
        return World(int(told["processes"]), least, most, meet, int(told.get("wait") or WAIT))
    except (KeyError, TypeError, ValueError, UserError):
        return None


def keep_processes(paths: RunPaths, processes: int) -> None:
    """Have ``meta.json`` of a run that nobody trains say by how many processes of one machine it is
    trained from now on. `UserError`: several machines train it, or the file takes no change."""
    meta, wrong = read_meta(paths)
    world = world_of(meta) or World(1)
    if not wrong and world.most > 1:
        raise UserError(
            f"{paths.id} is trained by several machines: their processes stay as many as they are",
            where="--nproc",
            found=f"{world.processes} on each of up to {world.most} machines",
            allowed="a run of one machine",
            next=f"tuiwb resume {paths.id}, on each of them; or train a child of it on this one: "
            f"tuiwb fork {paths.id} --nproc {processes}",
        )
    if processes == world.processes:
        return
    told = {key: value for key, value in meta.items() if key != "ranks"}
    if processes > 1:
        told["ranks"] = World(processes).as_dict()
    try:
        if wrong:
            raise OSError(None, wrong)
        replace(paths.meta, f"{json.dumps(told, indent=2, ensure_ascii=False)}\n".encode())
    except OSError as error:
        raise UserError(
            f"{paths.id} stays with {world.processes} of {processes} processes",
            where=str(paths.meta),
            found=error.strerror or str(error),
            next="put that right, or leave --nproc out",
        ) from None


def machines(text: str) -> tuple[int, int]:
    """``"4"`` or ``"2:4"`` as the least and the most."""
    match = re.fullmatch(r"(\d{1,6})(?::(\d{1,6}))?", text.strip())
    least, most = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= least <= most <= MOST:
        raise UserError(
            "not a number of machines",
            where="--nnodes",
            found=repr(text),
            allowed="a number, or LEAST:MOST such as 2:4",
        )
    return least, most


def meeting_place(text: str) -> str:
    """``host:port``, with the usual port where none is given; empty stays empty."""
    if not text:
        return ""
    match = _PLACE.fullmatch(text.strip())
    port = int(match["port"] or PORT) if match else 0
    if match is None or not 0 < port < 65536:
        raise UserError(
            "not a place to meet",
            where="--rdzv",
            found=repr(text),
            allowed="HOST:PORT of the first machine, such as node1:29500",
        )
    return f"{match['host']}:{port}"
