"""What must not alarm: every preset of the catalogue as it stands."""

from __future__ import annotations

from tests.benchmarks.trial import Trial
from tuiwb.spec import presets, resolve

QUICK = ("linreg-diabetes", "perceptron-blobs", "reg-2d")
SMALLER = {
    "gpt2-124m": ("data.context=64", "data.batch_size=4", "data.vocabulary=512"),
    "airbench": ("data.samples=1000", "data.batch_size=64"),
}
"""On top of the smallest size, where a preset needs a GPU: its samples are random, too."""


def healthy(most: int = 0) -> list[Trial]:
    """The catalogue's presets at their own settings, those that need a GPU at their smallest size;
    with at most ``most`` steps where that is not 0."""
    trials = []
    for info in presets():
        steps = resolve(info.name).spec.train.steps
        overrides = [f"train.steps={most}"] if 0 < most < steps else []
        if info.needs == "gpu":
            overrides += ["model.size=xs", *SMALLER.get(info.name, ())]
        trials.append(Trial(info.name, info.name, tuple(overrides), quick=info.name in QUICK))
    return trials
