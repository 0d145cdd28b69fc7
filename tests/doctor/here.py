"""A preset trained in this process into a real run directory, tampered with on request."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tuiwb.api import open_run
from tuiwb.engine.build import Session, build
from tuiwb.engine.loop import train
from tuiwb.run.create import create
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.view import RunView
from tuiwb.spec import resolve
from tuiwb.worker.controls import Inbox
from tuiwb.worker.introduce import introduce
from tuiwb.worker.sink import RunSink
from tuiwb.worker.work import Work


def trained_here(
    runs: Path,
    preset: str,
    *overrides: str,
    before: Callable[[Session], None] = lambda session: None,
    beside: Callable[[Session, RunSink, RunPaths], None] = lambda *run: None,
) -> RunView:
    """The run as its folder tells it, with what the worker's doctor has journaled.

    ``before`` tampers with what was built, ``beside`` with the run that is about to begin.
    """
    resolved = resolve(preset, overrides)
    paths = RunPaths(create(runs, resolved))
    journal = Journal(paths.journal)
    session = build(resolved.spec)
    before(session)
    sink = RunSink(paths, journal, resolved.spec.train.stop_on)
    work = Work(paths, journal)
    sink.rounds.facts = introduce(session, journal)
    work.say("training")
    beside(session, sink, paths)
    outcome = train(session, sink, Inbox(paths, journal), paths.checkpoints)
    sink.rounds.last(time.time())
    sink.close()
    work.say(outcome.state, reason=outcome.reason, metrics=outcome.metrics)
    return open_run(paths.root)
