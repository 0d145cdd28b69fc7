"""A stranger's run directory or preset drives no terminal and runs nothing, whatever is asked of
it: every command, both streams."""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Tuiwb
from tests.scenarios import hostile
from tests.scenarios.hostile import EVIL, FORGED, raw_in
from tuiwb.base import consent
from tuiwb.base.errors import UserError
from tuiwb.cli.consent import settle
from tuiwb.cli.figures import FIGURES
from tuiwb.interop import tensorboard
from tuiwb.interop.formats.tensorboard import record_of
from tuiwb.run import pictures
from tuiwb.spec import resolve

RUN = "evil-run"
READING = (
    "ls",
    "ls --json",
    "show RUN",
    f"show RUN --plot {','.join(FIGURES)}",
    "show RUN --json",
    "show RUN --picture list",
    "show RUN --picture list --json",
    *(f"show RUN --picture {name}" for name in (*hostile.GALLERY, "strange", "none")),
    "show RUN --picture images --strip",
    "doctor RUN",
    "doctor RUN --json",
    "attach RUN",
    "ctl RUN stop",
    "ctl RUN set optim.lr=1",
    "ensemble RUN RUN",
    "compare RUN RUN",
    "compare RUN RUN --json",
    "resume RUN",
    "fork RUN",
    "replay RUN",
    "note RUN hello",
    "tag RUN",
    "prune",
    "export RUN --to csv --out out",
    "export RUN --to tensorboard --out out",
    "export RUN --to safetensors --out out",
    "presets",
    "presets --json",
    "lesson",
    "lesson PRESET",
    "describe PRESET",
    "check PRESET",
    "run PRESET",
    "run RUN/spec.toml",
    "describe RUN/spec.toml",
    "describe BROKEN",
    "show NO",
    "doctor NO",
)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that appears when the stranger's code runs: its folder is the one we are in."""
    monkeypatch.chdir(tmp_path)
    return hostile.module(tmp_path)


@pytest.fixture
def runs(own_world: Path, tmp_path: Path) -> Path:
    runs = own_world / "runs"
    hostile.run(runs, folder=tmp_path)
    own = own_world / "config" / "tuiwb" / "presets"
    own.mkdir(parents=True)
    hostile.preset(own)
    return runs


