"""A lesson's file: what is wrong in it is said, with where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuiwb.base.errors import UserError
from tuiwb.spec.lessons import lesson, lessons, paths, resolve_run

GOOD = """
preset  = "mlp-digits"
set     = ["train.steps=10"]
overlay = ["val_loss"]

[about]
title   = "t"
paper   = "p"
story   = "s"
look_at = "l"

[[runs]]
label = "sick"
set   = ["optim.lr=1"]

[[runs]]
label  = "cured"
preset = "logreg-cancer"

[[asserts]]
check    = "gap"
run      = "cured"
over     = "sick"
metric   = "val_accuracy"
at_least = 1
reason   = "r"
"""


def write(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text, "utf-8")
    return str(path)


def test_runs_share_what_the_lesson_says_and_differ_in_their_own(tmp_path: Path) -> None:
    what = lesson(write(tmp_path, GOOD))
    sick, cured = (resolve_run("mine", what, run, ["train.seed=3"]) for run in what.runs)
    assert (sick.preset, cured.preset) == ("mlp-digits", "logreg-cancer")
    assert sick.get("optim.lr") == 1
    assert all(run.get("train.steps") == 10 and run.get("train.seed") == 3 for run in (sick, cured))


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ('check    = "gap"', 'check    = "gab"', "gab"),
        ('over     = "sick"', 'over     = "sic"', "there is no run 'sic'"),
        ("at_least = 1", "", "one bound"),
        ("at_least = 1", "at_least = 1\nat_most = 2", "one bound"),
        ('label = "sick"', 'label = "cured"', "labels of their own"),
        ('metric   = "val_accuracy"\n', "", "metric"),
        ('preset  = "mlp-digits"\n', "", "names no preset"),
        ('[about]\ntitle   = "t"', "[about]", "title"),
        ("at_least = 1", 'at_least = "much"', "at_least"),
        ('reason   = "r"', 'reason   = "r"\nwhy = 1', "why"),
    ],
)
def test_a_mistake_is_said(wrong: str, right: str, said: str, tmp_path: Path) -> None:
    assert wrong in GOOD
    with pytest.raises(UserError) as error:
        lesson(write(tmp_path, GOOD.replace(wrong, right, 1)))
    assert said in str(error.value)
    assert "mine.toml" in str(error.value)


def test_a_run_with_a_wrong_setting_says_which_lesson_and_run(tmp_path: Path) -> None:
    what = lesson(write(tmp_path, GOOD.replace("optim.lr=1", "optim.lrr=1")))
    with pytest.raises(UserError, match="lesson mine, run sick"):
        resolve_run("mine", what, what.runs[0], ())


def test_an_unknown_lesson_says_which_there_are() -> None:
    with pytest.raises(UserError) as error:
        lesson("zero-innit")
    assert error.value.nearest == "zero-init"


def test_a_lesson_of_one_s_own_is_listed_and_a_broken_one_is_not(own_world: Path) -> None:
    folder = own_world / "config" / "tuiwb" / "presets" / "lessons"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(GOOD, "utf-8")
    (folder / "broken.toml").write_text("[about", "utf-8")
    listed = [name for name, _ in lessons()]
    assert "mine" in listed and "zero-init" in listed and "broken" not in listed
    assert "broken" in paths()
