"""A triangle: straight up for a first part of the run, then straight down (Smith 2017, one cycle of
the triangular policy)."""

from typing import Annotated

from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ScheduleKnobs


class Knobs(ScheduleKnobs):
    """Straight up for a first part of the run, then straight down."""

    rise: Annotated[
        float, knob("share of the run in which the learning rate rises", gt=0, lt=1, tier="branch")
    ] = 0.23
    start: Annotated[
        float, knob("share of the peak that it begins with", gt=0, le=1, scale="log", tier="branch")
    ] = 0.2
    final: Annotated[
        float, knob("share of the peak that it ends with", gt=0, le=1, scale="log", tier="branch")
    ] = 0.07


def factor(step: int, total: int, knobs: Knobs) -> float:
    """From ``start`` to 1 at step ``rise * total``, then to ``final`` at ``total``."""
    peak = int(knobs.rise * total)
    if step < peak:
        return knobs.start + (1 - knobs.start) * step / peak
    return 1 + (knobs.final - 1) * (step - peak) / max(total - peak, 1)
