"""The walls between the rooms, seen from outside: what a process has loaded after an import.

import-linter reads the same walls from the source (`pyproject.toml`); this sees also what comes in
by way of other packages and by imports at run time.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "tuiwb"
TRAINING = ("data", "engine", "models", "optim", "probes", "tasks", "worker")
ADAPTERS = ("lightning.py", "transformers.py")
WATCHING = tuple(
    f"watching/{file.name}"
    for file in sorted((PACKAGE / "watching").glob("*.py"))
    if file.name not in ADAPTERS
)
GROUND = ("base", "spec", "run", "doctor")
SCREENS = {"plotext", "rich", "textual", "typer", "optuna"}


def modules(*rooms: str) -> list[str]:
    """Every module of some rooms (a folder or a file of the package each)."""
    files: list[Path] = []
    for room in rooms:
        path = PACKAGE / room
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    names = (
        ".".join(("tuiwb", *file.relative_to(PACKAGE).with_suffix("").parts)) for file in files
    )
    return [name.removesuffix(".__init__") for name in names]


def loaded(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after ``code``."""
    script = f"import sys\n{code}\nprint(file=sys.stderr)\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


def after_importing(*rooms: str) -> set[str]:
    """What is loaded once every module of some rooms is."""
    return loaded("\n".join(f"import {name}" for name in modules(*rooms)))


def forbidden(found: set[str], *names: str) -> set[str]:
    """Those of ``found`` that are a forbidden package or a part of one."""
    return {m for m in found if any(m == name or m.startswith(f"{name}.") for name in names)}


READING_WALLS = {
    "the reading wing never loads torch or the training wing": (
        (*GROUND, "client", "interop", "plots", "search", "serve", "cli", "tui", "api", "__main__"),
        ("torch", "sklearn", "tuiwb.watching", *(f"tuiwb.{room}" for room in TRAINING)),
    ),
    "plotext waits until something is printed": (
        (*GROUND, "client", "plots", "cli", "tui", "api", "__main__"),
        ("plotext",),
    ),
    "what readers share knows no screen": (
        (*GROUND, "client", "interop", "api"),
        (*SCREENS, "tuiwb.plots", "tuiwb.cli", "tuiwb.tui"),
    ),
    "optuna waits until a trial is asked for": (
        (*GROUND, "client", "search", "cli", "tui", "api"),
        ("optuna",),
    ),
    "tensorboard waits until a folder of its own is read": (
        (*GROUND, "client", "interop", "cli", "tui", "api"),
        ("tensorboard", "google.protobuf"),
    ),
    "a search's trials are runs like any other": (
        ("search",),
        ("rich", "textual", "typer", "tuiwb.plots", "tuiwb.cli", "tuiwb.tui"),
    ),
    "the ground floor knows no client": (GROUND, ("tuiwb.client", "psutil")),
    "base is the standard library": (("base",), ("msgspec", "numpy", "psutil")),
    "spec adds msgspec": (("base", "spec"), ("numpy", "psutil", "tuiwb.run")),
    "plots draws whatever it is handed": (
        ("base", "plots"),
        ("rich", "textual", "typer", "msgspec", "tuiwb.run", "tuiwb.spec", "tuiwb.client"),
    ),
    "the command line waits for the screen until it is asked for": (("cli",), ("textual",)),
    "the screen knows no command line": (("tui",), ("typer", "tuiwb.cli")),
    "the server waits until it is asked for": (("cli", "tui", "api"), ("aiohttp", "textual_serve")),
    "the server starts the screen by its command line": (("serve",), ("textual", "tuiwb.tui")),
}


@pytest.mark.slow
@pytest.mark.parametrize("wall", READING_WALLS)
def test_reading_wing(wall: str) -> None:
    rooms, banned = READING_WALLS[wall]
    there = [room for room in rooms if modules(room)]
    assert not forbidden(after_importing(*there), *banned)


TRAINING_WALLS = {
    "no screen, no reader": (
        TRAINING,
        (
            *SCREENS,
            *(
                f"tuiwb.{room}"
                for room in ("api", "cli", "client", "interop", "plots", "search", "tui")
            ),
        ),
    ),
    "a watched loop knows no screen, no reader and, but for its adapter, no trainer": (
        WATCHING,
        (
            *SCREENS,
            *("accelerate", "lightning", "transformers"),
            *(f"tuiwb.{room}" for room in ("api", "cli", "client", "interop", "plots", "tui")),
        ),
    ),
    "the engine sees no run directory": (
        ("data", "engine", "models", "optim", "probes", "tasks"),
        ("tuiwb.run", "tuiwb.worker"),
    ),
    "models know neither data nor optim": (("models",), ("tuiwb.data", "tuiwb.optim")),
    "optim knows neither data nor models": (("optim",), ("tuiwb.data", "tuiwb.models")),
    "data knows neither models nor optim": (("data",), ("tuiwb.models", "tuiwb.optim")),
}


# torch takes seconds to import: one process does, and a fork of it climbs each wall
FORKS = """
import os, sys
import torch
for imports in {imports!r}:
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        exec(imports)
        print(*sys.modules, flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, imports
"""


@pytest.fixture(scope="module")
def training_wing() -> dict[str, set[str]]:
    """Wall -> the modules that are loaded once its rooms are."""
    imports = [
        "\n".join(f"import {name}" for name in modules(*rooms))
        for rooms, _ in TRAINING_WALLS.values()
    ]
    done = subprocess.run(
        [sys.executable, "-c", FORKS.format(imports=imports)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    lines = [set(line.split()) for line in done.stdout.splitlines()]
    return dict(zip(TRAINING_WALLS, lines, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("wall", TRAINING_WALLS)
def test_training_wing(wall: str, training_wing: dict[str, set[str]]) -> None:
    rooms, banned = TRAINING_WALLS[wall]
    assert set(modules(*rooms)) <= training_wing[wall]
    assert not forbidden(training_wing[wall], *banned)


QUICK = [["--help"], ["--version"], ["run", "--help"], ["presets"], ["run", "no-such-preset"]]


@pytest.mark.parametrize("arguments", QUICK, ids=" ".join)
def test_commands_that_answer_at_once_load_nothing_heavy(arguments: list[str]) -> None:
    found = loaded(f"from tuiwb.cli.main import execute\nexecute({arguments!r})")
    assert not forbidden(
        found, "torch", "textual", "numpy", "rich", "plotext", "psutil", "asyncio", "optuna"
    )


def test_the_way_to_the_first_screen_is_short() -> None:
    """What `tuiwb` alone loads before it hands over to the screen."""
    found = loaded("import tuiwb.cli.main, tuiwb.cli.screen, tuiwb.run.create")
    assert not forbidden(found, "typer", "pydantic", "numpy", "rich")


def test_the_package_itself_loads_next_to_nothing() -> None:
    assert not forbidden(loaded("import tuiwb"), "torch", "textual", "numpy", "msgspec", "typer")


def test_the_walls_see_what_crosses_them() -> None:
    """A wall that finds nothing because it looks at nothing would pass as well."""
    assert "tuiwb.cli.commands.train" in modules("cli")
    assert forbidden(loaded("import numpy"), "numpy")
