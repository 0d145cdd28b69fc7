"""Classes of which one is far rarer than another."""

from __future__ import annotations

from dataclasses import replace

from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.window import Facts, Window

RATIO = 10.0
"""Samples of the largest class over those of the smallest (SageMaker Debugger)."""
TASKS = ("classify", "")
"""Tasks that tell classes apart, and loops of which nobody said what they do."""


def rule(window: Window) -> Finding | None:
    """Speaks where the largest class has more than ten times the samples of the smallest, and the
    loss weighs all alike."""
    facts, counts = window.facts, window.facts.class_counts
    if len(counts) < 2 or facts.task not in TASKS or _weighed(facts):
        return None
    most, fewest = max(counts), min(counts)
    if most <= RATIO * fewest:
        return None
    ratio = most / max(fewest, 1)
    return Finding(
        symptom="class-imbalance",
        severity="warning",
        step=1,
        until=int(window.step[-1]),
        evidence={
            "ratio": ratio,
            "threshold": RATIO,
            "largest": most,
            "smallest": fewest,
            "classes": len(counts),
            "rarest": counts.index(fewest),
            "series": [name for name in ("val_recall", "val_accuracy") if name in window.evals],
        },
        causes=(
            "a class that is rare in the data",
            "a split or a filter that left little of it",
        ),
        remedy=_remedy(facts),
        source="SageMaker Debugger, ClassImbalance",
        words=f"the largest class has {ratio:.0f} times the samples of the smallest: "
        "accuracy hides what becomes of it",
    )


def _weighed(facts: Facts) -> bool:
    """Whether the loss already knows that classes differ."""
    name = facts.spec.get("loss.name")
    weights = facts.spec.get("loss.weights") or ()
    return name == "focal" or (name == "weighted-cross-entropy" and len(set(weights)) > 1)


def _remedy(facts: Facts) -> Remedy:
    most = max(facts.class_counts)
    # the square root of the ratio: full weight finds a rare class at the price of false alarms
    weights = [round((most / max(count, 1)) ** 0.5, 2) for count in facts.class_counts]
    name = facts.spec.get("loss.name")
    if name == "weighted-cross-entropy":
        return Remedy("restart", {"loss.weights": weights}, "weigh rare classes more")
    if name in ("cross-entropy", "bce") and len(weights) <= 1000:
        change = {"loss.name": "weighted-cross-entropy", "loss.weights": weights}
        return Remedy("restart", change, "weigh rare classes more, and watch recall")
    return Remedy("restart", {}, "weigh rare classes more in the loss, or draw them more often")


def EXAMPLES() -> dict[str, Window]:
    """Sick: one in a hundred. Near miss: the same with weights. Healthy: all alike."""
    facts = replace(healthy().facts, classes=2, class_counts=(14850, 150))
    cured = {"loss.name": "weighted-cross-entropy", "loss.weights": [1.0, 20.0]}
    return {
        "sick": healthy(facts=facts),
        "near-miss": healthy(facts=replace(facts, spec={**facts.spec, **cured})),
        "healthy": healthy(),
    }
