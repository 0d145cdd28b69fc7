"""One run from its directory to its last words."""

from __future__ import annotations

import errno
import os
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.base.progress import telling
from tuiwb.doctor.facts import facts, knobs
from tuiwb.doctor.window import Facts
from tuiwb.run import ballast
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import WorkerLock
from tuiwb.run.reader import read_meta
from tuiwb.spec import from_toml
from tuiwb.worker import memory
from tuiwb.worker.controls import Inbox

if TYPE_CHECKING:
    from tuiwb.engine.interfaces import Command

DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
DIVERGED = 3


def work(run: str) -> int:
    """Train what ``run/spec.toml`` says; returns the process's exit status.

    Whatever happens is in the journal when this returns: the final state, and the reason in words.
    """
    paths = RunPaths(Path(run).absolute())
    try:
        if not paths.spec.is_file():
            raise UserError(
                "this is not a run directory", where=run, found="no spec.toml", next="tuiwb ls"
            )
        lock = WorkerLock(paths.lock)
        lock.acquire()
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    try:
        journal = Journal(paths.journal)
        return _Work(paths, journal).run()
    finally:
        lock.release()


class _Work:
    def __init__(self, paths: RunPaths, journal: Journal) -> None:
        self.paths = paths
        self.journal = journal
        self.step = 0

    def run(self) -> int:
        try:
            return self.train()
        except UserError as error:
            return self.last_words("failed", error)
        except OSError as error:
            if error.errno not in DISK and "could not write" not in str(error):
                return self.crash(error)
            return self.last_words("stopped", disk_error(error, self.paths.root))
        except MemoryError as error:
            return self.last_words("failed", memory_error(str(error)))
        except Exception as error:
            if "out of memory" in str(error).lower() or "can't allocate memory" in str(error):
                return self.last_words("failed", memory_error(str(error)))
            return self.crash(error)

    def train(self) -> int:
        self.say("starting", doing="importing torch")
        ballast.lay(self.paths)
        inbox = Inbox(self.paths, self.journal)
        inbox.listen()
        from tuiwb.engine.build import build
        from tuiwb.engine.loop import train
        from tuiwb.worker.heartbeat import Heartbeat
        from tuiwb.worker.sink import RunSink

        if any(self.paths.tables.glob("steps.*")):
            raise UserError(
                "this run has been trained already",
                where=str(self.paths.root),
                next="start a new run with: tuiwb run " + str(self.paths.spec),
            )
        self.say("starting", doing="loading data and building the model")
        self.go_to_the_users_folder()
        text = self.paths.spec.read_text(encoding="utf-8")
        with telling(lambda words: self.say("starting", doing=words)):
            session = build(from_toml(text, str(self.paths.spec)).spec)
        sink = RunSink(self.paths, self.journal, session.spec.train.stop_on)
        heartbeat = Heartbeat(self.paths, sink)
        sink.rounds.facts = self.introduce(session)

        def accepted(command: Command, step: int) -> None:
            if command.command == "set":
                sink.rounds.set(step, command.args, command.by, time.time())

        inbox.accepted = accepted
        self.say("training")
        heartbeat.start()
        try:
            outcome = train(session, sink, inbox, self.paths.checkpoints)
            sink.rounds.last(time.time())
        finally:
            self.step = session.step
            heartbeat.stop()
            sink.close()
        self.say(
            outcome.state,
            reason=outcome.reason,
            metrics=outcome.metrics,
            peak_memory=memory.peak(),
            device_memory=session.device.peak_memory(),
        )
        ballast.drop(self.paths)
        return DIVERGED if outcome.state == "diverged" or sink.rounds.stopped else 0

    def go_to_the_users_folder(self) -> None:
        """Paths of data and modules of the user's own mean what they meant to the user."""
        folder = read_meta(self.paths)[0].get("folder")
        try:
            if isinstance(folder, str) and folder:
                os.chdir(folder)
        except OSError as error:
            self.journal.write(
                "warning",
                text=f"the folder that this run was started in is not there: {folder} "
                f"({error.strerror}); paths in its spec start at {Path.cwd()}",
            )

    def introduce(self, session: Any) -> Facts:
        """Journal what is being trained, on what, where; the facts that the doctor goes by."""
        from tuiwb.data.statistics import class_counts, input_statistics

        dataset = session.dataset
        model = self.journal.write(
            "model",
            layers=[
                {
                    "name": layer.name,
                    "kind": layer.kind,
                    "parameters": layer.parameters,
                    "trainable": any(p.requires_grad for p in layer.module.parameters()),
                }
                for layer in session.layers
            ],
            parameters=sum(p.numel() for p in session.model.parameters()),
        )
        data = self.journal.write(
            "data",
            name=session.spec.data.name,
            train=len(dataset.train),
            val=len(dataset.val),
            **({} if dataset.test is None else {"test": len(dataset.test)}),
            classes=list(dataset.classes),
            class_counts=class_counts(dataset),
            vocabulary=dataset.signature.vocabulary,
            inputs=input_statistics(dataset),
            # in the unit of the loss, which the data's own may not be
            baselines=dict(session.task.baselines),
            fingerprint=dataset.fingerprint,
            notes=list(dataset.notes),
            steps_per_epoch=session.batches.steps_per_epoch,
            samples_per_step=session.batches.samples_per_step,
            unit="tokens" if dataset.context else "samples",
        )
        for text in dataset.notes:
            self.journal.write("note", text=text, by="data")
        self.journal.write(
            "device",
            device=session.device.name,
            hardware=session.device.hardware,
            precision="bfloat16" if session.device.autocast_to else "float32",
            threads=session.threads,
        )
        return facts(knobs(session.spec), model, data)

    def say(self, state: str, **fields: Any) -> None:
        """A state for the journal, and a line in the log: the last thing known of a killed one."""
        words = fields.get("doing") or fields.get("reason") or f"process {os.getpid()}"
        print(f"{time.strftime('%H:%M:%S')} {state}: {words}", file=sys.stderr, flush=True)
        self.journal.write("state", self.step or None, state=state, **fields)

    def last_words(self, state: str, error: UserError) -> int:
        print(error, file=sys.stderr, flush=True)
        ballast.drop(self.paths)
        try:
            self.journal.write("error", self.step or None, **error.as_dict())
            self.say(state, reason=error.what)
        except OSError as second:
            print(f"the journal could not be written: {second}", file=sys.stderr, flush=True)
        return error.exit_code

    def crash(self, error: Exception) -> int:
        """An exception that nobody foresaw: whole in the log and the journal, short on screens."""
        trace = traceback.format_exc()
        print(trace, file=sys.stderr, flush=True)
        words = WorkerFailed(
            f"the worker failed: {type(error).__name__}: {str(error).splitlines()[0]}"
            if str(error)
            else f"the worker failed: {type(error).__name__}",
            where=_place(error),
            next=f"the traceback is in {self.paths.log}",
        )
        return self.last_words("failed", words)


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else ""


def disk_error(error: OSError, where: Path) -> UserError:
    """What a full, read-only or over-quota disk comes to."""
    return UserError(
        f"the disk took no more: {error.strerror or error}",
        where=str(error.filename or where),
        found="training was stopped; every row written before is readable",
        next="make room, or put runs elsewhere with --runs DIR or TUIWB_RUNS",
    )


def memory_error(text: str) -> UserError:
    """What running out of memory comes to."""
    return UserError(
        "out of memory",
        where="[data] batch_size, [model]",
        found=text.splitlines()[0] if text else "an allocation failed",
        next="halve data.batch_size, or take a smaller model",
    )
