"""One cycle: up for a first part of the run, then down to almost nothing (Smith 2018).

Both ways along half a cosine, as in torch's OneCycleLR. The high middle part acts as a regulariser;
the peak wants to be larger than a constant learning rate would.
"""

from math import cos, pi
from typing import Annotated

from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ScheduleKnobs


class Knobs(ScheduleKnobs):
    """Up for a first part of the run, then down to almost nothing."""

    rise: Annotated[
        float, knob("share of the run in which the learning rate rises", gt=0, lt=1, tier="branch")
    ] = 0.3
    start: Annotated[
        float, knob("share of the peak that it begins with", gt=0, le=1, scale="log", tier="branch")
    ] = 0.04
    final: Annotated[
        float, knob("share of the peak that it ends with", gt=0, le=1, scale="log", tier="branch")
    ] = 4e-6


def factor(step: int, total: int, knobs: Knobs) -> float:
    """``start`` to 1 until the peak at ``rise * total - 1``, then to ``final`` at the last step."""
    peak, last = knobs.rise * total - 1, total - 1
    if step <= peak:
        # a peak before the first step (a run of a few steps) leaves only the way down
        return _between(knobs.start, 1.0, step / peak if peak > 0 else 1.0)
    return _between(1.0, knobs.final, (step - max(peak, 0)) / max(last - max(peak, 0), 1))


def _between(begin: float, end: float, share: float) -> float:
    return end + (begin - end) * (1 + cos(pi * min(share, 1.0))) / 2
