"""Runs that are killed, stopped, forked, starved of disk and lied to, for minutes on end.

    python -m tests.benchmarks.torture [--minutes 10] [--seed 0] [PRESET ...]

Of each preset one run is left in peace: it is the truth. Then run after run is started, and at
random moments something happens to it (`torments`), after which it is opened, held to the truth
and resumed, until all its steps are done. Now and then a fork is made from its newest checkpoint,
which must go the same way. At the end every row of every run must be there once, with the same
bits. Exit status 1 where one is not, or where a run did not open.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.benchmarks.torments import TORMENTS, gone, pid_of, signalled, small_disk
from tests.benchmarks.witness import NOTHING, Seen, account, now, rows, still, view
from tuiwb.base.errors import UserError
from tuiwb.client.fork import fork, prepare
from tuiwb.client.launch import launch
from tuiwb.client.resume import resume
from tuiwb.client.standby import Standby
from tuiwb.run.listing import list_runs
from tuiwb.spec import Resolved, resolve

PRESETS = {
    "mlp-digits": ("train.steps=3000", "train.eval_every=100"),
    "playground-2d": ("train.steps=3000", "train.eval_every=150"),
    "cnn-digits": ("train.steps=150", "train.eval_every=25"),
    "gan-ring": ("train.steps=600", "train.eval_every=100"),
}
"""What is tortured, and how long it is: some seconds of training each."""
LIVES = 60
"""Faults after which a run that does not get on is given up, as a failure."""
WARM_UP = 120.0


@dataclass
class Tally:
    """What has happened, and what came of it."""

    faults: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    exact: int = 0
    resumed: int = 0
    forks: int = 0
    fallen_back: int = 0
    compared: int = 0
    lost: int = 0
    unopened: int = 0
    trouble: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.faults.values())


class Torturer:
    """Puts one run after the other through it."""

    def __init__(self, place: Path, small: Path | None, chance: random.Random) -> None:
        self.place, self.small, self.chance = place, small, chance
        self.tally = Tally()
        self.standby = Standby(forks=True)
        self.truth: dict[str, np.ndarray] = {}
        self._number = 0

    def close(self) -> None:
        """Leave no process behind."""
        self.standby.close()
        for folder in (self.place, self.small):
            for path in folder.iterdir() if folder else ():
                if path.is_dir() and not path.name.startswith("."):
                    signalled(path, 9)

    def spec(self, preset: str) -> Resolved:
        return resolve(preset, PRESETS.get(preset, ()))

    def started(self, preset: str, runs: Path) -> Path:
        """A run that trains."""
        self.standby.start()
        self.standby.wait_ready(WARM_UP)
        self._number += 1
        name = f"{preset}-{self._number}"
        return launch(self.spec(preset), runs, name=name, standby=self.standby)

    def in_peace(self, preset: str) -> None:
        """The truth about a preset: a run to which nothing happens."""
        path = self.started(preset, self.place)
        time.sleep(1.0)
        while pid_of(path) is not None:
            time.sleep(0.05)
        self.truth[preset] = rows(path)
        expected = self.spec(preset).spec.train.steps
        if len(self.truth[preset]) != expected:
            raise SystemExit(f"{preset} did not train in peace: {view(path).status.words}")

    def torture(self, preset: str, until: float) -> None:
        """One run, from its start through its faults to its last step."""
        small = self.small is not None and self.chance.random() < 0.3
        runs = self.small if small and self.small is not None else self.place
        path = self.started(preset, runs)
        kinds = [kind for kind in TORMENTS if small or kind != "full disk"]
        children: list[Path] = []
        for _ in range(LIVES):
            quiet = time.monotonic() >= until
            if not self.wait(path, preset, None if quiet else self.chance.expovariate(1.5)):
                break
            kind = self.chance.choice(kinds)
            seen = now(path)
            TORMENTS[kind](path, self.chance)
            self.tally.faults[kind] += 1
            self.judge(path, preset, seen, kind)
            if not small and self.chance.random() < 0.25:
                children += self.forked(path)
            self.go_on(path, kind)
        else:
            self.trouble(path, f"is not done after {LIVES} faults")
        for child in children:
            self.wait(child, preset, None)
            self.judge(child, preset, NOTHING, "fork", whole=True)
        self.judge(path, preset, NOTHING, "the end", whole=True)
        self.tally.finished += 1
        for run in (path, *children):
            self.tally.fallen_back += sum(
                bool(event.get("skipped"))
                for event in view(run).events
                if event["kind"] == "resumed"
            )
            shutil.rmtree(run)

    def wait(self, path: Path, preset: str, seconds: float | None) -> bool:
        """Let a run train for some seconds, or (None) to its end; whether it still does."""
        give_up = time.monotonic() + (300.0 if seconds is None else seconds)
        time.sleep(0.05)
        while time.monotonic() < give_up:
            if pid_of(path) is None and view(path).status.ended_now:
                return view(path).status.state != "finished"
            time.sleep(0.01)
        if seconds is None:
            self.trouble(path, "did not end in 300 s")
            signalled(path, 9)
        return True

    def judge(self, path: Path, preset: str, seen: Seen, after: str, whole: bool = False) -> None:
        """Open the run and hold it to the truth; ``whole``: all of its steps must be there."""
        truth = self.truth[preset]
        try:
            found = rows(path)
            expected = len(truth) if whole else still(seen, path)
            if all(run.path != path for run in list_runs(path.parent)):
                raise UserError("it is not in the list")
        except (UserError, OSError) as error:
            self.tally.unopened += 1
            self.trouble(path, f"did not open after {after}: {error}")
            return
        got = account(found, truth, expected)
        self.tally.compared += got.compared
        self.tally.lost += got.lost
        if got.lost:
            self.trouble(
                path,
                f"after {after}: {got.missing} rows missing, {got.doubled} doubled, "
                f"{got.wrong} with other bits",
            )
        elif whole:
            self.tally.exact += 1

    def go_on(self, path: Path, after: str) -> None:
        """Resume a run that has ended without being done."""
        if after == "garbage" or view(path).status.state == "finished":
            return
        gone(path)
        self.standby.start()
        self.standby.wait_ready(WARM_UP)
        try:
            resume(path, standby=self.standby)
            self.tally.resumed += 1
        except UserError as error:
            if view(path).status.state != "finished":
                self.trouble(path, f"could not be resumed after {after}: {error}")

    def forked(self, path: Path) -> list[Path]:
        """A fork from the newest checkpoint, with nothing changed: it must go the parent's way."""
        try:
            child = fork(prepare(path), self.place, standby=self.standby)
        except UserError:
            return []  # no checkpoint yet, or none that is whole
        self.tally.forks += 1
        return [child]

    def trouble(self, path: Path, text: str) -> None:
        """Say at once what went wrong, and keep the run to be looked at."""
        self.tally.trouble.append(f"{path.name} {text}")
        print(f"  ! {path.name} {text}", file=sys.stderr, flush=True)


