"""The knobs of everything that is made of blocks of attention and MLP."""

from typing import Annotated

from tuiwb.spec.knobs import knob
from tuiwb.spec.sizes import SizedKnobs


class TransformerKnobs(SizedKnobs):
    """A stack of blocks whose heads share the width; ``size`` is declared by the architecture."""

    size: str = "s"
    layers: Annotated[int, knob("blocks of attention and MLP; 0: as size has it", ge=0, le=128)] = 0
    heads: Annotated[
        int,
        knob("attention heads in each block, which share the width; 0: as size has it", ge=0,
             le=256),
    ] = 0  # fmt: skip
    width: Annotated[
        int, knob("numbers that stand for a token between blocks; 0: as size has it", unit="units",
                  ge=0, le=16384, scale="log")
    ] = 0  # fmt: skip

    def __post_init__(self) -> None:
        self.share_width()
