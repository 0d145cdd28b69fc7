"""What pictures an architecture can take, in the words of a mistake."""

from __future__ import annotations

from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature


def least(signature: Signature, side: int) -> None:
    """A picture with a side shorter than ``side`` is a `UserError`."""
    _, height, width = signature.shape
    if min(height, width) < side:
        raise UserError(
            "the picture is too small for this architecture, which halves it several times",
            where="model.size",
            found=f"{height}x{width} pixels",
            allowed=f"at least {side}x{side} pixels, a smaller model.size, or model.name = mlp",
        )
