"""Stairs: the learning rate is multiplied by gamma after every so many steps."""

from typing import Annotated

from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ScheduleKnobs


class Knobs(ScheduleKnobs):
    """Multiplied by gamma after every so many steps."""

    every: Annotated[
        int, knob("steps on one stair", unit="steps", ge=1, scale="log", tier="branch")
    ] = 1000
    gamma: Annotated[
        float, knob("factor from one stair to the next", gt=0, le=1, tier="branch")
    ] = 0.1


# below this a learning rate does nothing in float32, and a power of gamma may reach 0
_LEAST = 1e-30


def factor(step: int, total: int, knobs: Knobs) -> float:
    """``gamma ** (step // every)``, never quite 0."""
    return max(knobs.gamma ** (step // knobs.every), _LEAST)
