"""A class of the user's own: what is right trains, what is wrong is told with file and line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.scenarios.helpers import new_run, view, worker
from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.engine.build import Session, build
from tuiwb.engine.describe import describe
from tuiwb.spec import from_toml, resolve, to_toml

NETS = """\
import sys
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, shape, outputs, width=16, names=("a",), slope=0.1):
        super().__init__()
        self.flatten = nn.Flatten()
        self.hidden = nn.Linear(shape[0] * shape[1] * shape[2], width)
        self.act = nn.LeakyReLU(slope)
        self.out = nn.Linear(width, outputs)
    def forward(self, x):
        return self.out(self.act(self.hidden(self.flatten(x))))

class Narrow(Net):
    def forward(self, x):
        return super().forward(x)[:, :3]

class Pair(Net):
    def forward(self, x):
        return x, x

class Whole(Net):
    def forward(self, x):
        return super().forward(x).long()

class Breaks(Net):
    def forward(self, x):
        return self.hiden(x)

class Needs(nn.Module):
    def __init__(self, depth):
        super().__init__()

class Empty(nn.Module):
    def __init__(self):
        super().__init__()

class Raises(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear("many", 3)

def not_a_network():
    return 3

class Next(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.table = nn.Embedding(vocabulary, vocabulary)
    def forward(self, tokens):
        return self.table(tokens)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that the user is in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TUIWB_ALLOW", "my_nets,my_net,my_bad,my_syntax,my_exit")
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "my_nets.py").write_text(NETS)
    (tmp_path / "my_bad.py").write_text("import torch\nimport no_such_thing\n")
    (tmp_path / "my_syntax.py").write_text("x = 1\ndef f(:\n    pass\n")
    (tmp_path / "my_exit.py").write_text("import sys\nsys.exit(1)\n")
    yield tmp_path
    for name in [m for m in sys.modules if m.startswith("my_")]:
        del sys.modules[name]


def _built(name: str, *more: str, preset: str = "mlp-digits") -> Session:
    return build(resolve(preset, [f"model.name={name}", *more]).spec)


def test_knobs_reach_the_class_and_the_data_fills_the_rest(folder: Path) -> None:
    more = ["model.width=24", "model.slope=0", 'model.names=["x", "y"]']
    model = _built("my_nets:Net", *more).model
    assert model.hidden.weight.shape == (24, 64)
    assert model.out.weight.shape == (10, 24)
    assert model.act.negative_slope == 0


def test_a_spec_with_one_survives_being_written(folder: Path) -> None:
    resolved = resolve("mlp-digits", ["model.name=my_nets:Net", "model.width=8"])
    again = from_toml(to_toml(resolved), "spec.toml")
    assert again.spec == resolved.spec and again.origins == resolved.origins
    assert resolved.command().endswith("-s model.name=my_nets:Net -s model.width=8")
    assert describe(resolved.spec)["parameters"] == 65 * 8 + 9 * 10


def test_a_preset_may_name_one(folder: Path) -> None:
    text = to_toml(resolve("mlp-digits", ["model.name=my_nets:Net", "model.width=8"]))
    (folder / "mine.toml").write_text(text.split("[origins]")[0].partition("\n")[2])
    resolved = resolve("mine.toml", ["model.width=4"])
    assert resolved.get("model.width") == 4
    with pytest.raises(UserError, match="takes no argument 'hidden'"):
        build(resolve("mine.toml", ["model.hidden=[3]"]).spec)


def test_tokens(folder: Path) -> None:
    session = _built("my_nets:Next", "data.context=8", preset="char-rnn")
    x, _ = session.batches.at(0)
    assert session.model(x).shape == (*x.shape, session.dataset.signature.vocabulary)


def test_the_random_numbers_of_a_run_do_not_depend_on_the_trial(folder: Path) -> None:
    from tuiwb.models import own

    model = _built("my_nets:Net").model
    torch.manual_seed(3)
    before = torch.get_rng_state()
    own.try_out("my_nets:Net", model, Signature("image", (1, 8, 8), 10))
    assert torch.equal(before, torch.get_rng_state())


def test_an_edited_file_is_read_again(folder: Path) -> None:
    assert _built("my_nets:Net").model.hidden.out_features == 16
    (folder / "my_nets.py").write_text(NETS.replace("width=16", "width=1600"))
    assert _built("my_nets:Net").model.hidden.out_features == 1600


WRONG = {
    "a name that is none": ("my_nets:", ["not the name of a class", "model.name", "nets:Net"]),
    "two colons": ("my_nets:a:b", ["not the name of a class"]),
    "no such module": ("my_net:Net", ["no module 'my_net'", "nearest:  my_nets", "my_bad"]),
    "no such class": ("my_nets:Nett", ["has no class 'Nett'", "my_nets.py", "nearest:  Net"]),
    "does not import": ("my_bad:Net", ["my_bad.py, line 2", "No module named 'no_such_thing'"]),
    "syntax": ("my_syntax:Net", ["my_syntax.py, line 2", "SyntaxError"]),
    "leaves": ("my_exit:Net", ["my_exit.py, line 2", "SystemExit"]),
    "unknown argument": (
        "my_nets:Net model.widht=3",
        ["takes no argument 'widht'", "model.widht", "my_nets.py, line 5", "nearest:  width"],
    ),
    "missing argument": ("my_nets:Needs", ["depth", "my_nets.py, line 31", "-s model.depth=VALUE"]),
    "raises when built": ("my_nets:Raises", ["could not be built", "my_nets.py, line 42"]),
    "wrong type": (
        "my_nets:Net model.width=wide",
        ["could not be built", "my_nets.py, line 9", "TypeError"],
    ),
    "not a network": ("my_nets:not_a_network", ["a int", "my_nets.py, line 44", "nn.Module"]),
    "nothing to train": ("my_nets:Empty", ["nothing to train", "my_nets.py, line 35"]),
    "wrong shape": (
        "my_nets:Narrow",
        ["wrong shape", "my_nets.py, line 16", "[B, 3]", "[B, 10]", "[B, 1, 8, 8]"],
    ),
    "not a tensor": ("my_nets:Pair", ["a tuple", "my_nets.py, line 20", "[B, 10]"]),
    "whole numbers": ("my_nets:Whole", ["torch.int64", "my_nets.py, line 24"]),
    "forward raises": (
        "my_nets:Breaks",
        ["my_nets.py, line 29", "no attribute 'hiden'", "[B, 1, 8, 8]", "[B, 10]"],
    ),
    "a table as a knob": ("my_nets:Net model.width={a=1}", ["cannot be passed", "a number"]),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_what_is_wrong_is_told_with_file_and_line(mistake: str, folder: Path) -> None:
    name, said = WRONG[mistake]
    with pytest.raises(UserError) as caught:
        _built(*name.split())
    for part in said:
        assert part in str(caught.value), str(caught.value)


@pytest.mark.slow
def test_the_worker_finds_it_where_the_user_was(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = tmp_path_factory.mktemp("runs")
    settings = ("model.name=my_nets:Net", "train.steps=3", "train.eval_every=0")
    paths = new_run(runs, "mlp-digits", *settings)
    monkeypatch.chdir(runs)  # a resume from elsewhere
    home = str(Path(__file__).resolve().parents[2])
    monkeypatch.setenv("PYTHONPATH", home)
    with worker(paths) as process:
        assert process.wait(240) == 0, paths.log.read_text()
    assert view(paths).status.state == "finished"


def test_a_module_in_the_users_folder_hides_nothing_that_is_installed(folder: Path) -> None:
    (folder / "json.py").write_text("raise SystemExit\n")
    _built("my_nets:Net")
    assert sys.path[-1] == str(folder)
