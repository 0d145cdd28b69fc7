"""What the workbench costs: its loop, rows and probes against a bare hand-written loop.

    python -m tests.benchmarks.overhead [--steps 400] [PRESET ...]

Both loops do the same maths on the same batches with the same (fused) optimiser, and take turns in
blocks of a few steps, so that a machine whose speed drifts treats them alike. The ratio is that of
the median step times; the ratio of the means counts the sampled steps in. The losses of the run
with probes, the run without, and the bare loop must be the same, bit for bit.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from tuiwb.engine.build import Session, build
from tuiwb.engine.checkpoint import Checkpoints
from tuiwb.engine.interfaces import StepRow
from tuiwb.engine.loop import Loop
from tuiwb.optim.schedule import learning_rate
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.spec import resolve
from tuiwb.worker.controls import Inbox
from tuiwb.worker.sink import RunSink

PRESETS = ("cnn-digits", "gpt-char")
BLOCK = 10
"""Steps that one loop runs before the other takes its turn."""


class Recording(RunSink):
    """The worker's own sink, which also keeps the losses."""

    def __init__(self, paths: RunPaths, journal: Journal) -> None:
        super().__init__(paths, journal)
        self.losses: list[float] = []

    def steps(self, rows: Sequence[StepRow]) -> None:
        super().steps(rows)
        self.losses.extend(row.loss for row in rows)


def ours(
    preset: str, budget: float, folder: Path, steps: int
) -> tuple[Callable[[], None], list[float]]:
    """One step of the workbench's loop, as the worker runs it, and the list its losses go to."""
    session = prepared(preset, budget, steps)
    paths = RunPaths(folder)
    for sub in (paths.tables, paths.inbox, paths.checkpoints):
        sub.mkdir(parents=True)
    journal = Journal(paths.journal)
    sink = Recording(paths, journal)
    controls = Inbox(paths, journal)
    loop = Loop(session, sink, controls, Checkpoints(paths.checkpoints))

    def step() -> None:
        loop.desk.attend()
        loop.step()
        if loop.session.step == steps:
            loop.drain(flush=True)

    return step, sink.losses


def bare(preset: str, steps: int) -> tuple[Callable[[], None], list[float]]:
    """One step as a person would write it by hand, with the loss read once a step."""
    session = prepared(preset, 0.0, steps)
    spec, model, optimizer = session.spec, session.model, session.optimizers[0]
    parameters = list(model.parameters())
    decayed = [p for p in parameters if p.ndim >= 2]
    losses: list[float] = []
    state = {"step": 0}

    def step() -> None:
        x, y = session.batches.at(state["step"])
        lr = learning_rate(state["step"], spec.train.steps, spec.schedule, spec.optim.lr)
        for group in optimizer.param_groups:
            group["lr"] = lr
        loss, _ = session.task.loss(model, (x, y))
        loss.backward()
        if spec.train.clip_norm:
            torch.nn.utils.clip_grad_norm_(parameters, spec.train.clip_norm)
        if spec.regularize.weight_decay:
            with torch.no_grad():
                torch._foreach_mul_(decayed, 1 - lr * spec.regularize.weight_decay)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        state["step"] += 1

    return step, losses


def prepared(preset: str, budget: float, steps: int) -> Session:
    spec = resolve(preset, [f"probe.budget={budget}", f"train.steps={max(steps, 1000)}"]).spec
    session = build(spec)
    session.model.train()
    return session


def take_turns(loops: dict[str, Callable[[], None]], steps: int) -> dict[str, np.ndarray]:
    """Seconds of every step of each loop."""
    times: dict[str, list[float]] = {name: [] for name in loops}
    for block in range(steps // BLOCK):
        names = list(loops) if block % 2 == 0 else list(loops)[::-1]
        for name in names:
            step = loops[name]
            for _ in range(BLOCK):
                began = time.perf_counter()
                step()
                times[name].append(time.perf_counter() - began)
    return {name: np.array(values) for name, values in times.items()}


def measure(preset: str, steps: int) -> dict[str, float | bool | str]:
    """Ratios and the bit-for-bit check for one preset."""
    budget = resolve(preset).spec.probe.budget
    with tempfile.TemporaryDirectory() as folder:
        watched, watched_losses = ours(preset, budget, Path(folder) / "on", steps)
        blind, blind_losses = ours(preset, 0.0, Path(folder) / "off", steps)
        plain, plain_losses = bare(preset, steps)
        # dropout draws from one global generator: with it, loops that take turns disturb each other
        dropout = resolve(preset).spec.regularize.dropout
        times = take_turns({"bare": plain, "off": blind, "on": watched}, steps)
    warm = {name: values[len(values) // 10 :] for name, values in times.items()}
    median = {name: float(np.median(values)) for name, values in warm.items()}
    mean = {name: float(values.mean()) for name, values in warm.items()}
    return {
        "preset": preset,
        "bare_ms": 1e3 * median["bare"],
        "ratio": median["on"] / median["bare"],
        "ratio_mean": mean["on"] / mean["bare"],
        "ratio_probes_off": median["off"] / median["bare"],
        "bits_probes": bool(dropout) or watched_losses == blind_losses,
        "bits_bare": bool(dropout) or watched_losses == plain_losses,
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("presets", nargs="*", default=PRESETS)
    parser.add_argument("--steps", type=int, default=400)
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(
        f"torch {torch.__version__}, one CPU thread, {args.steps} steps each, in turns of {BLOCK}"
    )
    print(
        "preset        bare ms  median ratio  mean ratio  probes off  same bits: on=off  ours=bare"
    )
    for preset in args.presets:
        row = measure(preset, args.steps)
        print(
            f"{preset:12} {row['bare_ms']:8.2f}  {row['ratio']:12.3f}  {row['ratio_mean']:10.3f}"
            f"  {row['ratio_probes_off']:10.3f}  {row['bits_probes']!s:17}  {row['bits_bare']!s}"
        )


if __name__ == "__main__":
    main()
