"""Several processes that make every step together, by torch's own data parallelism.

Each rank reads its rows of the batch, and what it lacks of the gradient comes from the others:
`DistributedDataParallel` adds the gradients up while the backward pass goes on, each weighted with
the rows that it is of, so that the sum is the gradient of the whole batch. One vector a step is
added up besides: loss and parts of the loss, whether rank 0 has heard something, and what the step
before has cost each rank by itself.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from tuiwb.base.errors import UserError
from tuiwb.data.batches import generator
from tuiwb.engine.build import Session
from tuiwb.engine.costs import Clock, Costs
from tuiwb.engine.heard import Heard
from tuiwb.engine.interfaces import Controls, Stopped
from tuiwb.engine.update import Lost, Update, split
from tuiwb.probes.watcher import Watcher
from tuiwb.tasks.task import Batch, Turn

T = TypeVar("T")


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

    def heard(self, controls: Controls) -> Controls:
        self.controls = Heard(self, controls)
        return self.controls

    def update(self, session: Session, watch: Watcher) -> Update:
        return Shared(session, watch, self)

    def agreed(self, value: T) -> T:
        told = [value]
        dist.broadcast_object_list(told, src=0, group=self.control)
        return told[0]

    def gathered(self, value: T) -> list[T]:
        """Every rank's ``value``, in order; all of them have to ask."""
        told: list[Any] = [None] * self.world
        dist.all_gather_object(told, value, group=self.control)
        return told

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
        refuse(session, ranks)
        device = session.device.device
        with warnings.catch_warnings():
            # the name of an argument is about to change
            warnings.filterwarnings("ignore", category=FutureWarning)
            self._ddp = DistributedDataParallel(
                _Loss(session.model),
                device_ids=[device.index] if device.type == "cuda" else None,
                broadcast_buffers=False,  # those of rank 0 are the run's
                find_unused_parameters=some_rest(session),
                gradient_as_bucket_view=True,
            )
        self._clock = Clock(device)
        # torch reads the annotations of a hook, which a lambda has none of
        self._ddp.register_comm_hook(self._clock, lambda clock, bucket: _added_up(clock, bucket))
        self._cost = math.nan

    def __call__(
        self,
        turn: Turn,
        optimizer: torch.optim.Optimizer,
        batch: Batch,
        lr: float,
        watched: bool,
    ) -> tuple[Tensor, Tensor | None, dict[str, Tensor]]:
        self._clock.start()
        done = super().__call__(turn, optimizer, batch, lr, watched)
        seconds = self._clock.stop()
        self._cost = math.nan if self.watch.sampling else seconds
        return done

    def gradients(self, turn: Turn, batch: Batch, sampling: bool = False) -> Lost:
        total = len(batch[0])
        mine = split(batch, self.ranks.world)[self.ranks.rank]
        parts = self.ranks.parts(total, self.session.spec.train.accumulate)
        pieces = split(mine, min(parts, len(mine[0])))
        loss, told = self.in_parts(turn, pieces, sampling, total)
        return self._added_up(loss, told)

    def forward(self, turn: Turn, batch: Batch) -> Lost:
        with self.session.device.autocast():
            return self._ddp(turn.loss, batch, self.session.step)

    def part(self, last: bool) -> AbstractContextManager[object]:
        return nullcontext() if last else self._ddp.no_sync()

    def _added_up(self, loss: Tensor, parts: Mapping[str, Tensor]) -> Lost:
        """The figures of all ranks; what rank 0 has heard is known to all then."""
        controls, ranks = self.ranks.controls, self.ranks
        figures = torch.stack([loss, *parts.values()]).double()
        signals = torch.zeros(1 + ranks.world, dtype=torch.float64)
        signals[0] = controls is not None and controls.peek(self.session.step + 1)
        signals[1 + ranks.rank] = self._cost
        if figures.is_cpu:
            vector = torch.cat((figures, signals))
            dist.all_reduce(vector)
            figures, signals = vector.split([len(figures), len(signals)])
        else:
            dist.all_reduce(figures)  # in the device's own time
            dist.all_reduce(signals, group=ranks.control)
        self._clock.go_on()
        if controls is not None and signals[0]:
            controls.called = True
        ranks.costs.add(signals[1:].numpy())
        loss, *rest = figures.to(loss.dtype).unbind()
        return loss, dict(zip(parts, rest, strict=True))


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
            next="train it by one process: without --nproc and --nnodes",
        )
    if session.batches.batch_size < ranks.world:
        raise UserError(
            "there are more processes than samples in a batch",
            where="data.batch_size",
            found=f"{ranks.world} processes, {session.batches.batch_size} samples",
            allowed=f"data.batch_size >= {ranks.world}: it is the batch of all processes together",
        )


def some_rest(session: Session) -> bool:
    """Whether the loss reaches not every weight that is trained, at this or at another step: a look
    at what it is computed from. Nothing is drawn from the random state and no buffer moves."""
    if hasattr(session.task, "turns"):
        return True
    turn, model = session.turns[0], session.model
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    devices = [session.device.device] if session.device.is_cuda else []
    rows = tuple(tensor[:2] for tensor in session.batches.at(session.step))
    with torch.random.fork_rng(devices), session.device.autocast():
        loss, _ = turn.loss(model, (rows[0], rows[1]), session.step)
    with torch.no_grad():
        for buffer, before in buffers:
            buffer.copy_(before)
    seen, nodes = set(), [loss.grad_fn]
    reached: set[Tensor] = set()
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        reached.add(getattr(node, "variable", loss))  # the end of a path: a weight
        nodes += [before for before, _ in node.next_functions]
    return not reached.issuperset(turn.parameters)


class _Loss(nn.Module):
    """A task's loss as a module: whatever it calls of the model, gradients are added up."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, loss: Any, batch: Batch, step: int) -> Lost:
        return loss(self.model, batch, step)


def _added_up(clock: Clock, bucket: Any) -> torch.futures.Future[Tensor]:
    """DDP's communication hook: a sum where its own is a mean, since losses are weighted."""
    clock.ready()
    work = dist.all_reduce(bucket.buffer(), async_op=True)
    return work.get_future().then(lambda done: done.value()[0])
