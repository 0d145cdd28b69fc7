"""``--preflight``: the checks of a spec, a JSON object a line as they come, then the whole."""

from __future__ import annotations

import json
from typing import Any

from tuiwb.base.errors import UserError, WorkerFailed


def preflight_once(text: str) -> int:
    """Check the spec in ``text``; lines ``{"check": {...}}``, then ``{"ok": {...}}`` or
    ``{"error": {...}}``. Returns the exit status."""
    from tuiwb.engine.preflight.run import preflight
    from tuiwb.spec import from_toml

    def tell(row: dict[str, Any]) -> None:
        print(json.dumps({"check": row}), flush=True)

    try:
        answer = {"ok": preflight(from_toml(text, "spec.toml").spec, tell)}
    except UserError as error:
        answer = {"error": error.as_dict()}
    except Exception as error:
        failed = WorkerFailed(f"cannot check this spec: {type(error).__name__}: {error}")
        answer = {"error": failed.as_dict()}
    print(json.dumps(answer), flush=True)
    return int(answer["error"]["exit_code"]) if "error" in answer else 0
