"""What a sweep asks for is held against the preset before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.search.synthetic import ASKED, asked, begin
from tuiwb.base.errors import UserError
from tuiwb.search.places import find_sweep, same, sweeps
from tuiwb.search.sweep import check, convert, is_sweep, read_sweep


def test_a_sweep_is_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    for sweep in (ASKED, asked(set=("train.steps=5",), pick="highest", population=True)):
        path.write_text(sweep.to_toml(), "utf-8")
        assert is_sweep(path) and read_sweep(path) == sweep
    path.write_text('preset = "mlp-digits"\nspace = ["optim.lr=0.1,0.2"]\n', "utf-8")
    assert read_sweep(path).sampler == "tpe" and read_sweep(path).trials == 20


def test_jobs_alone_make_no_other_sweep() -> None:
    assert asked(jobs=9).digest == ASKED.digest
    changes = ({"seed": 6}, {"trials": 13}, {"metric": "loss"}, {"space": ASKED.space[:1]})
    assert len({ASKED.digest, *(asked(**change).digest for change in changes)}) == 5


@pytest.mark.parametrize(
    ("metric", "pick", "falling"),
    [
        ("val_loss", "", True), ("val_accuracy", "", False), ("val_r2", "", False),
        ("val_perplexity", "", True), ("val_loss", "highest", False), ("val_r2", "lowest", True),
    ],
)  # fmt: skip
def test_which_way_is_better(metric: str, pick: str, falling: bool) -> None:
    assert asked(metric=metric, pick=pick).falling is falling


@pytest.mark.parametrize(
    ("changes", "said", "nearest"),
    [
        ({"sampler": "ramdom"}, "unknown sampler 'ramdom'", "random"),
        ({"pruner": "medium"}, "unknown pruner 'medium'", "median"),
        ({"pick": "best"}, "unknown pick 'best'", "lowest"),
        ({"space": ()}, "there is nothing to search", ""),
        ({"space": ("optim.lrr=0.1,1",)}, "unknown key optim.lrr", "lr"),
        ({"space": ("optim.lr=log:1:0.1",)}, "the range of optim.lr is empty", ""),
        ({"set": ("optim.lr=0.1",)}, "optim.lr is set and varies", ""),
        ({"preset": "mlp-digit"}, "unknown preset 'mlp-digit'", "mlp-digits"),
        ({"sampler": "grid", "trials": 2}, "does not fit into so few trials", ""),
        ({"population": True}, "model.width cannot vary in a population", ""),
        (
            {"population": True, "sampler": "tpe", "space": ("optim.lr=log:1e-4:1",)},
            "--population trains all trials at once",
            "",
        ),
    ],
)
def test_a_mistake_costs_no_training(changes: dict[str, object], said: str, nearest: str) -> None:
    with pytest.raises(UserError) as error:
        check(asked(**changes))
    assert said in error.value.what and error.value.nearest == nearest


def test_a_mistake_in_a_file_names_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('preset = "mlp-digits"\nspace = []\nsampelr = "tpe"\n', "utf-8")
    with pytest.raises(UserError) as error:
        read_sweep(path)
    assert error.value.nearest == "sampler" and "mine.toml" in error.value.where
    for fields in ({"trials": 0}, {"jobs": 1000}, {"seed": -1}, {"space": 3}):
        with pytest.raises(UserError, match="that is no sweep"):
            convert({"preset": "p", "space": [], **fields}, "here")


def test_a_sweep_is_found_again(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no sweep"):
        find_sweep(tmp_path)
    first = begin(tmp_path, ASKED)
    assert same(tmp_path, asked(jobs=1)) == first and same(tmp_path, asked(seed=9)) is None
    named = begin(tmp_path, asked(seed=9), "wide")
    assert {paths.name for paths in sweeps(tmp_path)} == {"mlp-digits-sweep-1", "wide"}
    assert find_sweep(tmp_path, "wi") == named and find_sweep(tmp_path, first.name) == first
    with pytest.raises(UserError) as error:
        find_sweep(tmp_path, "wied")
    assert error.value.nearest == "wide"
    with pytest.raises(UserError, match="already"):
        begin(tmp_path, ASKED, "wide")


def test_a_preset_that_changes_later_changes_no_trial(tmp_path: Path) -> None:
    preset = tmp_path / "own.toml"
    preset.write_text('[data]\nname = "digits"\n[model]\nname = "mlp"\n[optim]\nname = "sgd"\n'
                      '[task]\nname = "classify"\n[loss]\nname = "cross-entropy"\n')  # fmt: skip
    paths = begin(tmp_path / "runs", asked(preset=str(preset)))
    preset.write_text("rubbish")
    kept = asked(preset=str(paths.preset))
    base, over = check(kept)
    assert base.preset == "own" and [axis.key for axis in over.axes] == ["optim.lr", "model.width"]
