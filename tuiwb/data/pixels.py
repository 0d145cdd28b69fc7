"""Scaling of pixels that all mean the same: one centre and one spread for the whole picture."""

from __future__ import annotations

import numpy as np

from tuiwb.data.samples import Floats, Scaler


def pixel_scaler(how: str, top: float = 1.0) -> Scaler:
    """A scaler of pixels in 0 to ``top``, for pictures [N, C, H, W].

    ``none`` leaves them, ``unit`` brings them to 0 to 1; else ``(x - centre) / spread``, a centre
    and a spread of all training pixels: ``standard`` mean and standard deviation,
    ``minmax`` minimum and range, ``robust`` median and distance of the quartiles. Where there is no
    spread, they are only centred.
    """

    def scale(train: Floats, val: Floats) -> tuple[Floats, Floats]:
        if how == "none" or (how == "unit" and top == 1):
            return train, val
        if how == "unit":
            centre, spread = 0.0, top
        else:
            centre, spread = _figures(train, how)
        return _applied(train, centre, spread), _applied(val, centre, spread)

    return scale


def _figures(pixels: Floats, how: str) -> tuple[float, float]:
    if how == "standard":
        # whole bytes are summed exactly; a float32 would lose the last digits of a large set
        centre, spread = pixels.mean(dtype=np.float64), pixels.std(dtype=np.float64)
    elif how == "minmax":
        centre, spread = pixels.min(), np.ptp(pixels)
    else:
        low, centre, high = np.percentile(pixels, (25, 50, 75))
        spread = high - low
    return float(centre), float(spread) or 1.0


def _applied(pixels: Floats, centre: float, spread: float) -> Floats:
    if pixels.dtype == np.float64:
        return np.asarray((pixels - centre) / spread)
    # bytes become the network's own precision at once: at most two copies are in memory
    result = pixels.astype(np.float32)
    result -= np.float32(centre)
    result /= np.float32(spread)
    return result  # type: ignore[return-value]
