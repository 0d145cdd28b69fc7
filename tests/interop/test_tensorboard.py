"""Every number that was written arrives, in the table where it belongs."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.plugins.scalar.summary_v2 import scalar_pb
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from torch.utils.tensorboard import SummaryWriter

from tests.interop.folders import BEGAN, descent, histograms, scalars
from tuiwb.api import open_run
from tuiwb.base.errors import UserError
from tuiwb.interop import tensorboard
from tuiwb.interop.convert import Converted, convert
from tuiwb.run.view import RunView

STEPS = range(0, 300, 3)


def converted(folder: Path, place: Path) -> tuple[RunView, Converted]:
    done = convert(tensorboard.read(folder), folder.name, str(folder), place)
    return open_run(done.path), done


def points(view: RunView) -> list[tuple[int, float]]:
    """(step, value) of every number in every table that came from a scalar, in order."""
    found = []
    for name, table in view.tables.items():
        if name == "layers":
            continue
        rows = table.tail(100_000)
        names = ["loss"] if name == "steps" else [n for n in rows.dtype.names if n not in _KEYS]
        for column in names:
            taken = rows[~np.isnan(rows[column])]
            found += list(zip(taken["step"].tolist(), taken[column].tolist(), strict=True))
    return sorted(found)


_KEYS = ("step", "time")


def test_every_scalar_row_arrives(tmp_path: Path) -> None:
    curves = {
        "train/loss": descent,
        "val/loss": lambda step: descent(step) + 0.1,
        "val/accuracy": lambda step: 1 - descent(step) / 4,
        "time/forward pass": lambda step: 0.01 * step,
        "a/b/c/d": lambda step: -step,
        "loss/box": lambda step: step**2,
    }
    view, done = converted(scalars(tmp_path / "log", curves, STEPS), tmp_path / "runs")
    wanted = sorted((s, float(np.float32(c(s)))) for c in curves.values() for s in STEPS)
    assert points(view) == wanted
    assert not done.problems and not view.problems
    assert "600 points of 6 scalars" in done.words
    assert view.table("evals").columns[2:] == ("val_loss", "val_accuracy")
    assert view.status.state == "finished" and view.status.step == STEPS[-1]
    assert view.status.started == BEGAN and view.status.ended == BEGAN + STEPS[-1]
    assert view.metrics["val_loss"] == pytest.approx(descent(STEPS[-1]) + 0.1)


def test_rate_and_norm_stand_beside_the_loss(tmp_path: Path) -> None:
    folder = scalars(tmp_path / "log", {"loss": descent, "train/grad_norm": abs}, range(20))
    scalars(folder, {"lr-Adam": lambda step: 1 / (step + 1)}, range(0, 20, 5), filename_suffix="b")
    rows = converted(folder, tmp_path / "runs")[0].table("steps").tail(100)
    assert rows["grad_norm"].tolist() == list(range(20))
    assert np.allclose(rows["lr"], np.repeat([1, 1 / 6, 1 / 11, 1 / 16], 5))


def test_folders_of_one_run_are_one_run(tmp_path: Path) -> None:
    scalars(tmp_path / "log" / "train", {"epoch_loss": descent}, STEPS)
    scalars(tmp_path / "log" / "validation", {"epoch_loss": descent}, STEPS)
    with SummaryWriter(str(tmp_path / "log")) as writer:
        for step in STEPS:
            writer.add_scalars("both/of them", {"a": step, "b": -step}, step)
    view, _ = converted(tmp_path / "log", tmp_path / "runs")
    expected = [(s, float(np.float32(v))) for s in STEPS for v in (descent(s), descent(s), s, -s)]
    assert points(view) == sorted(expected)
    assert view.table("evals").columns[2:] == ("val_loss",)


def test_folders_of_several_runs_are_named(tmp_path: Path) -> None:
    for name in ("first", "second"):
        scalars(tmp_path / "log" / name, {"loss": descent}, range(5))
    with pytest.raises(UserError, match="2 runs") as error:
        converted(tmp_path / "log", tmp_path / "runs")
    assert "first, second" in error.value.found
    view, _ = converted(tmp_path / "log" / "second", tmp_path / "runs")
    assert view.table("steps").rows == 5


def test_a_restart_takes_the_place_of_what_it_does_again(tmp_path: Path) -> None:
    folder = scalars(tmp_path / "log", {"loss": lambda step: 1.0}, range(100), filename_suffix=".a")
    first = next(folder.iterdir())
    first.rename(first.with_name("events.out.tfevents.1.a"))
    scalars(folder, {"loss": lambda step: 2.0}, range(60, 120), filename_suffix=".b")
    view, done = converted(folder, tmp_path / "runs")
    assert points(view) == [(s, 1.0) for s in range(60)] + [(s, 2.0) for s in range(60, 120)]
    assert any("40 points were written again" in problem for problem in done.problems)


def test_a_session_that_starts_anew_says_from_where(tmp_path: Path) -> None:
    writer = EventFileWriter(str(tmp_path / "log"))
    for step, value in [(1, 1.0), (2, 2.0), (3, 3.0)]:
        writer.add_event(_event(step, Summary.Value(tag="loss", simple_value=value)))
    writer.add_event(Event(step=2, session_log=SessionLog(status=SessionLog.START)))
    writer.add_event(_event(2, Summary.Value(tag="loss", simple_value=20.0)))
    writer.close()
    assert points(converted(tmp_path / "log", tmp_path / "runs")[0]) == [(1, 1.0), (2, 20.0)]


def test_tensors_of_newer_writers_are_numbers_too(tmp_path: Path) -> None:
    writer = EventFileWriter(str(tmp_path / "log"))
    values = np.random.default_rng(0).standard_normal(1000)
    for step in range(10):
        for summary in (scalar_pb("loss", 1 / (step + 1)), histogram_pb("grads/fc1", values, 200)):
            writer.add_event(Event(step=step, wall_time=BEGAN, summary=summary))
    writer.close()
    view, _ = converted(tmp_path / "log", tmp_path / "runs")
    assert points(view) == sorted((s, float(np.float32(1 / (s + 1)))) for s in range(10))
    norms = view.table("layers").tail(100)["grad_norm"][:, 0]
    assert np.allclose(norms, np.linalg.norm(values), rtol=0.01)


def _event(step: int, value: Summary.Value) -> Event:
    return Event(step=step, wall_time=BEGAN, summary=Summary(value=[value]))


def test_evaluations_counted_in_epochs_find_their_step(tmp_path: Path) -> None:
    folder = scalars(tmp_path / "log", {"loss": descent}, range(1000))
    with SummaryWriter(str(folder)) as writer:
        for epoch in range(10):
            writer.add_scalar("val_loss", 1.0, epoch, walltime=BEGAN + 99.5 + 100 * epoch)
    evals = converted(folder, tmp_path / "runs")[0].table("evals").tail(100)
    assert evals["step"].tolist() == list(range(99, 1000, 100))


@pytest.mark.parametrize("tag", ["{layer}.{parameter}.grad", "gradients/{layer}/{parameter}"])
def test_histograms_become_the_figures_of_their_layers(tmp_path: Path, tag: str) -> None:
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
    hidden = net[1](net[0](torch.randn(64, 8)))
    net[2](hidden).square().mean().backward()
    hidden = hidden.detach()
    with SummaryWriter(str(tmp_path / "log")) as writer:
        writer.add_scalar("loss", 1.0, 7)
        for name, parameter in net.named_parameters():
            layer, _, own = name.partition(".")
            assert parameter.grad is not None
            writer.add_histogram(f"net.{layer}.{own}", parameter, 7)
            writer.add_histogram(tag.format(layer=f"net.{layer}", parameter=own), parameter.grad, 7)
        for at, values in (("0", hidden - 1), ("1.relu", hidden), ("2", net[2](hidden).detach())):
            writer.add_histogram(f"activations/net.{at}", values, 7)
    view, _ = converted(tmp_path / "log", tmp_path / "runs")
    assert [(layer.name, layer.kind, layer.parameters) for layer in view.layers] == [
        ("net.0", "Linear", 144),
        ("net.1.relu", "ReLU", 0),
        ("net.2", "Linear", 34),
    ]
    row = view.table("layers").tail(1)[0]
    norms = [
        math.hypot(*(float(p.grad.norm()) for p in net[at].parameters() if p.grad is not None))
        for at in (0, 2)
    ]
    assert np.allclose(row["grad_norm"][[0, 2]], norms, rtol=1e-5)
    assert np.isnan(row["grad_norm"][1])
    assert np.allclose(row["weight_norm"][0], float(net[0].weight.detach().norm()), rtol=1e-5)
    assert row["act_zero"][1] == pytest.approx(float((hidden == 0).float().mean()))
    assert row["act_mean"][1] == pytest.approx(float(hidden.mean()), rel=1e-4)
    assert row["act_std"][1] == pytest.approx(float(hidden.std(correction=0)), rel=1e-4)
    assert view.table("steps").last("grad_norm") == pytest.approx(math.hypot(*norms), rel=1e-5)


def test_a_file_that_is_being_written_gives_what_is_whole(tmp_path: Path) -> None:
    folder = scalars(tmp_path / "log", {"loss": descent}, range(50))
    file = next(folder.iterdir())
    file.write_bytes(file.read_bytes()[:-5])
    view, done = converted(folder, tmp_path / "runs")
    assert [step for step, _ in points(view)] == list(range(49))
    assert done.problems == ()


def test_a_damaged_file_is_read_up_to_the_damage(tmp_path: Path) -> None:
    folder = scalars(tmp_path / "log", {"loss": descent}, range(50))
    file = next(folder.iterdir())
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    file.write_bytes(whole)
    view, done = converted(folder, tmp_path / "runs")
    read = [step for step, _ in points(view)]
    assert read == list(range(len(read))) and 10 < len(read) < 40
    assert "damaged at byte" in done.problems[0] and "up to there" in done.problems[0]
    assert any(e["kind"] == "warning" and "damaged" in e["text"] for e in view.events)


def test_what_is_no_event_file_is_said_to_be_none(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    (folder / "notes.txt").write_text("hello")
    with pytest.raises(UserError, match="neither a run nor a TensorBoard folder"):
        tensorboard.read(folder)
    (folder / "events.out.tfevents.1").write_text("hello, this is no record at all")
    with pytest.raises(UserError, match="no scalars") as error:
        converted(folder, tmp_path / "runs")
    assert "damaged at byte 0" in error.value.found


def test_without_the_package_the_way_to_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = scalars(tmp_path / "log", {"loss": descent}, range(3))
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto", None)
    with pytest.raises(UserError) as error:
        tensorboard.read(folder)
    assert error.value.next == "pip install 'tuiwb[tensorboard]'"


def test_a_tag_may_be_anything(tmp_path: Path) -> None:
    odd = ["\x1b[31mred", "ü" * 300, "ü" * 299 + "x", "step", "time", "a,b", "", "val/" + "y" * 300]
    writer = EventFileWriter(str(tmp_path / "log"))
    for step in range(3):
        for tag in odd:
            writer.add_event(_event(step, Summary.Value(tag=tag, simple_value=step)))
    writer.close()
    view, _ = converted(tmp_path / "log", tmp_path / "runs")
    assert points(view) == sorted((s, float(s)) for s in range(3) for _ in odd)
    assert not any("\x1b" in name for table in view.tables.values() for name in table.columns)


def test_histograms_alone_are_layers_without_steps(tmp_path: Path) -> None:
    folder = histograms(tmp_path / "log", 3, 0.5, range(4), "grads/{layer}.{parameter}")
    view, done = converted(folder, tmp_path / "runs")
    assert view.table("layers").rows == 4 and not view.table("steps").rows
    assert "no tag looks like the training loss" in done.problems[0]