def report(tally: Tally, minutes: float) -> str:
    """The counts, and the claim."""
    faults = ", ".join(f"{count} {kind}" for kind, count in tally.faults.most_common())
    lines = [
        f"{minutes:.1f} minutes: {faults}",
        f"{tally.resumed} resumes, {tally.forks} forks, {tally.finished} runs trained to their "
        f"end; {tally.exact} runs and forks exact, bit for bit",
        f"{tally.compared} rows compared; {tally.fallen_back} checkpoints fallen back from",
        *tally.trouble,
        f"{tally.total} faults, {tally.lost} rows lost, {tally.unopened} runs that did not open",
    ]
    return "\n".join(lines)


def main() -> int:
    """Torture, and print the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("presets", nargs="*", default=list(PRESETS))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place,
        small_disk(Path(place) / "small") as there,
    ):
        runs = Path(place) / "runs"
        runs.mkdir()
        small = Path(place) / "small" if there else None
        if small is None:
            print("no small disk can be mounted here: nothing about full disks", file=sys.stderr)
        torturer = Torturer(runs, small, random.Random(args.seed))
        try:
            for preset in args.presets:
                torturer.in_peace(preset)
            until = time.monotonic() + args.minutes * 60
            while time.monotonic() < until:
                preset = torturer.chance.choice(args.presets)
                torturer.torture(preset, until)
                done = torturer.tally
                print(
                    f"{done.total} faults, {done.finished} runs, {done.lost} rows lost",
                    file=sys.stderr,
                    flush=True,
                )
        finally:
            torturer.close()
    print(report(torturer.tally, (time.monotonic() - began) / 60))
    good = not (torturer.tally.lost or torturer.tally.unopened or torturer.tally.trouble)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
