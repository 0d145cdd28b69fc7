"""What every architecture promises, whichever it is."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.contracts.making import MODELS, SIGNATURES, build_model, knobs, module, samples
from tuiwb.spec.declarations import declared


def _loss(model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(model(inputs).flatten(0, -2), targets.flatten())


@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_shapes(name: str, kind: str) -> None:
    signature = SIGNATURES[kind]
    model = build_model(name, signature).eval()
    for batch in (1, 5):
        inputs, _ = samples(signature, batch)
        time = signature.shape if kind == "tokens" else ()
        assert model(inputs).shape == (batch, *time, signature.outputs)


@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_every_parameter_gets_a_finite_gradient(name: str, kind: str) -> None:
    signature = SIGNATURES[kind]
    model = build_model(name, signature)
    _loss(model, *samples(signature, 11 if kind == "tokens" else 16)).backward()
    for path, parameter in model.named_parameters():
        assert parameter.grad is not None, path
        assert torch.isfinite(parameter.grad).all(), path
        assert parameter.grad.abs().sum() > 0, path


@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_same_seed_same_bits(name: str, kind: str) -> None:
    signature = SIGNATURES[kind]
    first, second = build_model(name, signature, seed=3), build_model(name, signature, seed=3)
    other = build_model(name, signature, seed=4)
    inputs, targets = samples(signature, 6)
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)
    assert torch.equal(_loss(first, inputs, targets), _loss(second, inputs, targets))
    assert not torch.equal(first.eval()(inputs), other.eval()(inputs))


@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_learns_eight_samples_by_heart(name: str, kind: str) -> None:
    signature = SIGNATURES[kind]
    model = build_model(name, signature)
    inputs, targets = samples(signature, 8)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, fused=True)
    before = float(_loss(model, inputs, targets).detach())
    for _ in range(150):
        optimizer.zero_grad()
        _loss(model, inputs, targets).backward()
        optimizer.step()
    # a linear model is not a memory: it only has to be well on its way
    assert (
        float(_loss(model, inputs, targets).detach()) < (0.3 if name == "linear" else 0.1) * before
    )


@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_dropout_reaches_it_exactly_where_it_says_so(name: str, kind: str) -> None:
    signature = SIGNATURES[kind]
    torch.manual_seed(0)
    model = module("model", name).build(knobs("model", name), signature, 0.5)
    dropouts = [m for m in model.modules() if isinstance(m, nn.Dropout)]
    assert bool(dropouts) == declared("model", name).has_dropout  # type: ignore[attr-defined]
    assert all(m.p == 0.5 for m in dropouts)
    inputs, _ = samples(signature, 4)
    assert torch.equal(model.eval()(inputs), model(inputs))
    if dropouts:
        assert not torch.equal(model.train()(inputs), model(inputs))
        for m in dropouts:  # hot: a running model obeys at once
            m.p = 0.0
        assert torch.equal(model(inputs), model(inputs))


@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_it_can_be_described_without_memory(name: str, kind: str) -> None:
    signature = SIGNATURES[kind]
    with torch.device("meta"):
        model = build_model(name, signature)
    assert all(p.is_meta for p in model.parameters())


@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_layers_are_modules_of_their_own(name: str, kind: str) -> None:
    """A parameter outside of a leaf module would have no row in the per-layer probes."""
    model = build_model(name, SIGNATURES[kind])
    for path, part in model.named_modules():
        own = list(part.parameters(recurse=False))
        assert not own or not list(part.children()), path
    leaves = [p.rpartition(".")[2] for p, m in model.named_modules() if not list(m.children())]
    telling = [leaf for leaf in leaves if not leaf.isdigit()]
    assert len(telling) >= len(leaves) // 2


@pytest.mark.parametrize(("name", "kind"), [pair for pair in MODELS if pair[1] == "tokens"])
def test_language_models_do_not_look_ahead(name: str, kind: str) -> None:
    signature = SIGNATURES[kind]
    model = build_model(name, signature).eval()
    inputs, _ = samples(signature, 4)
    changed = inputs.clone()
    changed[:, 5:] = (changed[:, 5:] + 1) % signature.vocabulary
    before, after = model(inputs), model(changed)
    torch.testing.assert_close(before[:, :5], after[:, :5])
    assert not torch.allclose(before[:, 5:], after[:, 5:])
