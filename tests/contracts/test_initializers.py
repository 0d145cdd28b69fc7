"""What every initialiser promises, whichever it is."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.contracts.making import MODELS, build_model, knobs, module, names, signature_of
from tuiwb.optim.initializers.matrices import matrices

PAIRS = [(init, *model) for init in names("init") for model in MODELS]


def _initialised(init: str, name: str, kind: str, seed: int) -> nn.Module:
    model = build_model(name, signature_of(name, kind))
    generator = torch.Generator().manual_seed(seed)
    module("init", init).initialise(model, knobs("init", init), generator)
    return model


@pytest.mark.parametrize(("init", "name", "kind"), PAIRS)
def test_the_generator_decides_alone(init: str, name: str, kind: str) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    model = build_model(name, signature_of(name, kind))
    drawn = torch.get_rng_state()
    module("init", init).initialise(model, knobs("init", init), torch.Generator().manual_seed(7))
    assert torch.equal(torch.get_rng_state(), drawn), "it drew from the global generator"
    torch.set_rng_state(before)
    again = _initialised(init, name, kind, 7)
    for a, b in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(("init", "name", "kind"), PAIRS)
def test_biases_are_zero_and_norms_and_embeddings_are_left_alone(
    init: str, name: str, kind: str
) -> None:
    made, model = build_model(name, signature_of(name, kind)), _initialised(init, name, kind, 7)
    kept = (nn.Embedding, nn.LayerNorm, nn.GroupNorm, nn.BatchNorm1d, nn.BatchNorm2d)
    for (path, before), after in zip(made.named_modules(), model.modules(), strict=True):
        for name_, old in before.named_parameters(recurse=False):
            new = dict(after.named_parameters(recurse=False))[name_]
            if isinstance(before, kept) or init == "default":
                assert torch.equal(new, old), f"{path}.{name_}"
            elif "bias" in name_:
                assert not new.any(), f"{path}.{name_}"


@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_every_weight_matrix_of_every_architecture_is_found(name: str, kind: str) -> None:
    model = build_model(name, signature_of(name, kind))
    found = sum(matrix.weight.numel() for matrix in matrices(model))
    embeddings = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    wanted = sum(p.numel() for p in model.parameters() if p.ndim >= 2 and id(p) not in embeddings)
    assert found == wanted
