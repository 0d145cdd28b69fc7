"""``ctl RUN set``: what makes no sense is said before anything is sent."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Tuiwb
from tests.tui.recorder import Recorder
from tuiwb.base.errors import UserError
from tuiwb.cli.asking import known, plain
from tuiwb.cli.summary import in_words
from tuiwb.client.control import settings_of
from tuiwb.client.settings import in_force, settings
from tuiwb.run.reader import RunReader
from tuiwb.run.view import RunView
from tuiwb.spec.declarations import COMMANDS, command_words


def seen(made: Recorder) -> RunView:
    with RunReader(made.paths.root) as reader:
        return reader.poll(None)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([], "set takes what to change"),
        (["optim.lr"], "cannot read the setting"),
        (["optim.lr=-1"], "out of range"),
        (["lr=0.1"], "nearest:  optim.lr"),
        (["model.girth=9"], "unknown key"),
        (["data.batch_size=9"], "spec.toml -s data.batch_size=9"),
        (["train.seed=9"], "fixed once it trains"),
        (["regularize.l2=0.1", "regularize.weight_decay=0.1"], "two kinds of weight decay"),
    ],
)
def test_mistakes_are_told_with_what_is_allowed(
    tmp_path: Path, texts: list[str], words: str
) -> None:
    made = Recorder(tmp_path, "cnn-digits-0001").start().train(3)
    with pytest.raises(UserError) as caught:
        settings_of(seen(made), texts)
    made.release()
    assert words in str(caught.value), str(caught.value)
    if "spec.toml" in words:
        assert str(made.paths.root) in str(caught.value)


def test_values_are_read_as_their_knobs_types_and_against_what_was_set(tmp_path: Path) -> None:
    made = Recorder(tmp_path, "cnn-digits-0001").start().train(3)
    assert settings_of(seen(made), ["optim.lr=1", "train.patience=3"]) == {
        "optim.lr": 1.0,
        "train.patience": 3,
    }
    made.set({"regularize.l2": 0.1}, by="cli")
    assert in_force(seen(made)).regularize.l2 == 0.1
    assert settings(seen(made).events) == {"regularize.l2": 0.1}
    with pytest.raises(UserError, match="two kinds"):
        settings_of(seen(made), ["regularize.weight_decay=0.1"])
    made.release()


@pytest.mark.parametrize(
    ("command", "given", "words"),
    [
        ("stop", ["3"], "stop takes nothing more"),
        ("pause", ["optim.lr=1"], "set optim.lr=1 changes knobs"),
        ("step", ["0"], "one whole number"),
        ("step", ["2", "3"], "one whole number"),
        ("step", ["many"], "one whole number"),
        ("stop", ["epoch"], "tuiwb ctl it stop --after epoch"),
        ("evaluate", ["val"], "evaluate takes nothing more"),
        ("note", [" "], "note takes what to write"),
        ("probe", [], "the name of one study"),
    ],
)
def test_arguments_that_a_command_does_not_take(command: str, given: list[str], words: str) -> None:
    with pytest.raises(UserError) as caught:
        plain("it", command, given)
    assert words in str(caught.value)
    assert plain("it", "step", ["4"]) == {"steps": 4}
    assert plain("it", "stop", []) == plain("it", "stop", [], "step") == {}
    assert plain("it", "stop", [], "epoch") == {"when": "epoch"}
    assert plain("it", "note", ["lower", " it\n"]) == {"text": "lower it"}


def test_what_a_run_cannot_be_told_has_a_nearest() -> None:
    for name in COMMANDS.names():
        known(name)
    with pytest.raises(UserError) as caught:
        known("checkpont")
    assert caught.value.nearest == "checkpoint" and "evaluate, note" in caught.value.allowed


def test_alone_it_lists_what_a_run_can_be_told_and_what_can_be_set(
    tmp_path: Path, command: Tuiwb
) -> None:
    made = Recorder(tmp_path, "cnn-digits-0001").start().train(3)
    made.set({"optim.lr": 0.125}, by="cli")
    done = command("ctl", "cnn", "--runs", tmp_path)
    assert done.returncode == 0, done.stderr
    for name in COMMANDS.names():
        assert f"\n  {' '.join((name, command_words(name)[0])).strip()} " in done.stdout
    assert re.search(r"\n  optim.lr +0.125\n", done.stdout)
    told = json.loads(command("ctl", "cnn", "--json", "--runs", tmp_path).stdout)
    assert {row["command"] for row in told["commands"]} == set(COMMANDS.names())
    assert told["set"]["optim.lr"] == "0.125"
    made.end("stopped")
    done = command("ctl", "cnn", "--runs", tmp_path)
    assert done.returncode == 2 and "tuiwb resume cnn-digits-0001" in done.stderr


def test_a_loop_of_ones_own_lists_what_little_it_takes(tmp_path: Path, command: Tuiwb) -> None:
    made = Recorder(tmp_path, "mine").start().train(3)
    meta = json.loads(made.paths.meta.read_text()) | {"watched": True}
    made.paths.meta.write_text(json.dumps(meta))
    told = json.loads(command("ctl", "mine", "--json", "--runs", tmp_path).stdout)
    assert [row["command"] for row in told["commands"]] == ["note", "stop"]
    done = command("ctl", "mine", "pause", "--runs", tmp_path)
    made.release()
    assert done.returncode == 2 and "a loop of your own" in done.stderr


def test_what_the_running_loop_cannot_take_is_offered_as_the_exact_line(
    tmp_path: Path, command: Tuiwb
) -> None:
    made = Recorder(tmp_path, "cnn-digits-0001").start().train(7)
    made.set({"optim.lr": 0.125}, by="cli")
    done = command("ctl", "cnn", "set", "model.width=4", "--runs", tmp_path)
    assert done.returncode == 2
    spec = made.paths.spec
    assert f"tuiwb run {spec} -s optim.lr=0.125 -s model.width=4" in done.stderr
    assert "tuiwb fork" not in done.stderr, "fixed is fixed"
    done = command("ctl", "cnn", "set", "data.batch_size=9", "--runs", tmp_path)
    assert f"tuiwb fork {made.paths.root} --at 7 -s data.batch_size=9" in done.stderr
    assert f"tuiwb run {spec} -s optim.lr=0.125 -s data.batch_size=9" in done.stderr
    made.release()


def test_the_summary_tells_a_finding_its_remedy_and_what_came_of_it(tmp_path: Path) -> None:
    made = Recorder(tmp_path, "cnn-digits-0001").start().train(100).find().train(10)
    made.set({"optim.lr": 0.001}).train(50).judge("helped", since=110).end()
    text = in_words(seen(made))
    assert (
        "  finding: dead-units (warning), step 100: 42 % of blocks.1.activation answer nothing\n"
        "    remedy: half the learning rate (hot: optim.lr=0.001)\n"
        "    set at step 110: helped, as judged at step 160\n"
    ) in text
