"""Several processes that make every step together.

Each rank reads its rows of the batch, and what it lacks of the gradient comes from the others, by
torch's own data parallelism: with a copy of the model in each (`tuiwb.engine.replicated`), or with
a part of every weight (`tuiwb.engine.sharded`). One vector a step is added up besides: loss and
parts of the loss, what rank 0 has to tell, and what the step before has cost each rank by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from enum import IntFlag
from typing import TYPE_CHECKING, Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn

from tuiwb.base.errors import UserError
from tuiwb.data.batches import generator
from tuiwb.engine.build import Session
from tuiwb.engine.costs import Costs
from tuiwb.engine.heard import Heard
from tuiwb.engine.interfaces import Controls, Stopped
from tuiwb.engine.update import Lost, Update, split
from tuiwb.probes.watcher import Led, Watcher
from tuiwb.tasks.task import Batch, Turn

if TYPE_CHECKING:
    from tuiwb.engine.sharded import Shards

T = TypeVar("T")
LARGE = 100_000_000
"""Parameters from which on a model is sharded on GPUs, unless the spec says otherwise."""


class Signal(IntFlag):
    """What rank 0 tells the others along with the figures of a step."""

    CALLED = 1
    """It has heard something."""
    SAMPLING = 2
    NORMING = 4
    HISTOGRAM = 8
    """What its watcher looks at."""
    FINDING = 16
    TIME = 32
    """It wishes for a checkpoint."""


class Many:
    """This process among all that train a run; the process group has been made.

    ``planned`` is the number of ranks that the run was begun for: where fewer are left, each of
    them takes no more rows at once than it did among those.
    """

    def __init__(self, planned: int, local: int, neighbours: int) -> None:
        self.rank, self.world = dist.get_rank(), dist.get_world_size()
        self.planned, self.neighbours = planned, neighbours
        self.local: int | None = local
        self.leads = self.rank == 0
        # objects and flags go through the host's memory, whatever gradients go through
        self.control: Any = dist.new_group(backend="gloo")
        self.controls: Heard | None = None
        self.costs = Costs(self.world)
        self.shards: Shards | None = None
        self._wish = self._told = ""

    def heard(self, controls: Controls) -> Controls:
        self.controls = Heard(self, controls)
        return self.controls

    @property
    def sharded(self) -> bool:
        return self.shards is not None

    def spread(self, session: Session) -> None:
        if to_shard(session, self):
            from tuiwb.engine.sharded import Shards

            self.shards = Shards(session)

    def update(self, session: Session, watch: Watcher) -> Update:
        if self.shards is not None:
            from tuiwb.engine.sharded import Sharded

            return Sharded(session, watch, self, self.shards)
        from tuiwb.engine.replicated import Replicated

        return Replicated(session, watch, self)

    def agreed(self, value: T) -> T:
        told = [value]
        dist.broadcast_object_list(told, src=0, group=self.control)
        return told[0]

    def gathered(self, value: T) -> list[T]:
        """Every rank's ``value``, in order; all of them have to ask."""
        told: list[Any] = [None] * self.world
        dist.all_gather_object(told, value, group=self.control)
        return told

    def whole(self) -> AbstractContextManager[object]:
        return nullcontext() if self.shards is None else self.shards.whole()

    def wished(self, wish: str) -> str:
        if self.shards is None:
            return wish
        told, self._told = self._told, ""
        self._wish = "" if told else wish
        return told

    def takes(self, takes: bool) -> bool:
        return takes if self.shards is None else self.agreed(takes)

    def lent(self, state: Callable[[], Any]) -> Callable[[], Any]:
        if self.shards is None:
            return state
        gathered = self.shards.gathered(state(), keep=self.leads)
        return lambda: gathered

    def signals(self, step: int, watch: Watcher) -> Signal:
        """What this rank tells the others; nothing, but for rank 0."""
        told = Signal(0)
        if self.controls is not None and self.controls.peek(step + 1):
            told |= Signal.CALLED
        if self.leads and self.sharded:
            told |= Signal.SAMPLING * watch.sampling | Signal.NORMING * watch.norming
            told |= Signal.HISTOGRAM * watch.histogram_due(step)
            told |= Signal[self._wish.upper()] if self._wish else Signal(0)
        return told

    def heed(self, told: Signal, watch: Watcher) -> None:
        """What rank 0 tells, itself too."""
        if self.controls is not None and Signal.CALLED in told:
            self.controls.called = True
        for wish in (Signal.FINDING, Signal.TIME):
            if wish in told:
                self._told = str(wish.name).lower()
        if isinstance(watch, Led):
            watch.follow(Signal.SAMPLING in told, Signal.NORMING in told, Signal.HISTOGRAM in told)

    def stop(self, stopped: Stopped) -> None:
        if self.controls is not None:
            self.controls.end = stopped  # of another rank than the first, nobody hears it

    def begin(self, session: Session) -> None:
        if self.rank:
            draws = generator(session.spec.train.seed, self.rank, session.step)
            torch.manual_seed(draws.initial_seed())

    def parts(self, total: int, accumulate: int) -> int:
        """In how many parts each rank reads its rows of a batch of ``total``."""
        if self.world >= self.planned:
            return accumulate
        at_once = math.ceil(math.ceil(total / self.planned) / accumulate)
        return math.ceil(math.ceil(total / self.world) / at_once)


