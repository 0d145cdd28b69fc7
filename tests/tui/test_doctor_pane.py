"""The doctor's pane: what was found, its evidence drawn, its remedy applied by one key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tui.driving import SIZES, settled, text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.run.inbox import take
from tuiwb.spec import Resolved
from tuiwb.tui import evidence, findings
from tuiwb.tui.app import Workbench
from tuiwb.tui.screens.run import RunScreen
from tuiwb.tui.screens.setup import SetupScreen

Record = Callable[..., Recorder]


def bench(app: Workbench) -> RunScreen:
    assert isinstance(app.screen, RunScreen)
    return app.screen


def asked(made: Recorder) -> list[tuple[str, Mapping[str, Any], str]]:
    return [(c.command, c.args, c.by) for c in take(made.paths, lambda text: None)]


@pytest.mark.parametrize("size", SIZES)
async def test_a_finding_is_told_with_its_evidence_at_every_size(
    runs: Path, record: Record, size: tuple[int, int]
) -> None:
    made = record().start().train(200).find().train(40)
    async with workbench(runs, size, made.paths.root, made.clock) as (app, pilot):
        if size[0] < 60:
            assert "findings" in text_of(app)
            return
        await pilot.press("d")
        bench(app).enlarge()
        await until(pilot, lambda: settled(bench(app)) and "remedy" in seen(app))
        words = seen(app)
        for part in (
            "▲ dead-units", "warning", "steps 200-224", "answer nothing", "share 0.42 (limit 0.3)",
            "in blocks.1.activation", "a learning rate that is too high", "half the learning rate",
            "optim.lr = 0.001", "enter sets it in the running loop", "act zero",
        ):  # fmt: skip
            assert part in words, (part, words)
        assert "⣀" in words or "⠉" in words or "⠒" in words or "⠤" in words  # the column is drawn


def seen(app: Workbench) -> str:
    """All lines of the pane, in view or not."""
    pane = bench(app).doctor
    lines = bench(app)._doctor_lines(pane.content_size.width or 60)[0]
    return "\n".join("".join(text for text, _ in line) for line in lines)


@pytest.mark.parametrize("key", ["enter", "a"])
async def test_a_hot_remedy_is_set_in_the_running_loop(
    runs: Path, record: Record, key: str
) -> None:
    made = record().start().train(200).find().train(40)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (_, pilot):
        await pilot.press("d", key)
        found: list[Any] = []

        def come() -> bool:
            found.extend(asked(made))
            return bool(found)

        await until(pilot, come)
        assert found == [("set", {"optim.lr": 0.001}, "doctor:dead-units")]


async def test_what_was_set_and_what_came_of_it_is_told_and_not_set_again(
    runs: Path, record: Record
) -> None:
    made = record().start().train(200).find().train(10).set({"optim.lr": 0.001}).train(200)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        assert "watching what comes of it" in seen(app)
        made.judge("helped", since=210)
        bench(app).wake()
        await until(pilot, lambda: "✓ helped" in seen(app))
        assert "set    at step 210" in seen(app) and "judged 200 steps later" in seen(app)
        await pilot.press("d", "enter")
        await until(pilot, lambda: "set at step 210 already" in text_of(app))
        assert not asked(made)


async def test_outcomes_of_another_finding_or_before_are_not_its_own(
    runs: Path, record: Record
) -> None:
    made = record().start().train(200).find().set({"optim.lr": 0.001}).judge("worse", since=200)
    made.train(20).find("plateau").train(20).find().train(5)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, _):
        assert "enter sets it" in seen(app)
        told = [line for line in seen(app).splitlines() if "worse" in line]
        assert told == [" ▲ dead-units  warning  steps 200-224  ✗ worse"]


@pytest.mark.slow
@pytest.mark.parametrize("tier", ["restart", "branch"])
async def test_other_remedies_open_a_set_up_with_the_change_in_it(
    runs: Path, record: Record, tier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[Any] = []

    def launch(resolved: Resolved, folder: Path, **more: Any) -> Path:
        launched.append((resolved, more))
        return made.paths.root

    monkeypatch.setattr("tuiwb.client.launch.launch", launch)
    made = record().start().train(200).set({"optim.lr": 0.003}, by="tui")
    made.find(tier=tier, change={"init.name": "xavier"}).train(40)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("d", "enter")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        screen = app.screen
        assert isinstance(screen, SetupScreen)
        assert ("no checkpoint before" in text_of(app)) == (tier == "branch")
        assert screen.form.resolved.get("init.name") == "xavier"
        assert screen.form.resolved.get("optim.lr") == 0.003  # what was set by hand goes along
        await pilot.press("ctrl+r")
        await until(pilot, lambda: launched)
        resolved, more = launched[0]
        assert resolved.get("init.name") == "xavier"
        assert more["parent"] == {"run": made.paths.root.name, "step": None,
                                  "finding": "dead-units"}  # fmt: skip


async def test_a_run_that_has_ended_takes_its_hot_remedy_into_a_new_one(
    runs: Path, record: Record
) -> None:
    made = record().start().train(200).find().end("diverged", reason="the loss is lost")
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        assert "opens the set-up" in " ".join(seen(app).split())
        await pilot.press("d", "a")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))


@pytest.mark.slow
async def test_findings_are_chosen_by_the_arrows(runs: Path, record: Record) -> None:
    made = record().start().train(100).find("plateau", change={}).train(50).find().train(40)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("d")
        assert bench(app).sight.finding == ("dead-units", 150) and chosen(app) == "dead-units"
        for _ in range(60):
            await pilot.press("down")
            if chosen(app) == "plateau":
                break
        await until(pilot, lambda: chosen(app) == "plateau" and settled(bench(app)))
        await pilot.press("enter")  # no change of a knob: the pane is shown alone
        for _ in range(60):
            await pilot.press("up")
        assert chosen(app) == "dead-units"


async def test_a_key_meets_the_finding_that_was_shown_not_one_that_has_just_come(
    runs: Path, record: Record
) -> None:
    made = record().start().train(100).find().train(50)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("d")
        made.find("plateau", change={"optim.lr": 1e-5}).train(5)
        bench(app).wake()
        await until(pilot, lambda: "plateau" in seen(app))
        assert chosen(app) == "dead-units"
        await pilot.press("1")
        assert chosen(app) == "plateau"


def chosen(app: Workbench) -> str:
    finding = bench(app).finding()
    return str(finding["symptom"]) if finding else ""


async def test_the_header_counts_findings_and_tells_the_cost(runs: Path, record: Record) -> None:
    made = record().start().train(100).find().find("plateau").train(60)
    async with workbench(runs, (200, 60), made.paths.root, made.clock) as (app, _):
        top = text_of(app).splitlines()[0]
        assert "found 2" in top and "watch 0.8 %" in top


@pytest.mark.slow
async def test_severity_and_settings_are_marked_on_the_charts(runs: Path, record: Record) -> None:
    made = record().start().train(100).find().set({"optim.lr": 0.05}).train(60)
    made.find("divergence", severity="alarm").train(60)
    async with workbench(runs, (200, 60), made.paths.root, made.clock) as (app, _):
        drawn = bench(app).bench
        assert drawn is not None
        figure, heat = drawn._figures["loss"], drawn._figures["gradients"]
        marks = [(m.kind, m.label) for m in figure.marks if m.kind not in ("checkpoint", "kept")]
        assert marks == [
            ("warning", "dead-units"),
            ("command", "set lr=0.05"),
            ("finding", "divergence"),
        ]
        assert [m.kind for m in heat.marks] == [m.kind for m in figure.marks]


@pytest.fixture
def odd() -> Iterator[dict[str, Any]]:
    yield {"symptom": "new-one", "step": None, "severity": "", "evidence": "a text", "remedy": "a"}


async def test_findings_of_other_versions_are_shown_as_far_as_they_go(
    runs: Path, record: Record, odd: dict[str, Any]
) -> None:
    made = record().start().train(50)
    made.journal.write("finding", **odd)
    made.journal.write("finding", step=9, evidence={"series": ["no_such", 3, "layers.x"]})
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        assert "new-one" in seen(app)
        await pilot.press("d", "enter", "a")
        await pilot.pause()
        assert isinstance(app.screen, RunScreen)


def test_numbers_stand_beside_their_thresholds() -> None:
    told = evidence.numbers(
        {"loss": 2.5, "loss_threshold": 1.25, "gain": None, "spans": 8, "series": ["loss"],
         "layers": [f"l{i}" for i in range(6)]}
    )  # fmt: skip
    assert told == ["loss 2.5 (limit 1.25)", "spans 8", "in l0, l1, l2, l3 and 2 more"]
    assert evidence.numbers({"ratio": 20.0, "threshold": 10, "largest": 9}) == [
        "ratio 20 (limit 10)",
        "largest 9",
    ]


def test_the_threshold_of_a_column_is_drawn(runs: Path, record: Record) -> None:
    from tuiwb.run.reader import RunReader

    made = record().start().train(200).find().train(40)
    with RunReader(made.paths.root) as reader:
        view = reader.poll(None)
    finding = json.loads(json.dumps(view.findings[0]))
    finding["evidence"]["act_zero_threshold"] = 0.3
    zeros, loss = evidence.charts(view, finding, None)
    assert [line.name for line in zeros.lines] == ["….1.activation", "limit"]
    assert list(np.asarray(zeros.lines[1].y)) == [0.3, 0.3] and zeros.x_range == (160.0, 264.0)
    assert [mark.kind for mark in loss.marks] == ["warning"] and loss.title == "loss"
    assert findings.key_of(finding) == ("dead-units", 200)


def test_what_the_machine_tells_is_drawn(runs: Path, record: Record) -> None:
    from tuiwb.run.reader import RunReader

    made = record().start().train(200).find("memory-creep").train(40)
    with RunReader(made.paths.root) as reader:
        view = reader.poll(None)
    finding = json.loads(json.dumps(view.findings[0]))
    finding["evidence"]["series"] = ["system.rss", "system.gpu_util", "system.nothing", "loss"]
    memory, loss = evidence.charts(view, finding, None)
    assert memory.title == "rss" and loss.title == "loss"
    (line,) = memory.lines
    assert list(line.x) == [201.0] and list(line.y) == [np.float32(3.2e8)]
