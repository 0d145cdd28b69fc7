"""Runs that differ in their seed alone, to be shown as their mean and their spread."""

from __future__ import annotations

from collections.abc import Collection

from tuiwb.client.compare import Comparison

SEEDS = ("train.seed", "seed")
"""The knob that may differ; of a loop of the user's own what it calls so."""


def seeds(found: Comparison, among: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """The labels ``among`` those compared in groups of two or more that were trained alike but for
    their seed: the same knobs, the same set while they trained, the same way forked."""
    forks = found.forks()
    groups: dict[str, list[str]] = {}
    for label in found.views:
        if label not in among:
            continue
        told = [
            (key, repr(values.get(label)), repr(found.set.get(key, {}).get(label)))
            for key, values in found.knobs.items()
            if key not in SEEDS
        ]
        groups.setdefault(repr((told, forks.get(label))), []).append(label)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)
