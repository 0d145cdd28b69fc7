"""What every architecture promises, whichever it is."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.contracts.making import (
    MODELS,
    build_model,
    driver,
    knobs,
    module,
    samples,
    samples_of,
    signature_of,
    task_of,
)
from tuiwb.base.signature import Signature
from tuiwb.spec.declarations import declared
from tuiwb.tasks.task import turns_of


def _loss(
    name: str,
    model: nn.Module,
    signature: Signature,
    inputs: torch.Tensor,
    targets: torch.Tensor,
) -> torch.Tensor:
    """Cross-entropy; where only one kind of task can train the model, all turns of a step of it."""
    if driver(name) is None:
        return F.cross_entropy(model(inputs).flatten(0, -2), targets.flatten())
    torch.manual_seed(5)
    task = task_of(name, signature, inputs, targets)
    total = inputs.new_zeros(())
    for step in getattr(task, "milestones", (0,)):
        for turn in turns_of(task, model):
            total = total + turn.loss(model, (inputs, targets), step)[0]
    return total


@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_shapes(name: str, kind: str) -> None:
    signature = signature_of(name, kind)
    model = build_model(name, signature).eval()
    for batch in (1, 5):
        inputs, _ = samples_of(name, signature, batch)
        outputs = model(inputs)
        assert isinstance(outputs, torch.Tensor) and outputs.shape[0] == batch
        if driver(name) is None:
            time = signature.shape if kind == "tokens" else ()
            assert outputs.shape == (batch, *time, signature.outputs)


@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_every_parameter_gets_a_finite_gradient(name: str, kind: str) -> None:
    signature = signature_of(name, kind)
    model = build_model(name, signature)
    batch = samples_of(name, signature, 11 if kind == "tokens" else 16)
    _loss(name, model, signature, *batch).backward()
    for path, parameter in model.named_parameters():
        assert parameter.grad is not None, path
        assert torch.isfinite(parameter.grad).all(), path
        assert parameter.grad.abs().sum() > 0, path


@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_same_seed_same_bits(name: str, kind: str) -> None:
    signature = signature_of(name, kind)
    first, second = build_model(name, signature, seed=3), build_model(name, signature, seed=3)
    other = build_model(name, signature, seed=4)
    batch = samples_of(name, signature, 6)
    inputs, _ = batch
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)
    assert torch.equal(
        _loss(name, first, signature, *batch), _loss(name, second, signature, *batch)
    )
    assert not torch.equal(first.eval()(inputs), other.eval()(inputs))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_learns_eight_samples_by_heart(name: str, kind: str) -> None:
    if driver(name) is not None:
        return _learns_by_its_own_task(name, kind)
    signature = signature_of(name, kind)
    model = build_model(name, signature)
    batch = samples(signature, 8)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, fused=True)
    losses: list[float] = []
    # a linear model is not a memory: it only has to be well on its way
    goal = 0.3 if name == "linear" else 0.1
    while len(losses) < 150 and not (losses and losses[-1] < goal * losses[0]):
        optimizer.zero_grad()
        loss = _loss(name, model, signature, *batch)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < goal * losses[0]


def _learns_by_its_own_task(name: str, kind: str) -> None:
    """Turn by turn, as the engine does; a game has no loss that must fall, and stays finite."""
    signature = signature_of(name, kind)
    model = build_model(name, signature)
    batch = samples_of(name, signature, 8)
    task = task_of(name, signature, *batch)
    turns = turns_of(task, model)
    optimizers = [torch.optim.Adam(turn.parameters, lr=5e-3) for turn in turns]

    def measure() -> dict[str, float]:
        with torch.no_grad():
            metrics: dict[str, float] = task.evaluate(model.eval(), iter([batch]))
        model.train()
        return metrics

    before = measure()
    for step in range(150):
        for turn, optimizer in zip(turns, optimizers, strict=True):
            model.zero_grad()
            turn.loss(model, batch, step)[0].backward()
            optimizer.step()
    after = measure()
    assert all(torch.isfinite(p).all() for p in model.parameters())
    if "loss" in after:
        assert after["loss"] < before["loss"]


@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_dropout_reaches_it_exactly_where_it_says_so(name: str, kind: str) -> None:
    signature = signature_of(name, kind)
    torch.manual_seed(0)
    model = module("model", name).build(knobs("model", name), signature, 0.5)
    dropouts = [m for m in model.modules() if isinstance(m, nn.Dropout)]
    assert bool(dropouts) == declared("model", name).has_dropout  # type: ignore[attr-defined]
    assert all(m.p == 0.5 for m in dropouts)
    inputs, _ = samples_of(name, signature, 4)
    assert torch.equal(model.eval()(inputs), model(inputs))
    if dropouts:
        assert not torch.equal(model.train()(inputs), model(inputs))
        for m in dropouts:  # hot: a running model obeys at once
            m.p = 0.0
        assert torch.equal(model(inputs), model(inputs))


@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_it_can_be_described_without_memory(name: str, kind: str) -> None:
    signature = signature_of(name, kind)
    with torch.device("meta"):
        model = build_model(name, signature)
    assert all(p.is_meta for p in model.parameters())


@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_layers_are_modules_of_their_own(name: str, kind: str) -> None:
    """A parameter outside of a leaf module would have no row in the per-layer probes."""
    model = build_model(name, signature_of(name, kind))
    for path, part in model.named_modules():
        own = list(part.parameters(recurse=False))
        assert not own or not list(part.children()), path
    leaves = [p.rpartition(".")[2] for p, m in model.named_modules() if not list(m.children())]
    telling = [leaf for leaf in leaves if not leaf.isdigit()]
    assert len(telling) >= len(leaves) // 2


@pytest.mark.parametrize(
    ("name", "kind"), [pair for pair in MODELS if pair[1] == "tokens" and driver(pair[0]) is None]
)
def test_language_models_do_not_look_ahead(name: str, kind: str) -> None:
    signature = signature_of(name, kind)
    model = build_model(name, signature).eval()
    inputs, _ = samples(signature, 4)
    changed = inputs.clone()
    changed[:, 5:] = (changed[:, 5:] + 1) % signature.vocabulary
    before, after = model(inputs), model(changed)
    torch.testing.assert_close(before[:, :5], after[:, :5])
    assert not torch.allclose(before[:, 5:], after[:, 5:])
