"""Samplers: which point of the space comes next, asked for and told about one trial at a time.

All of them are Optuna's (Akiba, Sano, Yanase, Ohta & Koyama 2019): a study that is asked and told,
so that whoever holds it decides where and when its trials are trained. One seed, one sequence, as
long as each trial is told before the next one is asked for.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from tuiwb.base.errors import UserError, nearest
from tuiwb.search.space import Axis, Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler


@dataclass(frozen=True)
class Trial:
    """One point of the space, the ``number``-th that was asked for (from 0)."""

    number: int
    settings: tuple[str, ...]
    """As overrides of a preset: ``optim.lr=0.01``."""


class Sampler:
    """One strategy on one space. ``trials`` is how many will be asked for at most.

    A grid knows its points beforehand, in an order that its ``seed`` shuffles; ``size`` says how
    many they are where that is fewer than ``trials``.
    """

    def __init__(
        self, name: str, space: Space, trials: int, seed: int, *, falling: bool = False
    ) -> None:
        if name not in SAMPLERS:
            raise UserError(
                f"unknown sampler {name!r}",
                found=repr(name),
                allowed=", ".join(SAMPLERS),
                nearest=nearest(name, SAMPLERS),
            )
        optuna = _optuna()
        self._space = space
        self._study = optuna.create_study(
            direction="minimize" if falling else "maximize", sampler=SAMPLERS[name](seed)
        )
        self.size = trials
        self._over = {axis.key: _distribution(axis) for axis in space.axes}
        if name == "grid":
            points = list(space.grid(trials))
            random.Random(seed).shuffle(points)
            for point in points:
                self._study.enqueue_trial(dict(point))
            self.size = len(points)
            choices = {axis.key: sorted({p[axis.key] for p in points}) for axis in space.axes}
            self._over = {
                key: optuna.distributions.CategoricalDistribution(values)
                for key, values in choices.items()
            }

    def ask(self) -> Trial:
        """The next trial."""
        trial = self._study.ask(self._over)
        return Trial(trial.number, self._space.settings(trial.params))

    def tell(self, trial: Trial, value: float | None) -> None:
        """What came of a trial; None where it came to nothing."""
        from optuna.trial import TrialState

        if value is None or value != value:
            self._study.tell(trial.number, state=TrialState.FAIL)
        else:
            self._study.tell(trial.number, value)


def _at_random(seed: int) -> BaseSampler:
    from optuna.samplers import RandomSampler

    return RandomSampler(seed=seed)


def _tpe(seed: int) -> BaseSampler:
    """Tree-structured Parzen estimator (Bergstra, Bardenet, Bengio & Kégl 2011)."""
    from optuna.samplers import TPESampler

    return TPESampler(seed=seed)


SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {
    "grid": _at_random,  # its points are all enqueued: nothing is left to chance
    "random": _at_random,
    "tpe": _tpe,
}
"""Name -> what makes Optuna's sampler from a seed."""


def _distribution(axis: Axis) -> BaseDistribution:
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if axis.choices:
        return CategoricalDistribution(axis.choices)
    if axis.whole:
        return IntDistribution(round(axis.low), round(axis.high), log=axis.log)
    return FloatDistribution(axis.low, axis.high, log=axis.log)


def _optuna() -> ModuleType:
    try:
        import optuna
    except ImportError:
        raise UserError(
            "a search needs the package optuna, which is not installed",
            where="search",
            next="pip install 'tuiwb[search]', or pip install optuna",
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
