"""One file with the weights of a checkpoint: tensors by their names in the state_dict.

A worker reads the checkpoint and writes the file, for this wing has no torch; it loads it with
``weights_only=True`` and builds no model, so nothing of the run is executed.
"""

from __future__ import annotations

import json
from pathlib import Path

from tuiwb.base.errors import UserError
from tuiwb.base.format import size
from tuiwb.client.asking import ask
from tuiwb.run import checkpoints
from tuiwb.run.layout import RunPaths
from tuiwb.run.view import RunView

SUFFIX = ".safetensors"


def export(run: RunView, out: Path, step: int | None) -> str:
    """Write the weights of ``run`` at ``step`` (None: of its newest checkpoint that is whole)."""
    paths = RunPaths(run.path)
    steps = checkpoints.steps(paths)
    if not steps:
        raise UserError(
            f"{run.id} has no checkpoint",
            where=str(paths.checkpoints),
            next="one is made at each evaluation, and by: tuiwb ctl RUN checkpoint",
        )
    if step is None:
        whole = (s for s in reversed(steps) if checkpoints.is_whole(paths.checkpoint(s)))
        step = next(whole, steps[-1])
    elif step not in steps:
        near = sorted(sorted(steps, key=lambda s: abs(s - step))[:5])
        raise UserError(
            f"{run.id} has no checkpoint of step {step}",
            where=f"--step {step}",
            allowed=", ".join(map(str, near)) + (" and others" if len(steps) > len(near) else ""),
        )
    about = {"run": run.id, "preset": run.preset, "step": str(step)}
    asked = {"checkpoint": str(paths.checkpoint(step)), "out": str(out), "about": about}
    facts = ask("--weights", json.dumps(asked), "weights")
    left = f"; {facts['left']} entries that are no tensors are left out" if facts["left"] else ""
    return f"{facts['tensors']} tensors of step {step}, {size(facts['bytes'])}{left}"


def best(run: RunView) -> int:
    """The step of the best evaluation. `UserError` where there is none."""
    marked = [e["step"] for e in run.events if e["kind"] == "evaluation" and e.get("best") is True]
    known = [step for step in marked if step is not None]
    if not known:
        raise UserError(f"{run.id} has no evaluation that is known to be its best", where="--step")
    return int(known[-1])
