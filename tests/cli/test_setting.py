"""``ctl RUN set``: what makes no sense is said before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.recorder import Recorder
from tuiwb.base.errors import UserError
from tuiwb.cli.commands.control import Command, _plain, _settings
from tuiwb.cli.summary import in_words
from tuiwb.client.settings import in_force, settings
from tuiwb.run.reader import RunReader
from tuiwb.run.view import RunView


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
        _settings(seen(made), texts)
    made.release()
    assert words in str(caught.value), str(caught.value)
    if "spec.toml" in words:
        assert str(made.paths.root) in str(caught.value)


def test_values_are_read_as_their_knobs_types_and_against_what_was_set(tmp_path: Path) -> None:
    made = Recorder(tmp_path, "cnn-digits-0001").start().train(3)
    assert _settings(seen(made), ["optim.lr=1", "train.patience=3"]) == {
        "optim.lr": 1.0,
        "train.patience": 3,
    }
    made.set({"regularize.l2": 0.1}, by="cli")
    assert in_force(seen(made)).regularize.l2 == 0.1
    assert settings(seen(made).events) == {"regularize.l2": 0.1}
    with pytest.raises(UserError, match="two kinds"):
        _settings(seen(made), ["regularize.weight_decay=0.1"])
    made.release()


@pytest.mark.parametrize(
    ("command", "given", "words"),
    [
        (Command.stop, ["3"], "stop takes nothing more"),
        (Command.pause, ["optim.lr=1"], "set optim.lr=1 changes knobs"),
        (Command.step, ["0"], "one whole number"),
        (Command.step, ["2", "3"], "one whole number"),
        (Command.step, ["many"], "one whole number"),
    ],
)
def test_arguments_that_a_command_does_not_take(
    command: Command, given: list[str], words: str
) -> None:
    with pytest.raises(UserError) as caught:
        _plain("it", command, given)
    assert words in str(caught.value)
    assert _plain("it", Command.step, ["4"]) == {"steps": 4}
    assert _plain("it", Command.stop, []) == {}


def test_the_summary_tells_a_finding_its_remedy_and_what_came_of_it(tmp_path: Path) -> None:
    made = Recorder(tmp_path, "cnn-digits-0001").start().train(100).find().train(10)
    made.set({"optim.lr": 0.001}).train(50).judge("helped", since=110).end()
    text = in_words(seen(made))
    assert (
        "  finding: dead-units (warning), step 100: 42 % of blocks.1.activation answer nothing\n"
        "    remedy: half the learning rate (hot: optim.lr=0.001)\n"
        "    set at step 110: helped, as judged at step 160\n"
    ) in text
