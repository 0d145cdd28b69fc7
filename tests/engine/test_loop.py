"""The loop: every step emitted, the same bits every time, and ends that are told apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.engine.recorder import Ask, trained
from tuiwb.engine.build import Session
from tuiwb.engine.checkpoint import load
from tuiwb.engine.clip import clip
from tuiwb.engine.loop import HOPELESS
from tuiwb.probes.gradients import parameter_norms

SHORT = ("train.steps=40", "train.eval_every=10")


def test_every_step_is_emitted_once_and_in_order(tmp_path: Path) -> None:
    outcome, sink, session = trained(tmp_path, "mlp-digits", *SHORT)
    assert outcome.state == "finished"
    assert [row.step for row in sink.rows] == list(range(1, 41))
    assert [step for step, _, _ in sink.evaluations] == [10, 20, 30, 40]
    assert all(row.time <= later.time for row, later in zip(sink.rows, sink.rows[1:], strict=False))
    assert outcome.metrics == sink.evaluations[-1][1]
    assert sink.begun is not None and sink.begun[2] == len(session.layers)
    shape = (len(sink.begun[1]), len(session.layers))
    assert all(values.shape == shape for _, values in sink.layer_rows)


def test_the_same_seed_gives_the_same_bits_and_another_does_not(tmp_path: Path) -> None:
    losses = [
        trained(tmp_path / str(i), "cnn-digits", "train.steps=8", f"train.seed={seed}")[1].losses
        for i, seed in enumerate((0, 0, 1))
    ]
    assert losses[0] == losses[1]
    assert losses[0] != losses[2]


@pytest.mark.parametrize("preset", ["cnn-digits", "char-rnn", "mlp-digits"])
def test_watching_changes_no_bit(tmp_path: Path, preset: str) -> None:
    steps = ("train.steps=6", "train.eval_every=0", "data.batch_size=8")
    with_probes = trained(tmp_path / "on", preset, *steps, "probe.budget=1")[1]
    without = trained(tmp_path / "off", preset, *steps, "probe.budget=0")[1]
    assert with_probes.losses == without.losses
    assert with_probes.layer_rows and not without.layer_rows


def test_evaluating_changes_no_bit(tmp_path: Path) -> None:
    often = trained(tmp_path / "a", "mlp-digits", "train.steps=20", "train.eval_every=3",
                    "regularize.dropout=0.3")[1]  # fmt: skip
    never = trained(tmp_path / "b", "mlp-digits", "train.steps=20", "train.eval_every=0",
                    "regularize.dropout=0.3")[1]  # fmt: skip
    assert often.losses == never.losses


def test_a_stop_takes_effect_at_a_step_boundary_with_a_checkpoint(tmp_path: Path) -> None:
    ask = Ask("stop")
    outcome, sink, _ = trained(tmp_path, "mlp-digits", *SHORT, script={7: ask})
    assert (outcome.state, ask.accepted) == ("stopped", 7)
    assert sink.rows[-1].step == 7
    assert load(tmp_path / "checkpoints" / "00000007")["step"] == 7


def test_an_unknown_command_is_refused_with_the_nearest_and_training_goes_on(
    tmp_path: Path,
) -> None:
    ask = Ask("stpo")
    outcome, _, _ = trained(tmp_path, "mlp-digits", *SHORT, script={3: ask})
    assert outcome.state == "finished"
    assert ask.refused is not None and "did you mean stop" in ask.refused


def test_a_loss_that_stays_nan_ends_as_diverged_and_no_row_is_lost(tmp_path: Path) -> None:
    def poison(session: Session) -> None:
        with torch.no_grad():
            next(session.model.parameters()).fill_(math.nan)

    outcome, sink, _ = trained(tmp_path, "mlp-digits", "train.steps=100", before=poison)
    assert outcome.state == "diverged"
    assert HOPELESS <= len(sink.rows) < 100
    assert [row.step for row in sink.rows] == list(range(1, len(sink.rows) + 1))
    assert all(row.nonfinite > 0 for row in sink.rows)


def test_early_stopping_restores_the_best_weights(tmp_path: Path) -> None:
    outcome, sink, _ = trained(
        tmp_path, "mlp-digits", "train.steps=2000", "train.eval_every=20", "train.patience=3",
        "optim.lr=0.02",
    )  # fmt: skip
    losses = [metrics["val_loss"] for _, metrics, _ in sink.evaluations]
    best = int(np.argmin(losses))
    assert "early stopping" in outcome.reason
    assert len(losses) == best + 1 + 3
    assert outcome.metrics["val_loss"] == losses[best]
    assert [flag for _, _, flag in sink.evaluations][best]


def test_checkpoints_lie_at_evaluations_and_at_the_end(tmp_path: Path) -> None:
    _, sink, session = trained(tmp_path, "mlp-digits", *SHORT)
    events = [event for event in sink.events if event["kind"] == "checkpoint"]
    assert events[-1]["step"] == 40 and events[-1]["reason"] == "end"
    assert {event["step"] for event in events} <= {10, 20, 30, 40}
    saved = load(tmp_path / "checkpoints" / "00000040")
    for name, tensor in session.model.state_dict().items():
        assert torch.equal(saved["model"][name], tensor)


def test_a_sink_that_fails_ends_the_loop_with_its_own_error(tmp_path: Path) -> None:
    from tests.engine.recorder import MemorySink, Script
    from tuiwb.engine.build import build
    from tuiwb.engine.interfaces import StepRow
    from tuiwb.engine.loop import train
    from tuiwb.spec import resolve

    class Full(MemorySink):
        def steps(self, rows: Sequence[StepRow]) -> None:
            for row in rows:
                if row.step == 5:
                    raise OSError(28, "No space left on device")
                super().steps([row])

    sink = Full()
    with pytest.raises(OSError, match="No space left"):
        train(build(resolve("mlp-digits", SHORT).spec), sink, Script(), tmp_path)
    assert [row.step for row in sink.rows] == [1, 2, 3, 4]


def test_clipping_equals_torch_s() -> None:
    def gradients() -> list[torch.Tensor]:
        generator = torch.Generator().manual_seed(0)
        return [torch.randn(shape, generator=generator) for shape in ((4, 3), (4,), (2, 2, 2))]

    parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients()]
    for parameter, gradient in zip(parameters, gradients(), strict=True):
        parameter.grad = gradient
    expected = torch.nn.utils.clip_grad_norm_(parameters, 0.5)
    ours = gradients()
    norms = parameter_norms(ours)
    clip(ours, norms, 0.5)
    assert torch.equal(torch.linalg.vector_norm(norms), expected)
    for gradient, parameter in zip(ours, parameters, strict=True):
        torch.testing.assert_close(gradient, parameter.grad, rtol=0, atol=0)


def test_what_is_not_finite_is_counted_by_parameter(tmp_path: Path) -> None:
    def poison(session: Session) -> None:
        *_, weight, bias = session.model.parameters()
        weight.register_hook(lambda gradient: gradient * math.inf)
        bias.register_hook(lambda gradient: gradient * math.nan)

    _, sink, _ = trained(
        tmp_path, "mlp-digits", "train.steps=3", "train.eval_every=0", "probe.budget=1",
        before=poison,
    )  # fmt: skip
    first = sink.rows[0]
    assert math.isfinite(first.loss) and first.nonfinite == 2
    assert not math.isfinite(first.grad_norm)


def test_an_optimizer_with_a_line_search_reaches_ridge_regression(tmp_path: Path) -> None:
    """L-BFGS through the loop, penalty and all, against the closed form."""
    _, _, session = trained(
        tmp_path, "linreg-diabetes", "optim.name=lbfgs", "optim.lr=1", "schedule.name=constant",
        "regularize.l2=0.1", "data.batch_size=1000", "train.steps=10", "train.eval_every=0",
    )  # fmt: skip
    x, y = (tensor.double() for tensor in session.dataset.train.tensors())
    design = torch.cat((x, torch.ones(len(x), 1)), dim=1)
    # mean squared error + l2 / 2 * |w|^2, the bias free
    ridge = 0.1 / 2 * len(x) * torch.diag(torch.tensor([1.0] * 10 + [0.0], dtype=torch.float64))
    wanted = torch.linalg.solve(design.T @ design + ridge, design.T @ y)
    weight, bias = (p.detach().double() for p in session.model.parameters())
    torch.testing.assert_close(torch.cat((weight[0], bias)), wanted[:, 0], rtol=1e-3, atol=1e-4)
