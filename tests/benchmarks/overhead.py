"""What watching costs: the workbench's loop, and others' instruments, against a bare loop.

    python -m tests.benchmarks.overhead [--steps 400] [--every 10] [PRESET[:KEY=VALUE...] ...]

All loops do the same maths on the same batches, and take turns in blocks of a tenth of a second, so
that a machine whose speed drifts treats them alike, and what a loop does ten times a second falls
into its own time. The first table holds ours to a bare loop with the same (fused) optimiser: the
ratio of the median step times, and that of the means, which counts the sampled steps in; the losses
of the run with probes, the run without, and the bare loop must be the same, bit for bit. Its last
columns are throughput, in steps of the mean time, against a plain loop whose optimiser is not
fused: the fused loop's and ours. The second table is throughput likewise, beside wandb, TensorBoard
and Lightning, each where installed, ours also at the cadence that they have. It has a pass of its
own: what a rival leaves in the caches is no cost of the loop whose turn is next.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from tests.benchmarks.loops import Hand, Ours, prepared
from tests.benchmarks.rivals import RIVALS, Step, there
from tuiwb.spec import resolve

DEEP = "gpt-char:model.layers=8:data.batch_size=2"
"""Few samples for its many weights: where the optimizer has its share of the step, a fused one has
something to win. Of gpt-char's own step it has a twentieth, and can win two or three parts in a
hundred."""
PRESETS = ("mlp-digits", "cnn-digits", "char-rnn", "gpt-char", DEEP)
BLOCK = 0.1
"""Seconds that one loop runs before the other takes its turn, about."""
PLAIN, FUSED, OFF, OURS = "plain", "fused", "ours, probes off", "ours, default budget"


class Row(NamedTuple):
    """What was measured on one preset; times in seconds."""

    preset: str
    block: int
    """Steps in a turn."""
    median: Mapping[str, float]
    mean: Mapping[str, float]
    others: Mapping[str, float]
    """Mean step times of the second pass."""
    sampled: float
    """Steps from one sample of the layers to the next, at the default budget."""
    bits_probes: bool
    bits_bare: bool


def take_turns(loops: Mapping[str, Step], steps: int, block: int) -> dict[str, np.ndarray]:
    """Seconds of every step of each loop, ``block`` of them in a turn."""
    times: dict[str, list[float]] = {name: [] for name in loops}
    for turn in range(steps // block):
        names = list(loops) if turn % 2 == 0 else list(loops)[::-1]
        for name in names:
            step = loops[name]
            for _ in range(block):
                began = time.perf_counter()
                known = step()
                times[name].append(time.perf_counter() - began if known is None else known)
    return {name: np.array(values) for name, values in times.items()}


def block_of(step: Step, every: int) -> int:
    """Steps of a turn: whole rounds of ``every``, so that each turn has its share of samples."""
    began = time.perf_counter()
    for _ in range(every):
        step()
    return every * max(1, round(BLOCK / (time.perf_counter() - began)))


def measure(preset: str, steps: int, every: int, rivals: bool = True) -> Row:
    """All loops on one preset, in turns; ``steps`` is rounded up to whole turns."""
    budget = resolve(preset.split(":")[0]).spec.probe.budget
    block = block_of(Hand(prepared(preset, 0.0, steps)), every)
    steps = block * max(4, -(-steps // block))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ours = Ours(preset, budget, folder / "on", steps)
        off = Ours(preset, 0.0, folder / "off", steps)
        fused = Hand(prepared(preset, 0.0, steps))
        plain = Hand(prepared(preset, 0.0, steps), fused=False)
        own = take_turns({PLAIN: plain, FUSED: fused, OFF: off, OURS: ours}, steps, block)
        others: dict[str, np.ndarray] = {}
        if rivals:
            loops: dict[str, Callable[[], float | None]] = {
                PLAIN: Hand(prepared(preset, 0.0, steps), fused=False),
                FUSED: Hand(prepared(preset, 0.0, steps)),
                OURS: Ours(preset, budget, folder / "again", steps),
                f"ours, every {every}": Ours(preset, budget, folder / "same", steps, every),
            }
            for name in there():
                place_of_its_own = folder / RIVALS[name][0]
                place_of_its_own.mkdir()
                session = prepared(preset, 0.0, steps)
                loops[name] = RIVALS[name][1](session, steps, every, place_of_its_own)
            others = take_turns(loops, steps, block)
    # dropout draws from one global generator: with it, loops that take turns disturb each other
    dropout = bool(fused.session.spec.regularize.dropout)
    return Row(
        preset,
        block,
        {name: float(np.median(warm(values))) for name, values in own.items()},
        {name: float(warm(values).mean()) for name, values in own.items()},
        {name: float(warm(values).mean()) for name, values in others.items()},
        steps / max(ours.sink.sampled, 1),
        dropout or ours.sink.losses == off.sink.losses,
        dropout or ours.sink.losses == fused.losses,
    )


def warm(times: np.ndarray) -> np.ndarray:
    """Without the first tenth, in which caches and allocators settle."""
    return times[len(times) // 10 :]


def own_table(rows: list[Row]) -> str:
    """Ours against the bare loop with the same optimiser."""
    wide = max(len("preset"), *(len(row.preset) for row in rows))
    lines = [
        f"{'preset':{wide}} bare ms  median ratio  mean ratio  probes off  same bits: on=off  =bare"
        "  plain = 1: fused  ours"
    ]
    for row in rows:
        bare = row.median[FUSED]
        lines.append(
            f"{row.preset:{wide}} {1e3 * bare:7.2f}  {row.median[OURS] / bare:12.3f}"
            f"  {row.mean[OURS] / row.mean[FUSED]:10.3f}  {row.median[OFF] / bare:10.3f}"
            f"  {row.bits_probes!s:17}  {row.bits_bare!s:5}"
            f"  {row.mean[PLAIN] / row.mean[FUSED]:16.2f}  {row.mean[PLAIN] / row.mean[OURS]:4.2f}"
        )
    return "\n".join(lines)


def rival_table(rows: list[Row]) -> str:
    """Throughput, plain loop = 1 (and fused loop = 1 behind the slash)."""
    names = list(rows[0].others)
    wide = max(map(len, names))
    column = max(13, *(len(row.preset) for row in rows))
    lines = [f"{'':{wide}}" + "".join(f"  {row.preset:>{column}}" for row in rows)]
    for name in names:
        cells = (
            f"{row.others[PLAIN] / row.others[name]:.2f}"
            f" / {row.others[FUSED] / row.others[name]:.2f}"
            for row in rows
        )
        lines.append(f"{name:{wide}}" + "".join(f"  {cell:>{column}}" for cell in cells))
    return "\n".join(lines)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("presets", nargs="*", default=PRESETS)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--every", type=int, default=10, help="the others' cadence for layers")
    args = parser.parse_args()
    torch.set_num_threads(1)
    load = os.getloadavg()[0]
    print(
        f"torch {torch.__version__}, one CPU thread of {os.cpu_count()} (load {load:.1f}), "
        f"{args.steps} steps each or more, in turns of {BLOCK:g} s\n"
    )
    rows = []
    for preset in args.presets:
        print(f"{preset} ...", file=sys.stderr, flush=True)
        rows.append(measure(preset, args.steps, args.every))
    print(own_table(rows))
    print(
        "\nThroughput by mean step time, against the plain loop / against the fused one.\n"
        f"Every step: loss and learning rate. Every {args.every} steps: weights and gradients of\n"
        "each layer, histograms (wandb, TensorBoard) or norms (Lightning); ours with activations.\n"
        "Ours at its default budget looked at the layers every "
        + ", ".join(f"{row.sampled:.0f} ({row.preset})" for row in rows)
        + " steps.\n"
    )
    print(rival_table(rows))
    found = there()
    print("\n" + ", ".join(f"{name}: {found.get(name, 'not installed')}" for name in RIVALS))


if __name__ == "__main__":
    main()
