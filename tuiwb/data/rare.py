"""A rare class among a common one: generated clusters of points (Guyon 2003, as in scikit-learn).

Of 20 features six tell the classes apart. With one sample in a hundred of the rare class, saying
"common" always is right in 99 of 100 cases: accuracy hides what recall and precision show.
"""

from typing import Annotated, ClassVar

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.samples import classified
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TabularKnobs


class Knobs(TabularKnobs):
    """A rare class among a common one, generated."""

    serves: ClassVar[tuple[str, ...]] = ("classify",)

    share: Annotated[float, knob("share of the rare class", gt=0, lt=1)] = 0.01
    samples: Annotated[
        int, knob("samples, training and validation together", unit="samples", ge=200,
                  le=10_000_000, scale="log")
    ] = 20_000  # fmt: skip


def load(knobs: Knobs) -> Dataset:
    """Features float32 [N, 20], classes common (0) and rare (1)."""
    from sklearn.datasets import make_classification

    features, labels = make_classification(
        n_samples=knobs.samples,
        n_features=20,
        n_informative=6,
        n_redundant=2,
        weights=[1 - knobs.share],
        flip_y=0.0,
        class_sep=0.8,
        random_state=knobs.split_seed,
    )
    return classified(knobs, features, np.asarray(labels, dtype=np.int64), ("common", "rare"))
