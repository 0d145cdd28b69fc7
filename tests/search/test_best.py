"""What is kept of a sweep, and what is said of its knobs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.search.synthetic import Synthetic, asked, begin, conducted
from tuiwb.base.errors import UserError
from tuiwb.search.best import write_best
from tuiwb.search.figures import arrays, axes_of, curve
from tuiwb.search.importance import importance, known
from tuiwb.search.ledger import SweepView, read_ledger
from tuiwb.spec import presets, resolve


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> SweepView:
    paths = begin(tmp_path_factory.mktemp("runs"), asked(trials=30))
    conducted(paths, Synthetic())
    return read_ledger(paths)


def test_the_best_is_a_preset_of_one_s_own(view: SweepView) -> None:
    path = write_best(view)
    best = view.best
    assert best is not None and path.stem in {info.name for info in presets()}
    kept = resolve(path.stem)
    assert kept.get("optim.lr") == best.values["optim.lr"]
    assert str(kept.get("model.width")) == best.values["model.width"]
    assert kept.preset == path.stem and kept.changed() == {}
    assert f"trial {best.number} of 30" in kept.spec.about.look_at
    assert kept.spec.about.expect is None
    with pytest.raises(UserError, match="already"):
        write_best(view)


def test_nothing_is_kept_where_nothing_is_complete(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no complete trial"):
        write_best(read_ledger(begin(tmp_path, asked())))


@pytest.mark.parametrize("method", ["fanova", "mdi"])
def test_the_knob_that_matters_is_found(view: SweepView, method: str) -> None:
    shares = importance(view, method)
    assert list(shares) == ["optim.lr", "model.width"]  # the width changes nothing
    assert shares["optim.lr"] > 0.8 and sum(shares.values()) == pytest.approx(1)
    assert known(view.paths)["method"] == method


def test_its_arrays_have_every_trial_and_the_best_last_of_its_curve(view: SweepView) -> None:
    drawn = arrays(view, axes_of(view), {"model.width": 0.1, "optim.lr": 0.9})
    assert drawn["points"].shape == (30, 2) and drawn["names"].tolist()[0] == "optim.lr"
    assert set(drawn["points"][:, 1]) <= {16, 32, 64} and drawn["logs"].tolist() == [1, 0]
    numbers, values, best = curve(view)
    assert len(numbers) == 30 and (np.diff(best) <= 0).all() and best[-1] == values.min()
