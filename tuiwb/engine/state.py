"""What a loop depends on, taken out of it and put back: after `restore` it goes on, on a CPU bit
for bit, as if it had never been interrupted.

Batches, augmentation, schedule and stages are pure functions of the seed and the step, so that
neither needs keeping. What draws from a global generator (dropout, latents, negative samples,
masks, Gibbs chains) needs its state; persistent chains are buffers of their model.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import torch
from torch.nn.parameter import is_lazy

from tuiwb.base.errors import UserError, nearest
from tuiwb.engine.build import Session
from tuiwb.engine.retune import without_velocity
from tuiwb.engine.staging import Staging
from tuiwb.probes.shards import dealt
from tuiwb.spec.declarations import SHELVES
from tuiwb.spec.knobs import fields

if TYPE_CHECKING:
    from tuiwb.engine.device import Device
    from tuiwb.engine.loop import Loop

FORMAT = 2
"""1 had step, spec, model, optimisers, early stopping and torch's random state alone."""


def state_of(loop: Loop) -> dict[str, Any]:
    """A copy, on the CPU, of everything that the next step depends on."""
    copied: dict[str, Any] = Staging().take(live(loop)).state
    return copied


def restore(loop: Loop, state: Mapping[str, Any]) -> None:
    """Put ``state`` into a loop whose session has just been built; its tensors may be taken over.

    The session's spec holds, where it differs from the state's in hot or branch knobs: an optimiser
    of another name, with other knobs of the branch tier or of other turns begins anew. A state of
    another model is a `UserError` that names the first parameter that differs, and nothing has
    changed then.
    """
    session, known = loop.session, _spec(state)
    _fits(session, state)
    own = _weights(session)
    session.model.load_state_dict(_dealt(state["model"], own), strict=False)  # `_fits` was strict
    _optimizers(session, state, known)
    session.step = int(state["step"])
    loop.checkpoints.goes_on_from(session.step)
    stopping = dict(state["early_stopping"])
    if stopping["weights"] is not None:
        stopping["weights"] = _dealt(stopping["weights"], own)
    loop.stopping.load_state_dict(stopping, known["train"]["patience"])
    loop.watch.load_state_dict(state.get("watch", {}))
    loop.pictures.load_state_dict(state.get("pictures", {}))
    loop.metrics = dict(state.get("metrics", {}))
    loop.evaluated = int(state.get("evaluated", session.step))
    loop.owed = bool(state.get("owed", False))
    loop.not_finite = int(state.get("not_finite", 0))
    train = msgspec.to_builtins(session.spec.train)
    if all(train[key] == known["train"][key] for key in ("steps", "patience", "stop_when")):
        loop.ended = str(state.get("ended", ""))
    _put_random(state["random"], session.device)


def live(loop: Loop) -> dict[str, Any]:
    """What `state_of` copies: its tensors are still those that train."""
    session = loop.session
    return {
        "format": FORMAT,
        "step": session.step,
        # the one in force: hot knobs may have been set since the run began
        "spec": msgspec.to_builtins(session.spec),
        "model": _weights(session),
        "optimizers": [optimizer.state_dict() for optimizer in session.optimizers],
        "early_stopping": loop.stopping.state_dict(),
        "watch": loop.watch.state_dict(),
        "pictures": loop.pictures.state_dict(),
        "metrics": dict(loop.metrics),
        "evaluated": loop.evaluated,
        "owed": loop.owed,
        "not_finite": loop.not_finite,
        "ended": loop.ended,
        "random": _random(session.device),
    }


def _weights(session: Session) -> dict[str, Any]:
    """All but those that no forward pass has given a shape yet."""
    weights = session.model.state_dict(keep_vars=True)
    return {name: value for name, value in weights.items() if not is_lazy(value)}


