"""A network of the user's own, from ``package.module:Class``: imported, called, tried out.

The class is looked for among what is installed and in the folder that the process is in (the one
that the user was in). It gets the knobs of [model] as keyword arguments, and where it has
parameters of these names that no knob fills: ``shape`` (of one sample), ``outputs`` (width of the
answer), ``vocabulary`` (number of tokens) and ``signature`` (`tuiwb.base.signature.Signature`, all
of it). Whatever is wrong with it is a `UserError` that names file and line. Nothing of it is run
that the user has not allowed (`tuiwb.base.consent`).
"""

from __future__ import annotations

import importlib
import inspect
import linecache
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import torch
from torch import nn

from tuiwb.base import consent
from tuiwb.base.errors import UserError, nearest
from tuiwb.base.signature import Signature
from tuiwb.base.source import locate
from tuiwb.spec.sections import ModelKnobs

OFFERED = ("shape", "outputs", "vocabulary", "signature")
"""Parameters that are filled from the data where no knob of the same name does it."""

_brought: set[str] = set()
"""Modules of the user's folder that are loaded; edited, they must be loaded anew."""


def build(knobs: ModelKnobs, signature: Signature) -> nn.Module:
    """The user's network for samples of ``signature``, not yet tried."""
    module_name, _, class_name = knobs.name.partition(":")
    made_by = _found(_imported(module_name, knobs.name), class_name)
    given = {k: v for k, v in msgspec.structs.asdict(knobs).items() if k != "name"}
    arguments = _arguments(knobs.name, made_by, given, signature)
    try:
        model = made_by(**arguments)
    except Exception as error:
        raise _raised(f"{knobs.name} could not be built", error) from None
    if not isinstance(model, nn.Module):
        raise UserError(
            f"{knobs.name} does not make a network",
            where=_place(made_by),
            found=f"a {type(model).__name__}",
            allowed="a torch.nn.Module",
        )
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise UserError(
            f"{knobs.name} has nothing to train",
            where=_place(made_by),
            found="a network without parameters that ask for a gradient",
            allowed="layers kept as attributes, or in an nn.ModuleList where there are many",
        )
    return model


def try_out(name: str, model: nn.Module, signature: Signature) -> None:
    """Two samples of zeros through the network: what comes out must be of the expected shape.

    In eval mode, without gradients, and the random state is put back.
    """
    tokens = signature.kind == "tokens"
    inputs = torch.zeros((2, *signature.shape), dtype=torch.int64 if tokens else torch.float32)
    wanted = (2, *signature.shape, signature.outputs) if tokens else (2, signature.outputs)
    where = _place(type(model).forward)
    training = model.training
    model.eval()
    try:
        with torch.no_grad(), torch.random.fork_rng([]):
            outputs = model(inputs)
    except Exception as error:
        failed = _raised(f"{name} does not take samples of this data", error)
        failed.allowed = f"a forward that takes {_words(inputs)} and returns {_shape(wanted)}"
        raise failed from None
    finally:
        model.train(training)
    if not isinstance(outputs, torch.Tensor):
        raise UserError(
            f"{name} does not return a tensor",
            where=where,
            found=f"a {type(outputs).__name__}",
            allowed=f"a tensor of shape {_shape(wanted)} for {_words(inputs)}",
        )
    if tuple(outputs.shape) != wanted:
        raise UserError(
            f"{name} returns the wrong shape",
            where=where,
            found=f"{_shape(tuple(outputs.shape))} for {_words(inputs)}",
            allowed=f"{_shape(wanted)}: {_meaning(signature)}",
        )
    if not outputs.is_floating_point():
        raise UserError(
            f"{name} returns whole numbers",
            where=where,
            found=str(outputs.dtype),
            allowed="floating-point outputs, which a loss can pull at",
        )


