"""The gradient gets lost on its way back, so that the first layers do not learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.layers import medians, names, reached, recent, sampled
from tuiwb.doctor.remedies import remedy
from tuiwb.doctor.stuck import learned, stuck
from tuiwb.doctor.window import Array, LayerFacts, Window

SAMPLES = 2
"""Samples in a row whose medians are looked at."""
FALL = 1e-3
"""Gradient over weight of the first layers, by that of the best of the last ones."""
FADED = 1e-2
"""Signal that is left at the far end: forwards at the last layers, backwards at the first ones."""
STILL = 1e-5
"""Update over weight. Optimizers that rescale gradients move weights by noise all the same."""
RESCALING = frozenset({"adam", "adamw", "rmsprop", "adagrad"})
DEAD = 0.9
"""Share of dead units through which nothing comes back."""
SHALLOW = 4
"""Fewer layers with weights than this have no depth to get lost in."""


def rule(window: Window) -> Finding | None:
    """Speaks where a run is stuck, the gradient for its weight is a thousandth and less in the
    first third of the layers, and the signal itself fades with depth, forwards or backwards.

    The ratio of first to last gradient alone is not sound: shrinking activations times a shrinking
    backward signal is the same everywhere (Glorot & Bengio 2010).
    """
    if window.facts.task == "adversarial" or not stuck(window):
        return None
    gradient = medians(recent(window, "grad_norm", SAMPLES))
    weight = medians(recent(window, "weight_norm", SAMPLES))
    with np.errstate(invalid="ignore", over="ignore"):
        ratio = gradient / np.maximum(weight, 1e-30)
    rows = np.flatnonzero(np.isfinite(ratio))
    if len(rows) < SHALLOW:
        return None
    first, last = rows[: len(rows) // 3], rows[len(rows) // 2 :]
    best, worst = float(ratio[last].max()), float(ratio[first].max())
    if not worst < FALL * best:
        return None
    moved = float(np.nanmax(medians(recent(window, "update_ratio", SAMPLES))[first], initial=0.0))
    if moved > STILL and window.facts.spec.get("optim.name") not in RESCALING:
        return None
    back = _fall(medians(recent(window, "back_std", SAMPLES))[rows][::-1])
    forth = _fall(medians(recent(window, "act_std", SAMPLES))[rows[:-1]])
    if not min(back, forth) < FADED or _broken(window):
        return None
    begin, end = sampled(window, SAMPLES)
    return Finding(
        symptom="vanishing-gradient",
        severity="alarm",
        step=begin,
        until=end,
        evidence={
            "gradient_per_weight": worst,
            "of_the_last_layers": best,
            "ratio": worst / best,
            "threshold": FALL,
            "backward_left": back,
            "forward_left": forth,
            "faded_threshold": FADED,
            "update_ratio": moved,
            "learned": learned(window),
            "series": ["layers.grad_norm", "layers.back_std", "loss"],
            "layers": names(window, first),
        },
        causes=(
            "inputs on a scale that saturates the first layers",
            "weights that begin too small for this activation and depth",
            "sigmoids: each lets at most a quarter of the gradient through",
            "many layers without skip connections or normalisation",
        ),
        remedy=_remedy(window),
        source="Glorot & Bengio 2010; gradient over weight per layer, with the backward signal",
        words=f"the gradient of the first layers is {worst / best:.0e} of the last ones', "
        "and they do not learn",
    )


def _broken(window: Window) -> bool:
    """Whether something else than depth stops the signal: dead units that it reached, or weights
    of zero, which are symptoms of their own."""
    dead = medians(recent(window, "act_dead", 1))
    size = medians(recent(window, "weight_norm", 1))
    hidden = [i for i, layer in enumerate(window.facts.layers) if layer.parameters][:-1]
    return bool(np.any(reached(window) & (dead > DEAD)) or np.any(size[hidden] == 0))


def _fall(signal: Array) -> float:
    """What is left of a signal in the last third of its way, by the first third; what biases or
    batches make up again behind a signal that is gone does not count."""
    signal = signal[np.isfinite(signal)]
    third = max(len(signal) // 3, 1)
    begun = float(signal[:third].max()) if len(signal) else 0.0
    left = np.minimum.accumulate(signal)[-third:]
    return float(np.median(left)) / begun if begun > 0 else 1.0


def _remedy(window: Window) -> Remedy:
    spec = window.facts.spec
    bent = spec.get("model.activation")
    if bent == "sigmoid":
        wanted = {"model.activation": "relu", "init.name": "he"}
        change = {key: value for key, value in wanted.items() if spec.get(key) != value}
        return remedy(window, "restart", change, "ReLU, with weights that begin as it needs them")
    fitting = "xavier" if bent == "tanh" else "he"
    if spec.get("init.name", fitting) != fitting:
        change, words = {"init.name": fitting}, f"weights that begin as {fitting} has them"
    elif spec.get("model.skip", "scaled") != "scaled":
        change, words = {"model.skip": "scaled"}, "skip connections around the layers"
    elif spec.get("model.norm") == "none":
        change, words = {"model.norm": "layer"}, "normalise what each layer puts out"
    else:
        change, words = {}, "normalise the layers, or lead skip connections around them"
    return remedy(window, "restart", change, words)


def EXAMPLES() -> dict[str, Window]:
    """Sick: ten sigmoids whose gradient falls tenfold each, and a loss that stays. Near miss: the
    same gradients in a run that learns. Healthy: gradients alike at every depth."""
    layers = tuple(
        LayerFacts(f"{n}.{part}", kind, parameters)
        for n in range(10)
        for part, kind, parameters in (("linear", "Linear", 4160), ("activation", "Sigmoid", 0))
    )
    facts = replace(healthy().facts, layers=layers)
    facts = replace(facts, spec={**facts.spec, "model.activation": "sigmoid"})
    deep = np.repeat(10.0 ** -np.arange(9, -1, -1), 2)
    figures = {"grad_norm": np.where(np.arange(20) % 2, np.nan, deep), "back_std": deep,
               "act_std": 0.1, "update_ratio": deep * 1e-3, "act_dead": np.nan}  # fmt: skip
    noise = 0.02 * np.random.default_rng(0).standard_normal(400)
    return {
        "sick": healthy(columns={"loss": 2.3 + noise}, layers=figures, facts=facts, best_loss=2.25),
        "near-miss": healthy(layers=figures, facts=facts),
        "healthy": healthy(
            columns={"loss": 2.3 + noise},
            layers=figures | {"grad_norm": 0.3},
            facts=facts,
            best_loss=2.25,
        ),
    }
