"""``lr-find``: the learning-rate range test."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuiwb.base.format import number
from tuiwb.base.rates import HIGH, LOW, STEPS
from tuiwb.cli import output
from tuiwb.cli.options import AllowCode, Json, PresetName, Settings

if TYPE_CHECKING:
    from tuiwb.search.lr_find import Reading
    from tuiwb.spec import Resolved

PLACE = 1.1
NOTHING = 1
"""Exit code where no curve suggests anything."""
EVERY = 10
"""Steps between two lines of talk."""
app = typer.Typer()


@app.command("lr-find")
def lr_find(
    preset: PresetName,
    set: Settings = None,
    low: Annotated[float, typer.Option("--low", metavar="RATE", help="The lowest rate.")] = LOW,
    high: Annotated[float, typer.Option("--high", metavar="RATE", help="The highest rate.")] = HIGH,
    steps: Annotated[int, typer.Option("--steps", metavar="N", help="Steps of the test.")] = STEPS,
    allow_code: AllowCode = False,
    json: Json = False,
) -> int:
    """Find a learning rate: the loss while the rate grows, and four readings of that curve.

    Short runs around the foot of the fall settle where the valley is. A game of two networks has
    a curve for each, and no such runs. Nothing is trained and no run is made.
    """
    from tuiwb.cli.consent import settle
    from tuiwb.client.range_test import RangeTest
    from tuiwb.search.lr_find import read, settings
    from tuiwb.spec import resolve

    resolved = resolve(preset, set or ())
    test = RangeTest(resolved, low, high, steps)
    settle(resolved, set or (), allow_code)
    answer = test.run(lambda row: None) if json else test.run(_talk(steps))
    readings = read(answer["curves"], resolved.preset)
    made = settings(resolved, readings)
    if json:
        curves = [reading.as_dict() for reading in readings]
        output.emit_json({"preset": resolved.preset, "curves": curves, "settings": made})
    else:
        for reading in readings:
            _draw(reading, low, high)
        _conclude(resolved, readings, made)
    return 0 if made else NOTHING


def _talk(steps: int) -> Any:
    """Every few steps a line on stderr; the first of a turn says whose it is."""
    seen: dict[str, int] = {}

    def tell(row: Mapping[str, Any]) -> None:
        turn = str(row["turn"])
        seen[turn] = seen.get(turn, 0) + 1
        if seen[turn] % EVERY == 0:
            whose = f"{turn}: " if turn else f"short run {row['run']}: " if row["run"] else ""
            output.say(
                f"{whose}step {seen[turn]}/{steps}  learning rate {number(row['lr'], 3)}  "
                f"loss {number(row['loss'])}"
            )

    return tell


def _draw(reading: Reading, low: float, high: float) -> None:
    """The curve with its marks, and a table of them."""
    from tuiwb.plots.rates import range_figure
    from tuiwb.plots.static import render

    width = 100
    if sys.stdout.isatty():
        width = max(20, min(100, shutil.get_terminal_size((80, 24)).columns))
    rates, mean = reading.smooth()
    title = f"loss of the {reading.turn}" if reading.turn else "loss"
    marks = {one.name: one.lr for one in reading.found}
    losses = [loss for loss in reading.losses if loss is not None]
    runs = [(lr, loss) for lr, loss in reading.ends() if loss is not None]
    figure = range_figure(title, rates, losses, mean, marks, (low, high), reading.silent, runs=runs)
    colour = output.shows_colour()
    output.paint(render(figure, width, 18, colour=colour, unicode=output.shows_unicode()))
    if reading.ended:
        output.emit(f"ended early: {reading.ended}")
    output.emit("")
    if reading.found:
        rows = [(one.name, number(one.lr, 2), number(one.loss), one.words) for one in reading.found]
        output.emit(output.grid(("", "rate", "loss", ""), rows, right=("rate", "loss")) + "\n")
    else:
        output.emit(f"nothing is suggested: {reading.silent}\n")


def _conclude(
    resolved: Resolved, readings: list[Reading], made: Mapping[str, Mapping[str, float]]
) -> None:
    """The settings of every rule as words of the command line."""
    for rule, knobs in made.items():
        words = " ".join(f"-s {shlex.quote(f'{key}={number(v, 2)}')}" for key, v in knobs.items())
        output.emit(f"{rule:8}  {words}")