@pytest.mark.parametrize("line", READING)
def test_it_neither_drives_a_terminal_nor_runs(
    line: str, told: Path, runs: Path, command: Tuiwb, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text(f"[optim]\nname = {hostile.toml(EVIL)}\n", "utf-8")
    names = {
        "RUN": str(runs / RUN),
        "PRESET": str(hostile.preset(tmp_path)),
        "BROKEN": str(broken),
        "NO": EVIL.replace("/", ""),
    }
    words = [_named(word, names) for word in line.split()]
    done = command(*words)
    assert done.stdout or done.stderr
    written = done.stdout.replace(f"\n{FORGED}", "") if "--picture text" in line else done.stdout
    assert raw_in(written) == [] and raw_in(done.stderr) == []  # what a model wrote has lines
    assert "Traceback" not in done.stderr.replace(f"Traceback{EVIL}", "")
    assert not told.exists()


def _named(word: str, names: dict[str, str]) -> str:
    for short, name in names.items():
        if word == short or word.startswith(f"{short}/"):
            return name + word.removeprefix(short)
    return word


NAME = f"evil\x1b]0;PWNED\x07\x9b31m\u202e[red]\n{FORGED}"


@pytest.mark.parametrize(
    "line", ["ls", "show", "doctor", "show evil", "doctor evil", "ctl evil stop"]
)
def test_nor_does_the_name_of_its_folder(
    line: str, told: Path, own_world: Path, command: Tuiwb
) -> None:
    hostile.run(own_world / "runs", NAME)
    done = command(*line.split())
    assert "evil" in done.stdout + done.stderr
    assert raw_in(done.stdout) == [] and raw_in(done.stderr) == []


def test_code_is_asked_for_in_words(told: Path, runs: Path, command: Tuiwb, tmp_path: Path) -> None:
    preset = hostile.preset(tmp_path)
    again = [("resume", RUN), ("replay", RUN)]
    for line in (("run", preset), ("describe", preset), ("check", preset), *again):
        done = command(*line)
        assert done.returncode == 2
        for part in (
            "evil_nets:Net",
            str(tmp_path / "evil_nets.py"),
            "--allow-code",
            "TUIWB_ALLOW",
        ):
            assert part in done.stderr
    assert [path.name for path in runs.iterdir()] == [
        RUN
    ]  # no folder is left of what did not start


@pytest.mark.slow
@pytest.mark.parametrize("given", [("--allow-code",), ("-s", "model.name=evil_nets:Net")])
def test_code_that_is_allowed_is_allowed_from_then_on(
    given: tuple[str, ...], told: Path, runs: Path, command: Tuiwb, tmp_path: Path
) -> None:
    preset = hostile.preset(tmp_path)
    first = command("describe", preset, *given)
    assert "not allowed" not in first.stderr and told.exists()
    told.unlink()
    command("describe", preset)
    assert told.exists()
    told.unlink()

    module = tmp_path / f"{hostile.MODULE}.py"
    module.write_text(module.read_text() + "\n")
    assert "changed since you allowed it" in command("describe", preset).stderr
    assert not told.exists()


def test_a_setting_of_another_knob_is_no_consent(
    told: Path, runs: Path, command: Tuiwb, tmp_path: Path
) -> None:
    done = command("describe", hostile.preset(tmp_path), "-s", "model.words=model.name=x")
    assert "not allowed" in done.stderr and not told.exists()


@pytest.mark.parametrize(
    "name", ["../x", "..", "/etc/passwd", "optim.sgd", "../models/own", "sgd.py"]
)
@pytest.mark.parametrize("section", ["task", "data", "model", "init", "loss", "optim", "schedule"])
def test_a_component_is_named_from_our_shelves_alone(
    section: str, name: str, command: Tuiwb, tmp_path: Path
) -> None:
    shutil.copy(Path(__file__).parents[2] / "presets" / "vision" / "mlp-digits.toml", tmp_path)
    (tmp_path / "x.py").write_text("raise SystemExit(99)\nclass Knobs(object): pass\n")
    done = command("describe", tmp_path / "mlp-digits.toml", "-s", f"{section}.name={name}")
    assert done.returncode == 2 and "unknown" in done.stderr


def test_every_picture_of_the_gallery_was_read(runs: Path) -> None:
    for path in pictures.latest(runs / RUN / "pictures").values():
        assert (pictures.read(path) is None) == (b"PK no" in path.read_bytes())


class Typed(io.StringIO):
    """What a person types on a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "ran"), [("y\n", True), ("Yes\n", True), ("\n", False), ("n\n", False), ("", False)]
)
def test_on_a_terminal_there_is_a_question(
    typed: str,
    ran: bool,
    told: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    resolved = resolve(hostile.preset(tmp_path))
    monkeypatch.setattr(sys, "stdin", Typed(typed))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with contextlib.nullcontext() if ran else pytest.raises(UserError, match="not allowed"):
        settle(resolved)
    said = capsys.readouterr().err
    assert str(tmp_path / f"{hostile.MODULE}.py") in said and said.endswith("y/N\n")
    assert (consent.asks("evil_nets:Net") is None) is ran and not told.exists()


def test_tags_and_files_of_a_strangers_log(tmp_path: Path, command: Tuiwb) -> None:
    folder = tmp_path / "logs\x1b[2J"
    folder.mkdir()
    messages = tensorboard.messages()
    event = messages.Event(step=1, wall_time=1.0)
    event.summary.value.add(tag=f"loss{EVIL.replace(hostile.HALF, '')}", simple_value=1.0)
    name = f"events.out.tfevents.1\x1b]0;PWNED\x07\n{FORGED}"
    (folder / name).write_bytes(record_of(event) + b"damaged, and long enough to be a record")
    for line in (("doctor",), ("doctor", "--json"), ("attach",)):
        done = command(line[0], folder, *line[1:])
        assert done.stdout or done.stderr
        assert raw_in(done.stdout) == [] and raw_in(done.stderr) == []
