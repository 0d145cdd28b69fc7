"""``--lr-find``: the range test of a spec, a JSON object a line as it goes, then the curves."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tuiwb.base.errors import UserError, WorkerFailed

if TYPE_CHECKING:
    from tuiwb.engine.range_test import Curve


def range_test_once(text: str) -> int:
    """Test the spec in ``text``: a first line of JSON ``{low, high, steps}``, then TOML. Lines
    ``{"step": {turn, lr, loss, run}}``, then ``{"ok": {curves}}`` or ``{"error": {...}}``.
    Returns the exit status."""
    from tuiwb.engine.build import build
    from tuiwb.engine.range_test import range_test
    from tuiwb.spec import from_toml

    def tell(turn: str, lr: float, loss: float, run: int) -> None:
        step = {"turn": turn, "lr": lr, "loss": _plain(loss), "run": run}
        print(json.dumps({"step": step}), flush=True)

    asked, _, toml = text.partition("\n")
    try:
        over = json.loads(asked)
        session = build(from_toml(toml, "spec.toml").spec)
        curves = range_test(session, over["low"], over["high"], over["steps"], tell)
        answer: dict[str, Any] = {"ok": {"curves": [_as_dict(curve) for curve in curves]}}
    except UserError as error:
        answer = {"error": error.as_dict()}
    except Exception as error:
        failed = WorkerFailed(f"cannot test this spec: {type(error).__name__}: {error}")
        answer = {"error": failed.as_dict()}
    print(json.dumps(answer), flush=True)
    return int(answer["error"]["exit_code"]) if "error" in answer else 0


def _as_dict(curve: Curve) -> dict[str, Any]:
    runs = [{"lr": run.lr, "losses": list(map(_plain, run.losses))} for run in curve.runs]
    return asdict(curve) | {"losses": list(map(_plain, curve.losses)), "runs": runs}


def _plain(loss: float) -> float | None:
    """A loss as JSON knows it: None where it is no number."""
    return loss if math.isfinite(loss) else None
