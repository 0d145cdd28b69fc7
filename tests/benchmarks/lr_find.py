"""How good the rates are that a range test suggests: ``python -m tests.benchmarks.lr_find``.

Each supervised preset of the catalogue is trained at 12 rates around its own, and at those that the
range test suggests; what counts is the held-out loss in the end, beside the best of the 12: with
``--seeds``, its geometric mean over so many runs. Runs are cut to ``--steps`` steps, so that all
fit into an evening: the best rate of a short run is not that of a long one, and the table says how
short they were.

What one run comes to is chance in part. So with several seeds the range test is made with each, and
its ``valley`` judged by the runs of the others; beside it stands what the whole sweep of one seed
comes to when it is judged so.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tuiwb.base.errors import UserError
from tuiwb.base.format import number
from tuiwb.base.rates import HIGH, LOW
from tuiwb.base.short_runs import ShortRun
from tuiwb.engine.build import Session, build
from tuiwb.engine.evaluation import evaluate
from tuiwb.engine.loop import Loop
from tuiwb.engine.range_test import range_test, silent
from tuiwb.search.suggestions import RULES, suggestions
from tuiwb.spec import presets, resolve

FAMILIES = ("vision", "tables", "sequence", "language", "playground", "audio")
OTHER = ("perceptron-blobs", "word2vec-sgns")
"""No loss to follow, and no target: neither is in question here."""
RATES = 12
SPAN = 30.0
"""The 12 rates reach from the preset's own, divided by this, to it, times this."""
STEPS = 120
TEST = 100
"""Steps of the range test."""
GOOD = 1.10
"""A suggestion is good where its loss is within 10 % of the best."""
FAIR = 1.25


@dataclass
class RateTest:
    """A range test: the climb, and rate and losses of each short run."""

    lrs: list[float]
    losses: list[float]
    runs: list[tuple[float, list[float]]]

    def suggested(self) -> dict[str, float]:
        runs = [ShortRun(lr, losses) for lr, losses in self.runs]
        return {one.name: one.lr for one in suggestions(self.lrs, self.losses, runs)}


@dataclass
class Measured:
    """One preset: its range tests, and the final loss of every rate that was trained."""

    preset: str
    steps: int
    own: float
    tests: list[RateTest] = field(default_factory=list)
    """One of each seed."""
    trained: dict[str, list[float]] = field(default_factory=dict)
    """Rate, to three digits -> held-out loss of each seed; infinite where the run diverged."""
    seconds: float = 0.0

    def rates(self) -> list[float]:
        """The 12 of the sweep."""
        return [self.own * SPAN ** (2 * i / (RATES - 1) - 1) for i in range(RATES)]

    def suggested(self) -> dict[str, float]:
        """By the first of the tests."""
        return self.tests[0].suggested()

    def loss(self, lr: float, but: int | None = None) -> float:
        """The geometric mean over the seeds, ``but`` for one."""
        found = [loss for seed, loss in enumerate(self.trained.get(key(lr), [])) if seed != but]
        if not found or min(found) <= 0:
            return math.nan
        return math.exp(statistics.fmean(map(math.log, found))) if len(found) > 1 else found[0]

    def spread(self) -> float:
        """The highest loss of a seed at the best rate, as a multiple of the lowest there: what one
        run can miss by, wherever it stands."""
        found = self.trained[key(self.best()[0])]
        return max(found) / min(found)

    def best(self, but: int | None = None) -> tuple[float, float]:
        """Rate and loss of the best of the sweep."""
        return min(((lr, self.loss(lr, but)) for lr in self.rates()), key=lambda pair: pair[1])

    def by_others(self, seed: int) -> tuple[float, float]:
        """What the valley of a seed's test comes to, and the best rate of its own sweep: the loss
        of the other seeds' runs there, as a multiple of that at their best rate."""
        valley = self.tests[seed].suggested().get("valley", math.nan)
        own = min(self.rates(), key=lambda lr: self.trained[key(lr)][seed])
        best = self.best(but=seed)[1]
        found = [self.loss(lr, but=seed) / best for lr in (valley, own)]
        return found[0] if math.isfinite(found[0]) else math.inf, found[1]

    def beside(self) -> float:
        """The loss at the better of the best rate's neighbours in the sweep, as a multiple of the
        best: how closely a rate has to be met for a loss that is as good."""
        rates, (rate, best) = self.rates(), self.best()
        at = rates.index(rate)
        return (
            min(self.loss(lr) for lr in (*rates[max(0, at - 1) : at], *rates[at + 1 : at + 2]))
            / best
        )

    def edge(self) -> bool:
        """Whether the best is the first or the last of the sweep: better may lie beyond."""
        return self.best()[0] in (self.rates()[0], self.rates()[-1])


