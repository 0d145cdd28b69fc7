"""A network of the user's own: ``model.name = "package.module:Class"``, and the knobs given to it.

What the class takes is known only to the process that imports it. Here a knob is whatever the table
[model] holds beside ``name``: the worker passes each as a keyword argument and checks it against
the signature of the class.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar

import msgspec

from tuiwb.base.errors import UserError
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ModelKnobs

_NAME = re.compile(r"([^\W\d]\w*)(\.[^\W\d]\w*)*:[^\W\d]\w*")
_LISTED = (bool, int, float, str)


class OwnKnobs(ModelKnobs):
    """A network of your own."""

    takes: ClassVar[tuple[str, ...]] = ("vector", "image", "tokens", "sequence", "wave")


def is_own(name: object) -> bool:
    """Whether a component's name is meant as a class of the user's own."""
    return isinstance(name, str) and ":" in name


def check_name(name: str, where: str = "") -> None:
    """A name with a colon that is not ``package.module:Class`` is a `UserError`."""
    if not _NAME.fullmatch(name):
        raise UserError(
            f"not the name of a class: {name!r}",
            where=where,
            found=repr(name),
            allowed="package.module:Class, such as nets:Net for the class Net in nets.py",
        )


def own_knobs(name: str, values: Mapping[str, Any], where: str = "") -> type[ModelKnobs]:
    """The section class for a user's class with these values beside ``name``.

    Equal names and types of values give the same class, so that equal specs are equal.
    """
    check_name(name, where)
    for key, value in values.items():
        if not key.isidentifier():
            raise UserError(
                f"not a name of an argument: {key!r}", where=where, allowed="a Python name"
            )
        items = value if isinstance(value, list | tuple) else (value,)
        for item in items:
            if not isinstance(item, _LISTED):
                raise UserError(
                    f"model.{key} cannot be passed to {name}",
                    where=where,
                    found=str(value),
                    allowed="a number, a text, true or false, or a list of these",
                )
    return _struct(tuple((key, _kind(value)) for key, value in values.items()))


def _kind(value: Any) -> Any:
    return tuple[Any, ...] if isinstance(value, list | tuple) else type(value)


@cache
def _struct(kinds: tuple[tuple[str, Any], ...]) -> type[ModelKnobs]:
    fields = [
        (key, Annotated[kind, knob("passed to your class under this name")]) for key, kind in kinds
    ]
    made: type[ModelKnobs] = msgspec.defstruct(  # type: ignore[assignment]
        "OwnKnobs", fields, bases=(OwnKnobs,), frozen=True, kw_only=True
    )
    return made
