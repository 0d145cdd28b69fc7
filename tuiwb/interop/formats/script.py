"""A PyTorch script that trains the same: the loop written out, to read, change and take along."""

from __future__ import annotations

import os
from pathlib import Path

from tuiwb.base.errors import UserError
from tuiwb.base.plain import create_private
from tuiwb.interop.script.whole import script
from tuiwb.run.view import RunView

SUFFIX = ".py"


def export(run: RunView, out: Path, step: int | None) -> str:
    """Write the script of ``run``; see `tuiwb.interop.formats`."""
    if run.spec is None:
        own = bool(run.meta.get("watched"))
        raise UserError(
            f"{run.id} has no spec to write a script of",
            where=str(run.path),
            found="a loop of your own, which is the script" if own else "; ".join(run.problems),
            allowed="runs of a preset or a spec",
        )
    if step is not None:
        raise UserError(
            "a script begins from the seed",
            where=f"--step {step}",
            next=f"tuiwb export {run.id} --to safetensors --step {step} gives the weights",
        )
    text = script(run, run.spec.spec)
    with os.fdopen(create_private(out), "w", encoding="utf-8") as file:
        file.write(text)
    return f"{len(text.splitlines())} lines; run by python, it trains from the seed"
