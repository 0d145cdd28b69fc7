"""Iris: 150 flowers, 4 features, 3 classes (scikit-learn's bundled set; Fisher 1936).

Length and width of sepals and petals in cm. Setosa is linearly separable from the other two, which
overlap a little.
"""

from typing import ClassVar

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.samples import classified
from tuiwb.spec.sections import TabularKnobs


class Knobs(TabularKnobs):
    """Iris: 4 measures of flowers, 3 species."""

    serves: ClassVar[tuple[str, ...]] = ("classify",)


def load(knobs: Knobs) -> Dataset:
    """Features float32 [N, 4], classes setosa, versicolor, virginica."""
    from sklearn.datasets import load_iris

    bunch = load_iris()
    names = [str(name) for name in bunch.target_names]
    return classified(knobs, bunch.data, np.asarray(bunch.target, dtype=np.int64), names)
