"""The program as typer has it: with all commands, or with those of the file that is asked for."""

from __future__ import annotations

from typing import Any

import pytest
import typer

from tuiwb.cli.program import build


def commands(asked: str = "") -> dict[str, Any]:
    return dict(typer.main.get_command(build(asked)).commands)  # type: ignore[attr-defined]


ALL = commands()


@pytest.mark.parametrize("name", ALL)
def test_a_command_alone_is_what_it_is_among_all(name: str) -> None:
    alone = commands(name)
    assert len(alone) < len(ALL) / 2
    told, expected = (
        one[name].get_help(typer.Context(one[name], info_name=name)) for one in (alone, ALL)
    )
    assert told == expected


@pytest.mark.parametrize("asked", ["", "--runs", "no-such-command", "lr_find"])
def test_where_none_is_asked_for_all_are_there(asked: str) -> None:
    assert list(commands(asked)) == list(ALL)
