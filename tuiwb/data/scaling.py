"""Feature scaling with figures from the training part alone, so that validation stays unseen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def scaled(train: Floats, val: Floats, how: str) -> tuple[Floats, Floats]:
    """Both parts [N, F], each feature as ``(x - centre) / spread``.

    none: as it is; standard: mean and standard deviation; minmax: minimum and range, to [0, 1] on
    the training part; robust: median and distance of the quartiles. A constant feature is only
    centred: there is no spread to divide by.
    """
    if how == "none":
        return train, val
    if how == "standard":
        centre, spread = train.mean(0), train.std(0)
    elif how == "minmax":
        centre, spread = train.min(0), np.ptp(train, axis=0)
    else:
        low, centre, high = np.percentile(train, (25, 50, 75), axis=0)
        spread = high - low
    spread = np.where(spread > 0, spread, 1.0)
    return (train - centre) / spread, (val - centre) / spread
