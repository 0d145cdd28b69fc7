"""Builds a recorded run through the run room's own writers: screens read what they would."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from tuiwb.base.clock import FrozenClock
from tuiwb.run import pictures
from tuiwb.run.create import create
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import WorkerLock
from tuiwb.run.schema import dtype_evals, dtype_layers, dtype_steps, dtype_system
from tuiwb.run.table import TableWriter
from tuiwb.spec import resolve

BEGAN = 1_750_000_000.0
LAYERS = (
    ("blocks.0.convolution", "Conv2d", 320),
    ("blocks.0.activation", "ReLU", 0),
    ("blocks.1.convolution", "Conv2d", 9_248),
    ("blocks.1.activation", "ReLU", 0),
    ("blocks.2.convolution", "Conv2d", 18_496),
    ("blocks.2.activation", "ReLU", 0),
    ("head", "Linear", 650),
)
METRICS = ("val_loss", "val_accuracy")


class Recorder:
    """A run that goes as far as it is told to. Its numbers are a function of the step alone."""

    def __init__(
        self,
        runs: Path,
        name: str,
        preset: str = "cnn-digits",
        began: float = BEGAN,
        layers: Sequence[tuple[str, str, int]] = LAYERS,
        metrics: Sequence[str] = METRICS,
        steps: int | None = None,
        overrides: Sequence[str] = (),
        pace: float = 1.0,
    ) -> None:
        """``pace``: how many times as long it takes to learn as much."""
        planned = [f"train.steps={steps}"] if steps else []
        resolved = resolve(preset, [*planned, *overrides])
        self.layers, self.metrics, self.pace = layers, metrics, pace
        self.clock = FrozenClock(began)
        self.steps = resolved.spec.train.steps
        self.paths = RunPaths(create(runs, resolved, name=name))
        meta = json.loads(self.paths.meta.read_text()) | {"created": began}
        self.paths.meta.write_text(json.dumps(meta))
        self.lock = WorkerLock(self.paths.lock, self.clock)
        self.lock.acquire()
        self.journal = Journal(self.paths.journal, self.clock)
        tables = self.paths.tables
        self.tables = {
            "steps": TableWriter(tables, "steps", dtype_steps()),
            "evals": TableWriter(tables, "evals", dtype_evals(metrics)),
            "layers": TableWriter(tables, "layers", dtype_layers(len(layers))),
            "system": TableWriter(tables, "system", dtype_system()),
        }
        self.step = 0
        self.best = 9.0

    def start(self) -> Recorder:
        write = self.journal.write
        write("state", state="starting", doing="building the model")
        layers = [
            dict(zip(("name", "kind", "parameters"), one, strict=True)) for one in self.layers
        ]
        write("model", layers=layers, parameters=28_714)
        write("data", name="digits", train=1347, val=450, baselines={"majority": 0.1})
        write("device", device="cpu", precision="float32", threads=1)
        self.clock.advance(0.5)
        write("state", state="training")
        return self

    def train(self, steps: int, evaluate: bool = True) -> Recorder:
        """More steps, with layers at every fourth and an evaluation at every 42nd."""
        rng = np.random.default_rng(self.step + 1)
        for _ in range(steps):
            self.step += 1
            self.clock.advance(0.02)
            now, s = self.clock.now(), self.step
            loss = (
                2.3 * np.exp(-s / (90 * self.pace))
                + 0.06
                + 0.05 * abs(rng.normal()) * np.exp(-s / 300)
            )
            lr = 0.002 * (0.5 + 0.5 * np.cos(np.pi * min(1.0, s / self.steps)))
            norm = 1.4 * np.exp(-s / 200) + 0.1 + 0.1 * rng.random()
            self.tables["steps"].append(
                np.array([(s, now, loss, lr, norm, 0, 0, 3200 + 40 * rng.normal(), 1e-4)],
                         self.tables["steps"].dtype)
            )  # fmt: skip
            if s % 4 == 1:
                self._layers(s, now, norm, rng)
            if s % 50 == 1:
                row = (now, s, 97.0, 3.2e8, 51.0, 24.0, np.nan, np.nan, np.nan, np.nan, 0.008)
                self.tables["system"].append(np.array([row], self.tables["system"].dtype))
            if evaluate and s % 42 == 0:
                self._evaluate(s, now)
        return self

    def _layers(self, s: int, now: float, norm: float, rng: np.random.Generator) -> None:
        row = np.zeros(1, self.tables["layers"].dtype)
        row["step"], row["time"] = s, now
        for i, (_, _, parameters) in enumerate(self.layers):
            row["grad_norm"][0, i] = norm * 10 ** (-0.4 * i) if parameters else np.nan
            row["act_mean"][0, i] = 0.1
            row["act_std"][0, i] = 0.5 + 0.2 * i + 0.05 * rng.random()
            row["act_zero"][0, i] = 0.4
        self.tables["layers"].append(row)

    def _evaluate(self, s: int, now: float) -> None:
        loss = float(2.3 * np.exp(-s / (80 * self.pace)) + 0.09)
        accuracy = float(0.99 - 0.85 * np.exp(-s / (60 * self.pace)))
        metrics = dict.fromkeys(self.metrics, accuracy) | {"val_loss": loss}
        row = (s, now, *(metrics[name] for name in self.metrics))
        self.tables["evals"].append(np.array([row], self.tables["evals"].dtype))
        self.journal.write("evaluation", step=s, metrics=metrics, best=loss < self.best)
        self.journal.write(
            "checkpoint", step=s, path=f"checkpoints/{s:08}", bytes=352_000, reason=""
        )
        self.best = min(self.best, loss)

    def picture(self, name: str, kind: str, words: str = "", **arrays: object) -> Path:
        """A picture at this step, as the worker's sink leaves it."""
        path = pictures.write(self.paths.pictures, self.step, name, kind, arrays)
        self.journal.write(
            "picture", step=self.step, name=name, picture=kind, path=f"pictures/{path.name}",
            words=words,
        )  # fmt: skip
        return path

    def find(
        self,
        symptom: str = "dead-units",
        tier: str = "hot",
        severity: str = "warning",
        change: Mapping[str, object] = MappingProxyType({"optim.lr": 0.001}),
        lasted: int = 24,
        layer: str = "blocks.1.activation",
    ) -> Recorder:
        change = dict(change)
        self.journal.write(
            "finding", step=self.step, symptom=symptom, severity=severity, until=self.step + lasted,
            evidence={
                "share": 0.42, "threshold": 0.3, "alarm_threshold": 0.5, "samples": 3,
                "series": ["layers.act_zero", "loss"], "layers": [layer],
            },
            causes=["a learning rate that is too high", "rectifiers without a slope below zero"],
            remedy={"tier": tier, "change": change, "words": "half the learning rate"},
            source="Lu et al. 2019", words=f"42 % of {layer} answer nothing",
        )  # fmt: skip
        return self

    def set(self, change: dict[str, object], by: str = "doctor:dead-units") -> Recorder:
        self.journal.write(
            "command", step=self.step, id="c1", command="set", args=change, by=by, accepted=True
        )
        return self

    def judge(self, verdict: str, since: int, symptom: str = "dead-units") -> Recorder:
        self.journal.write(
            "outcome", step=self.step, symptom=symptom, verdict=verdict, since=since,
            change={"optim.lr": 0.001},
        )  # fmt: skip
        return self

    def end(self, state: str = "finished", **more: object) -> Recorder:
        self.journal.write("state", step=self.step, state=state, **more)
        return self.release()

    def crash(self, words: str = "Killed") -> Recorder:
        self.paths.log.write_text(f"loading data\n{words}\n")
        return self.release()

    def release(self) -> Recorder:
        """Let go of files and lock, as a process that ended."""
        for table in self.tables.values():
            table.close()
        self.journal.close()
        self.lock.release()
        return self
