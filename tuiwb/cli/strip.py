"""``tuiwb show --picture NAME --strip``: how a picture made of images changed over the steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tuiwb.base.errors import UserError

if TYPE_CHECKING:
    from tuiwb.run.pictures import StoredPicture

ROWS, COLUMNS = 8, 12
"""Steps, and images of each, at most."""


def strip(folder: Path, name: str) -> tuple[StoredPicture, list[int]]:
    """One picture with a row of images for each of several steps, evenly chosen, the oldest at the
    top; and these steps. A picture of another kind is a `UserError`."""
    import numpy as np

    from tuiwb.run import pictures

    taken = pictures.steps(folder, name)
    chosen = np.linspace(0, len(taken) - 1, min(ROWS, len(taken))).round().astype(int)
    files = [folder / f"{taken[i]:08d}-{name}.npz" for i in chosen]
    read = [stored for path in files if (stored := pictures.read(path)) is not None]
    kind = read[-1].kind if read else "damaged"
    if kind != "images" or "images" not in read[-1].arrays:
        raise UserError(
            "only a picture made of images can be shown as a strip of steps",
            where="--strip",
            found=f"{name}: a picture of the kind {kind}",
            next="--step N shows any picture as it was",
        )
    shape = read[-1].arrays["images"].shape
    same = [one for one in read if getattr(one.arrays.get("images"), "shape", None) == shape]
    columns = min(COLUMNS, *shape[:1])
    arrays = {
        "images": np.concatenate([one.arrays["images"][:columns] for one in same]),
        "columns": np.asarray(columns),
    }
    last = same[-1]
    return pictures.StoredPicture(last.step, last.name, kind, arrays), [one.step for one in same]
