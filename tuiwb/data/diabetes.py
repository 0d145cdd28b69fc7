"""Diabetes: 442 patients, 10 features, disease progression after a year (scikit-learn's set).

Efron, Hastie, Johnstone & Tibshirani 2004, "Least Angle Regression". A linear model explains about
half of the variance, and ordinary least squares (a baseline, computed at load) is hard to beat.
"""

from typing import ClassVar

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.samples import measured
from tuiwb.spec.sections import TabularKnobs


class Knobs(TabularKnobs):
    """Diabetes: 10 features of patients, progression after a year."""

    serves: ClassVar[tuple[str, ...]] = ("regress",)


def load(knobs: Knobs) -> Dataset:
    """Features float32 [N, 10], target float32 [N, 1] (scaled too, unless scaling is none)."""
    from sklearn.datasets import load_diabetes

    # scaled=False: the ready-made scaling was computed over all rows, validation included
    bunch = load_diabetes(scaled=False)
    return measured(knobs, bunch.data, np.asarray(bunch.target, dtype=np.float64)[:, None])
