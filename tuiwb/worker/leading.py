"""Rank 0 of a run that several processes train: it hears, tells and keeps for all of them."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tuiwb.base.clock import STEADY
from tuiwb.engine.build import Session, build
from tuiwb.engine.shared import Many
from tuiwb.run import schema
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.meta import read_spec
from tuiwb.run.table import TableWriter
from tuiwb.run.view import RunView
from tuiwb.spec import to_toml
from tuiwb.worker.failures import words
from tuiwb.worker.going_on import Beginning
from tuiwb.worker.heartbeat import Heartbeat
from tuiwb.worker.meeting import meet
from tuiwb.worker.rank import lost
from tuiwb.worker.work import Work

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuiwb.worker.place import Place
    from tuiwb.worker.sink import RunSink


class Leading(Work):
    """What a worker does for one run, told to the other ranks where they have to know."""

    ranks: Many

    def __init__(
        self, paths: RunPaths, journal: Journal, before: RunView | None, planned: int
    ) -> None:
        super().__init__(paths, journal, before)
        self._planned = planned

    def run(self) -> int:
        try:
            return self.train()
        except BaseException as error:
            if lost(error):
                raise  # it is another rank's end, and perhaps not this run's
            state, told, trace = words(error, self.paths.root)
            status = self.last_words(state, told, trace)
            sys.stderr.flush()
            os._exit(status)  # the others would be waited for

    def train(self) -> int:
        self.say("starting", doing="waiting for the other processes")
        self.ranks = meet(self.paths, self._planned)
        return super().train()

    def built(self, begun: Beginning) -> Session:
        spec = replace(read_spec(self.paths), spec=begun.spec)
        self.ranks.agreed((to_toml(spec), begun.step, begun.state is not None))
        session = build(begun.spec, self.ranks)
        if begun.spec.data.downloads:
            self.ranks.agreed(True)  # what it has fetched is there for the others
        if self.ranks.world < self.ranks.planned:
            parts = self.ranks.parts(session.batches.batch_size, begun.spec.train.accumulate)
            self.journal.write(
                "warning",
                begun.step or None,
                text=f"{self.ranks.world} of {self.ranks.planned} processes are there: the batch "
                f"stays the same, and each reads its share of it in {parts} "
                f"{'part' if parts == 1 else 'parts'}",
                about="ranks",
            )
        return session

    def pulse(self, sink: RunSink, place: Place) -> Heartbeat:
        return Pulse(self.paths, sink, place, self.ranks)


class Pulse(Heartbeat):
    """The heartbeat of rank 0, which also tells what steps cost each rank."""

    def __init__(self, paths: RunPaths, sink: RunSink, place: Place, ranks: Many) -> None:
        super().__init__(paths, sink, place)
        self._costs = ranks.costs
        self._cost = np.zeros(1, schema.dtype_ranks(ranks.world))
        self._ranks: TableWriter | None = None

    def once(self, measured: Mapping[str, float]) -> None:
        super().once(measured)
        if (seconds := self._costs.take()) is None:
            return
        self._cost[0] = (self._sink.last_step, STEADY.now(), seconds)
        with contextlib.suppress(OSError):
            if self._ranks is None:
                self._ranks = TableWriter(self._folder, schema.RANKS, self._cost.dtype)
            self._ranks.append(self._cost)
        self._sink.rounds.rank(self._cost)

    def close(self) -> None:
        super().close()
        if self._ranks is not None:
            self._ranks.close()
            self._ranks = None
