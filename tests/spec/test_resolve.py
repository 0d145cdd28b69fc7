"""A preset and overrides become one whole spec, or a message that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.base.errors import UserError
from tuiwb.spec import from_toml, presets, resolve, to_toml
from tuiwb.spec.declarations import SHELVES
from tuiwb.spec.knobs import fields
from tuiwb.spec.resolve import SECTIONS, knobs_of


def refused(*overrides: str, preset: str | Path = "mlp-digits") -> UserError:
    with pytest.raises(UserError) as caught:
        resolve(preset, overrides)
    return caught.value


def test_a_typed_value_beats_the_preset_and_a_default_never_does() -> None:
    plain = resolve("mlp-digits")
    typed = resolve("mlp-digits", ["optim.lr=0.25"])
    assert typed.spec.optim.lr == 0.25
    assert typed.origins["optim.lr"] == "command line"
    assert plain.origins["optim.lr"] == "preset"
    assert plain.origins["train.clip_norm"] == "default"
    assert typed.changed() == {"optim.lr": 0.25}
    assert typed.command() == "tuiwb run mlp-digits -s optim.lr=0.25"


def test_the_last_of_two_overrides_counts() -> None:
    assert resolve("mlp-digits", ["train.steps=5", "train.steps=7"]).spec.train.steps == 7


def test_a_replaced_component_drops_the_preset_s_knobs_of_the_old_one() -> None:
    spec = resolve("mlp-digits", ["optim.name=sgd", "optim.momentum=0.5"]).spec
    assert spec.optim.name == "sgd"
    assert spec.optim.momentum == 0.5  # type: ignore[attr-defined]


@pytest.mark.parametrize("preset", [info.name for info in presets()])
def test_written_and_read_again_a_spec_is_the_same(preset: str) -> None:
    resolved = resolve(preset, ["train.seed=3"])
    again = from_toml(to_toml(resolved), "spec.toml")
    assert again.spec == resolved.spec
    assert again.preset == preset
    assert again.origins == resolved.origins


@given(st.text(max_size=60))
def test_any_text_survives_toml(text: str) -> None:
    from tuiwb.spec.toml import literal, parse

    assert parse(f"a = {literal(text)}", "x")["a"] == text


def test_every_knob_says_what_it_is() -> None:
    for section in SECTIONS:
        names = SHELVES[section].names() if section in SHELVES else (None,)
        for name in names:
            for info in knobs_of(section, name):
                assert info.help, f"{section}.{info.name} has no help"
                assert info.allowed
                assert info.tier in ("hot", "branch", "restart")


def test_a_component_is_declared_without_its_import() -> None:
    knobs = knobs_of("model", "mlp")
    assert knobs[0].name == "name"
    assert {info.name for info in knobs} >= {"name", "activation"}


@pytest.mark.parametrize(
    ("override", "what", "nearest"),
    [
        ("optim.lrr=1", "unknown key optim.lrr", "lr"),
        ("optm.lr=1", "unknown section 'optm'", "optim"),
        ("optim.name=adamm", "unknown optimizer 'adamm'", "adam"),
        ("model.name=mpl", "unknown architecture 'mpl'", "mlp"),
        ("model.activation=rlu", "model.activation is not one of the choices", "relu"),
    ],
)
def test_a_misspelt_name_is_told_the_nearest(override: str, what: str, nearest: str) -> None:
    error = refused(override)
    assert error.what == what
    assert error.nearest == nearest
    assert override in error.where
    assert nearest in error.allowed


@pytest.mark.parametrize(
    ("override", "what", "allowed"),
    [
        ("optim.lr=fast", "optim.lr has the wrong type", "a number > 0 and <= 100"),
        ("optim.lr=-1", "optim.lr is out of range", "a number > 0 and <= 100"),
        ("optim.lr=nan", "optim.lr is out of range", "a number > 0 and <= 100"),
        ("train.steps=1.5", "train.steps has the wrong type", "a whole number >= 1 and <= 1e+09"),
        ("train.steps=0", "train.steps is out of range", "a whole number >= 1 and <= 1e+09"),
        ("data.val_share=1", "data.val_share is out of range", "a number > 0 and < 1"),
        ("foo", "cannot read the setting 'foo'", "section.key=value, such as optim.lr=0.01"),
    ],
)
def test_a_wrong_value_is_told_the_range(override: str, what: str, allowed: str) -> None:
    error = refused(override)
    assert error.what == what
    assert error.allowed.startswith(allowed)


@pytest.mark.parametrize(
    ("overrides", "what"),
    [
        (["schedule.warmup=5000"], "the warm-up is as long as the run"),
        (["train.patience=3", "train.eval_every=0"], "early stopping needs evaluations"),
        (["regularize.l2=0.1", "regularize.weight_decay=0.1"], "two kinds of weight decay"),
        (["model.norm=batch", "data.batch_size=1"], "batch normalisation needs more than one"),
        (["model.norm=batch", "data.batch_size=7", "train.accumulate=4"], "batch normalisation"),
        (["data.batch_size=7", "train.accumulate=8"], "a batch cannot be read in more parts"),
        (["data.name=pydoc"], "the task 'classify' does not fit the data 'pydoc'"),
        (["loss.name=mse"], "the loss 'mse' does not fit the task 'classify'"),
        (["model.name=gpt"], "the architecture 'gpt' does not read what 'digits' gives"),
        (["model.name=linear", "regularize.dropout=0.5"], "linear has no layer that dropout"),
    ],
)
def test_contradictions_are_found_before_torch_is_loaded(overrides: list[str], what: str) -> None:
    error = refused(*overrides)
    assert error.what.startswith(what)
    assert error.found and error.allowed


def test_a_toml_syntax_error_has_line_and_column(tmp_path: Path) -> None:
    preset = tmp_path / "broken.toml"
    preset.write_text('[about]\ntitle = "x"\n[train]\nsteps = = 3\n')
    error = refused(preset=preset)
    assert error.where == f"{preset}, line 4, column 9"
    assert error.found == "steps = = 3"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\xff\xfe", "odd.toml is not UTF-8 text"),
        (b"[trian]\n", "unknown table [trian]"),
        (b"train = 3\n", "train must be a table"),
        (b"x" * 2_000_000, "odd.toml is too large for a spec"),
    ],
)
def test_a_file_that_is_no_preset(tmp_path: Path, content: bytes, what: str) -> None:
    preset = tmp_path / "odd.toml"
    preset.write_bytes(content)
    error = refused(preset=preset)
    assert error.what == what
    assert str(preset) in error.where


def test_an_unknown_preset_is_told_the_nearest() -> None:
    error = refused(preset="mlp-digit")
    assert error.nearest == "mlp-digits"
    assert "tuiwb presets" in error.next


def test_a_user_s_preset_hides_ours(own_world: Path) -> None:
    folder = own_world / "config" / "tuiwb" / "presets"
    folder.mkdir(parents=True)
    text = to_toml(resolve("mlp-digits", ["train.steps=11"]))
    (folder / "mlp-digits.toml").write_text(text)
    assert resolve("mlp-digits").spec.train.steps == 11


def test_a_list_s_range_is_that_of_its_items() -> None:
    hidden = next(i for i in knobs_of("model", "mlp") if i.kind == "list")
    assert hidden.low is not None
    error = refused(f"model.{hidden.name}=[0]")
    assert error.what == f"model.{hidden.name} is out of range"


def test_one_number_is_a_list_of_one() -> None:
    for text in ("64", "[64]", "64,"):
        assert resolve("mlp-digits", [f"model.hidden={text}"]).spec.model.hidden == (64,)  # type: ignore[attr-defined]


def test_fields_put_the_name_first() -> None:
    from tuiwb.spec.sections import OptimKnobs

    assert [info.name for info in fields(OptimKnobs)] == ["name", "lr"]


def test_a_preset_of_ones_own_is_called_by_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    mine = tmp_path / "tuiwb" / "presets" / "mine.toml"
    mine.parent.mkdir(parents=True)
    mine.write_text(to_toml(resolve("mlp-digits", ["train.steps=7"])))
    assert resolve("mine").preset == "mine"
    assert resolve("mine").command().startswith("tuiwb run mine ")
    elsewhere = tmp_path / "spec.toml"
    elsewhere.write_text(mine.read_text())
    assert resolve(elsewhere).preset == "mlp-digits", "a run's spec keeps its preset's name"
