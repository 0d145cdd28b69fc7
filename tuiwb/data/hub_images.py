"""MNIST, Fashion-MNIST, CIFAR-10 from the Hugging Face hub, or from a copy on this machine.

MNIST: 60 000 handwritten digits, 28x28 (LeCun et al. 1998). Fashion-MNIST: as many articles of
clothing (Xiao, Rasul & Vollgraf 2017). CIFAR-10: 50 000 colour pictures, 32x32 (Krizhevsky 2009).
Each has 10 000 more for testing. Needs ``pip install 'tuiwb[hub]'``.
"""

import io
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from tuiwb.base.errors import UserError
from tuiwb.data.dataset import Dataset
from tuiwb.data.hub import Place, bytes_of, column_of, drawn, fetched, labels_of, plain, told
from tuiwb.data.image_folder import pillow, pixels
from tuiwb.data.parts import with_classes
from tuiwb.data.pixels import pixel_scaler
from tuiwb.data.preprocess import prepared
from tuiwb.data.samples import classified
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ImageKnobs


class Knobs(ImageKnobs):
    """Pictures of the Hugging Face hub: MNIST, Fashion-MNIST, CIFAR-10."""

    downloads: ClassVar[bool] = True
    top: ClassVar[float] = 255.0

    dataset: Annotated[Literal["mnist", "fashion-mnist", "cifar10"], knob("which of them")] = (
        "mnist"
    )
    held_out: Annotated[
        Literal["share", "test"],
        knob("what is evaluated on: val_share of the training part, or the official test part"),
    ] = "share"
    samples: Annotated[
        int, knob("pictures kept at most of a part, drawn by split_seed", unit="samples", ge=20,
                  le=10_000_000, scale="log")
    ] = 1_000_000  # fmt: skip
    path: Annotated[
        str, knob("a folder with the parquet files of a copy; empty fetches it, once")
    ] = ""


PLACES = {
    "mnist": (Place("ylecun/mnist"), 28, 1),
    "fashion-mnist": (Place("zalando-datasets/fashion_mnist"), 28, 1),
    "cifar10": (Place("uoft-cs/cifar10"), 32, 3),
}
"""Name -> where it lies, the side of its pictures, their channels."""


def load(knobs: Knobs) -> Dataset:
    """Images float32 [N, 1, 28, 28] or [N, 3, 32, 32]."""
    scaler = pixel_scaler(knobs.scaling, knobs.top)
    images, labels, names, notes = _part(knobs, "train")
    if knobs.held_out == "share":
        dataset = classified(knobs, images, labels, names, scaler=scaler, kind="image")
        return replace(dataset, notes=notes)
    tests, answers, named, _ = _part(knobs, "test")
    if named != names:
        raise UserError(
            "the two parts do not have the same classes",
            where="data.held_out",
            found=f"training: {', '.join(names)}; test: {', '.join(named)}",
            next="data.samples says how many are kept of each",
        )
    images, tests = scaler(prepared(knobs, images), prepared(knobs, tests))
    dataset = with_classes("image", (images, labels), (tests, answers), names)
    return replace(dataset, notes=notes)


def _part(knobs: Knobs, part: str) -> tuple[Any, np.ndarray, tuple[str, ...], tuple[str, ...]]:
    place, size, depth = PLACES[knobs.dataset]
    image = pillow("data.name")
    rows = fetched(knobs.dataset, place, part, knobs.path)
    rows, notes = drawn(rows, knobs.samples, knobs.split_seed)
    labels, names = labels_of(rows, "data.dataset")
    column = column_of(rows, ("image", "img"), "data.dataset")
    images = np.empty((len(rows), depth, size, size), np.uint8)
    for number, cell in enumerate(told(plain(rows, column), column, "pictures")):
        with image.open(io.BytesIO(bytes_of(cell))) as opened:
            images[number] = pixels(image, opened, size, depth)
    return images, labels, names, notes
