"""What is watched in which step, and what that costs.

The one hand on all instruments, for the workbench's own loop and for a loop of the user's: it
decides by the budget, takes the samples and keeps the clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from tuiwb.probes.budget import Average, Budget
from tuiwb.probes.gradients import parameter_norms
from tuiwb.probes.instrument import Bench, Sample
from tuiwb.probes.layers import Layer
from tuiwb.probes.stopwatch import Stopwatch

NORMS = 0.25
"""Share of the budget that the total gradient norm may take; the rest is the layers'. On all but
the smallest nets a quarter is enough for every step."""
SPACING = 50
"""A histogram is due when a run has grown by one part in so many since the last one, so that their
number grows with the logarithm of its length: a thousand after 10^9 steps."""


class Watcher:
    """Life in a step: `start`, then for each update `before_forward`, `after_backward`, `norms`,
    `after_update`, then `end`. With ``share`` 0 nothing is ever due."""

    def __init__(self, layers: Sequence[Layer], share: float) -> None:
        self._clock, self._norm_clock = Stopwatch(), Stopwatch()
        self.bench = Bench(layers, self._clock)
        self.columns = self.bench.columns
        self.share = share
        self._step_time = Average()
        self._samples = Budget(share * (1 - NORMS), self._step_time)
        self._norms = Budget(share * NORMS, self._step_time)
        self._histogram_at = 0
        self.sampling = False
        """Whether this step's layers are looked at."""
        self.norming = False
        """Whether this step's gradient norm is due."""
        self.sample: Sample | None = None
        """What this step's look has brought, once it is over."""

    def retune(self, share: float) -> None:
        """Another share of the step time from now on."""
        self.share = share
        self._samples.retune(share * (1 - NORMS))
        self._norms.retune(share * NORMS)

    def state_dict(self) -> dict[str, int]:
        """What a checkpoint keeps: costs are this process's own, and are learnt anew."""
        return {"histogram_at": self._histogram_at}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on at the pace of `state_dict`; what it lacks begins anew."""
        self._histogram_at = int(state.get("histogram_at", 0))

    def start(self, step: int) -> None:
        """Before step number ``step`` (from 0)."""
        self.sampling = self._samples.due(step)
        self.norming = self._norms.due(step)
        self.sample = None

    def before_forward(self) -> None:
        """Before the forward pass, of a step that is `sampling`."""
        with self._clock:
            self.bench.attach()

    def after_backward(self) -> None:
        """While the gradients lie on the parameters as the loss left them."""
        with self._clock:
            self.bench.observe()

    def norms(self, gradients: Sequence[torch.Tensor], wanted_anyway: bool) -> torch.Tensor:
        """L2 norm of each gradient; on the watcher's account unless clipping needs them anyway."""
        if wanted_anyway:
            return parameter_norms(gradients)
        with self._norm_clock:
            return parameter_norms(gradients)

    def after_update(self, step: int) -> None:
        """After the optimiser's step."""
        with self._clock:
            self.sample = self.bench.read(self.histogram_due(step)).over(self.sample)

    def end(self, step: int, seconds: float) -> float:
        """After step ``step``, which took ``seconds`` in all; returns those without watching."""
        if not (self.sampling or self.norming):
            self._step_time.add(seconds)
            return seconds
        sampled, normed = self._clock.take(), self._norm_clock.take()
        seconds -= sampled + normed
        self._step_time.add(seconds)
        if self.sampling:
            self._samples.sampled(step, sampled)
            self.seen(step)
        if self.norming:
            self._norms.sampled(step, normed)
        return seconds

    def seen(self, step: int) -> None:
        """The sample of ``step`` is complete: the next histogram is due by it."""
        if self.sample is not None and self.sample.histograms is not None:
            self._histogram_at = step + 1 + step // SPACING

    def histogram_due(self, step: int) -> bool:
        """Whether a sample of ``step`` has a histogram."""
        return step >= self._histogram_at

    @property
    def telling(self) -> Stopwatch:
        """Held while a sample is written down: it is charged to the next one."""
        return self._clock

    @property
    def cost(self) -> float:
        """The share of the step time that watching takes now; NaN before the first sample."""
        return self._samples.cost + self._norms.cost

    def detach(self) -> None:
        """Leave the model as it was."""
        self.bench.detach()


class Led(Watcher):
    """Looks where another process's watcher does: of weights that both hold a part of, its figures
    take both. It keeps no sample and no account."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__(layers, 0.0)
        self._histogram = False

    def follow(self, sampling: bool, norming: bool, histogram: bool) -> None:
        """What the other looks at in this step; known once its backward pass is over."""
        self.sampling, self.norming, self._histogram = sampling, norming, histogram

    def after_update(self, step: int) -> None:
        """After the optimiser's step."""
        self.bench.lend(self._histogram)

    def end(self, step: int, seconds: float) -> float:
        """After step ``step``, which took ``seconds`` in all."""
        return seconds
