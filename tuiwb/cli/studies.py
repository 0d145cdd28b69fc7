"""The figures of a run's studies, as the journal has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tuiwb.base.format import number

if TYPE_CHECKING:
    from tuiwb.run.view import RunView


def last_studies(view: RunView) -> dict[str, Mapping[str, Any]]:
    """The newest event of each study, by its name."""
    return {
        str(event.get("name")): event
        for event in view.events
        if event.get("kind") == "study" and isinstance(event.get("figures"), dict)
    }


def study_words(event: Mapping[str, Any]) -> str:
    """One study in a line. JSON knows no infinity: what is null was not finite."""
    figures = ", ".join(
        f"{name.replace('_', ' ')} {'not finite' if value is None else number(value)}"
        for name, value in event["figures"].items()
    )
    return f"{event.get('name')} at step {event.get('step')}: {figures}"
