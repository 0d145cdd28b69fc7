"""A sweep from its beginning to its end, on the command line."""

from __future__ import annotations

import shlex
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from tuiwb.base.errors import UserError
from tuiwb.base.format import number
from tuiwb.cli import output

if TYPE_CHECKING:
    from tuiwb.search.ledger import SweepView
    from tuiwb.search.places import SweepPaths
    from tuiwb.search.sweep import Sweep

INTERRUPTED = 130
MISSED = 1
"""Exit code where no trial is complete."""


@dataclass(frozen=True)
class Manner:
    """How a sweep is conducted, and what is printed of it in the end."""

    detach: bool = False
    watch: bool = False
    json: bool = False
    plot: str | None = None
    retry_failed: bool = False


def begin(runs: Path, sweep: Sweep, name: str | None, code: bool, manner: Manner) -> int:
    """Begin a sweep, or go on with the one that asks for the same and is not finished."""
    from tuiwb.cli.consent import settle
    from tuiwb.search import places
    from tuiwb.search.sweep import check

    _plots(manner.plot)
    base, _ = check(sweep)
    settle(base, list(sweep.set), code)
    paths = places.same(runs, sweep) if name is None else None
    if paths is not None:
        output.say(f"{paths.name} asks for the same and is not finished: going on with it")
    else:
        paths = _named(runs, sweep, name)
    return conduct(paths, sweep.jobs, manner)


def _named(runs: Path, sweep: Sweep, name: str | None) -> SweepPaths:
    """A new sweep; or the one of this name, where it asks for the same."""
    from tuiwb.search import places
    from tuiwb.search.sweep import read_sweep

    there = places.SweepPaths(runs / places.FOLDER / name) if name else None
    if there is not None and there.sweep.is_file():
        if read_sweep(there.sweep).digest == sweep.digest:
            return there
        raise UserError(
            f"there is a sweep {name} already, and it asks for something else",
            where=str(there.sweep),
            next=f"go on with it: tuiwb sweep resume {name}; or give this one another --name",
        )
    return places.create(runs, sweep, name)


def go_on(runs: Path, name: str | None, jobs: int | None, code: bool, manner: Manner) -> int:
    """Go on with a sweep that was left, stopped or killed; with trials whose workers were killed,
    and (``retry_failed``) with all others that have failed."""
    from tuiwb.cli.consent import settle
    from tuiwb.search.ledger import FAILED, SweepReader
    from tuiwb.search.places import find_sweep
    from tuiwb.spec import resolve

    _plots(manner.plot)
    paths = find_sweep(runs, name)
    reader = SweepReader(paths)
    view = reader.poll()
    again = [r for r in view.trials if r.state == FAILED and (r.killed or manner.retry_failed)]
    if view.state == "finished" and not again:
        output.say(f"{paths.name} is finished: nothing is left to train")
        return _screen(paths) if manner.watch else _ended(paths, manner)
    home = Path(reader.ledger.folder) if reader.ledger.folder else None
    settle(resolve(paths.preset, view.sweep.set), (), code, home)
    if again:
        numbers = ", ".join(str(record.number) for record in again)
        output.say(f"once more, of those that have failed: {numbers}")
    return conduct(paths, jobs or view.sweep.jobs, manner)


def conduct(paths: SweepPaths, jobs: int, manner: Manner) -> int:
    """Go on with a sweep to its end, here or (``detach``, ``watch``) in a process of its own."""
    from tuiwb.search.conduct import too_many
    from tuiwb.search.sweep import read_sweep

    if not read_sweep(paths.sweep).population and (warning := too_many(jobs)):
        output.say(f"warning: {warning}")
    if manner.detach or manner.watch:
        from tuiwb.search.conduct import detach as leave

        leave(paths, jobs, manner.retry_failed)
        if manner.watch:
            return _screen(paths)
        if manner.json:
            output.emit_json({"sweep": paths.name, "path": paths.root})
        else:
            output.emit(f"{paths.name}  {paths.root}")
        return 0
    code = _attend(paths, jobs, manner.retry_failed)
    if code == INTERRUPTED:
        return code
    return _ended(paths, manner)


def _attend(paths: SweepPaths, jobs: int, retry_failed: bool) -> int:
    from tuiwb.client.warm import Warm
    from tuiwb.search.conduct import Conducted, detach

    again = f"tuiwb sweep resume {shlex.quote(paths.name)}"
    output.say(f"{paths.name}: {again} goes on with it whenever it was left")
    with (
        Warm() as warm,
        Conducted(
            paths,
            jobs=jobs,
            argv=tuple(sys.argv),
            standby=warm,
            told=output.say,
            retry_failed=retry_failed,
        ) as controller,
        Between() as between,
    ):
        wish = "continue"
        while wish == "continue":
            try:
                controller.run(between.rest)
                return 0
            except Interrupted:
                wish = between.wish()
        controller.halt(stop=wish == "stop")
    if wish == "detach":
        detach(paths, jobs)
        output.say(f"it goes on by itself; tuiwb sweep show {shlex.quote(paths.name)} shows it")
    else:
        output.say(f"its trials are stopped; {again} goes on")
    return INTERRUPTED


