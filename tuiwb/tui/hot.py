"""The hot knobs of a running loop while a person turns them: values now, and what they shall be.

A value may be typed as a factor of the one in force: ``*2`` or ``/10``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tuiwb.client.settings import in_force
from tuiwb.run.view import RunView
from tuiwb.spec.hot import read_settings, with_settings
from tuiwb.tui.form import Form, Knob, shown

FIRST = ("optim", "regularize", "train", "loss")
"""Sections that come first: what is turned most often."""


class Scaled(Form):
    """A form whose numbers can be typed as factors of those in force."""

    STARTS = Form.STARTS + "*/"

    def set(self, key: str, text: str) -> bool:
        return super().set(key, self._scaled(key, text))

    def changes(self) -> dict[str, Any]:
        """What shall be another value: key -> value."""
        return {knob.key: knob.value for knob in self.knobs() if knob.changed}

    def _scaled(self, key: str, text: str) -> str:
        now = next((knob.preset for knob in self.knobs() if knob.key == key), None)
        if text[:1] not in ("*", "/") or isinstance(now, bool) or not isinstance(now, int | float):
            return text
        try:
            factor = float(text[1:])
            value = now * factor if text[0] == "*" else now / factor
        except (ValueError, ZeroDivisionError):
            return text
        return shown(type(now)(float(f"{value:.10g}")))


class HotForm(Scaled):
    """The knobs of a run that can change while it trains; ``base`` holds those in force."""

    def __init__(self, view: RunView) -> None:
        spec = in_force(view)
        assert view.spec is not None
        super().__init__(replace(view.spec, spec=spec))

    def knobs(self) -> list[Knob]:
        found = [knob for knob in super().knobs() if knob.info.tier == "hot"]
        return sorted(found, key=lambda k: FIRST.index(k.section) if k.section in FIRST else 9)

    def _take(self, typed: dict[str, str]) -> None:
        spec = self.base.spec
        values = read_settings(spec, [f"{key}={text}" for key, text in typed.items()])
        for key in [key for key, value in values.items() if value == self.base.get(key)]:
            self.typed.pop(key)
            values.pop(key)
        self.resolved = replace(self.base, spec=with_settings(spec, values))
