"""What must not alarm: every preset of the catalogue as it stands."""

from __future__ import annotations

from tests.benchmarks.trial import Trial
from tuiwb.spec import presets, resolve

QUICK = ("linreg-diabetes", "logreg-cancer", "softmax-digits", "perceptron-blobs", "reg-2d")


def healthy(most: int = 0) -> list[Trial]:
    """The catalogue's presets at their own settings, with at most ``most`` steps where that is not
    0."""
    trials = []
    for info in presets():
        steps = resolve(info.name).spec.train.steps
        overrides = (f"train.steps={most}",) if 0 < most < steps else ()
        trials.append(Trial(info.name, info.name, overrides, quick=info.name in QUICK))
    return trials
