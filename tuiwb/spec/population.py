"""In what the members of a population may differ: one batched program trains them all.

The program is one: data, architecture, loss and number of steps are shared. What it keeps for each
member by itself may differ: every figure of the optimiser and of the schedule, penalties, clipping,
dropout, augmentation, the seed, how weights begin, and when a member is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

from tuiwb.base.errors import UserError
from tuiwb.spec.branch import differences
from tuiwb.spec.knobs import fields
from tuiwb.spec.resolve import SECTIONS
from tuiwb.spec.sections import Spec

OWN_SECTIONS = ("about", "init", "schedule", "regularize")
"""A member's own: init only draws the weights that a member begins with."""
OWN_KEYS = ("train.seed",)
SHARED_KEYS = ("probe.budget",)
"""Hot knobs of which a population has one: it is watched as one program."""
SHARED_HOT = ("loss", "task")
"""Sections whose knobs reach into the one program, hot or not."""


def check_population(specs: Sequence[Spec]) -> None:
    """Raise a `UserError` for the first knob in which ``specs`` differ and may not."""
    first = specs[0]
    for number, other in enumerate(specs[1:], start=2):
        for key, (here, there) in differences(first, other).items():
            if not may_differ(first, key):
                raise UserError(
                    f"{key} cannot vary in a population: {_why(first, key)}",
                    where=f"member {number}",
                    found=f"{key} = {there}, and {here} in the first",
                    allowed=", ".join(own_keys(first)),
                    next="train these as runs of their own: a sweep without --population",
                )


def own_keys(spec: Spec) -> tuple[str, ...]:
    """``section.name`` of every knob in which members may differ."""
    return tuple(
        key
        for section in SECTIONS
        if section != "about"
        for info in fields(type(getattr(spec, section)))
        if may_differ(spec, key := f"{section}.{info.name}")
    )


def may_differ(spec: Spec, key: str) -> bool:
    """Whether members of a population may have different values of this knob."""
    section, _, name = key.partition(".")
    if section in OWN_SECTIONS or key in OWN_KEYS:
        return True
    if section in SHARED_HOT or key in SHARED_KEYS:
        return False
    if section == "optim":
        return name != "name"
    return _tier(spec, section, name) == "hot"


def _tier(spec: Spec, section: str, name: str) -> str:
    tiers = {info.name: info.tier for info in fields(type(getattr(spec, section)))}
    return tiers.get(name, "restart")


def _why(spec: Spec, key: str) -> str:
    section, _, name = key.partition(".")
    if section in SHARED_HOT:
        return "it is part of the one program that trains all members"
    if key in SHARED_KEYS:
        return "a population is watched as one program"
    if _tier(spec, section, name) == "restart":
        return "it is of the tier restart, and makes another program or other data"
    return "all members make the same steps, of as many samples, by one optimiser"
