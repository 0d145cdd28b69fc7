"""A sweep as it was asked for: a preset, what varies, who chooses, how many, and what is judged."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any

import msgspec

from tuiwb.base.errors import UserError, nearest
from tuiwb.search import space
from tuiwb.search.pruners import PRUNERS
from tuiwb.search.samplers import SAMPLERS
from tuiwb.spec import Resolved, resolve
from tuiwb.spec.population import check_population
from tuiwb.spec.toml import literal, read

MOST = 1_000_000
"""Trials of one sweep."""
UPWARDS = ("accuracy", "r2", "f1", "precision", "recall", "auc", "iou", "score", "map", "share")
"""Ends of the names of metrics of which more is better."""
_IN_WORDS = {
    "int": "a whole number", "str": "a text", "array": "a list of texts", "bool": "true or false",
}  # fmt: skip
FORM = """\
preset = "mlp-digits"
space  = ["optim.lr=log:1e-4:1e-1", "model.width=32,64,128"]
trials = 40"""


class Sweep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a sweep file says; `check` holds it against the preset."""

    preset: str
    space: tuple[str, ...]
    trials: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 20
    set: tuple[str, ...] = ()
    sampler: str = "tpe"
    pruner: str = "none"
    metric: str = "val_loss"
    pick: str = ""
    """``lowest`` or ``highest``; empty goes by the metric's name."""
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**31)] = 0
    jobs: Annotated[int, msgspec.Meta(ge=1, le=256)] = 1
    population: bool = False

    @property
    def falling(self) -> bool:
        """Whether less of the metric is better."""
        return self.pick == "lowest" if self.pick else not self.metric.endswith(UPWARDS)

    @property
    def digest(self) -> str:
        """The same for two sweeps that have the same trials; how many at a time is no part."""
        alike = msgspec.structs.replace(self, jobs=1)
        return hashlib.sha256(msgspec.json.encode(alike)).hexdigest()[:16]

    def to_toml(self) -> str:
        """The sweep as a file that `read_sweep` reads."""
        fields = msgspec.structs.asdict(self)
        return "".join(f"{key} = {literal(value)}\n" for key, value in fields.items() if value)


def is_sweep(path: Path) -> bool:
    """Whether a TOML file holds a sweep and not a preset: it has a space at its top."""
    return path.suffix == ".toml" and path.is_file() and "space" in read(path)


def read_sweep(path: Path) -> Sweep:
    """The sweep in a TOML file; what is wrong with it is a `UserError`."""
    tables, known = read(path), Sweep.__struct_fields__
    for key in tables:
        if key not in known:
            raise UserError(
                f"a sweep has no {key!r}",
                where=str(path),
                found=key,
                allowed=", ".join(known),
                nearest=nearest(key, known),
            )
    return convert(tables, str(path))


def convert(fields: dict[str, Any], where: str) -> Sweep:
    """A sweep from its fields; what is wrong with one is a `UserError`."""
    try:
        return msgspec.convert(fields, Sweep)
    except msgspec.ValidationError as error:
        said, _, key = str(error).partition(" - at `$.")
        key = key.rstrip("`").partition("[")[0]
        if key not in fields:
            raise UserError(f"that is no sweep: {error}", where=where, allowed=FORM) from None
        wanted = said.removeprefix("Expected ").partition(", got")[0].replace("`", "")
        for theirs, ours in _IN_WORDS.items():
            wanted = wanted.replace(theirs, ours)
        raise UserError(
            f"that is no sweep: {key} is not what it may be",
            where=f"{where}, {key}",
            found=repr(fields[key]),
            allowed=wanted,
        ) from None


def check(sweep: Sweep, where: str = "") -> tuple[Resolved, space.Space]:
    """The preset as all trials have it, and the space; everything that can be known to be wrong
    before a trial is trained is a `UserError`."""
    for name, known, noun in (
        (sweep.sampler, SAMPLERS, "sampler"),
        (sweep.pruner, PRUNERS, "pruner"),
        (sweep.pick or "lowest", ("lowest", "highest"), "pick"),
    ):
        if name not in known:
            raise UserError(
                f"unknown {noun} {name!r}",
                where=where or f"--{noun}",
                found=repr(name),
                allowed=", ".join(known),
                nearest=nearest(name, known),
                next="tpe and gp learn from the trials before" if noun == "sampler" else "",
            )
    base = resolve(sweep.preset, sweep.set)
    over = space.parse(sweep.space, sweep.preset, sweep.set, where or "--space")
    fixed = {text.partition("=")[0].strip() for text in sweep.set}
    for axis in over.axes:
        if axis.key in fixed:
            raise UserError(
                f"{axis.key} is set and varies",
                where=where or "--set and --space",
                found=axis.key,
                allowed="a knob either has one value for all trials or is searched",
                next=f"leave out -s {axis.key} or --space {axis.key}",
            )
    if sweep.sampler == "grid":
        over.grid(sweep.trials)  # says where it does not fit
    if sweep.population:
        _together(sweep, over)
    return base, over


def _together(sweep: Sweep, over: space.Space) -> None:
    """What one program can train at a time: a `UserError` where this sweep asks for more."""
    for axis, text in zip(over.axes, sweep.space, strict=True):
        ends = axis.points(2)[:2]
        try:
            check_population(
                [resolve(sweep.preset, [*sweep.set, f"{axis.key}={end}"]).spec for end in ends]
            )
        except UserError as error:
            raise UserError(
                error.what,
                where=f"--population and --space {text}",
                found=error.found,
                allowed=error.allowed,
                next="without --population each trial is a process of its own",
            ) from None
    if sweep.sampler not in ("grid", "random", "qmc"):
        raise UserError(
            f"--population trains all trials at once, and {sweep.sampler} learns from those before",
            where="--population",
            found=f"--sampler {sweep.sampler}",
            allowed="grid, random, qmc",
        )
