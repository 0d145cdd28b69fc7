"""One optimiser step for all members: torch's own, with a learning rate for each of them.

Torch steps on tensors of zeros with learning rate 1, which leaves the update that it would make;
each member takes it times its own rate. Every optimiser whose update is linear in its rate can be
used so (`linear_in_lr`). Members that differ in other figures (momentum, betas) are groups of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from tuiwb.engine.build import Session
from tuiwb.engine.population.stack import Stack
from tuiwb.spec.declarations import SHELVES
from tuiwb.spec.sections import OptimKnobs, Spec


class Update:
    """The optimiser of a stack. ``sessions`` are in the order of the stack; those that share an
    `order` stand together. It goes on from the state of the sessions' own optimisers."""

    def __init__(self, sessions: Sequence[Session], stack: Stack) -> None:
        self._sessions = sessions
        self._weights = stack.trained
        self._shadows = [torch.zeros_like(w, requires_grad=False) for w in self._weights]
        # penalties reach weight matrices alone, as those of `tuiwb.optim.regularizers` do
        self._matrices = [w for w in self._weights if w.ndim >= 3]
        self._groups: list[tuple[slice, list[Tensor]]] = []
        groups: list[dict[str, Any]] = []
        start = 0
        for _, same in groupby(sessions, key=lambda session: order(session.spec)):
            members = list(same)
            part = slice(start, start + len(members))
            start = part.stop
            mine = [shadow[part] for shadow in self._shadows]
            self._groups.append((part, mine))
            groups.append({"params": mine, **_options(members[0].spec), "lr": 1.0})
        first = sessions[0]
        fused = first.device.device.type in ("cpu", "cuda")
        component = SHELVES["optim"].load(first.spec.optim.name)
        self._optimizer: torch.optim.Optimizer = component.build(groups, first.spec.optim, fused)
        self._take_over()
        self._columns: dict[tuple[tuple[float, ...], int], Tensor] = {}

    def step(self, lrs: Sequence[float]) -> None:
        """Move every member by its gradient, after `penalise`; the gradients are gone then."""
        self._decay(lrs)
        for part, shadows in self._groups:
            for weight, shadow in zip(self._weights, shadows, strict=True):
                shadow.grad = None if weight.grad is None else weight.grad[part]
        self._optimizer.step()
        with torch.no_grad():
            for weight, shadow in zip(self._weights, self._shadows, strict=True):
                if weight.grad is not None:
                    weight.addcmul_(shadow, self._column(lrs, weight))
            torch._foreach_zero_(self._shadows)
        for weight in self._weights:
            weight.grad = None

    def norms(self) -> Tensor | None:
        """The norm of each gradient of each member, shape (gradients, M)."""
        gradients = [w.grad for w in self._weights if w.grad is not None]
        if not gradients:
            return None
        return torch.stack([torch.linalg.vector_norm(g.flatten(1), dim=1) for g in gradients])

    def clip(self, norms: Tensor, largest: Sequence[float]) -> None:
        """As `tuiwb.engine.clip`, for each member by its own ``largest``; 0 is off."""
        bound = self._column([x or float("inf") for x in largest], norms[0])
        factor = torch.clamp(bound / (torch.linalg.vector_norm(norms, dim=0) + 1e-6), max=1.0)
        if not all(largest):
            # a norm that is not finite must not reach members that are not clipped
            factor = torch.where(bound.isinf(), torch.ones_like(factor), factor)
        for weight in self._weights:
            if weight.grad is not None:
                weight.grad.mul_(factor.view(-1, *[1] * (weight.ndim - 1)))

    @torch.no_grad()
    def penalise(self) -> None:
        """Add the gradients of every member's L1 and L2 penalty, after clipping."""
        l1 = [session.regularizer.l1 for session in self._sessions]
        l2 = [session.regularizer.l2 for session in self._sessions]
        for weight in self._matrices if any(l1) or any(l2) else ():
            if weight.grad is None:
                continue
            if any(l1):
                weight.grad.addcmul_(weight.sign(), self._column(l1, weight))
            if any(l2):
                weight.grad.addcmul_(weight, self._column(l2, weight))

    def give_back(self) -> None:
        """Put every member's part of the state into its own optimiser, as a view: a checkpoint of
        it is an ordinary one, and another `Update` goes on from there."""
        for part, shadows in self._groups:
            for row, session in enumerate(self._sessions[part]):
                own = session.optimizers[0].state
                parameters = [p for p in session.model.parameters() if p.requires_grad]
                for parameter, shadow in zip(parameters, shadows, strict=True):
                    if (state := self._optimizer.state.get(shadow)) is not None:
                        own[parameter] = {
                            key: value[row] if _is_like(value, shadow) else value
                            for key, value in state.items()
                        }

    @torch.no_grad()
    def _decay(self, lrs: Sequence[float]) -> None:
        decays = [session.regularizer.weight_decay for session in self._sessions]
        if any(decays):
            factors = [1 - lr * decay for lr, decay in zip(lrs, decays, strict=True)]
            for weight in self._matrices:
                if weight.grad is not None:
                    weight.mul_(self._column(factors, weight))

    def _column(self, values: Sequence[float], like: Tensor) -> Tensor:
        """One value a member, in a shape that multiplies ``like``."""
        key = (tuple(values), like.ndim)
        if key not in self._columns:
            if len(self._columns) > 8 * like.ndim:
                self._columns.clear()  # a schedule never comes back
            column = torch.tensor(key[0], dtype=like.dtype, device=like.device)
            self._columns[key] = column.view(-1, *[1] * (like.ndim - 1))
        return self._columns[key]

    def _take_over(self) -> None:
        for part, shadows in self._groups:
            members = self._sessions[part]
            lists = [[p for p in s.model.parameters() if p.requires_grad] for s in members]
            for shadow, *own in zip(shadows, *lists, strict=True):
                states = [s.optimizers[0].state.get(p) for s, p in zip(members, own, strict=True)]
                if any(states):
                    self._optimizer.state[shadow] = _stacked(states, shadow)


