"""By how many processes a run is trained, as its ``meta.json`` says: read by whoever starts it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuiwb.base.errors import UserError

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
