"""Several processes with a copy of the model each: torch's `DistributedDataParallel` adds gradients
up while the backward pass goes on, each weighted with the rows that it is of.
"""

from __future__ import annotations

import math
import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from tuiwb.engine.build import Session
from tuiwb.engine.costs import Clock
from tuiwb.engine.shared import Many, Passes, Shared, tried
from tuiwb.engine.update import Lost
from tuiwb.probes.watcher import Watcher
from tuiwb.tasks.task import Batch, Turn


class Replicated(Shared):
    """One update on all ranks, each of which moves all weights."""

    def __init__(self, session: Session, watch: Watcher, ranks: Many) -> None:
        super().__init__(session, watch, ranks)
        device = session.device.device
        with warnings.catch_warnings():
            # the name of an argument is about to change
            warnings.filterwarnings("ignore", category=FutureWarning)
            self._ddp = DistributedDataParallel(
                Passes(session.model),
                device_ids=[device.index] if device.type == "cuda" else None,
                broadcast_buffers=False,  # those of rank 0 are the run's
                find_unused_parameters=some_rest(session),
                gradient_as_bucket_view=True,
            )
        self._clock = Clock(device)
        # torch reads the annotations of a hook, which a lambda has none of
        self._ddp.register_comm_hook(self._clock, lambda clock, bucket: _added_up(clock, bucket))

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
        self.cost = math.nan if self.watch.sampling else seconds
        return done

    def gradients(self, turn: Turn, batch: Batch, sampling: bool = False) -> Lost:
        lost = super().gradients(turn, batch, sampling)
        self._clock.go_on()
        return lost

    def forward(self, turn: Turn, batch: Batch) -> Lost:
        with self.session.device.autocast():
            return self._ddp(turn.loss, batch, self.session.step)

    def part(self, last: bool) -> AbstractContextManager[object]:
        return nullcontext() if last else self._ddp.no_sync()


def some_rest(session: Session) -> bool:
    """Whether the loss reaches not every weight that is trained, at this or at another step: a look
    at what it is computed from. Nothing is drawn from the random state and no buffer moves."""
    if hasattr(session.task, "turns"):
        return True
    loss = tried(session)
    seen, nodes = set(), [loss.grad_fn]
    reached: set[Tensor] = set()
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        reached.add(getattr(node, "variable", loss))  # the end of a path: a weight
        nodes += [before for before, _ in node.next_functions]
    return not reached.issuperset(session.turns[0].parameters)


def _added_up(clock: Clock, bucket: Any) -> torch.futures.Future[Tensor]:
    """DDP's communication hook: a sum where its own is a mean, since losses are weighted."""
    clock.ready()
    work = dist.all_reduce(bucket.buffer(), async_op=True)
    return work.get_future().then(lambda done: done.value()[0])
