"""How a sweep trains its trials: each is an ordinary run, looked at through what it writes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tuiwb.base import consent
from tuiwb.base.errors import UserError
from tuiwb.client import resume
from tuiwb.client.commands import send
from tuiwb.client.launch import begin
from tuiwb.client.lessons import metric
from tuiwb.client.population import launch_population
from tuiwb.client.standby import Standby
from tuiwb.run.create import create
from tuiwb.run.layout import RunPaths
from tuiwb.run.meta import read_meta
from tuiwb.run.reader import RunReader
from tuiwb.run.view import RunView
from tuiwb.search.places import SweepPaths
from tuiwb.search.sweep import Sweep
from tuiwb.spec import Resolved, resolve

LOST = ("non-finite", "divergence")
"""Symptoms that say of a trial that it is lost, where they are alarms."""
BY = "sweep"


@dataclass(frozen=True)
class Seen:
    """A trial as it is now. ``state`` is one of a run's; ``values`` are those since the last look,
    or more; ``known`` are the names that it reports values under, None before its first evaluation;
    ``lost`` is why the doctor gives it up; ``left``: a signal ended it, as where the machine is
    needed for others, or the sweep did; ``signal``: one killed it before it began; ``hindered`` is
    why its disk takes no more; ``resumed``: how often it went on from a checkpoint."""

    state: str
    step: int = 0
    seconds: float = 0.0
    values: Sequence[tuple[int, float]] = ()
    known: tuple[str, ...] | None = None
    result: float | None = None
    reason: str = ""
    lost: str = ""
    left: bool = False
    signal: bool = False
    hindered: str = ""
    resumed: int = 0

    @property
    def killed(self) -> bool:
        """Whether its worker has gone, and had not given up."""
        return self.state == "crashed" or self.signal

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it unless it is resumed."""
        return self.state in ("finished", "stopped", "diverged", "failed", "crashed")


class Refused(Exception):
    """Trial ``number`` is no spec: its knobs contradict each other."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(why)
        self.number = number


class Runner(Protocol):
    """Who trains trials, known by their numbers (from 1). `UserError` where none can be."""

    def adopt(self, number: int) -> bool:
        """Take up a trial that another controller asked for; whether it had been begun."""

    def ready(self) -> bool:
        """Whether trials can be begun now; until then those that train are looked at."""
        ...

    def launch(self, trials: Sequence[tuple[int, Sequence[str]]]) -> None: ...
    def look(self, number: int) -> Seen: ...
    def stop(self, number: int, why: str) -> None: ...
    def resume(self, number: int) -> None: ...
    def forget(self, number: int) -> None: ...


class Runs:
    """Trials as runs in the sweep's runs folder, begun by a standby."""

    def __init__(
        self,
        paths: SweepPaths,
        sweep: Sweep,
        uid: str,
        folder: str = "",
        argv: Sequence[str] = (),
        standby: Standby | None = None,
    ) -> None:
        self._paths, self._sweep, self._uid = paths, sweep, uid
        self._folder = Path(folder) if folder else None
        self._argv, self._standby = argv, standby
        self._begun = self._warm = False
        """Whether a process was begun to be warmed up, and whether one was warm."""
        self._readers: dict[int, RunReader] = {}
        self._last: dict[int, int] = {}
        """The step of the newest value that was told of each."""

    def adopt(self, number: int) -> bool:
        run = RunPaths(self._paths.run(number))
        meta = read_meta(run)[0]
        if not meta:
            return False
        if (meta.get("sweep") or {}).get("uid") != self._uid:
            raise UserError(
                f"there is a run {run.id} already, and it is not of this sweep",
                where=str(run.root),
                next="give the run, or the sweep, another name",
            )
        return True

    def ready(self) -> bool:
        """Not while a process warms up: a machine that is busy importing torch takes minutes. One
        that never became warm is not tried again: every trial is then started cold."""
        if self._standby is None:
            return True
        if not self._standby.alive:
            if self._begun and not self._warm:
                self._standby = None
                return True
            self._begun, self._warm = True, False
            self._standby.start()
        self._warm |= self._standby.ready
        return self._standby.ready

    def launch(self, trials: Sequence[tuple[int, Sequence[str]]]) -> None:
        specs = [self._resolved(number, settings) for number, settings in trials]
        names = [self._paths.run_name(number) for number, _ in trials]
        about = [
            {"name": self._paths.name, "uid": self._uid, "trial": number} for number, _ in trials
        ]
        if self._sweep.population:
            launch_population(
                specs,
                self._paths.runs,
                names=names,
                argv=self._argv,
                sweeps=about,
                standby=self._standby,
            )
            return
        for resolved, name, own in zip(specs, names, about, strict=True):
            consent.check(resolved.spec.model.name, self._folder)
            path = create(
                self._paths.runs,
                resolved,
                name=name,
                argv=self._argv,
                sweep=own,
                folder=self._folder,
            )
            begin(path, self._standby)

    def _resolved(self, number: int, settings: Sequence[str]) -> Resolved:
        origin = f"sweep {self._paths.name}, trial {number}"
        try:
            return resolve(self._paths.preset, [*self._sweep.set, *settings], origin=origin)
        except UserError as error:
            raise Refused(number, error.what) from None

    def look(self, number: int) -> Seen:
        if number not in self._readers:
            self._readers[number] = RunReader(self._paths.run(number))
        view = self._readers[number].poll()
        while view.behind and view.status.ended_now:
            view = self._readers[number].poll()
        told = seen(view, self._sweep.metric, self._last.get(number, -1))
        if told.values:
            self._last[number] = told.values[-1][0]
        return told

    def stop(self, number: int, why: str) -> None:
        path = self._paths.run(number)
        with contextlib.suppress(UserError):  # it has ended by itself
            send(path, "note", {"text": f"sweep: {why}"}, by=BY)
            send(path, "stop", by=BY)

    def resume(self, number: int) -> None:
        self.forget(number)
        resume.resume(self._paths.run(number), standby=self._standby)

    def forget(self, number: int) -> None:
        """Let go of a trial's files."""
        self._last.pop(number, None)
        if (reader := self._readers.pop(number, None)) is not None:
            reader.close()