class Interrupted(Exception):
    """Somebody asked the controller to leave."""


class Between:
    """Takes Ctrl-C and SIGTERM only between two looks: no trial is left half begun."""

    def __init__(self) -> None:
        self._asked: int | None = None

    def rest(self, seconds: float) -> None:
        """Wait; `Interrupted` where we were asked to leave."""
        if self._asked is None:
            time.sleep(seconds)
        if self._asked is not None:
            raise Interrupted

    def wish(self) -> str:
        """What is to become of the sweep: ``detach``, ``stop`` or ``continue``."""
        from tuiwb.cli.following import wish_of

        number, self._asked = self._asked, None
        if number == signal.SIGTERM:
            return "stop"
        mine = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return wish_of(KeyboardInterrupt())
        finally:
            signal.signal(signal.SIGINT, mine)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._asked = number

    def __enter__(self) -> Between:
        numbers = (signal.SIGINT, signal.SIGTERM)
        self._before = [(number, signal.signal(number, self._take)) for number in numbers]
        return self

    def __exit__(self, *_: object) -> None:
        for which, handler in self._before:
            signal.signal(which, handler)


def _plots(plot: str | None) -> tuple[str, ...]:
    """What ``--plot`` asks for; `UserError` where there is no such plot."""
    from tuiwb.cli import sweep_words

    return sweep_words.AT_THE_END if plot is None else sweep_words.names(plot)


def _ended(paths: SweepPaths, manner: Manner) -> int:
    from tuiwb.cli import sweep_words
    from tuiwb.search.ledger import read_ledger

    view = read_ledger(paths)
    if view.sweep.population and (why := _apart(paths)):
        output.say(f"warning: {why}")
    if manner.json:
        output.emit_json(sweep_words.as_dict(view))
    else:
        sweep_words.print_all(view, _plots(manner.plot))
    return 0 if view.best is not None else MISSED


def _apart(paths: SweepPaths) -> str:
    """Why the trials were not trained as a population, where they were not."""
    from tuiwb.client.population import apart
    from tuiwb.run.reader import RunReader

    with suppress(UserError), RunReader(paths.run(1)) as reader:
        return apart(reader.poll(None))
    return ""


def list_all(runs: Path, json: bool) -> int:
    """Every sweep of a runs folder in one line."""
    from tuiwb.cli import sweep_words
    from tuiwb.search.ledger import read_ledger
    from tuiwb.search.places import sweeps

    views: list[SweepView] = []
    for paths in sweeps(runs):
        with suppress(UserError):
            views.append(read_ledger(paths))
    if json:
        output.emit_json([sweep_words.in_short(view) for view in views])
    elif not views:
        output.say("no sweeps yet; tuiwb sweep PRESET --space KEY=OVER begins one")
    else:
        rows = [
            (
                view.paths.name, view.state, f"{view.over}/{view.size}", view.sweep.sampler,
                view.sweep.metric, number(view.best.value) if view.best else "-",
            )
            for view in views
        ]  # fmt: skip
        head = ("sweep", "state", "trials", "sampler", "metric", "best")
        output.emit(output.grid(head, rows, right=("trials", "best")))
    return 0


def show(runs: Path, name: str | None, plot: str | None, json: bool) -> int:
    """A sweep as it is now: best, table, importance, plots, cost."""
    from tuiwb.cli import sweep_words
    from tuiwb.search.ledger import read_ledger
    from tuiwb.search.places import find_sweep

    asked = _plots(plot)
    view = read_ledger(find_sweep(runs, name))
    if json:
        output.emit_json(sweep_words.as_dict(view))
    else:
        sweep_words.print_all(view, asked)
    return 0


def best(runs: Path, name: str | None, out: Path | None, json: bool) -> int:
    """Write the best trial as a preset of one's own."""
    from tuiwb.search.best import write_best
    from tuiwb.search.ledger import read_ledger
    from tuiwb.search.places import find_sweep

    view = read_ledger(find_sweep(runs, name))
    path = write_best(view, out)
    if json:
        output.emit_json({"preset": path.stem, "path": path, "trial": view.best.number})  # type: ignore[union-attr]
    else:
        output.emit(f"{path}")
        shown = path.stem if out is None else str(path)
        output.say(f"tuiwb run {shlex.quote(shown)} trains it")
    return 0


def stop(runs: Path, name: str | None) -> int:
    """Ask a sweep's controller, in whatever process, to stop its trials and leave."""
    from tuiwb.search.conduct import ask_to_stop
    from tuiwb.search.places import find_sweep

    paths = find_sweep(runs, name)
    ask_to_stop(paths)
    output.say(f"{paths.name} stops its trials; tuiwb sweep resume {paths.name} goes on")
    return 0


def watch(runs: Path, name: str | None) -> int:
    """Open the screen of a sweep."""
    from tuiwb.search.places import find_sweep

    return _screen(find_sweep(runs, name))


def _screen(paths: SweepPaths) -> int:
    from tuiwb.cli.screen import open_workbench

    return open_workbench(paths.runs, sweep=paths.root)
