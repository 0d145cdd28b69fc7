"""Samplers: which point of the space comes next, asked for and told about one trial at a time.

All of them are Optuna's (Akiba, Sano, Yanase, Ohta & Koyama 2019): a study that is asked and told,
so that whoever holds it decides where and when its trials are trained. One seed, one sequence, as
long as each trial is told before the next one is asked for.

With ``apart`` each trial is drawn with a seed of its own: what is asked depends on the seed, the
trial's number and what was told, so whoever `recall`s these goes on where another has stopped.
"""

from __future__ import annotations

import importlib.util
import random
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING

from tuiwb.base.errors import UserError, nearest
from tuiwb.search.space import Axis, Space, Value

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.trial import Trial as Asked


@dataclass(frozen=True)
class Trial:
    """One point of the space, the ``number``-th that was asked for (from 0)."""

    number: int
    settings: tuple[str, ...]
    """As overrides of a preset: ``optim.lr=0.01``."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """Knob -> value, from which `Sampler.recall` makes the trial again."""


class Sampler:
    """One strategy on one space. ``trials`` is how many will be asked for at most.

    A grid and a quasi-random sequence know their points beforehand; a grid has them in an order
    that its ``seed`` shuffles, and ``size`` says how many they are where that is fewer than
    ``trials``. ``pruner`` judges what `report` tells of trials that are being trained.
    """

    def __init__(
        self,
        name: str,
        space: Space,
        trials: int,
        seed: int,
        *,
        falling: bool = False,
        apart: bool = False,
        pruner: BasePruner | None = None,
    ) -> None:
        if name not in SAMPLERS:
            raise UserError(
                f"unknown sampler {name!r}",
                found=repr(name),
                allowed=", ".join(SAMPLERS),
                nearest=nearest(name, SAMPLERS),
            )
        optuna = load_optuna()
        self._space, self._seed, self._make = space, seed, SAMPLERS[name]
        self._apart = apart
        self._study = optuna.create_study(
            study_name=f"seed {seed}",  # by which a pruner may deal trials into groups
            direction="minimize" if falling else "maximize",
            sampler=self._make(seed),
            pruner=pruner or optuna.pruners.NopPruner(),
        )
        self.size, self.asked = trials, 0
        self._asked: dict[int, Asked] = {}
        self._over = {axis.key: distribution(axis) for axis in space.axes}
        self._points: Sequence[Mapping[str, Value]] | None = None
        if name == "qmc":
            self._points = sobol(space, trials, seed)
        if name == "grid":
            points = list(space.grid(trials))
            random.Random(seed).shuffle(points)
            self._points, self.size = points, len(points)
            choices = {axis.key: sorted({p[axis.key] for p in points}) for axis in space.axes}
            self._over = {
                key: optuna.distributions.CategoricalDistribution(values)
                for key, values in choices.items()
            }

    def ask(self) -> Trial:
        """The next trial."""
        if self._points is not None:
            return self._enter(self._points[self.asked])
        if self._apart:
            self._study.sampler = self._make(_mixed(self._seed, self.asked))
        return self._enter(None)

    def recall(
        self, values: Mapping[str, Value], reports: Sequence[tuple[int, float]] = ()
    ) -> Trial:
        """A trial that was asked for in an earlier life, with what was reported of it since: to be
        called in the order of the trials' numbers, and told or pruned as they were."""
        trial = self._enter(values)
        for step, value in reports:
            self.report(trial.number, step, value)
        return trial

    def report(self, number: int, step: int, value: float) -> bool:
        """A value of a trial that is being trained; whether the pruner would stop it now."""
        trial = self._asked[number]
        trial.report(value, step)
        return trial.should_prune()

    def tell(self, trial: Trial, value: float | None) -> None:
        """What came of a trial; None where it came to nothing."""
        from optuna.trial import TrialState

        self._asked.pop(trial.number, None)
        if value is None or value != value:
            self._study.tell(trial.number, state=TrialState.FAIL)
        else:
            self._study.tell(trial.number, value)

    def pruned(self, trial: Trial) -> None:
        """A trial was stopped for being worse than others: known to be bad, if not how bad."""
        from optuna.trial import TrialState

        self._asked.pop(trial.number, None)
        self._study.tell(trial.number, state=TrialState.PRUNED)

    def _enter(self, values: Mapping[str, Value] | None) -> Trial:
        if values is not None:
            self._study.enqueue_trial(dict(values))
        asked = self._study.ask(self._over)
        self._asked[asked.number] = asked
        self.asked += 1
        known = {axis.key: asked.params[axis.key] for axis in self._space.axes}
        return Trial(asked.number, self._space.settings(known), known)


def sobol(space: Space, count: int, seed: int) -> list[dict[str, Value]]:
    """``count`` points of a scrambled Sobol sequence (Sobol 1967, Owen 1998): they fill the space
    more evenly than random ones, at any count."""
    from scipy.stats import qmc

    engine = qmc.Sobol(len(space.axes), scramble=True, seed=seed)
    shares = engine.random_base2(max(0, count - 1).bit_length())[:count]
    return [
        {axis.key: axis.at(float(share)) for axis, share in zip(space.axes, row, strict=True)}
        for row in shares
    ]


def _mixed(seed: int, number: int) -> int:
    """A seed for one trial."""
    return random.Random(f"{seed} {number}").randrange(2**32)


def _at_random(seed: int) -> BaseSampler:
    from optuna.samplers import RandomSampler

    return RandomSampler(seed=seed)


def _tpe(seed: int) -> BaseSampler:
    """Tree-structured Parzen estimator (Bergstra, Bardenet, Bengio & Kégl 2011)."""
    from optuna.samplers import TPESampler

    return TPESampler(seed=seed)


def _gp(seed: int) -> BaseSampler:
    """Gaussian process with expected improvement (Jones, Schonlau & Welch 1998)."""
    from optuna.samplers import GPSampler

    if importlib.util.find_spec("greenlet") is None:
        raise UserError(
            "the sampler gp needs the package greenlet, which is not installed",
            where="search",
            allowed="without it: random, qmc, tpe",
            next="pip install 'tuiwb[search]', or pip install greenlet",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # optuna calls it experimental
        return GPSampler(seed=seed, warn_independent_sampling=False)


SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {
    "grid": _at_random,  # its points are all enqueued: nothing is left to chance
    "random": _at_random,
    "qmc": _at_random,  # nor here
    "tpe": _tpe,
    "gp": _gp,
}
"""Name -> what makes Optuna's sampler from a seed."""


def distribution(axis: Axis) -> BaseDistribution:
    """An axis in Optuna's words."""
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


def load_optuna() -> ModuleType:
    """Optuna, or a `UserError` that says how to get it."""
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
