"""Breast cancer Wisconsin (diagnostic): 569 tumours, 30 features, 2 classes (scikit-learn's set).

Mean, error and worst value of ten figures of the cell nuclei in a picture (Street, Wolberg &
Mangasarian 1993). 62.7 % are benign. Unscaled, the condition number of the covariance is about
1e12, which gradient descent cannot cross.
"""

from typing import ClassVar

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.samples import classified
from tuiwb.spec.sections import TabularKnobs


class Knobs(TabularKnobs):
    """Breast cancer: 30 features of cell nuclei, malignant or benign."""

    serves: ClassVar[tuple[str, ...]] = ("classify",)


def load(knobs: Knobs) -> Dataset:
    """Features float32 [N, 30], classes malignant (0) and benign (1)."""
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer()
    names = [str(name) for name in bunch.target_names]
    return classified(knobs, bunch.data, np.asarray(bunch.target, dtype=np.int64), names)
