"""A chart as a file: SVG, CSV that equals the table, text; and the run as a command."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.tui.driving import text_of, until, workbench
from tests.tui.recorder import Recorder
from tests.tui.test_compare_screen import compared, press
from tuiwb.api import open_run
from tuiwb.base.errors import UserError
from tuiwb.plots.figure import Figure, HeatMap, Line, Mark
from tuiwb.plots.svg import render_svg
from tuiwb.tui import exported
from tuiwb.tui.screens.ask import Message
from tuiwb.tui.screens.exporting import ExportScreen

Record = Callable[..., Recorder]
KINDS = ("svg", "rows", "drawn", "text")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


async def export(made: Recorder, keys: str, kind: str, path: str = "") -> str:
    """The text of what ``e`` writes of the pane that ``keys`` go to."""
    runs = made.paths.root.parent
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press(*keys.split(), "e")
        await until(pilot, lambda: isinstance(app.screen, ExportScreen))
        for _ in range(KINDS.index(kind)):
            await pilot.press("down")
        dialog = app.screen
        assert isinstance(dialog, ExportScreen)
        if path:
            dialog.path.value = path
        await pilot.press("enter")
        await until(pilot, lambda: "wrote " in text_of(app))
        said = next(line for line in text_of(app).splitlines() if "wrote " in line)
    (file,) = [one for one in Path.cwd().rglob("*") if one.is_file()]
    assert str(file)[:60] in said
    return file.read_text("utf-8")


async def test_rows_are_the_table_s(record: Record) -> None:
    made = record().start().train(210).end()
    found = list(csv.DictReader((await export(made, "", "rows")).splitlines()))
    view = open_run(made.paths.root)
    for series, table, column in (("loss", "steps", "loss"), ("val_loss", "evals", "val_loss")):
        rows = view.table(table).tail(10_000)
        mine = [row for row in found if row["series"] == series]
        assert [int(row["step"]) for row in mine] == rows["step"].tolist()
        assert [float(row["time"]) for row in mine] == rows["time"].tolist()
        values = np.array([row["value"] for row in mine], dtype=rows[column].dtype)
        assert np.array_equal(values, rows[column])


async def test_rows_are_those_in_view(record: Record) -> None:
    made = record().start().train(200).end("stopped")
    text = await export(made, "2 plus left_square_bracket", "rows")
    steps = [int(row["step"]) for row in csv.DictReader(text.splitlines())]
    assert 0 < len(steps) < 200 and steps == list(range(steps[0], steps[-1] + 1))


async def test_layers_have_a_series_each(record: Record) -> None:
    made = record().start().train(40).end()
    found = list(csv.DictReader((await export(made, "5", "rows")).splitlines()))
    rows = open_run(made.paths.root).table("layers").tail(100)
    head = [float(row["value"]) for row in found if row["series"] == "grad_norm/head"]
    assert np.array_equal(np.array(head, "f4"), rows["grad_norm"][:, -1])


async def test_what_is_drawn_is_what_the_figure_holds(record: Record) -> None:
    made = record().start().train(20).end()
    found = list(csv.DictReader((await export(made, "4", "drawn")).splitlines()))
    rows = open_run(made.paths.root).table("steps").tail(100)
    assert [float(row["step"]) for row in found] == rows["step"].tolist()
    assert np.array([row["value"] for row in found], "f4").tolist() == rows["lr"].tolist()


@pytest.mark.slow
@pytest.mark.parametrize("pane", ["1", "6"])
async def test_svg_is_a_drawing(record: Record, pane: str) -> None:
    made = record().start().train(100).find().end()
    root = ET.fromstring(await export(made, pane, "svg"))
    kinds = [element.tag.partition("}")[2] for element in root]
    assert ("polyline" if pane == "1" else "rect") in kinds and kinds.count("text") > 8


async def test_text_is_the_chart(record: Record) -> None:
    made = record().start().train(60).end()
    assert "━ train" in await export(made, "1", "text")


async def taken(made: list[Recorder], kind: str, *keys: str) -> Path:
    """The file that ``e`` writes of a comparison after ``keys``."""
    async with workbench(made[0].paths.root.parent) as (app, pilot):
        screen = await compared(app, pilot, *(one.paths.root for one in made))
        for key in keys:
            await press(pilot, screen, key)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ExportScreen))
        await pilot.press(*["down"] * KINDS.index(kind), "enter")
        await until(pilot, lambda: "wrote " in text_of(app))
    (file,) = Path.cwd().iterdir()
    return file


async def test_of_a_comparison_the_rows_of_every_run_that_is_drawn(record: Record) -> None:
    made = [record(f"run-{n}").start().train(20 * n) for n in (1, 2, 3)]
    file = await taken(made, "rows", "space")  # the first is hidden
    assert file.name == "run-1-and-2-more-loss.csv"
    found = list(csv.DictReader(file.read_text().splitlines()))
    assert {row["run"] for row in found} == {"run-2", "run-3"}
    for one in made[1:]:
        rows = open_run(one.paths.root).table("steps").tail(100)
        mine = [row for row in found if row["run"] == one.paths.root.name]
        assert [int(row["step"]) for row in mine] == rows["step"].tolist()
        assert np.array([row["value"] for row in mine], "f4").tolist() == rows["loss"].tolist()


async def test_of_a_comparison_a_drawing_that_names_its_lines(record: Record) -> None:
    made = [record(f"run-{n}").start().train(40).end() for n in (1, 2)]
    file = await taken(made, "svg", "x")
    assert file.name == "run-1-run-2-loss.svg"
    words = [element.text for element in ET.fromstring(file.read_text()).iter()]
    assert "run-1" in words and "run-2" in words


async def test_a_folder_takes_the_name_and_nothing_is_overwritten(
    record: Record, here: Path
) -> None:
    made = record().start().train(30).end()
    (here / "charts").mkdir()
    await export(made, "", "svg", "charts")
    first = here / "charts" / "cnn-digits-0001-loss.svg"
    before = first.read_text()
    assert exported.write(first, iter(["other"])) == first.with_name("cnn-digits-0001-loss-2.svg")
    assert first.read_text() == before


def test_a_place_that_takes_no_file_is_told(here: Path) -> None:
    with pytest.raises(UserError, match="cannot write it"):
        exported.write(here / "none" / "a.csv", iter(["x"]))
    assert exported.name_for("a/b", "../evil name", "rows") == "a-b-..-evil-name.csv"
    assert len(exported.name_for("网络层" * 100, "loss", "svg").encode()) < 255
    assert exported.destination("", "a.csv") == Path("a.csv")
    assert exported.destination(str(here), "a.csv") == here / "a.csv"


@pytest.mark.parametrize("typed", ["9" * 4096, "~nobody-of-that-name/a.svg", "none/a.svg"])
async def test_a_place_that_cannot_be_is_told_and_the_bench_stays(
    runs: Path, record: Record, typed: str
) -> None:
    made = record().start().train(30).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        bench = app.screen
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ExportScreen))
        app.screen.path.value = typed  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Message))
        assert "cannot write" in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is bench)


async def test_the_log_is_no_chart(runs: Path, record: Record) -> None:
    made = record().start().train(30).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("8", "e")
        await until(pilot, lambda: "no chart" in text_of(app))


async def test_w_copies_the_command_and_shows_it(runs: Path, record: Record) -> None:
    made = record().start().train(30).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("w")
        assert "copied: tuiwb run cnn-digits" in text_of(app)
        assert app.clipboard == "tuiwb run cnn-digits"


ODD = np.array([np.nan, 1.0, np.inf, -1.0, 0.0, 1e300])


@pytest.mark.parametrize(
    "figure",
    [
        Figure("<nothing> & none"),
        Figure("one", (Line("a", [1.0], [2.0]),)),
        Figure("odd", (Line("<&>", range(6), ODD, ODD, ODD),), (Mark(2.0, "note", "]]>"),)),
        Figure("log", (Line("a", range(6), ODD),), y_scale="log"),
        HeatMap("empty"),
        HeatMap("odd", ("a", "<b>"), range(6), np.stack([ODD, -ODD])),
    ],
    ids=lambda figure: figure.title,
)
def test_svg_of_anything_is_whole(figure: Figure | HeatMap) -> None:
    text = render_svg(figure)
    ET.fromstring(text)
    assert "nan" not in text.replace("no finite", "") and "inf" not in text
