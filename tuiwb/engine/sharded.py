"""Several processes with a part of every weight each, of its gradient and of what the optimiser
keeps of it: torch's `fully_shard` (FSDP2; Zhao et al. 2023), for models that are large.

Before a block's pass its weights are gathered, after it they are let go of, and gradients are added
up into the part that a rank keeps. So every pass is an appointment of all ranks: what rank 0 does
alone (a picture, say) it does within `Shards.whole`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor

from tuiwb.base.errors import UserError
from tuiwb.engine.build import Session
from tuiwb.engine.shared import Many, Passes, Shared, tried
from tuiwb.engine.update import Lost
from tuiwb.probes import shards
from tuiwb.probes.watcher import Watcher
from tuiwb.tasks.task import Batch, Turn, turns_of


class Shards:
    """The model of ``session``, of which this rank keeps its part from now on."""

    def __init__(self, session: Session) -> None:
        model, device = session.model, session.device.device
        mesh = init_device_mesh(device.type, (torch.distributed.get_world_size(),))
        self.root = cast(Any, Passes(model))
        try:
            for block in blocks_of(session):
                fully_shard(block, mesh=mesh, reshard_after_forward=True)
            fully_shard(self.root, mesh=mesh, reshard_after_forward=False)
            with torch.no_grad():  # the first pass shows which is the root of all
                tried(session, self.root)
        except (ValueError, RuntimeError) as error:
            if not (isinstance(error, ValueError | NotImplementedError) or "DTensor" in str(error)):
                raise
            raise UserError(
                f"the model {session.spec.model.name!r} cannot be sharded",
                where="train.shard",
                found=str(error).splitlines()[0],
                allowed="train.shard = off",
            ) from None
        self.root.reshard()
        self._parts: list[Any] = [m for m in self.root.modules() if isinstance(m, FSDPModule)]
        for part in self._parts:
            # losses are weighted by their rows: gradients are added up, not averaged
            part.set_gradient_divide_factor(1.0)
            part.set_force_sum_reduction_for_comms(True)
        # said, since what torch goes by, the order of all passes, is not the same on all ranks
        for before, after in pairwise([*self._parts, self.root]):
            after.set_modules_to_backward_prefetch([before])
        self._open = 0
        shards.together()
        session.turns = turns_of(session.task, model)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Within it all weights lie on every rank, and a pass is nobody's business but its own."""
        self._open += 1
        if self._open == 1:
            for part in self._parts:
                self._keep(part, True)
                part.unshard()
        try:
            yield
        finally:
            self._open -= 1
            if not self._open:
                for part in self._parts:
                    self._keep(part, False)
                    part.reshard()

    def _keep(self, part: Any, keep: bool) -> None:
        part.set_reshard_after_forward(not keep and part is not self.root, recurse=False)
        part.set_reshard_after_backward(not keep, recurse=False)

    @torch.no_grad()
    def gathered(self, state: Any, *, keep: bool) -> Any:
        """A copy of a state on the CPU, with all parts of its tensors; where it is not kept, this
        rank has only given its own. One tensor at a time is whole on the device."""
        made: dict[int, Tensor] = {}

        def walk(value: Any) -> Any:
            if isinstance(value, dict):
                return {key: walk(item) for key, item in value.items()}
            if isinstance(value, list | tuple):
                return [walk(item) for item in value]
            if not isinstance(value, DTensor):
                plain = keep and isinstance(value, Tensor)
                return value.detach().to("cpu", copy=True) if plain else value
            if id(value) not in made:  # two names of one weight
                whole = value.full_tensor()
                made[id(value)] = whole.cpu() if keep else whole.new_empty(0)
            return made[id(value)]

        return walk(state)


class Sharded(Shared):
    """One update on all ranks, each of which moves its part of the weights. What a rank needs for
    it by itself is not known: all wait for each other in every block."""

    def __init__(self, session: Session, watch: Watcher, ranks: Many, shards: Shards) -> None:
        super().__init__(session, watch, ranks)
        self._root = shards.root

    def forward(self, turn: Turn, batch: Batch) -> Lost:
        def loss(model: nn.Module, batch: Batch, step: int) -> Lost:
            loss, parts = turn.loss(model, batch, step)
            return loss, {name: value.detach() for name, value in parts.items()}

        with self.session.device.autocast():
            lost: Lost = self._root(loss, batch, self.session.step)
        return lost

    def part(self, last: bool) -> AbstractContextManager[object]:
        self._root.set_requires_gradient_sync(last)
        return nullcontext()


def blocks_of(session: Session) -> list[nn.Module]:
    """The blocks that the model repeats, outermost: of one class, side by side, with layers in
    them. Only such as the loss enters by their forward pass, and as share no weight with others."""
    model = session.model
    entered: set[nn.Module] = set()
    handles = [
        module.register_forward_pre_hook(lambda module, inputs: entered.add(module))
        for module in model.modules()
    ]
    try:
        tried(session)
    finally:
        for handle in handles:
            handle.remove()
    owners = Counter(weight for m in model.modules() for weight in m.parameters(recurse=False))
    found: list[nn.Module] = []
    for parent in model.modules():
        if not isinstance(parent, nn.ModuleList | nn.Sequential):
            continue
        kinds = Counter(type(child) for child in parent.children())
        for child in parent.children():
            inner = Counter(w for m in child.modules() for w in m.parameters(recurse=False))
            if (
                kinds[type(child)] > 1
                and child in entered
                and inner
                and next(child.children(), None) is not None
                and not isinstance(child, nn.ModuleList)
                and all(owners[weight] == count for weight, count in inner.items())
                and not any(child in set(other.modules()) for other in found)
            ):
                found.append(child)
    return found
