"""``lesson``: train what goes wrong beside what puts it right."""

from __future__ import annotations

import shlex
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from tuiwb.base.text import one_line
from tuiwb.cli import output
from tuiwb.cli.options import Device, Interval, Jobs, Json, Runs, runs_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuiwb.run.view import RunView
    from tuiwb.spec.lessons import Lesson

PLACE = 2
app = typer.Typer()

MISSED = 1
"""Exit code where a check of the lesson is not met."""


@app.command()
def lesson(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="LESSON", help="A lesson's name or a TOML file; without it, the list."
        ),
    ] = None,
    jobs: Jobs = 1,
    device: Device = None,
    json: Json = False,
    runs: Runs = None,
    interval: Interval = 5.0,
) -> int:
    """Train a lesson's runs, sick and cured, overlay them and check what they show.

    Exit code 0 where every check is met, 1 where one is not. Without a name: the lessons there are.
    """
    if name is None:
        _list(json)
        return 0
    from tuiwb.cli import lessons
    from tuiwb.cli.following import Detached, Interrupted, wait_all
    from tuiwb.client.warm import Warm
    from tuiwb.spec.lessons import lesson as read

    what = read(name)
    try:
        with Warm() as warm:
            starts = lessons.starts(name, what, runs_folder(runs), device=device, standby=warm)
            ended = wait_all(starts, jobs, interval)
    except Detached:
        output.say("the run that has begun goes on; tuiwb ls lists it")
        return 130
    except Interrupted as interruption:
        output.say(f"{name}: {interruption}")
        return 130
    from tuiwb.client.lessons import judge

    views = dict(zip(what.labels, ended, strict=True))
    judged = judge(what, views)
    facts = lessons.report(name, what, views, judged)
    if json:
        output.emit_json(facts)
    else:
        output.emit(_heading(what))
        _draw(what, views)
        search = facts["search"]
        table = lessons.search_table(search) if search else lessons.runs_table(facts)
        output.emit(f"\n{table}\n\n{lessons.checks_table(judged)}")
        again = f"tuiwb lesson {shlex.quote(name)}"
        output.emit(f"\n{again}: {'all checks met' if facts['met'] else 'NOT all checks met'}")
    return 0 if facts["met"] else MISSED


def _list(json: bool) -> None:
    from tuiwb.spec.lessons import lessons

    found = list(lessons())
    if json:
        output.emit_json(
            [
                {
                    "name": name,
                    "title": lesson.about.title,
                    "paper": lesson.about.paper,
                    "story": lesson.about.story,
                    "look_at": lesson.about.look_at,
                    "runs": list(lesson.labels),
                }
                for name, lesson in found
            ]
        )
        return
    blocks = []
    for name, lesson in found:
        blocks.append(one_line(f"{name}  {lesson.about.title}"))
        blocks += _wrapped(f"{', '.join(lesson.names)}. {lesson.about.look_at}")
    output.emit("\n".join(blocks))


def _heading(lesson: Lesson) -> str:
    about = lesson.about
    parts = [
        one_line(about.title),
        *_wrapped(about.story),
        *_wrapped(f"Look at: {about.look_at}"),
        *_wrapped(f"After: {about.paper}"),
    ]
    return "\n".join(parts) + "\n"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(one_line(text), _width(), initial_indent="  ", subsequent_indent="  ")


def _width() -> int:
    if not sys.stdout.isatty():
        return 100
    return max(20, min(100, shutil.get_terminal_size((80, 24)).columns))


def _draw(lesson: Lesson, views: Mapping[str, RunView]) -> None:
    from tuiwb.client.overlay import series
    from tuiwb.plots.overlay import overlay
    from tuiwb.plots.static import render

    width, height = _width(), max(5, min(16, _width() // 4))
    for column in lesson.overlay:
        figure = overlay(column, series(column, views))
        output.paint(render(figure, width, height, output.shows_colour(), output.shows_unicode()))
