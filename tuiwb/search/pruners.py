"""Pruners: when a trial is worse than the others were at its step, and is stopped.

All of them are Optuna's. A step of theirs is one of training; ``first`` is the step at which trials
are judged for the first time, ``last`` the one at which a whole trial ends. To add one: a line in
`PRUNERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.pruners import BasePruner

SHARE = 3
"""One in so many goes on to the next rung."""


def _none(first: int, last: int) -> BasePruner:
    from optuna.pruners import NopPruner

    return NopPruner()


def _median(first: int, last: int) -> BasePruner:
    """Below the median of the trials before it (Golovin et al. 2017)."""
    from optuna.pruners import MedianPruner

    return MedianPruner(n_startup_trials=5)


def _asha(first: int, last: int) -> BasePruner:
    """Asynchronous successive halving (Li et al. 2020)."""
    from optuna.pruners import SuccessiveHalvingPruner

    return SuccessiveHalvingPruner(min_resource=first, reduction_factor=SHARE)


def _hyperband(first: int, last: int) -> BasePruner:
    """Successive halving from several first rungs at a time (Li et al. 2018)."""
    from optuna.pruners import HyperbandPruner

    return HyperbandPruner(min_resource=first, max_resource=last, reduction_factor=SHARE)


PRUNERS: dict[str, Callable[[int, int], BasePruner]] = {
    "none": _none,
    "median": _median,
    "asha": _asha,
    "hyperband": _hyperband,
}
"""Name -> what makes Optuna's pruner from the first and the last step."""