def key(lr: float) -> str:
    return f"{lr:.3g}"


def supervised() -> list[str]:
    return [
        info.name
        for info in presets()
        if info.family in FAMILIES and info.name not in OTHER and info.needs != "gpu"
    ]


def session_of(preset: str, steps: int, lr: float | None = None, seed: int = 0) -> Session:
    """What trains for ``steps`` steps: a schedule's own steps shrink with the run."""
    spec = resolve(preset).spec
    share = min(1.0, steps / spec.train.steps)
    over = [f"train.steps={min(steps, spec.train.steps)}", "train.device=cpu", "train.threads=1"]
    over.append(f"train.seed={spec.train.seed + seed}")
    over += ["probe.budget=0", "train.patience=0", "train.stop_when=''"]
    for name in ("warmup", "every"):
        if value := getattr(spec.schedule, name, 0):
            over.append(f"schedule.{name}={max(1, round(value * share))}")
    if lr is not None:
        over.append(f"optim.lr={lr!r}")
    return build(resolve(preset, over).spec)


def trained(session: Session, folder: Path) -> float:
    """The held-out loss after all steps; infinite where one on the way was not finite."""
    loop: Loop = silent(session, folder)
    session.model.train()
    try:
        for _ in range(session.spec.train.steps):
            loop.step()
        found = evaluate(session)["val_loss"]
    except Exception as error:  # diverged: a stop of the loop, or a matrix without an inverse
        print(f"  {session.spec.optim.lr:.3g}: {error}", file=sys.stderr)
        return math.inf
    finally:
        loop.close()
    return found if math.isfinite(found) else math.inf


def measure(preset: str, steps: int, seeds: int, known: Measured | None, folder: Path) -> Measured:
    """One preset; what ``known`` has trained already is not trained again."""
    began = time.perf_counter()
    spec = session_of(preset, steps).spec
    row = Measured(preset, spec.train.steps, spec.optim.lr)
    if known is not None and (known.own, known.steps) == (row.own, row.steps):
        row.trained, row.seconds = known.trained, known.seconds
    for seed in range(seeds):
        (curve,) = range_test(session_of(preset, steps, seed=seed), LOW, HIGH, TEST)
        runs = [(run.lr, list(run.losses)) for run in curve.runs]
        row.tests.append(RateTest(curve.lrs, curve.losses, runs))
    valleys = [lr for test in row.tests if (lr := test.suggested().get("valley"))]
    for lr in [*row.rates(), *row.suggested().values(), *valleys]:
        found = row.trained.setdefault(key(lr), [])
        for seed in range(len(found), seeds):
            found.append(trained(session_of(preset, steps, float(key(lr)), seed), folder))
    row.seconds += time.perf_counter() - began
    return row


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("preset", nargs="*", help="without any, those that are supervised")
    parser.add_argument("--steps", type=int, default=STEPS, help="length of a run, at most")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each rate, and tests")
    parser.add_argument("--full", action="store_true", help="runs as long as the preset's own")
    parser.add_argument("--minutes", type=float, default=25.0, help="begin no preset after these")
    parser.add_argument("--keep", type=Path, help="JSON file: losses in it are not measured again")
    asked = parser.parse_args(arguments)
    steps = 10**9 if asked.full else asked.steps
    known = _known(asked.keep)
    began, rows = time.monotonic(), []
    for preset in asked.preset or supervised():
        if time.monotonic() - began > 60 * asked.minutes:
            print(f"  no time left for {preset}", file=sys.stderr)
            continue
        try:
            with tempfile.TemporaryDirectory() as place:
                row = measure(preset, steps, asked.seeds, known.get(preset), Path(place))
        except UserError as error:
            print(f"  {preset}: {error}", file=sys.stderr)
            continue
        rows.append(row)
        known[preset] = row
        if asked.keep:
            asked.keep.write_text(json.dumps({k: asdict(v) for k, v in known.items()}))
        print(line(row), file=sys.stderr)
    print(table(rows))
    return 0


