"""Attention, encoders, readers and writers against torch's own modules and by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.contracts.making import SEQUENCE, TOKENS, build_model, samples
from tuiwb.base.signature import Signature
from tuiwb.models.attention import Block, SelfAttention
from tuiwb.spec import resolve


def _random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _size(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("heads", [1, 4])
def test_self_attention_is_torchs(heads: int) -> None:
    torch.manual_seed(0)
    ours = SelfAttention(16, heads, 0.0).eval()
    theirs = nn.MultiheadAttention(16, heads, batch_first=True).eval()
    with torch.no_grad():
        theirs.in_proj_weight.copy_(ours.qkv.weight)
        theirs.in_proj_bias.copy_(ours.qkv.bias)
        theirs.out_proj.weight.copy_(ours.project.weight)
        theirs.out_proj.bias.copy_(ours.project.bias)
    x = _random(3, 7, 16)
    expected, weights = theirs(x, x, x, average_attn_weights=False)
    torch.testing.assert_close(ours(x), expected)
    torch.testing.assert_close(ours.weights(x), weights)


def test_a_block_is_torchs_pre_norm_encoder_layer() -> None:
    torch.manual_seed(0)
    ours = Block(16, 4, 32, "relu", 0.0).eval()
    theirs = nn.TransformerEncoderLayer(16, 4, 32, 0.0, batch_first=True, norm_first=True).eval()
    names = {
        "self_attn.in_proj_weight": ours.attention.qkv.weight,
        "self_attn.in_proj_bias": ours.attention.qkv.bias,
        "self_attn.out_proj.weight": ours.attention.project.weight,
        "self_attn.out_proj.bias": ours.attention.project.bias,
        "linear1.weight": ours.expand.weight,
        "linear1.bias": ours.expand.bias,
        "linear2.weight": ours.project.weight,
        "linear2.bias": ours.project.bias,
        "norm1.weight": ours.norm1.weight,
        "norm1.bias": ours.norm1.bias,
        "norm2.weight": ours.norm2.weight,
        "norm2.bias": ours.norm2.bias,
    }
    theirs.load_state_dict(names)
    x = _random(3, 7, 16)
    torch.testing.assert_close(ours(x), theirs(x))


def test_an_encoder_block_counts_its_weights() -> None:
    one, two = (build_model("encoder", TOKENS, layers=n) for n in (1, 2))
    width, hidden = 64, 128
    assert _size(two) - _size(one) == 4 * width**2 + 2 * width * hidden + 9 * width + hidden


def test_an_encoder_sees_what_comes_after() -> None:
    model = build_model("encoder", TOKENS).eval()
    inputs, _ = samples(TOKENS, 2)
    changed = inputs.clone()
    changed[:, -1] = (changed[:, -1] + 1) % TOKENS.vocabulary
    assert not torch.allclose(model(inputs)[:, 0], model(changed)[:, 0])


@pytest.mark.parametrize("attention", ["dot", "none"])
def test_forced_on_its_own_answers_a_writer_says_what_it_said_alone(attention: str) -> None:
    model = build_model("seq2seq", TOKENS, attention=attention).eval()
    inputs, _ = samples(TOKENS, 5)
    alone = model(inputs)
    torch.testing.assert_close(model(inputs, alone.argmax(-1)), alone)


def test_a_writer_without_attention_knows_the_last_state_alone() -> None:
    inputs, targets = samples(TOKENS, 5)
    for attention, matters in (("none", False), ("dot", True)):
        model = build_model("seq2seq", TOKENS, attention=attention).eval()
        states, hidden = model.encoder(model.read(inputs))
        before = F.pad(targets, (1, 0), value=model.start)[:, :-1]
        shown = [model._write(before, hidden, s)[0] for s in (states, states.flip(2))]
        assert torch.equal(*shown) != matters


def test_the_writers_attention_is_softmax_of_products() -> None:
    model = build_model("seq2seq", TOKENS).eval()
    queries, states = _random(2, 3, 64), _random(2, 8, 64, seed=1)
    weights = model.weights(queries, states)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3))
    fused = F.scaled_dot_product_attention(queries, states, states, scale=1.0)
    torch.testing.assert_close(weights @ states, fused)


def test_answers_may_be_shorter_than_what_is_read() -> None:
    model = build_model("seq2seq", Signature("tokens", (8,), 11, 11, answer=3))
    inputs, _ = samples(TOKENS, 2)
    assert model(inputs).shape == (2, 3, 11)
    weights = model.eval().attention_weights(inputs)["writer"]
    assert weights.shape == (2, 1, 3, 8)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_gates_by_hand_lead_to_the_hidden_states_that_torch_gave(cell: str) -> None:
    model = build_model("recurrent", SEQUENCE, cell=cell, width=5).eval()
    inputs, _ = samples(SEQUENCE, 3)
    seen = model.activations(inputs)
    hidden = seen["hidden state"]
    assert all(values.shape == (3, SEQUENCE.shape[0], 5) for values in seen.values())
    if cell == "rnn":
        assert set(seen) == {"hidden state"}
    elif cell == "gru":
        # h' = (1 - z) n + z h, so h' - z h lies within (1 - z) of zero
        before = F.pad(hidden, (0, 0, 1, 0))[:, :-1]
        z = seen["update gate"]
        assert ((hidden - z * before).abs() <= 1 - z + 1e-6).all()
    else:
        assert (hidden.abs() <= seen["output gate"] + 1e-6).all()  # h = o tanh(c)


def test_recurrent_counts_its_gates() -> None:
    for cell, gates in (("rnn", 1), ("gru", 3), ("lstm", 4)):
        model = build_model("recurrent", SEQUENCE, cell=cell, width=10)
        assert _size(model) == gates * 10 * (4 + 10 + 2) + 10 * 3 + 3


def test_bert_has_one_token_more_than_its_data() -> None:
    model = build_model("bert", TOKENS)
    assert model.mask == 11 and model.body.tokens.num_embeddings == 12
    tokens = torch.full((1, 8), model.mask)
    assert model(tokens).shape == (1, 8, 11)


def test_bert_answers_with_its_embedding() -> None:
    model = build_model("bert", TOKENS)
    assert model.output.weight is model.body.tokens.weight
    vectors = _random(2, 64)
    expected = vectors @ model.body.tokens.weight[:11].T + model.output.bias
    torch.testing.assert_close(model.output(vectors), expected)


@pytest.mark.parametrize(("preset", "model"), [("transformer-sort", "gpt"), ("mini-bert", "gpt")])
def test_a_task_takes_only_models_that_it_can_train(preset: str, model: str) -> None:
    from tuiwb.base.errors import UserError

    overrides = [f"model.name={model}"]
    if preset == "transformer-sort":
        assert resolve(preset, overrides).spec.model.name == "gpt"  # open to all that read tokens
    else:
        with pytest.raises(UserError, match="does not train the architecture"):
            resolve(preset, overrides)
