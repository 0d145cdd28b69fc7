"""Knobs as the reading wing sees them are the knobs that the training wing gets."""

from __future__ import annotations

import msgspec
import pytest

from tests.contracts.making import ALL, knobs, module
from tuiwb.spec.declarations import declared
from tuiwb.spec.knobs import fields

TRAITS = (
    "gives",
    "serves",
    "takes",
    "tasks",
    "targets",
    "own_models",
    "brings_loss",
    "one_loss",
    "has_dropout",
    "single",
    "state_per_parameter",
    "needs_closure",
)


@pytest.mark.parametrize(("section", "name"), ALL)
def test_source_and_module_declare_the_same(section: str, name: str) -> None:
    source, imported = declared(section, name), module(section, name).Knobs
    assert fields(source) == fields(imported)
    assert source.__struct_fields__ == imported.__struct_fields__
    for trait in TRAITS:
        assert getattr(source, trait, None) == getattr(imported, trait, None)
    assert source.__doc__ == imported.__doc__


@pytest.mark.parametrize(("section", "name"), ALL)
def test_every_knob_is_told_in_full(section: str, name: str) -> None:
    for info in fields(declared(section, name)):
        assert info.help, info.name
        assert not info.help.endswith("."), info.name
        assert info.tier in ("hot", "branch", "restart")
        if info.kind in ("int", "float", "list"):
            assert info.low is not None, f"{info.name} has no lower end"
        if info.scale == "log" and info.high is not None:
            assert info.high / max(info.low or 0, 1e-9) > 5, info.name
        if info.name != "name":
            assert info.default is not None


@pytest.mark.parametrize(("section", "name"), ALL)
def test_defaults_are_allowed_and_survive_a_round_trip(section: str, name: str) -> None:
    made = knobs(section, name)
    again = msgspec.convert(msgspec.to_builtins(made), type(made))
    assert again == made
    hash(made)


@pytest.mark.parametrize(("section", "name"), ALL)
def test_every_component_says_what_it_is(section: str, name: str) -> None:
    loaded = module(section, name)
    assert loaded.__doc__ and len(loaded.__doc__) > 40
    for public in (v for k, v in vars(loaded).items() if not k.startswith("_")):
        if callable(public) and getattr(public, "__module__", "") == loaded.__name__:
            assert public.__doc__, public