def _dealt(weights: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Of whole weights what this process keeps of them: all, or its part."""
    return {
        name: dealt(value, own[name]) if name in own and isinstance(value, torch.Tensor) else value
        for name, value in weights.items()
    }


def _random(device: Device) -> dict[str, Any]:
    version, words, gauss = random.getstate()
    _, keys, *rest = np.random.get_state(legacy=True)
    return {
        "torch": torch.get_rng_state(),
        "cuda": [torch.cuda.get_rng_state(device.device)] if device.is_cuda else [],
        "mps": [torch.mps.get_rng_state()] if device.device.type == "mps" else [],
        # the library's own draws are torch's; a module of the user's may draw from these
        "python": [version, list(words), gauss],
        "numpy": [torch.from_numpy(np.asarray(keys, np.int64)), *rest],
    }


def _put_random(states: Mapping[str, Any], device: Device) -> None:
    torch.set_rng_state(states["torch"])
    if device.is_cuda and states.get("cuda"):
        kept = states["cuda"]  # of all devices where the first format wrote it
        index = device.device.index or 0
        torch.cuda.set_rng_state(kept[index if index < len(kept) else 0], device.device)
    if device.device.type == "mps" and states.get("mps"):
        torch.mps.set_rng_state(states["mps"][0])
    if "python" in states:
        version, words, gauss = states["python"]
        random.setstate((version, tuple(words), gauss))
    if "numpy" in states:
        keys, *rest = states["numpy"]
        np.random.set_state(("MT19937", keys.numpy().astype(np.uint32), *rest))


def _spec(state: Mapping[str, Any]) -> dict[str, Any]:
    """The state's own spec; something that is no state of a run is a `UserError`."""
    lacking = [
        key
        for key in ("step", "spec", "model", "optimizers", "early_stopping", "random")
        if key not in state
    ]
    if lacking:
        raise UserError(
            "this checkpoint does not hold what training needs to go on",
            found=f"no {', '.join(lacking)}",
            next="take another checkpoint of the same run",
        )
    if int(state.get("format", 1)) > FORMAT:
        raise UserError(
            "this checkpoint was written by a newer version",
            found=f"format {state['format']}",
            allowed=f"format {FORMAT} or older",
            next="go on with the version that wrote it",
        )
    spec: dict[str, Any] = state["spec"]
    return spec


def _fits(session: Session, state: Mapping[str, Any]) -> None:
    """Whether the state's weights are those of this model, in the model's own order."""
    own = _weights(session)
    kept: Mapping[str, Any] = state["model"]
    for name in [*own, *(name for name in kept if name not in own)]:
        here, there = (_shape(tensors.get(name)) for tensors in (own, kept))
        if here != there:
            raise UserError(
                "the checkpoint is of another model",
                where=name,
                found=f"{there or 'nothing'} in the checkpoint",
                allowed=f"{here or 'nothing'} in this spec's model {session.spec.model.name}",
                nearest=nearest(name, [n for n in kept if n not in own]) if not there else "",
                next="only knobs of the tiers hot and branch may differ from the checkpoint's spec",
            )


def _shape(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, torch.Tensor):
        return type(value).__name__
    return f"shape {list(value.shape)}"


def _optimizers(session: Session, state: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """The optimisers' moving figures; their settings are the spec's."""
    now = msgspec.to_builtins(session.spec.optim)
    tiers = {info.name: info.tier for info in fields(type(session.spec.optim))}
    differ = {key for key in {*now, *known["optim"]} if now.get(key) != known["optim"].get(key)}
    kept = state["optimizers"]
    if any(tiers.get(key) != "hot" for key in differ) or len(kept) != len(session.optimizers):
        return
    options = SHELVES["optim"].load(session.spec.optim.name).options(session.spec.optim)
    for optimizer, saved in zip(session.optimizers, kept, strict=True):
        groups = optimizer.state_dict()["param_groups"]
        moving = [weight for group in optimizer.param_groups for weight in group["params"]]
        figures = {
            number: {
                key: dealt(value, moving[number])
                if isinstance(value, torch.Tensor) and value.shape == moving[number].shape
                else value
                for key, value in kept.items()
            }
            for number, kept in saved["state"].items()
        }
        optimizer.load_state_dict({"state": figures, "param_groups": groups})
        if options.get("momentum") == 0:
            without_velocity(optimizer)
