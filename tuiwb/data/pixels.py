"""Scaling of pixels that all mean the same: one centre and one spread for the whole picture."""

from __future__ import annotations

from tuiwb.data.samples import Floats, Scaler


def pixel_scaler(how: str) -> Scaler:
    """A scaler of pixels in 0 to 1: ``unit`` and ``none`` leave them, ``standard`` centres them
    with one mean and one standard deviation of all training pixels."""

    def scale(train: Floats, val: Floats) -> tuple[Floats, Floats]:
        if how != "standard":
            return train, val
        centre, spread = train.mean(), train.std()
        return (train - centre) / spread, (val - centre) / spread

    return scale
