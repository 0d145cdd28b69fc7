"""All checks of a spec, told one by one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from tuiwb.base.errors import UserError
from tuiwb.base.registry import Shelf
from tuiwb.engine.build import Session, build
from tuiwb.engine.preflight.result import Result
from tuiwb.engine.preflight.trial import Trial
from tuiwb.spec.sections import Spec

CHECKS = Shelf("engine/preflight", "check", declares="\ndef check(trial: Trial)")


def preflight(spec: Spec, tell: Callable[[dict[str, Any]], None] = lambda row: None) -> dict:
    """``{checks: [{check, title, seconds, state, words, ...}], passed, failed, seconds}``.

    ``tell`` hears of each check twice: before (``state`` is ``running``) and when it is done. A
    spec that cannot be built is a `UserError`.
    """
    began = time.monotonic()
    tell({"check": "", "title": "loading data, building the network", "state": "running"})
    return examined(build(spec), tell, began)


def examined(
    session: Session,
    tell: Callable[[dict[str, Any]], None] = lambda row: None,
    began: float | None = None,
    names: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The same of what was built already; of all checks, or of some."""
    began = time.monotonic() if began is None else began
    trial, rows = Trial(session), []
    modules = {name: CHECKS.load(name) for name in names or CHECKS.names()}
    for name, module in sorted(modules.items(), key=lambda pair: pair[1].PLACE):
        head = {"check": name, "title": module.TITLE}
        tell(head | {"state": "running"})
        since = time.monotonic()
        row = head | _asked(module.check, trial).as_dict()
        rows.append(row | {"seconds": time.monotonic() - since})
        tell(rows[-1])
    counts = {state: sum(row["state"] == state for row in rows) for state in ("passed", "failed")}
    return {"checks": rows, **counts, "seconds": time.monotonic() - began}


def _asked(check: Callable[[Trial], Result], trial: Trial) -> Result:
    """What a check finds; an error on the way is a finding too, for training would meet it."""
    try:
        return check(trial)
    except UserError as error:
        return Result("failed", error.what, remedy=error.next)
    except Exception as error:
        first = (str(error) or repr(error)).splitlines()[0]
        return Result(
            "failed",
            f"{type(error).__name__}: {first}",
            causes=("an error in the network, the loss or the data",),
            remedy="train.steps = 1 shows whether training meets it too",
        )
