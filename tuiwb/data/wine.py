"""Wine: 178 wines of three growers, 13 chemical features (scikit-learn's bundled set; Forina 1991).

Features differ by a factor of a thousand in size: the classic case for feature scaling.
"""

from typing import ClassVar

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.samples import classified
from tuiwb.spec.sections import TabularKnobs


class Knobs(TabularKnobs):
    """Wine: 13 chemical measures, 3 growers."""

    serves: ClassVar[tuple[str, ...]] = ("classify",)


def load(knobs: Knobs) -> Dataset:
    """Features float32 [N, 13], classes class_0 to class_2."""
    from sklearn.datasets import load_wine

    bunch = load_wine()
    names = [str(name) for name in bunch.target_names]
    return classified(knobs, bunch.data, np.asarray(bunch.target, dtype=np.int64), names)
