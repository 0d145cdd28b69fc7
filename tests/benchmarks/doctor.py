"""How often the doctor is right: planted faults, near misses, and healthy presets.

    python -m tests.benchmarks.doctor [--quick] [--json] [--only faults|near|healthy] [-j 2]

Every fault is planted in a run that is really trained, and diagnosed from its folder after the
fact as well as by the doctor who was there. Precision counts findings, recall counts faults; what a
fault brings with it counts for neither. A healthy preset must not alarm at all.

With ``--runs DIR`` the runs are kept, and with ``--again`` those that lie there are diagnosed anew
instead of trained: how a change of a rule shows within seconds.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from tests.benchmarks.faults import FAULTS, NEAR_MISSES
from tests.benchmarks.healthy import healthy
from tests.benchmarks.scores import Scores, confusion, scores, table, wrong
from tests.benchmarks.trial import Seen, Trial, tried

KINDS = ("faults", "near", "healthy")


def trials(kinds: Sequence[str] = KINDS, quick: bool = False, most: int = 0) -> list[Trial]:
    """Those of these kinds, or their quick subset; healthy ones of at most ``most`` steps."""
    all_of = {"faults": FAULTS, "near": NEAR_MISSES, "healthy": healthy(most)}
    return [t for kind in kinds for t in all_of[kind] if t.quick or not quick]


def measure(
    wanted: Sequence[Trial], runs: Path, again: bool, jobs: int, most: int = 0
) -> Iterator[Seen]:
    """What is found in each, in order; ``most`` is what `trials` was asked for."""
    if jobs <= 1:
        yield from (tried(trial, runs, again) for trial in wanted)
        return
    names = [trial.name for trial in wanted]
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        count = len(names)
        yield from pool.map(_by_name, names, [most] * count, [runs] * count, [again] * count)


def _by_name(name: str, most: int, runs: Path, again: bool) -> Seen:
    import torch

    torch.set_num_threads(1)
    return tried(next(t for t in trials(most=most) if t.name == name), runs, again)


def main() -> int:
    """Print the table, or JSON; 1 where the doctor is not good enough."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the subset that takes a minute")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=KINDS, action="append", default=[])
    parser.add_argument("--healthy-steps", type=int, default=0, help="cap; 0 is all of them")
    parser.add_argument("--runs", type=Path, help="keep the runs here")
    parser.add_argument("--again", action="store_true", help="diagnose the runs that are kept")
    parser.add_argument("-j", "--jobs", type=int, default=1)
    args = parser.parse_args()
    wanted = trials(args.only or KINDS, args.quick, args.healthy_steps)
    seen = []
    with ExitStack() as stack:
        runs = args.runs or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found_in = measure(wanted, runs, args.again, args.jobs, args.healthy_steps)
        for number, one in enumerate(found_in, 1):
            seen.append(one)
            said = ", ".join(one.found) or "nothing"
            print(f"{number}/{len(wanted)} {one.trial}: {said}", file=sys.stderr, flush=True)
    pairs = list(zip(wanted, seen, strict=True))
    found = scores(pairs)
    print(json.dumps(_plain(pairs, found), indent=1) if args.json else _words(pairs, found))
    good = found.precision >= 0.9 and (found.recall >= 0.9 or not found.faults)
    return 0 if good and not _alarmed(pairs) else 1


def _alarmed(pairs: Sequence[tuple[Trial, Seen]]) -> list[str]:
    return [trial.name for trial, seen in pairs if not trial.expected and wrong(trial, seen)]


def _plain(pairs: Sequence[tuple[Trial, Seen]], found: Scores) -> dict[str, object]:
    runs = [{"preset": t.preset, "planted": t.expected[:1], **asdict(s)} for t, s in pairs]
    steps = found.steps if math.isfinite(found.steps) else None
    rates = {"precision": found.precision, "recall": found.recall}
    return {**asdict(found), **rates, "steps": steps, "runs": runs}


def _words(pairs: Sequence[tuple[Trial, Seen]], found: Scores) -> str:
    alarms = [f"  {run}: {symptom} at step {step}" for run, symptom, step in found.false_alarms]
    return "\n".join(
        [
            *([table(pairs), ""] if found.faults else []),
            confusion(found),
            "",
            f"precision {found.precision:.3f} ({found.right} findings right, {found.wrong} wrong)",
            f"recall {found.recall:.3f} ({found.diagnosed} of {found.faults} faults)",
            f"median steps to diagnosis {found.steps:.0f}",
            f"healthy runs and near misses that alarm: {len(_alarmed(pairs))} of {found.healthy}",
            f"missed: {', '.join(found.missed) or 'none'}",
            "false alarms:" if alarms else "false alarms: none",
            *alarms,
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
