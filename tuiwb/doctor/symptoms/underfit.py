"""Next to nothing is learned, of training samples as little as of new ones."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.flat import GAIN, SPANS, flat
from tuiwb.doctor.remedies import remedy, tidy, wider
from tuiwb.doctor.schedule import peak
from tuiwb.doctor.window import Window

LEARNED = 0.3
"""Share of what the loss began with: a run that has lost more of it is not underfit."""
WORSE = 1.2
"""Times what it began with: a run that is worse than a guess was led astray."""
ALIKE = 0.15
"""Of the training loss: how far the held-out loss may lie from it."""


def rule(window: Window) -> Finding | None:
    """Speaks where a run has stopped gaining with less than 30 % of its first loss gone, and the
    training loss is as high as the held-out one, although updates are of ordinary size."""
    found = flat(window)
    if found is None or not (1 - LEARNED) * found.began < found.loss < WORSE * found.began:
        return None
    if np.isfinite(found.val_loss) and found.val_loss > (1 + ALIKE) * found.loss:
        return None
    lr = peak(window)
    return Finding(
        symptom="underfit",
        severity="warning",
        step=found.since,
        until=int(window.step[-1]),
        evidence={
            "loss": found.loss,
            "began": found.began,
            "learned": 1 - found.loss / found.began,
            "learned_threshold": LEARNED,
            "gain": 1 - found.loss / found.best,
            "gain_threshold": GAIN,
            "spans": SPANS,
            "val_loss": found.val_loss if np.isfinite(found.val_loss) else None,
            "series": ["loss", "val_loss"],
        },
        causes=(
            "inputs that do not tell the targets, or labels that are shuffled",
            "a saddle at the start that a larger rate would leave",
            "too strong a regulariser",
            "a network too small, or of the wrong kind for this data",
        ),
        remedy=remedy(
            window,
            "restart",
            {"optim.lr": tidy(2 * lr)} | wider(window),
            "a wider or deeper network, twice the learning rate, less regularisation",
        ),
        source="Goodfellow, Bengio & Courville 2016, section 5.2",
        words=f"of a first loss of {found.began:.3g} there are {found.loss:.3g} left, and nothing "
        f"has been gained since step {found.since}",
    )


def EXAMPLES() -> dict[str, Window]:
    """Sick: flat at 2.0 of ln 10 = 2.3 for 900 steps. Near miss: as high, and still falling.
    Healthy: it learns."""
    step = np.arange(1, 1001)
    noise = 0.05 * np.random.default_rng(2).standard_normal(1000)
    high = 2.0 + 0.3 * np.exp(-step / 30) + noise
    falling = 2.3 - 4e-4 * step + noise
    every = np.arange(50, 1001, 50)
    return {
        "sick": healthy(
            1000,
            columns={"loss": high},
            evals={"val_loss": 2.02, "val_accuracy": 0.2},
            best_loss=1.98,
        ),
        "near-miss": healthy(
            1000,
            columns={"loss": falling},
            evals={"val_loss": 2.3 - 4e-4 * every, "val_accuracy": 0.2},
            best_loss=1.9,
        ),
        "healthy": healthy(1000),
    }
