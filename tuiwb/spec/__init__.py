"""The typed description of a run: knobs, presets, overrides, validation, JSON schema.

A preset is a TOML file in ``presets/``; `resolve` turns it and a person's overrides into a
`Resolved` spec that remembers where each value came from. Every knob declares its unit, range,
scale, help and tier once, and form, command line, schema and messages all read that declaration.

To add a preset: one TOML file in ``presets/FAMILY/``. To add a knob: one annotated field.
May import: base, msgspec. Never torch: components' knobs are read from source (`declarations`).
"""

from __future__ import annotations

from tuiwb.spec.knobs import KnobInfo, fields
from tuiwb.spec.presets import PresetInfo, presets
from tuiwb.spec.resolve import Resolved, from_toml, resolve
from tuiwb.spec.schema import json_schema
from tuiwb.spec.toml import to_toml

__all__ = [
    "KnobInfo",
    "PresetInfo",
    "Resolved",
    "fields",
    "from_toml",
    "json_schema",
    "presets",
    "resolve",
    "to_toml",
]
