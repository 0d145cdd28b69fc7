"""[data.full]: kept in the preset, chosen with ``-s data.full=true``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuiwb.base.errors import UserError
from tuiwb.spec import from_toml, presets, resolve, to_toml
from tuiwb.spec.declarations import declared
from tuiwb.spec.presets import find
from tuiwb.spec.toml import read

TWO_SIZES = """
[task]
name = "classify"
[data]
name = "digits"
batch_size = 16
canvas = 12
[data.full]
name = "hub-images"
dataset = "fashion-mnist"
val_share = 0.1
[model]
name = "mlp"
[loss]
name = "cross-entropy"
[optim]
name = "adam"
"""


@pytest.fixture
def preset(tmp_path: Path) -> Path:
    path = tmp_path / "two-sizes.toml"
    path.write_text(TWO_SIZES)
    return path


def test_the_small_data_is_what_a_preset_trains_on(preset: Path) -> None:
    data = resolve(preset).spec.data
    assert (data.name, data.full, data.batch_size) == ("digits", False, 16)
    assert resolve(preset, ["data.full=false"]).spec.data == data


def test_the_full_data_takes_its_place_and_inherits_nothing(preset: Path) -> None:
    resolved = resolve(preset, ["data.full=true", "data.samples=500"])
    data = resolved.spec.data
    assert (data.name, data.full, data.batch_size, data.val_share) == ("hub-images", True, 64, 0.1)
    assert resolved.get("data.dataset") == "fashion-mnist" and resolved.get("data.samples") == 500
    assert resolved.origins["data.dataset"] == "preset"
    assert resolved.changed() == {"data.full": True, "data.samples": 500}
    assert resolved.command().endswith("-s data.full=true -s data.samples=500")


def test_a_run_keeps_the_one_that_was_chosen(preset: Path) -> None:
    for settings in ([], ["data.full=true"]):
        resolved = resolve(preset, settings)
        again = from_toml(to_toml(resolved), "spec.toml")
        assert again.spec == resolved.spec and again.changed() == resolved.changed()


def test_what_is_wrong_is_told(preset: Path) -> None:
    with pytest.raises(UserError, match="no data of full size") as caught:
        resolve("logreg-cancer", ["data.full=true"])
    assert "command line: data.full=true" in caught.value.where
    with pytest.raises(UserError, match=r"data\.full has the wrong type"):
        resolve(preset, ["data.full=yes"])
    kept = to_toml(resolve(preset, ["data.full=true"]))
    with pytest.raises(UserError, match="only the data of full size is kept"):
        from_toml(kept, "spec.toml", ["data.full=false"])
    preset.write_text(TWO_SIZES.replace("fashion-mnist", "mnst"))
    with pytest.raises(UserError, match="not one of the choices"):
        resolve(preset, ["data.full=true"])


@pytest.mark.parametrize(
    "name", [info.name for info in presets() if "full" in read(info.path).get("data", {})]
)
def test_the_full_data_of_every_preset_resolves(name: str) -> None:
    source = read(find(name))["data"]["full"]["name"]
    files = [f"data.{key}=mine" for key in declared("data", source).needs]  # type: ignore[attr-defined]
    assert resolve(name, ["data.full=true", *files]).spec.data.full
