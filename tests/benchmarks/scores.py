"""What the trials come to: precision, recall, steps to diagnosis, who was taken for what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.benchmarks.trial import Seen, Trial

NONE = "none"


@dataclass(frozen=True)
class Scores:
    """Of all trials. A finding is right where it is among those that are the fault's own, wrong
    where the fault does not bring it; the rest counts for neither."""

    faults: int
    healthy: int
    diagnosed: int
    """Faults with at least one right finding."""
    right: int
    wrong: int
    """Findings."""
    steps: float
    """Median over diagnosed faults, from where the fault sets in to the first right finding."""
    missed: tuple[str, ...]
    false_alarms: tuple[tuple[str, str, int], ...]
    """Run, symptom, step."""
    matrix: dict[str, dict[str, int]]
    """Name of the fault, or `NONE` -> what was found, `NONE` for nothing."""

    @property
    def precision(self) -> float:
        """Share of the findings that are right."""
        return self.right / max(self.right + self.wrong, 1)

    @property
    def recall(self) -> float:
        """Share of the faults that were found."""
        return self.diagnosed / max(self.faults, 1)


def took(trial: Trial, seen: Seen) -> int | None:
    """Steps from the fault to its first right finding; None where there was none."""
    at = [seen.found[name] for name in trial.expected if name in seen.found]
    return max(min(at) - trial.since, 1) if at else None


def wrong(trial: Trial, seen: Seen) -> list[str]:
    """What was found and is not there."""
    return [name for name in seen.found if name not in trial.expected + trial.also]


def scores(trials: Sequence[tuple[Trial, Seen]]) -> Scores:
    """All of it."""
    faults = [(trial, seen) for trial, seen in trials if trial.expected]
    matrix: dict[str, Counter[str]] = {}
    for trial, seen in trials:
        row = matrix.setdefault(trial.expected[0] if trial.expected else NONE, Counter())
        row.update(list(seen.found) or [NONE])
    steps = [s for trial, seen in faults if (s := took(trial, seen)) is not None]
    return Scores(
        faults=len(faults),
        healthy=len(trials) - len(faults),
        diagnosed=len(steps),
        right=sum(name in trial.expected for trial, seen in faults for name in seen.found),
        wrong=sum(len(wrong(trial, seen)) for trial, seen in trials),
        steps=float(median(steps)) if steps else float("nan"),
        missed=tuple(trial.name for trial, seen in faults if took(trial, seen) is None),
        false_alarms=tuple(
            (trial.name, name, seen.found[name])
            for trial, seen in trials
            for name in wrong(trial, seen)
        ),
        matrix={planted: dict(row) for planted, row in matrix.items()},
    )


def table(trials: Sequence[tuple[Trial, Seen]]) -> str:
    """A line for each fault: what was planted, what was found, how soon."""
    lines = [f"{'fault':26} {'planted':27} {'steps':>5}  found"]
    for trial, seen in trials:
        if not trial.expected:
            continue
        soon = took(trial, seen)
        found = [name + ("!" if name in wrong(trial, seen) else "") for name in seen.found]
        lines.append(
            f"{trial.name:26} {trial.expected[0]:27} {'-' if soon is None else soon:>5}  "
            f"{', '.join(found) or NONE}"
        )
    return "\n".join(lines)


def confusion(found: Scores) -> str:
    """Rows: what was planted. Columns, by number: what was found."""
    seen = {name for row in found.matrix.values() for name in row}
    names = sorted((seen | set(found.matrix)) - {NONE})
    names.append(NONE)
    head = " ".join(f"{number:2}" for number in range(1, len(names) + 1))
    lines = [f"{'planted, across: found':30} {head}"]
    for number, name in enumerate(names, 1):
        row = found.matrix.get(name, {})
        cells = " ".join(f"{row.get(column, '.'):>2}" for column in names)
        lines.append(f"{number:2} {name:27} {cells}")
    return "\n".join(lines)
