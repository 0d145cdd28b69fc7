"""Softmax cross-entropy: minus the log-probability of the right class, in nats.

For classes that exclude each other; several labels at once want one logistic output each.
With label smoothing the target is ``(1 - e) * onehot + e / K`` (Szegedy et al. 2016, section 7).
"""

from typing import Annotated, ClassVar

from torch import Tensor
from torch.nn import functional as F

from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import LossKnobs


class Knobs(LossKnobs):
    """Softmax cross-entropy."""

    serves: ClassVar[tuple[str, ...]] = (
        "classify",
        "language",
        "sequence",
        "seq2seq",
        "masked",
    )
    single: ClassVar[bool] = False

    label_smoothing: Annotated[
        float,
        knob("share of each target spread evenly over all classes while training", ge=0, lt=1,
             tier="hot"),
    ] = 0.0  # fmt: skip


class CrossEntropy:
    """Mean cross-entropy of logits [..., K] against class indices int64 [...], in nats."""

    def __init__(self, label_smoothing: float = 0.0) -> None:
        self.label_smoothing = label_smoothing

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(
            outputs.flatten(0, -2), targets.flatten(), label_smoothing=self.label_smoothing
        )

    @property
    def plain(self) -> "CrossEntropy":
        """Without smoothing: what an evaluation reports, comparable with ln K and n-grams."""
        return CrossEntropy()


def build(knobs: Knobs) -> CrossEntropy:
    """The loss on logits [B, K] with targets [B], or [B, T, K] with [B, T]."""
    return CrossEntropy(knobs.label_smoothing)