def _known(path: Path | None) -> dict[str, Measured]:
    if path is None or not path.exists():
        return {}
    return {
        name: Measured(**row | {"tests": [RateTest(**test) for test in row["tests"]]})
        for name, row in json.loads(path.read_text()).items()
    }


def line(row: Measured) -> str:
    """One preset: the best of the sweep, then each rule's loss as a multiple of that one's."""
    rate, best = row.best()
    ends = "*" if row.edge() else ""
    parts = [f"{row.preset:18}", f"{row.steps:5}", f"{number(rate, 2) + ends:>8}"]
    parts += [f"{number(best, 3):>8}", f"{number(row.beside(), 3):>7}"]
    parts += [f"{number(row.spread(), 3):>7}"]
    for rule in RULES:
        lr = row.suggested().get(rule)
        text = "-" if lr is None else f"{number(lr, 2)} {number(row.loss(lr) / best, 3)}"
        parts.append(f"{text:>15}")
    return " ".join(parts)


def table(rows: Sequence[Measured]) -> str:
    """All presets, and how often each rule is good."""
    head = f"{'preset':18} {'steps':>5} {'best':>8} {'loss':>8} {'beside':>7} {'seeds':>7}"
    lines = [
        f"Final held-out loss at a rule's rate, as a multiple of the best of {RATES} rates.",
        "Runs are cut short to the steps that are shown; * the best is at an end of the sweep;",
        "beside: at the better of its two neighbours there, each 1.86 times away; seeds: the worst",
        "run at the best rate, as a multiple of the best run there.",
        head + "".join(f" {rule:>15}" for rule in RULES),
        *map(line, rows),
    ]
    for words, most in ((f"within {GOOD - 1:.0%}", GOOD), (f"within {FAIR - 1:.0%}", FAIR)):
        counts = [f"{good(rows, rule, most)} of {len(rows)}" for rule in RULES]
        lines.append(f"{words:58}" + "".join(f" {count:>15}" for count in counts))
    middle = [f"{number(median(rows, rule), 3)}" for rule in RULES]
    lines.append(f"{'median':58}" + "".join(f" {value:>15}" for value in middle))
    lines += [_by_others(rows)] if rows and len(rows[0].tests) > 1 else []
    return "\n".join(lines)


def _by_others(rows: Sequence[Measured]) -> str:
    pairs = [row.by_others(seed) for row in rows for seed in range(len(row.tests))]
    valley, sweep = (sum(ratio <= GOOD for ratio in ratios) for ratios in zip(*pairs, strict=True))
    return (
        f"one seed, judged by the runs of the others, within {GOOD - 1:.0%}: the valley of its "
        f"test on {valley} of {len(pairs)}, the best of its own {RATES} runs on {sweep}"
    )


def _ratios(rows: Iterable[Measured], rule: str) -> list[float]:
    """Infinite where a rule says nothing: who asks wants a rate."""
    return [
        row.loss(lr) / row.best()[1] if (lr := row.suggested().get(rule)) else math.inf
        for row in rows
    ]


def good(rows: Sequence[Measured], rule: str, most: float = GOOD) -> int:
    """On how many presets a rule's loss is at most so many times the best."""
    return sum(ratio <= most for ratio in _ratios(rows, rule))


def median(rows: Sequence[Measured], rule: str) -> float:
    return statistics.median(_ratios(rows, rule)) if rows else math.nan


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main(sys.argv[1:]))
