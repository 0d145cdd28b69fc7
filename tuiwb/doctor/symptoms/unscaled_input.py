"""Inputs on scales that a network cannot begin on."""

from __future__ import annotations

from dataclasses import replace

from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.remedies import remedy
from tuiwb.doctor.window import Facts, Window

LARGE = 20.0
"""Root mean square of a feature. Pixels of 0 to 16 reach 8, raw tables (wine, diabetes, cancer)
190 to 1050."""
SMALL = 0.05
"""Below this, all features of a table are next to nothing."""


def rule(window: Window) -> Finding | None:
    """Speaks where the greatest feature is far from 1, however it came about: far from zero, or
    wide. Features between 0 and 1, one-hot columns and pixels of 0 to 16 are no symptom; nor are
    inputs that the network normalises itself."""
    inputs, facts = window.facts.inputs, window.facts
    largest = inputs.get("largest", max(inputs.get("widest", 1.0), abs(inputs.get("mean", 0.0))))
    tiny = largest < SMALL and inputs.get("features", 1) > 1
    if not (largest > LARGE or tiny) or _normalises(facts):
        return None
    numbers = ("mean", "std", "offset", "narrowest", "widest", "condition")
    shown = {name: inputs[name] for name in numbers if name in inputs}
    return Finding(
        symptom="unscaled-input",
        severity="warning",
        step=1,
        until=int(window.step[-1]),
        evidence={
            "largest": largest,
            "threshold": SMALL if tiny else LARGE,
            **shown,
            "series": ["loss"],
        },
        causes=(
            "features in their own units, which differ by orders of magnitude"
            if inputs.get("widest", 1.0) > 10 * inputs.get("narrowest", 1.0)
            else "features in their own units",
            "pixels of 0 to 255",
        ),
        remedy=_remedy(window),
        source="SageMaker Debugger, TensorVariance; LeCun et al. 1998, Efficient BackProp, 4.3",
        words=f"a feature is of size {largest:.3g}, where a network expects about 1",
    )


def _normalises(facts: Facts) -> bool:
    """Whether the first layer brings its inputs to one scale."""
    first = next((layer.kind for layer in facts.layers if layer.parameters), "")
    return first.startswith(("BatchNorm", "LayerNorm", "LazyBatchNorm", "InstanceNorm"))


def _remedy(window: Window) -> Remedy:
    scaled = window.facts.spec.get("data.scaling") == "standard"
    change = {} if scaled else {"data.scaling": "standard"}
    return remedy(window, "restart", change, "mean 0 and standard deviation 1 for each feature")


def EXAMPLES() -> dict[str, Window]:
    """Sick: scikit-learn's wine table. Near miss: pixels of 0 to 16. Healthy: standardised."""
    facts = healthy().facts

    def of(**inputs: float) -> Window:
        spec = {**facts.spec, "data.scaling": "none"}
        return healthy(facts=replace(facts, inputs=inputs, spec=spec))

    return {
        "sick": of(mean=69.7, std=219.0, largest=821.0, features=13.0, offset=16.1, narrowest=0.12,
                   widest=324.0, condition=1.47e7),
        "near-miss": of(mean=4.88, std=6.02, largest=7.75, features=1.0, offset=0.81,
                        narrowest=6.02, widest=6.02),
        "healthy": healthy(),
    }  # fmt: skip
