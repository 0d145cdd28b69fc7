"""``tuiwb show --picture``: what a run took pictures of, as one plain frame."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from tuiwb.base.errors import UserError, nearest
from tuiwb.base.text import slug
from tuiwb.cli import output
from tuiwb.cli.strip import strip

if TYPE_CHECKING:
    from pathlib import Path

    from tuiwb.run.view import RunView

LIST = "list"
"""What lists the pictures in place of showing one."""
WIDTH, HEIGHT = 100, 30
"""Of a frame at most."""


def listed(view: RunView) -> list[dict[str, Any]]:
    """The newest picture of each name: ``name`` (as ``--picture`` takes it), ``title``, ``kind``,
    ``step``, ``words``, ``path``. A damaged one has the kind ``damaged``."""
    from tuiwb.run import pictures

    words = _words(view)
    rows = []
    for name, path in _files(view).items():
        stored = pictures.read(path)
        rows.append(
            {
                "name": name,
                "title": stored.name if stored else name,
                "kind": stored.kind if stored else "damaged",
                "step": int(path.name.partition("-")[0]),
                "words": words.get(f"pictures/{path.name}", ""),
                "path": path,
            }
        )
    return rows


def table(view: RunView) -> str:
    """`listed` in columns."""
    head = ("name", "kind", "step", "words")
    rows = [[str(row[key]) for key in head] for row in listed(view)]
    return output.grid(head, rows, right=("step",))


def frame(
    view: RunView,
    name: str,
    colour: bool,
    unicode: bool,
    step: int | None = None,
    discretise: bool = False,
    over_steps: bool = False,
) -> str:
    """The newest picture called ``name`` as text, as wide as there is room; with a ``step``, the
    newest taken by then; of images also a strip ``over_steps``. An unknown name, a step before the
    first picture, or a file that is no picture, is a `UserError`."""
    from tuiwb.plots.show import paint
    from tuiwb.run import pictures

    files = _files(view)
    if not files:
        raise UserError(f"{view.id} has no pictures", next="tuiwb show --plot loss shows a plot")
    path = files.get(slug(name, ""))
    if path is None:
        raise UserError(
            f"no picture {name!r} in {view.id}",
            where=f"--picture {name}",
            found=repr(name),
            allowed=", ".join((*files, LIST)),
            nearest=nearest(name, files),
        )
    if step is not None:
        path = _at(view, slug(name, ""), step)
    stored = pictures.read(path)
    if stored is None:
        raise UserError(f"{path.name} is damaged, or no picture", where=str(path))
    words = _words(view).get(f"pictures/{path.name}", "")
    words = f"step {stored.step}" + (f": {words}" if words else "")
    if over_steps:
        stored, steps = strip(path.parent, slug(name, ""))
        words = f"from the top, steps {', '.join(map(str, steps))}"
    size = shutil.get_terminal_size((80, 24))
    canvas = paint(
        stored.kind,
        stored.arrays,
        max(20, min(WIDTH, size.columns)),
        max(10, min(HEIGHT, size.lines - 1)),
        "braille" if unicode else "ascii",
        colour,
        stored.name,
        words,
        discretise=discretise,
    )
    return (canvas.ansi() if colour else canvas.text()).rstrip()


def _at(view: RunView, name: str, step: int) -> Path:
    """The file of the newest picture taken by ``step``."""
    from tuiwb.run import pictures
    from tuiwb.run.layout import RunPaths

    folder = RunPaths(view.path).pictures
    path = pictures.latest(folder, step).get(name)
    if path is None:
        taken = pictures.steps(folder, name)
        raise UserError(
            f"no picture {name!r} had been taken by step {step}",
            where=f"--step {step}",
            found=f"the first is of step {taken[0]}" if taken else "",
            allowed=_some(taken),
        )
    return path


def _some(steps: list[int]) -> str:
    shown = ", ".join(map(str, steps[:12]))
    return shown if len(steps) <= 12 else f"{shown}, ... {steps[-1]}"


def _files(view: RunView) -> dict[str, Path]:
    from tuiwb.run import pictures
    from tuiwb.run.layout import RunPaths

    return pictures.latest(RunPaths(view.path).pictures)


def _words(view: RunView) -> dict[str, str]:
    """Path of a picture, as the journal has it -> the task's words on it."""
    told = (event for event in view.events if event["kind"] == "picture")
    return {str(event.get("path")): str(event.get("words", "")) for event in told}
