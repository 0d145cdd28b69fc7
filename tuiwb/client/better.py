"""Which way a metric is better, by the words in its name."""

from __future__ import annotations

from collections.abc import Mapping

_LESS = ("loss", "perplexity", "error", "mse", "mae", "bpc", "nll")
_MORE = ("accuracy", "r2", "f1", "auc", "recall", "precision", "reward", "score", "purity")


def less_is_better(metric: str) -> bool:
    """Whether a metric that is aimed at is aimed at from above; where no word tells, it is not."""
    return any(word in metric.lower() for word in _LESS)


def best(metric: str, values: Mapping[str, float]) -> str | None:
    """The label of the best of ``values``; None where the name does not tell which way is better,
    or no value is."""
    name = metric.lower()
    if not less_is_better(name) and not any(word in name for word in _MORE):
        return None
    known = {label: value for label, value in values.items() if value == value}
    if len(known) < 2 or len(set(known.values())) < 2:
        return None
    pick = min if less_is_better(name) else max
    return pick(known, key=lambda label: known[label])
