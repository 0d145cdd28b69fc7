"""Where the engine's figures go: rows to tables, rare things to the journal."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from tuiwb.engine.interfaces import StepRow
from tuiwb.run import pictures, schema
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.table import TableWriter
from tuiwb.tasks.picture import Picture
from tuiwb.worker.failures import FULL
from tuiwb.worker.rounds import Rounds


class RunSink:
    """The engine's `Sink` on a run directory. One write for what arrives together: a kill loses no
    row that was emitted.

    An `OSError` (a full disk) goes through to the loop, which ends the run; a picture that does not
    fit is only told of.
    """

    def __init__(self, paths: RunPaths, journal: Journal, stop_on: Collection[str] = ()) -> None:
        self._folder = paths.tables
        self._pictures = paths.pictures
        self._journal = journal
        self.rounds = Rounds(self.event, stop_on)
        """The doctor's; who knows the run's facts puts them there."""
        self._steps: TableWriter | None = None
        self._layers: TableWriter | None = None
        self._evals: TableWriter | None = None
        self._histograms: TableWriter | None = None
        self._step_dtype = schema.dtype_steps()
        self._layer_row = np.zeros(0, schema.dtype_layers(0))
        self.last_step = 0
        self._unseen = False
        """Whether the disk had no room for the last picture."""
        self.watch = float("nan")

    def begin(self, parts: Sequence[str], columns: Sequence[str], layers: int) -> None:
        self._step_dtype = schema.dtype_steps(parts)
        self._steps = TableWriter(self._folder, schema.STEPS, self._step_dtype)
        if columns and layers:
            self._layer_row = np.zeros(1, schema.dtype_layers(layers, columns))
            self._layers = TableWriter(self._folder, schema.LAYERS, self._layer_row.dtype)
        self.rounds.begin(self._step_dtype, self._layer_row.dtype)

    def steps(self, rows: Sequence[StepRow]) -> None:
        assert self._steps is not None
        taken = np.array([(*row[:-1], *row.parts) for row in rows], self._step_dtype)
        self._steps.append(taken)
        self.last_step = rows[-1].step
        self.rounds.take(taken)

    def layers(self, step: int, time: float, values: np.ndarray, watch: float) -> None:
        self.watch = watch
        if self._layers is not None:
            self._layer_row[0] = (step, time, *values)
            self._layers.append(self._layer_row)
            self.rounds.layer(self._layer_row)

    def histograms(self, step: int, time: float, counts: np.ndarray) -> None:
        if self._histograms is None:
            dtype = schema.dtype_histograms(counts.shape[1], counts.shape[2])
            self._histograms = TableWriter(self._folder, schema.HISTOGRAMS, dtype)
            self._histogram_row = np.zeros(1, dtype)
        self._histogram_row[0] = (step, time, *counts.reshape(2, -1))
        self._histograms.append(self._histogram_row)

    def evaluation(
        self,
        step: int,
        time: float,
        metrics: Mapping[str, float],
        best: bool,
        eval_mode_loss: float,
    ) -> None:
        dtype = schema.dtype_evals(list(metrics))
        if self._evals is not None and self._evals.dtype != dtype:
            # a test at the end: its row, in a segment of its own, takes the last one's place
            self._evals.close()
            self._evals = None
        if self._evals is None:
            self._evals = TableWriter(self._folder, schema.EVALS, dtype)
        row = np.zeros(1, self._evals.dtype)
        row[0] = (step, time, *metrics.values())
        self._evals.append(row)
        self.event(
            "evaluation", step, metrics=dict(metrics), best=best, eval_mode_loss=eval_mode_loss
        )
        self.rounds.evaluation(step, time, metrics, eval_mode_loss)

    def picture(self, step: int, picture: Picture) -> None:
        try:
            path = pictures.write(self._pictures, step, picture.name, picture.kind, picture.plain())
        except OSError as error:
            if error.errno not in FULL:
                raise
            if not self._unseen:
                text = (
                    f"the picture {picture.name} does not fit on the disk ({error.strerror}); "
                    "training goes on, and pictures are taken again when there is room"
                )
                self.event("warning", step, text=text, about="picture")
            self._unseen = True
            return
        self._unseen = False
        self.event(
            "picture",
            step,
            name=picture.name,
            picture=picture.kind,
            path=f"pictures/{path.name}",
            words=picture.words,
        )

    def event(self, kind: str, step: int | None = None, **fields: Any) -> None:
        self._journal.write(kind, step, **fields)

    def close(self) -> None:
        for table in (self._steps, self._layers, self._evals, self._histograms):
            if table is not None:
                table.close()
