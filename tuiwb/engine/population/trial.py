"""Whether a model can be trained as a population: tried, and held to what a member alone gives."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from tuiwb.base.errors import UserError
from tuiwb.engine.build import Session
from tuiwb.engine.population.forward import Forward, Layered, Mapped
from tuiwb.engine.population.layers import Unknown
from tuiwb.engine.population.stack import Stack
from tuiwb.engine.population.update import linear_in_lr
from tuiwb.spec.own import is_own

CLOSE = 1e-4
"""Largest relative difference between a member in the population and alone, of loss and gradient:
sums in another order differ by a hundredth of it, anything else by far more."""
CLOSE_BF16 = 3e-2


class NotBatched(UserError):
    """This model cannot be trained as a population; the message says why."""


def obstacle(session: Session) -> str:
    """What stands against a population whatever the forward pass is like; empty where nothing."""
    spec = session.spec
    if spec.optim.needs_closure:
        return f"the optimiser {spec.optim.name} asks for the loss several times a step"
    if len(session.turns) > 1 or session.turns[0].times > 1 or hasattr(session.task, "turns"):
        return f"a step of the task {spec.task.name} is more than one update of all weights"
    if is_own(spec.model.name):
        return f"nothing is known of what {spec.model.name} keeps and draws"
    if spec.train.accumulate > 1:
        return "gradients are accumulated over parts of a batch"
    if not linear_in_lr(spec.optim):
        return f"an update of {spec.optim.name} is not in proportion to the learning rate"
    return ""


def forward_of(
    sessions: Sequence[Session], stack: Stack, generators: Sequence[torch.Generator]
) -> Forward:
    """The forward pass for these members; nothing of them has changed when this returns.

    Raises `NotBatched` where no way gives what the first and the last member give alone.
    """
    if why := obstacle(sessions[0]):
        raise NotBatched(why)
    reasons = []
    ways: tuple[type[Forward], ...] = (Layered, Mapped)
    for way in ways:
        try:
            forward = way(sessions, stack, generators)
            why = _differs(forward, sessions, stack, generators)
        except Unknown as unknown:
            why = f"{unknown} is not among the layers that are known"
        except (RuntimeError, ValueError, TypeError, AttributeError, IndexError, Warning) as error:
            why = (str(error).splitlines() or [type(error).__name__])[0][:300]
        if not why:
            return forward
        reasons.append(why)
    raise NotBatched(reasons[-1])


def _differs(
    forward: Forward,
    sessions: Sequence[Session],
    stack: Stack,
    generators: Sequence[torch.Generator],
) -> str:
    """In what the first or the last member differs from itself alone; empty where in nothing."""
    first = sessions[0]
    batches = [session.batches.at(session.step) for session in sessions]
    together = (
        torch.stack([inputs for inputs, _ in batches]),
        torch.stack([targets for _, targets in batches]),
    )
    draws = [generator.get_state() for generator in generators]
    before = {name: buffer.clone() for name, buffer in stack.buffers.items()}
    try:
        with first.device.autocast(), warnings.catch_warnings():
            # what torch maps by a loop over members is no faster than members alone
            warnings.filterwarnings("error", message=".*performance drop.*")
            losses, _ = forward.losses(together, False, first.step)
        if losses.shape != (len(sessions),):
            return f"its loss is of shape {tuple(losses.shape)}, not one number a member"
        losses.sum().backward()
        after = {name: buffer.clone() for name, buffer in stack.buffers.items()}
        _put(stack, before)
        for at in sorted({0, len(sessions) - 1}):
            session = sessions[at]
            with alone(generators[at], draws[at]), session.device.autocast():
                loss, _ = session.turns[0].loss(session.model, batches[at], session.step)
            loss.backward()
            if why := _compared(session, stack, at, losses[at], loss, after):
                return why
        return ""
    finally:
        _put(stack, before)
        for generator, draw in zip(generators, draws, strict=True):
            generator.set_state(draw)
        for session in sessions:
            session.model.zero_grad(set_to_none=True)
        for parameter in stack.parameters.values():
            parameter.grad = None


def _compared(
    session: Session,
    stack: Stack,
    at: int,
    there: Tensor,
    here: Tensor,
    after: Mapping[str, Tensor],
) -> str:
    """Member number ``at``: its loss in the population and alone, its gradients, its buffers."""
    close = CLOSE_BF16 if session.device.autocast_to is not None else CLOSE
    if _far(there, here, close):
        return f"the loss of a member is {float(there):g}, and {float(here):g} alone"
    for name, parameter in session.model.named_parameters():
        gradient = stack.parameters[name].grad
        if (gradient is None) != (parameter.grad is None):
            return f"{name} has a gradient alone or in the population, not in both"
        if gradient is not None and _far(gradient[at], parameter.grad, close):
            return f"the gradient of {name} is not what it is alone"
    for name, buffer in session.model.named_buffers():
        if _far(after[name][at].float(), buffer.float(), close):
            return f"{name} is not what it is alone"
    return ""


def _put(stack: Stack, buffers: Mapping[str, Tensor]) -> None:
    for name, buffer in buffers.items():
        stack.buffers[name].copy_(buffer)


def _far(one: Tensor, other: Tensor | None, close: float) -> bool:
    assert other is not None
    apart = torch.linalg.vector_norm((one.detach() - other.detach()).float())
    return not bool(apart <= close * torch.linalg.vector_norm(other.detach().float()) + 1e-6)


@contextmanager
def alone(generator: torch.Generator, state: Tensor | None = None) -> Iterator[None]:
    """The global generator draws as the member's own does, from ``state`` where it is given; the
    member's goes on from there, and the global one is as before at the end."""
    outside = torch.get_rng_state()
    torch.set_rng_state(generator.get_state() if state is None else state)
    try:
        yield
    finally:
        generator.set_state(torch.get_rng_state())
        torch.set_rng_state(outside)
