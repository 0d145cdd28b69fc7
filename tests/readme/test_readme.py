"""README is true: its commands, keys and options are the program's, its lines are what CI runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.cli.recorded import record
from tests.readme.reference import README, commands, rewritten
from tuiwb.spec import presets

ROOT = README.parent
TEXT = README.read_text("utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
LINES = [line for block in BLOCKS for line in block.splitlines()]
ONE_LINERS = [line for line in LINES if line.startswith("python3 -m venv")]


def test_tables_are_the_program_s() -> None:
    assert rewritten(TEXT) == TEXT, "run: python -m tests.readme.reference"


def test_two_lines_do_all_their_set_up() -> None:
    run, test = ONE_LINERS
    assert run.endswith("&& .venv/bin/tuiwb run mlp-digits")
    assert test.endswith("&& .venv/bin/python -m pytest")
    for line in ONE_LINERS:
        assert "-c constraints.txt" in line


def test_ci_runs_the_same_test_line_as_it_stands() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert ONE_LINERS[1] in [line.strip() for line in script.splitlines()]


LAST = [shlex.split(line.rpartition("&& ")[2], comments=True) for line in LINES]
TYPED = [words[1:] for words in LAST if words and words[0] in ("tuiwb", ".venv/bin/tuiwb")]


@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_every_command_line_in_it_is_one_that_the_program_takes(words: list[str]) -> None:
    if not words:
        return  # the workbench
    known = commands()
    assert words[0] in known
    options = {name for param in known[words[0]].params for name in param.opts}
    assert {word for word in words if word.startswith("-")} <= options
    if words[0] == "run":
        assert words[1] in {info.name for info in presets()}


def test_the_python_example_runs(own_world: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    record(own_world / "runs")
    names: dict[str, Any] = {}
    exec(example, names)
    assert len(names["curve"].x) == 100


def test_the_command_lines_were_found() -> None:
    assert [] in TYPED
    assert len(TYPED) > 5