class Shared(Update):
    """One update on all ranks. Losses and gradients are those of the whole batch."""

    def __init__(self, session: Session, watch: Watcher, ranks: Many) -> None:
        super().__init__(session, watch)
        self.ranks = ranks
        self.cost = math.nan
        """Seconds that the last update took without the others; NaN where that is not known."""
        refuse(session, ranks)

    def gradients(self, turn: Turn, batch: Batch, sampling: bool = False) -> Lost:
        total, world = len(batch[0]), self.ranks.world
        mine = split(batch, world)[self.ranks.rank]
        # as many parts on every rank, though some have a row more
        parts = min(self.ranks.parts(total, self.session.spec.train.accumulate), total // world)
        loss, told = self.in_parts(turn, split(mine, parts), sampling, total)
        return self._added_up(loss, told)

    def _added_up(self, loss: Tensor, parts: Mapping[str, Tensor]) -> Lost:
        """The figures of all ranks; what rank 0 has to tell is known to all then."""
        ranks = self.ranks
        figures = torch.stack([loss, *parts.values()]).double()
        signals = torch.zeros(1 + ranks.world, dtype=torch.float64)
        signals[0] = int(ranks.signals(self.session.step, self.watch))
        signals[1 + ranks.rank] = self.cost
        if figures.is_cpu:
            vector = torch.cat((figures, signals))
            dist.all_reduce(vector)
            figures, signals = vector.split([len(figures), len(signals)])
        else:
            dist.all_reduce(figures)  # in the device's own time
            dist.all_reduce(signals, group=ranks.control)
        ranks.heed(Signal(int(signals[0])), self.watch)
        ranks.costs.add(signals[1:].numpy())
        loss, *rest = figures.to(loss.dtype).unbind()
        return loss, dict(zip(parts, rest, strict=True))


class Passes(nn.Module):
    """A task's loss as a module: whatever it calls of the model, torch's hooks are around it."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, loss: Any, batch: Batch, step: int) -> Any:
        return loss(self.model, batch, step)


def refuse(session: Session, ranks: Many) -> None:
    """`UserError` for what several processes cannot train together."""
    spec = session.spec
    if len(session.turns) > 1:
        raise UserError(
            f"the task {spec.task.name!r} is not trained by several processes",
            where="task.name",
            found=f"a step of {len(session.turns)} turns: "
            + ", ".join(turn.name for turn in session.turns),
            allowed="tasks whose step follows one loss",
            next="train it by one process: without --nnodes, and without --nproc or with --nproc 1",
        )
    if session.batches.batch_size < ranks.world:
        raise UserError(
            "there are more processes than samples in a batch",
            where="data.batch_size",
            found=f"{ranks.world} processes, {session.batches.batch_size} samples",
            allowed=f"data.batch_size >= {ranks.world}: it is the batch of all processes together",
        )


def to_shard(session: Session, ranks: Many) -> bool:
    """Whether each of ``ranks`` keeps a part of every weight. `UserError` where the spec asks for
    it and it is not possible."""
    spec = session.spec
    asked = spec.train.shard == "on"
    if ranks.world == 1 or spec.train.shard == "off":
        return False
    if not asked:
        weights = sum(weight.numel() for weight in session.model.parameters())
        fits = weights >= LARGE and len(session.turns) == 1 and session.device.is_cuda
        return fits and not (spec.optim.needs_closure or spec.probe.studies)
    refuse(session, ranks)
    if spec.optim.needs_closure:
        raise UserError(
            f"the optimiser {spec.optim.name!r} cannot be sharded: its step looks at all weights",
            where="train.shard",
            found=f"train.shard = on, optim.name = {spec.optim.name}",
            allowed="another optimiser, or train.shard = off",
        )
    if spec.probe.studies:
        raise UserError(
            "a study copies the model, which no process has all of where it is sharded",
            where="train.shard",
            found=f"train.shard = on, probe.studies = {', '.join(spec.probe.studies)}",
            allowed="probe.studies = [], or train.shard = off",
        )
    return True


def tried(session: Session, passes: nn.Module | None = None) -> Tensor:
    """The loss of two samples of the coming batch, by ``passes`` around the model where they are
    given. Nothing is drawn from the random state and no buffer moves."""
    turn, passes = session.turns[0], passes or Passes(session.model)
    buffers = [(buffer, buffer.clone()) for buffer in session.model.buffers()]
    devices = [session.device.device] if session.device.is_cuda else []
    rows = tuple(tensor[:2] for tensor in session.batches.at(session.step))
    with torch.random.fork_rng(devices), session.device.autocast():
        loss, _ = passes(turn.loss, (rows[0], rows[1]), session.step)
    with torch.no_grad():
        for buffer, before in buffers:
            buffer.copy_(before)
    return cast(Tensor, loss)