def _imported(name: str, asked: str) -> ModuleType:
    """The module of the class ``asked``, as its file stands now, if it may be run."""
    folder = Path.cwd()
    for old in _brought:
        sys.modules.pop(old, None)
    _brought.clear()
    importlib.invalidate_caches()
    linecache.checkcache()
    if str(folder) not in sys.path:
        # last: what lies there by chance must not come before what is installed
        sys.path.append(str(folder))
    before = set(sys.modules)
    try:
        consent.require(locate(name, folder), asked)
        return importlib.import_module(name)
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name
        if missing and (name == missing or name.startswith(f"{missing}.")):
            files = [f.stem for f in folder.glob("*.py")] + [
                f.parent.name for f in folder.glob("*/__init__.py")
            ]
            raise UserError(
                f"there is no module {missing!r}",
                where="model.name",
                found=f"nothing of this name in {folder}, and nothing installed",
                allowed=", ".join(sorted(files)[:20]) or "a module in this folder, or installed",
                nearest=nearest(str(missing), files),
            ) from None
        raise _raised(f"the module {name!r} could not be imported", error) from None
    finally:
        for new in set(sys.modules) - before:
            file = getattr(sys.modules[new], "__file__", None)
            if file and Path(file).is_relative_to(folder) and "site-packages" not in file:
                _brought.add(new)


def _found(module: ModuleType, name: str) -> Callable[..., Any]:
    there = getattr(module, name, None)
    if callable(there):
        return there
    known = [k for k, v in vars(module).items() if inspect.isclass(v) and issubclass(v, nn.Module)]
    raise UserError(
        f"the module {module.__name__!r} has no class {name!r}",
        where=module.__file__ or module.__name__,
        found=f"{name} is a {type(there).__name__}" if there is not None else "no such name",
        allowed=", ".join(known) or "a class derived from torch.nn.Module",
        nearest=nearest(name, known),
    )


def _arguments(
    name: str, made_by: Callable[..., Any], given: dict[str, Any], signature: Signature
) -> dict[str, Any]:
    try:
        parameters = dict(inspect.signature(made_by).parameters)
    except (TypeError, ValueError):
        return given
    kinds = {parameter.kind for parameter in parameters.values()}
    named = {
        key: p
        for key, p in parameters.items()
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    }
    settable = ", ".join(key for key in named if key not in OFFERED)
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        for key in given:
            if key not in named:
                raise UserError(
                    f"{name} takes no argument {key!r}",
                    where=f"model.{key}; {_place(made_by)}",
                    found=f"{key} = {given[key]!r}",
                    allowed=settable or "no arguments",
                    nearest=nearest(key, named),
                )
    offered = {key: getattr(signature, key) for key in OFFERED if key in named} | given
    missing = [
        key
        for key, p in parameters.items()
        if p.default is p.empty
        and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        and key not in offered
    ]
    if missing:
        raise UserError(
            f"{name} needs arguments that it is not given: {', '.join(missing)}",
            where=_place(made_by),
            found=", ".join(given) or "no knobs in [model] but its name",
            allowed=f"a value for each, or a default; {', '.join(OFFERED)} come from the data",
            next=f"add -s model.{missing[0]}=VALUE",
        )
    return offered


def _raised(what: str, error: BaseException) -> UserError:
    """The user's exception in one line, at the innermost line that is theirs."""
    text = f"{type(error).__name__}: {str(error).splitlines()[0]}" if str(error) else repr(error)
    if isinstance(error, SyntaxError):
        return UserError(what, where=f"{error.filename}, line {error.lineno}", found=text)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not _foreign(f.filename)]
    where = f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else "model.name"
    return UserError(what, where=where, found=text)


def _foreign(file: str) -> bool:
    return (
        file == __file__
        or file.startswith("<")
        or "site-packages" in file
        or file.startswith(str(Path(torch.__file__).parent))
        or file.startswith(str(Path(inspect.__file__).parent))
    )


def _place(thing: Any) -> str:
    """File and line where a class or a function begins."""
    try:
        file, (_, line) = inspect.getsourcefile(thing), inspect.getsourcelines(thing)
    except (OSError, TypeError):
        return str(getattr(thing, "__module__", "model.name"))
    return f"{file}, line {line}"


def _words(inputs: torch.Tensor) -> str:
    kind = "tokens (int64)" if inputs.dtype == torch.int64 else "floats"
    return f"{kind} of shape {_shape(tuple(inputs.shape))}"


def _shape(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join(["B", *map(str, shape[1:])]) + "]" if shape[:1] == (2,) else str(shape)


def _meaning(signature: Signature) -> str:
    if signature.kind == "tokens":
        return "for each position one number for each token that could come next"
    return f"{signature.outputs} numbers for each sample of the batch"
