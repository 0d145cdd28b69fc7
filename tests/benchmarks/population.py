"""What a population saves: learning rates of one preset in one process, and as runs of their own.

    python -m tests.benchmarks.population [--members 32] [--steps 100] [--threads 0]
                                          [--runs [--jobs 1,2] [--length 1260] [--rounds 3]
                                                  [--sample 8]]

The step times are taken in turns, a few steps of the population and a few of a run alone, so that a
machine whose speed drifts treats them alike; the ratio is that of the medians. A population takes
all cores where that is faster, a run alone of a net so small takes one (``--threads`` for both:
another number). The losses of the
first ``--steps`` steps are compared with those of the runs alone.

``--runs`` also trains real runs of ``--length`` steps, from the warm standby, each to its last
word: all as a population, then a ``--sample`` of them so many at a time as ``--jobs`` says, counted
for all; in turns, ``--rounds`` times. The ratio is that of the medians.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from tests.engine.recorder import AtSteps, MemorySink
from tuiwb.client.launch import launch
from tuiwb.client.population import launch_population
from tuiwb.client.warm import Warm
from tuiwb.engine.build import build
from tuiwb.engine.loop import Loop
from tuiwb.engine.population.loop import Population
from tuiwb.engine.population.member import Member
from tuiwb.engine.rolling import Checkpoints
from tuiwb.run.facts import FINAL
from tuiwb.run.journal import last_events
from tuiwb.run.layout import RunPaths
from tuiwb.spec import Resolved, resolve

PRESET = "mlp-digits"
BLOCK = 10
HOW = {1: "one after the other", 2: "two at a time"}
FOREVER = ("train.steps=1000000", "train.eval_every=0")


def variants(members: int, *settings: str) -> list[Resolved]:
    """Learning rates from 1e-4 to 1e-2, evenly spaced in their logarithm."""
    rates = np.geomspace(1e-4, 1e-2, members)
    return [resolve(PRESET, [f"optim.lr={rate:.4g}", *settings]) for rate in rates]


def step_times(members: int, steps: int, threads: int) -> tuple[float, float, float]:
    """Median seconds of a population's step and of a run's alone, and the largest difference of
    losses between the first, the middle and the last member and their runs alone."""
    made = variants(members, *FOREVER, f"train.threads={threads}")
    with tempfile.TemporaryDirectory() as place:
        together = [
            Member(build(one.spec), MemorySink(), AtSteps({}), Checkpoints(Path(place) / str(n)))
            for n, one in enumerate(made)
        ]
        chosen = sorted({0, members // 2, members - 1})
        alone = [
            Loop(build(made[n].spec), MemorySink(), AtSteps({}), Checkpoints(Path(place) / f"a{n}"))
            for n in chosen
        ]
        population = Population(together, lambda member, how: None)
        for loop in alone:
            loop.session.model.train()
        seconds: dict[str, list[float]] = {"population": [], "alone": []}
        for done in range(steps):
            began = time.perf_counter()
            population.one_step()
            seconds["population"].append(time.perf_counter() - began)
            if done % BLOCK == BLOCK - 1:
                among = torch.get_num_threads()
                torch.set_num_threads(threads or 1)  # what a run alone of this size takes
                for loop in alone:
                    for _ in range(BLOCK):
                        began = time.perf_counter()
                        loop.desk.attend()
                        loop.step()
                        seconds["alone"].append(time.perf_counter() - began)
                torch.set_num_threads(among)
        for loop in (*together, *alone):
            loop.drain(flush=True)
        apart = 0.0
        for n, loop in zip(chosen, alone, strict=True):
            sinks = (together[n].sink, loop.sink)
            one, other = (np.array(sink.losses) for sink in sinks)  # type: ignore[attr-defined]
            apart = max(apart, float(np.abs(one[: len(other)] - other).max()))
        for loop in (*together, *alone):
            loop.close()
    return float(np.median(seconds["population"])), float(np.median(seconds["alone"])), apart


def as_population(members: Sequence[Resolved], warm: Warm) -> float:
    """Seconds of real runs as a population."""
    with tempfile.TemporaryDirectory() as place:
        warm.prepare()
        began = time.perf_counter()
        _over(launch_population(members, Path(place), standby=warm))
        return time.perf_counter() - began


def as_runs(members: Sequence[Resolved], jobs: int, warm: Warm) -> float:
    """Seconds of real runs, ``jobs`` at a time."""
    with tempfile.TemporaryDirectory() as place:
        warm.prepare()
        began = time.perf_counter()
        under_way: list[Path] = []
        for one in members:
            if len(under_way) == jobs:
                _over([under_way.pop(0)])
            under_way.append(launch(one, Path(place), standby=warm))
        _over(under_way)
        return time.perf_counter() - began


def _over(paths: Sequence[Path]) -> None:
    """Until all have said their last word; nobody draws curves meanwhile."""
    for path in paths:
        journal = RunPaths(path).journal
        while not any(event.get("state") in FINAL for event in last_events(journal)):
            time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=32)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--runs", action="store_true")
    parser.add_argument("--jobs", default="1,2")
    parser.add_argument("--length", type=int, default=1260)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sample", type=int, default=8)
    asked = parser.parse_args()
    batched, alone, off = step_times(asked.members, asked.steps, asked.threads)
    print(f"a step of {asked.members} members: {batched * 1e3:.2f} ms; of a run alone: "
          f"{alone * 1e3:.3f} ms; ratio {asked.members * alone / batched:.2f}")  # fmt: skip
    print(f"losses differ by at most {off:.1e} over {asked.steps} steps")
    if not asked.runs:
        return
    made = variants(asked.members, f"train.threads={asked.threads}", f"train.steps={asked.length}")
    chosen = made[:: max(1, asked.members // asked.sample)]
    ways = [int(jobs) for jobs in asked.jobs.split(",")]
    seconds: dict[int, list[float]] = {jobs: [] for jobs in (0, *ways)}
    with Warm() as warm:
        for _ in range(asked.rounds):
            seconds[0].append(as_population(made, warm))
            print(f"{asked.members} runs as a population: {seconds[0][-1]:.1f} s", flush=True)
            for jobs in ways:
                taken = as_runs(chosen, jobs, warm) * asked.members / len(chosen)
                seconds[jobs].append(taken)
                print(f"  {HOW.get(jobs, f'{jobs} at a time')}: {taken:.1f} s", flush=True)
    for jobs in ways:
        ratio = float(np.median(seconds[jobs]) / np.median(seconds[0]))
        print(f"{HOW.get(jobs, f'{jobs} at a time')} takes {ratio:.2f} times as long")


if __name__ == "__main__":
    main()
