"""Out of memory: what needed how much, what there was, and a smaller run as a command line."""

from __future__ import annotations

import errno
import math
import re
import resource
import shlex
import traceback
from collections.abc import Sequence
from pathlib import Path

import psutil

from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.base.format import number, size
from tuiwb.run.create import called
from tuiwb.run.files import read_small
from tuiwb.spec import Resolved, from_toml
from tuiwb.spec.branch import branched
from tuiwb.spec.sections import Spec
from tuiwb.worker import memory

PLACES: tuple[tuple[str, str, str], ...] = (
    ("tuiwb/data/", "", "loading the data"),
    ("tuiwb/engine/build.py", "", "building the model"),
    ("tuiwb/engine/update.py", "", "the forward pass"),
    ("torch/_tensor.py", "backward", "the backward pass"),
    ("torch/optim/", "step", "the optimiser's update"),
    ("tuiwb/engine/evaluation.py", "", "an evaluation"),
    ("tuiwb/engine/pictures.py", "", "a picture"),
    ("tuiwb/engine/state.py", "", "a checkpoint"),
)
"""File, function (any where empty), and what is done there; the last one that fits is told."""
WHATEVER_THE_BATCH = ("building the model", "the optimiser's update", "a checkpoint")
"""What takes the same memory for any batch."""
_SMALLER = "take a smaller model: see tuiwb describe"
UNITS = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_WANTED = re.compile(r"allocate (\d+(?:\.\d+)?) ?([KMGT])?i?B?(?:ytes)?", re.IGNORECASE)
_FREE = re.compile(r"capacity of ([\d.]+ [KMGT]i?B) of which ([\d.]+ [KMGT]i?B) is free")
_ADAPTIVE = ("adam", "adamw", "adagrad", "rmsprop")


def is_shortage(error: BaseException) -> bool:
    """Whether memory ran out, on whatever device."""
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in text or "can't allocate memory" in text
    )


def shortage(error: BaseException, root: Path) -> UserError:
    """What running out of memory comes to, for the run at ``root``."""
    text = str(error)
    frames = traceback.extract_tb(error.__traceback__)
    doing = _doing(frames)
    wanted = asked(text)
    needed = f" ({size(wanted)} more)" if wanted else ""
    resolved = _spec(root)
    batch = resolved.spec.data.batch_size if resolved is not None else 0
    next, allowed = _remedy(root, resolved, doing)
    return WorkerFailed(
        f"out of memory in {doing or 'training'}{needed}",
        where=f"data.batch_size = {batch}" if batch else "the spec's [data] and [model]",
        found=_found(text),
        allowed=allowed,
        next=next,
    )


def asked(text: str) -> float | None:
    """The bytes that an allocator's message says were asked for."""
    match = _WANTED.search(text)
    return float(match[1]) * UNITS.get((match[2] or "").lower(), 1) if match else None


def _found(text: str) -> str:
    if (card := _FREE.search(text)) is not None:
        return f"the device has {card[1]}, of which {card[2]} are free"
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    bound = f"; this process may have {size(limit)}" if limit != resource.RLIM_INFINITY else ""
    first = text.strip().splitlines()[:1]
    if not first or "alloc" in first[0].lower():
        free = size(psutil.virtual_memory().available)
        return f"the worker had {size(memory.now())}{bound}; {free} are free on this machine"
    return first[0][:300] + bound


def _doing(frames: Sequence[traceback.FrameSummary]) -> str:
    told = ""
    for frame in frames:
        for file, function, words in PLACES:
            if file in frame.filename and function in ("", frame.name):
                told = words
    return told


def _remedy(root: Path, resolved: Resolved | None, doing: str) -> tuple[str, str]:
    """A command line that needs less, and what it means."""
    if resolved is None or doing == "loading the data":
        return "close what else needs memory, or take fewer samples", ""
    if doing in WHATEVER_THE_BATCH:
        return _SMALLER, "weights, gradients and what the optimiser keeps need this for any batch"
    parts = 2 * resolved.spec.train.accumulate
    if not _possible(resolved, f"train.accumulate={parts}", root):
        return _SMALLER, "no fewer samples can be in memory at a time"
    changes = f"-s train.accumulate={parts}"
    meaning = (
        f"the same samples in each step, read in {parts} parts: the same training in half the "
        f"memory for activations; or {_half(resolved.spec)}"
    )
    if newest := max((int(p.name) for p in _steps(root)), default=0):
        return f"tuiwb fork {called(root)} --at {newest} {changes}", meaning
    return f"tuiwb run {shlex.quote(str(root / 'spec.toml'))} {changes}", meaning


def _half(spec: Spec) -> str:
    """Half the batch in words, with its settings: it is another training."""
    batch, half = spec.data.batch_size, spec.data.batch_size // 2
    lr = float(getattr(spec.optim, "lr", 0.0))
    if spec.optim.name in _ADAPTIVE:
        share, rule = math.sqrt(half / batch), "by its square root for an adaptive optimiser"
    else:
        share, rule = half / batch, "in proportion to it"
    changes = f"-s data.batch_size={half} -s optim.lr={number(lr * share, 3)}"
    return f"half the batch, and the learning rate down with it, {rule}: {changes}"


def _possible(resolved: Resolved, setting: str, root: Path) -> bool:
    """Whether the spec takes this setting."""
    try:
        branched(resolved, [setting], root / "spec.toml")
    except UserError:
        return False
    return True


def _steps(root: Path) -> list[Path]:
    try:
        return [path for path in (root / "checkpoints").iterdir() if path.name.isdigit()]
    except OSError:
        return []


def _spec(root: Path) -> Resolved | None:
    try:
        return from_toml(read_small(root / "spec.toml", 1_000_000).decode(), "spec.toml")
    except (OSError, UserError, ValueError):
        return None
