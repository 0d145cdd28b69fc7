"""The one run that is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.run.test_listing import make
from tuiwb.base.errors import UserError
from tuiwb.run.find import find


def test_the_one_that_is_meant(tmp_path: Path) -> None:
    for age, name in enumerate(("mlp-0001", "mlp-0002", "cnn-0001", "mlp")):
        make(tmp_path, name, 10.0 - age)
    assert find(tmp_path).name == "mlp-0001"
    assert find(tmp_path, "mlp").name == "mlp"  # exact before prefix
    assert find(tmp_path, "c").name == "cnn-0001"
    assert find(tmp_path, "./x") == Path("x").absolute()
    with pytest.raises(UserError) as several:
        find(tmp_path, "mlp-")
    assert "'mlp-' is the beginning of 2 runs" in str(several.value)
    assert "mlp-0001, mlp-0002" in str(several.value)
    with pytest.raises(UserError) as none:
        find(tmp_path, "cnn-0002")
    assert "there is no run 'cnn-0002'" in str(none.value)
    assert "nearest:  cnn-0001" in str(none.value)


def test_no_runs_yet(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UserError, match="there are no runs yet"):
            find(folder)
        with pytest.raises(UserError, match="there is no run 'x'"):
            find(folder, "x")


def test_a_link_is_no_run(tmp_path: Path) -> None:
    make(tmp_path / "elsewhere", "real", 1.0)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "link").symlink_to(tmp_path / "elsewhere" / "real")
    with pytest.raises(UserError, match="link is a link, not a run") as refused:
        find(tmp_path / "runs", "link")
    assert "elsewhere/real" in refused.value.found
    with pytest.raises(UserError, match="there are no runs yet"):
        find(tmp_path / "runs")


def test_among_very_many_the_nearest_is_still_named(tmp_path: Path) -> None:
    for number in range(2100):
        (tmp_path / f"mlp-digits-{number:04d}" / "tables").mkdir(parents=True)
    with pytest.raises(UserError) as unknown:
        find(tmp_path, "mlp-digts-1234")
    assert unknown.value.nearest == "mlp-digits-1234"
    assert find(tmp_path, "mlp-digits-2099").name == "mlp-digits-2099"
    with pytest.raises(UserError, match="is the beginning of 10 runs"):
        find(tmp_path, "mlp-digits-123")
