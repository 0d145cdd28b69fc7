"""A run's script: there is one of every preset, it runs by itself, and has the run's losses."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import torch

from tests.cli.recorded import record
from tests.contracts.shrunk import shrunk
from tests.doctor.here import trained_here
from tuiwb.api import open_run
from tuiwb.base.errors import UserError
from tuiwb.interop.export import export
from tuiwb.interop.script.code import comment, literal
from tuiwb.interop.script.whole import script
from tuiwb.run.create import create_watched
from tuiwb.run.view import RunView
from tuiwb.spec import presets, resolve

INFOS = {info.name: info for info in presets()}


@pytest.fixture(autouse=True)
def own_random_numbers() -> Iterator[None]:
    threads = torch.get_num_threads()
    with torch.random.fork_rng([]):
        yield
    torch.set_num_threads(threads)


def losses(view: RunView, out: Path, capsys: pytest.CaptureFixture[str]) -> list[float]:
    """What the exported script prints, told to print every step."""
    path = export(view, "script", out).path
    text = path.read_text()
    assert "PRINT_EVERY = 10" in text
    path.write_text(text.replace("PRINT_EVERY = 10", "PRINT_EVERY = 1"))
    capsys.readouterr()
    runpy.run_path(str(path))
    printed = capsys.readouterr().out
    assert printed.splitlines()[-1].startswith("val_")
    return [float(number) for number in re.findall(r"loss +(\S+)$", printed, re.MULTILINE)]


@pytest.mark.parametrize(
    ("preset", "settings"),
    [
        ("mlp-digits", ("train.steps=60",)),
        ("char-rnn", ("train.steps=12",)),
        ("mlp-digits", ("optim.name=sgd", "optim.momentum=0.9", "train.accumulate=3",
                        "regularize.l2=0.01", "loss.label_smoothing=0.1", "schedule.warmup=3")),
        ("mlp-digits", ("optim.name=rmsprop", "schedule.name=step", "schedule.every=4",
                        "regularize.dropout=0.2", "regularize.weight_decay=0.1")),
        ("mlp-digits", ("optim.name=adagrad", "train.clip_norm=0.5", "regularize.l1=0.001",
                        "schedule.name=one-cycle", "data.test=0.1")),
        ("cnn-digits", ("data.augment_shift=2", "train.precision=bfloat16")),
        ("logreg-cancer", ()),
        ("linreg-diabetes", ("loss.name=huber",)),
        ("lbfgs-digits", ("train.steps=3",)),
        ("ae-digits", ()),
        ("gan-ring", ("train.accumulate=2",)),
        ("perceptron-blobs", ()),
        ("seq2seq-reverse", ()),
    ],
)  # fmt: skip
def test_it_has_the_run_s_losses(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    preset: str,
    settings: tuple[str, ...],
) -> None:
    view = trained_here(tmp_path / "runs", preset, "train.steps=8", *settings)
    rows = view.table("steps").read(0, 1000)["loss"]
    printed = losses(view, tmp_path / "mine.py", capsys)
    assert printed == pytest.approx(rows.tolist(), rel=2e-5, abs=2e-6)
    assert len(printed) == view.status.step


@pytest.mark.parametrize("name", INFOS)
def test_there_is_one_of_every_preset(name: str, tmp_path: Path) -> None:
    view = open_run(record(tmp_path))
    resolved = resolve(name, shrunk(INFOS[name]))
    text = script(view, resolved.spec)
    compile(text, name, "exec")
    assert max(map(len, text.splitlines())) <= 100
    assert "\n\n\n\n" not in text and not text.startswith("\n")


def test_what_a_stranger_wrote_is_no_code(tmp_path: Path) -> None:
    view = open_run(record(tmp_path))
    spec = resolve("mlp-digits").spec
    evil = '"""\nimport os; os.abort()\r\x0bos.abort()\u2028os.abort()'
    about = msgspec.structs.replace(spec.about, title=evil)
    text = script(view, msgspec.structs.replace(spec, about=about))
    code = [line for line in text.splitlines() if not line.startswith("#")]
    assert "abort" in text and "abort" not in "\n".join(code)
    for value in (evil, "it's", 'a "b"', "\udcff", ("x",), [1.5, None, True], {"a": float("inf")}):
        assert eval(literal(value)) == value
    assert all(line.startswith("#") for line in comment(evil).splitlines())


def test_what_there_is_no_script_of(tmp_path: Path) -> None:
    watched = open_run(create_watched(tmp_path, "mine", {}))
    with pytest.raises(UserError, match="no spec to write a script of"):
        export(watched, "script", tmp_path / "a.py")
    with pytest.raises(UserError, match="begins from the seed"):
        export(open_run(record(tmp_path / "runs")), "script", tmp_path / "a.py", step="3")
    assert not (tmp_path / "a.py").exists()
