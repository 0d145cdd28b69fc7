"""The size dial: one knob, ``model.size``, for all of the numbers that make a network large.

An architecture whose paper trained a larger one than fits a minute names several sizes, the paper's
own as ``reference``. A single number may still be set by itself: left at 0 (a list: empty) it is
what the size says.
"""

from typing import Any, ClassVar, Self

import msgspec

from tuiwb.spec.sections import ModelKnobs


class SizedKnobs(ModelKnobs):
    """An architecture that comes in several sizes.

    A subclass declares ``size`` as a choice of the names in ``plans``.
    """

    plans: ClassVar[dict[str, dict[str, Any]]] = {}
    """Size -> the knobs that it decides, by name."""

    def sized(self) -> Self:
        """The same knobs with every number that was left open filled in."""
        plan = self.plans[getattr(self, "size", "")]
        left_open = {name: value for name, value in plan.items() if not getattr(self, name)}
        return msgspec.structs.replace(self, **left_open) if left_open else self

    def share_width(self) -> None:
        """For ``__post_init__``: a ValueError where the heads cannot share the width."""
        whole: Any = self.sized()
        if whole.width % whole.heads:
            raise ValueError(f"width {whole.width} cannot be shared by {whole.heads} heads")
