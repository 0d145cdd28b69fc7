"""JSON schema of a preset file, for editors that complete and check TOML."""

from __future__ import annotations

from typing import Any

import msgspec

from tuiwb.spec.declarations import SHELVES, declared
from tuiwb.spec.knobs import Section
from tuiwb.spec.resolve import _PLAIN, SECTIONS

_OWN: dict[str, Any] = {
    "title": "a class of your own; what stands beside its name is passed to it",
    "type": "object",
    "properties": {"name": {"type": "string", "pattern": "^[\\w.]+:\\w+$"}},
    "required": ["name"],
}


def json_schema() -> dict[str, Any]:
    """A self-contained schema: every component's knobs with type, range, default and help."""
    definitions: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    for section in SECTIONS:
        if section in _PLAIN:
            properties[section] = _reference(_PLAIN[section], section, definitions)
            continue
        variants: list[dict[str, Any]] = []
        for name in SHELVES[section].names():
            key = f"{section}-{name}"
            variants.append(_reference(declared(section, name), key, definitions))
            definitions[key]["properties"]["name"]["const"] = name
            if section == "data":
                # in a preset it is a table of the same kind, in a run whether that was chosen
                definitions[key]["properties"]["full"]["type"] = ["boolean", "object"]
        if section == "model":
            variants.append(_OWN)
        properties[section] = {"oneOf": variants}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tuiwb preset",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "required": ["about", "task", "data", "model", "loss", "optim"],
        "$defs": definitions,
    }


def _reference(cls: type[Section], key: str, definitions: dict[str, Any]) -> dict[str, str]:
    schema, components = msgspec.json.schema_components((cls,), ref_template="#/$defs/{name}")
    name = schema[0]["$ref"].rpartition("/")[2]
    definitions[key] = components.pop(name)
    definitions.update(components)
    return {"$ref": f"#/$defs/{key}"}
