"""How a person last looked at several runs beside each other; see `remembered`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tuiwb.run.view import RunView
from tuiwb.tui import remembered
from tuiwb.tui.axis import AXES
from tuiwb.tui.comparing.overlay import Sight
from tuiwb.tui.scene import SMOOTHING

Runs = tuple[tuple[str, float], ...]
"""Which runs: where each lies and when it was made, in whatever order they were named."""


class KeptComparison(remembered.Look, frozen=True, kw_only=True):
    """What is kept of a look at ``runs``; ``hidden`` and ``baseline`` are their labels."""

    runs: Runs
    axis: str = "step"
    span: float | None = None
    end: float | None = None
    log: bool = False
    smoothing: int = 0
    metric: str = "loss"
    hidden: tuple[str, ...] = ()
    baseline: str | None = None
    difference: bool = False
    seeds: bool = False
    layout: str = "both"

    @property
    def name(self) -> str:
        return "\0".join(path for path, _ in self.runs)

    def sight(self, sight: Sight, chart: str, labels: Iterable[str]) -> Sight:
        """``sight`` as it was left; what makes no sense any more is left out."""
        known = frozenset(labels)
        span = self.span if self.span is not None and self.span > 0 else None
        baseline = self.baseline if self.baseline in known else None
        return replace(
            sight,
            axis=next((axis for axis in AXES if axis == self.axis), sight.axis),
            span=span,
            end=self.end if span is not None else None,
            log=frozenset({chart}) if self.log else frozenset(),
            smoothing=self.smoothing % len(SMOOTHING),
            metric=self.metric,
            hidden=known.intersection(self.hidden),
            baseline=baseline,
            difference=self.difference and baseline is not None,
            seeds=self.seeds,
        )


def kept(views: Iterable[RunView], sight: Sight, layout: str) -> KeptComparison:
    """A look at runs, to be kept."""
    return KeptComparison(
        runs=_runs(views), axis=sight.axis, span=sight.span, end=sight.end, log=bool(sight.log),
        smoothing=sight.smoothing, metric=sight.metric, hidden=tuple(sorted(sight.hidden)),
        baseline=sight.baseline, difference=sight.difference, seeds=sight.seeds, layout=layout,
    )  # fmt: skip


def load(views: Iterable[RunView]) -> KeptComparison | None:
    """The last look at just these runs, or None."""
    runs = _runs(views)
    look = remembered.read(KeptComparison(runs=runs).name, KeptComparison)
    return look if look is not None and look.runs == runs else None


def _runs(views: Iterable[RunView]) -> Runs:
    return tuple(sorted((remembered.name_of(view), remembered.created(view)) for view in views))
