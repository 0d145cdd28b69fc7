"""Counted FLOPs equal those of torch's own counter."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tuiwb.engine.build import build_model, load_data
from tuiwb.engine.shapes import trace
from tuiwb.spec import resolve

CASES = [
    ("mlp-digits", ()),
    ("logreg-cancer", ()),
    ("playground-2d", ()),
    ("cnn-digits", ()),
    ("gpt-char", ()),
    ("char-rnn", ("model.cell=rnn",)),
    ("char-rnn", ("model.cell=gru", "model.layers=2")),
    ("char-rnn", ("model.cell=lstm",)),
]


@pytest.mark.parametrize(("preset", "overrides"), CASES)
def test_flops_equal_torch_s_counter(preset: str, overrides: tuple[str, ...]) -> None:
    spec = resolve(preset, overrides).spec
    signature = load_data(spec).signature
    # on the meta device every recurrent cell is made of products that torch's counter knows
    with torch.device("meta"):
        model = build_model(spec, signature)
    seen = trace(model, signature, spec.model.name)
    dtype = torch.int64 if signature.kind == "tokens" else torch.float32
    sample = torch.empty((1, *signature.shape), dtype=dtype, device="meta")
    reference = FlopCounterMode(display=False)
    with torch.no_grad(), reference:
        model.eval()(sample)
    assert seen.total_flops == reference.get_total_flops()
    counts = reference.get_flop_counts()
    prefix = type(model).__name__
    for name, flops in seen.flops.items():
        assert flops == sum(counts[f"{prefix}.{name}"].values()), name


def test_a_trace_leaves_the_model_and_the_random_state_as_they_were() -> None:
    spec = resolve("cnn-digits").spec
    model = build_model(spec, load_data(spec).signature).train()
    before = [tensor.clone() for tensor in model.state_dict().values()]
    random = torch.get_rng_state()
    trace(model, load_data(spec).signature, "cnn-small")
    assert model.training and torch.equal(torch.get_rng_state(), random)
    assert all(map(torch.equal, before, model.state_dict().values()))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
