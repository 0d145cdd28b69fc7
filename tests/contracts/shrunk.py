"""Presets at the size of a test."""

from __future__ import annotations

from tuiwb.spec import resolve
from tuiwb.spec.presets import PresetInfo

SMALL = {"context": 16, "tokens": 20_000, "vocabulary": 500, "samples": 600}


def shrunk(info: PresetInfo) -> list[str]:
    """What brings a preset that is made for a GPU down to a test's size."""
    if not info.needs:
        return []
    knobs = type(resolve(info.name).spec.data).__struct_fields__
    data = [f"data.{key}={value}" for key, value in SMALL.items() if key in knobs]
    return ["model.size=xs", "data.batch_size=16", *data]
