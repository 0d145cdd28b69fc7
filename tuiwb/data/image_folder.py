"""Pictures of your own: a folder that holds one folder of pictures for each class.

Each picture is brought to one size: turned as its camera noted, the shorter side scaled to ``size``
pixels, the middle square cut out. Read by Pillow (``pip install 'tuiwb[images]'``).
"""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from tuiwb.base.errors import UserError
from tuiwb.base.progress import tell
from tuiwb.data.dataset import Dataset
from tuiwb.data.files import classes_in, existing
from tuiwb.data.folders import Reader, read_all
from tuiwb.data.pixels import pixel_scaler
from tuiwb.data.samples import classified
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ImageKnobs

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")


class Knobs(ImageKnobs):
    """A folder of pictures of your own, one folder a class."""

    needs: ClassVar[tuple[str, ...]] = ("path",)
    top: ClassVar[float] = 255.0

    path: Annotated[str, knob("a folder that holds one folder of pictures for each class")] = ""
    size: Annotated[int, knob("side that pictures are brought to", unit="pixels", ge=4, le=512)] = (
        32
    )
    channels: Annotated[Literal["grey", "colour"], knob("one channel, or red, green and blue")] = (
        "colour"
    )
    broken: Annotated[
        Literal["skip", "refuse"],
        knob("pictures that cannot be read are left out, or are an error"),
    ] = "skip"
    samples: Annotated[
        int, knob("pictures read at most; of more, an even draw by split_seed", unit="samples",
                  ge=10, le=10_000_000, scale="log")
    ] = 20_000  # fmt: skip


def load(knobs: Knobs) -> Dataset:
    """Images float32 [N, 1 or 3, size, size]; classes in the order of their folders' names."""
    image = pillow("data.name")
    folder = existing(knobs.path, folder=True)
    files = classes_in(folder, SUFFIXES, "pictures")
    depth = 1 if knobs.channels == "grey" else 3
    reader = Reader("pictures", (depth, knobs.size, knobs.size), np.uint8)
    images, labels, notes = read_all(
        knobs, folder, files, reader, lambda path: picture(image, path, knobs.size, depth)
    )
    scaler = pixel_scaler(knobs.scaling, knobs.top)
    tell("scaling pictures")
    dataset = classified(knobs, images, labels, list(files), scaler=scaler, kind="image")
    return replace(dataset, notes=notes)


def pillow(where: str) -> Any:
    """Pillow's ``Image`` module, or a `UserError` that says how to install it."""
    try:
        from PIL import Image
    except ImportError:
        raise UserError(
            "pictures are read by Pillow, which is not installed",
            where=where,
            next="pip install 'tuiwb[images]', or pip install pillow",
        ) from None
    return Image


def picture(image: Any, path: Path, size: int, depth: int) -> np.ndarray:
    """One picture as uint8 [depth, size, size]. Raises whatever a broken file raises."""
    with warnings.catch_warnings():
        # a header that promises more pixels than any picture has is broken too
        warnings.simplefilter("error", image.DecompressionBombWarning)
        with image.open(path) as opened:
            return pixels(image, opened, size, depth)


def pixels(image: Any, opened: Any, size: int, depth: int) -> np.ndarray:
    """An open picture of Pillow's, its middle square as uint8 [depth, size, size]."""
    from PIL import ImageOps

    made = ImageOps.exif_transpose(opened)
    if made.mode.startswith("I;16"):
        made = image.fromarray((np.asarray(made) >> 8).astype(np.uint8))
    if made.mode in ("RGBA", "LA", "PA") or "transparency" in made.info:
        made = made.convert("RGBA")
        white = image.new("RGBA", made.size, "white")
        made = image.alpha_composite(white, made)
    made = made.convert("L" if depth == 1 else "RGB")
    if made.size != (size, size):
        made = ImageOps.fit(made, (size, size), image.Resampling.BILINEAR)
    array = np.asarray(made, dtype=np.uint8)
    return array[None] if depth == 1 else array.transpose(2, 0, 1)
