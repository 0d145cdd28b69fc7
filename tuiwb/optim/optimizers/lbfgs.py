"""L-BFGS: a quasi-Newton method with a short memory (Liu & Nocedal 1989).

From the last few steps and changes of gradient it keeps a sketch of the inverse curvature, and goes
along minus that times the gradient, as far as a line search says (strong Wolfe conditions, Nocedal
& Wright 2006, algorithms 3.5 and 3.6). One step of training is up to ``iterations`` of its own,
each with one or more looks at the same batch. It wants the whole data set as one batch: gradients
of different batches do not differ by curvature alone, and the sketch takes the noise for bends.
"""

from typing import Annotated, Any, ClassVar

import torch
from torch.optim.optimizer import ParamsT

from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import OptimKnobs


class Knobs(OptimKnobs):
    """L-BFGS: steps along a sketch of the inverse curvature; wants the whole data as one batch."""

    state_per_parameter: ClassVar[int] = 23  # twice the memory, and the last step and gradient
    needs_closure: ClassVar[bool] = True

    lr: Annotated[
        float,
        knob("length of the first try along each direction; 1 is Newton's own", gt=0, le=100,
             scale="log", tier="hot"),
    ] = 1.0  # fmt: skip
    iterations: Annotated[
        int, knob("most iterations in one step of training", ge=1, le=1000, tier="branch")
    ] = 10
    memory: Annotated[
        int, knob("steps and changes of gradient that are kept", ge=1, le=100, tier="branch")
    ] = 10
    line_search: Annotated[
        bool, knob("search along each direction, or take lr times it unseen", tier="branch")
    ] = True


def options(knobs: Knobs) -> dict[str, Any]:
    """The parameter group's settings that these knobs stand for."""
    return {
        "lr": knobs.lr,
        "max_iter": knobs.iterations,
        # a search seldom needs more than two looks; a bad one may not take the whole day
        "max_eval": 3 * knobs.iterations + 10,
        "history_size": knobs.memory,
        "line_search_fn": "strong_wolfe" if knobs.line_search else None,
    }


def build(params: ParamsT, knobs: Knobs, fused: bool = False) -> torch.optim.LBFGS:
    """The optimiser over ``params``, one group; its ``step`` wants a closure that computes loss and
    gradients anew. There is no fused kernel for it."""
    return torch.optim.LBFGS(params, **options(knobs))
