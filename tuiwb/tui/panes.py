"""The panes that a bench may have, by name: what a config file, a run's own view and keys mean."""

from __future__ import annotations

CHARTS = ("loss", "gradient", "metric", "rate")
MAPS = ("gradients", "activations")
TEXTS = ("doctor", "log")
PICTURE = "picture"
PANES = (*CHARTS, *MAPS, *TEXTS, PICTURE)
"""All of them, in the order in which they stand unless a person wants another. Beside them, any
metric of a run has a chart: ``TABLE.COLUMN``."""

SHORT = dict(
    zip(
        PANES,
        ("loss", "norm", "metric", "rate", "grads", "acts", "doctor", "log", "picture"),
        strict=True,
    )
)
"""Names for a row of tabs."""

TITLES = {
    "loss": "loss",
    "gradient": "gradient norm",
    "metric": "evaluation",
    "rate": "learning rate",
    "gradients": "gradients by layer",
    "activations": "activations by layer",
    "doctor": "the doctor's findings",
    "log": "what happened, line by line",
    PICTURE: "pictures of what the model does",
}
"""What each shows, in words."""


def is_chart(name: str) -> bool:
    """Whether a pane has axes."""
    return name not in (*TEXTS, PICTURE)
