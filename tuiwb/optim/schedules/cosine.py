"""Half a cosine from the peak down to a final share (Loshchilov & Hutter 2017, SGDR, one cycle)."""

from math import cos, pi
from typing import Annotated

from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ScheduleKnobs


class Knobs(ScheduleKnobs):
    """Half a cosine from the peak down to a final share."""

    final: Annotated[
        float, knob("share of the peak that it falls to at the end", ge=0, le=1, tier="branch")
    ] = 0.0


def factor(step: int, total: int, knobs: Knobs) -> float:
    """``final + (1 - final) * (1 + cos(pi * step / total)) / 2``; the end itself is never run."""
    return knobs.final + (1 - knobs.final) * (1 + cos(pi * step / total)) / 2