def seen(view: RunView, name: str, after: int = -1) -> Seen:
    """A run as its sweep sees it, with the values of evaluations past step ``after``."""
    status, evaluated = view.status, list(view.table("evals").columns)
    state = "crashed" if "its folder is gone" in status.words else status.state
    known = None
    values: list[tuple[int, float]] = []
    if evaluated:
        known = tuple(n for n in (*evaluated, *view.table("steps").columns) if n not in _NONE)
        values = list(_evaluated(view, name, after))
    error = status.error or {}
    reason = str(error.get("what") or status.words) if status.ended_now else status.words
    reason = " ".join(reason.split())
    stopped, by = state == "stopped", _stopped_by(view)
    return Seen(
        state=state,
        step=status.step,
        seconds=status.took or 0.0,
        values=values,
        known=known,
        result=metric(view, name) if state == "finished" else None,
        reason=reason,
        lost=next((_words(f) for f in view.findings if _is_lost(f)), ""),
        left=stopped and (by == BY or by.startswith("SIG")),
        # who speaks for a worker that was killed before it began says by which
        signal=state == "failed" and bool(error.get("signal")),
        # a worker that is stopped by an error is so by one of the place that it writes to
        hindered=reason if stopped and error else "",
        resumed=sum(event["kind"] == "resumed" for event in view.events),
    )


_NONE = ("step", "time")


def _evaluated(view: RunView, name: str, after: int) -> Iterator[tuple[int, float]]:
    """Value by value: of the evaluations past ``after``, or what a column of the steps had at each
    of them; steps are many, and only the rows that are asked for are read."""
    evals, steps = view.table("evals"), view.table("steps")
    rows = evals.tail(evals.rows)
    for row in rows[rows["step"] > after]:
        step = int(row["step"])
        found = row if name in evals.columns else steps.row_at(step)
        if found is not None and name in (found.dtype.names or ()):
            yield step, float(found[name])


def _stopped_by(view: RunView) -> str:
    """Who asked a run to stop: a person, the sweep, or a signal by its name."""
    for event in reversed(view.events):
        if event["kind"] == "command" and event.get("command") == "stop" and event.get("accepted"):
            return str(event.get("by", ""))
    return ""


def _is_lost(finding: dict[str, object]) -> bool:
    return (
        finding.get("symptom") in LOST
        and finding.get("severity") == "alarm"
        and not finding.get("inherited")
    )


def _words(finding: dict[str, object]) -> str:
    return str(finding.get("words") or finding.get("symptom"))
