"""The JSON schema for editors covers every knob of every component."""

from __future__ import annotations

import json

from tuiwb.spec import json_schema
from tuiwb.spec.declarations import SHELVES
from tuiwb.spec.resolve import SECTIONS, knobs_of


def test_every_knob_is_in_the_schema_with_its_help() -> None:
    schema = json_schema()
    json.dumps(schema)
    for section in SECTIONS:
        for name in SHELVES[section].names() if section in SHELVES else (None,):
            definition = schema["$defs"][f"{section}-{name}" if name else section]
            for info in knobs_of(section, name):
                assert definition["properties"][info.name]["description"] == info.help
            if name:
                assert definition["properties"]["name"]["const"] == name


def test_every_reference_leads_somewhere() -> None:
    schema = json_schema()
    text = json.dumps(schema)
    for reference in {part.split('"')[0] for part in text.split('"$ref": "')[1:]}:
        assert reference.removeprefix("#/$defs/") in schema["$defs"], reference