def _stacked(states: Sequence[Mapping[str, Any] | None], shadow: Tensor) -> dict[str, Any]:
    known = [state for state in states if state]
    stacked: dict[str, Any] = {}
    for key in dict.fromkeys(key for state in known for key in state):
        values = [(state or {}).get(key) for state in states]
        sample = next((value for value in values if value is not None), None)
        if isinstance(sample, Tensor) and sample.shape == shadow.shape[1:] and key != "step":
            # whose figure is yet to come begins with zero, as torch's own do
            stacked[key] = torch.stack(
                [torch.zeros_like(sample) if value is None else value for value in values]
            )
        else:
            stacked[key] = sample.clone() if isinstance(sample, Tensor) else sample
    return stacked


def _is_like(value: object, shadow: Tensor) -> bool:
    return isinstance(value, Tensor) and value.shape == shadow.shape and value.ndim > 0


def _options(spec: Spec) -> dict[str, Any]:
    options: dict[str, Any] = SHELVES["optim"].load(spec.optim.name).options(spec.optim)
    return options


def order(spec: Spec) -> str:
    """Members with the same one share all figures of the optimiser but the learning rate."""
    return repr({**_options(spec), "lr": 1.0})


def linear_in_lr(knobs: OptimKnobs) -> bool:
    """Whether an optimiser's update is its learning rate times what the rate does not change.

    Tried out: three steps of the same gradients with two rates, and on other weights.
    """
    component = SHELVES["optim"].load(knobs.name)
    draws = torch.Generator().manual_seed(0)
    gradients = torch.randn(3, 7, generator=draws)
    moved = []
    for lr, start in ((1.0, 0.0), (0.25, 2.0)):
        weight = torch.full((7,), start)
        group = {"params": [weight], **component.options(knobs), "lr": lr}
        optimizer = component.build([group], knobs)
        way = []
        for gradient in gradients:
            before = weight.clone()
            weight.grad = gradient.clone()
            optimizer.step()
            way.append((weight - before) / lr)
        moved.append(torch.stack(way))
    return torch.allclose(moved[0], moved[1], rtol=1e-3, atol=1e-5)
