"""Rows for training and for validation, as scikit-learn splits them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tuiwb.base.errors import UserError

Rows = NDArray[np.int64]


def split(
    count: int, val_share: float, seed: int, labels: NDArray[np.int64] | None = None
) -> tuple[Rows, Rows]:
    """Row numbers (training, validation): each of ``count`` rows in exactly one of the two.

    The same rows as ``sklearn.model_selection.train_test_split(test_size=val_share,
    random_state=seed, stratify=labels)``, so that a reference can be computed on the same split.
    A share that leaves a part without rows, or without room for each class, is a `UserError`.
    """
    from sklearn.model_selection import train_test_split

    try:
        train, val = train_test_split(
            np.arange(count), test_size=val_share, random_state=seed, stratify=labels
        )
    except ValueError as error:
        raise UserError(
            f"this data cannot be split so: {error}",
            where="data.val_share",
            found=f"val_share = {val_share:g} of {count} samples",
            allowed="a share that leaves room for every class in both parts",
        ) from None
    return train, val
