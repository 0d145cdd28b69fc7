"""Pictures that several tasks on sequences take: attention, hidden states and gates, texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import Any

import numpy as np
from torch import Tensor, nn

from tuiwb.tasks.picture import Picture

UNITS = 32
"""Units of a hidden state that are shown."""
PLACES = 48
"""Steps of a long sequence that are shown."""


def attention(
    model: nn.Module, sample: Tensor, read: Sequence[str], written: Sequence[str] | None = None
) -> Iterator[Picture]:
    """What each place of one sample [1, T] looks at, a matrix for each block and head, where the
    model offers ``attention_weights(inputs) -> {name: [B, heads, L, T]}``, or else of the first and
    the last of its modules that attend to themselves."""
    offer: Callable[[Tensor], dict[str, Tensor]] | None = getattr(model, "attention_weights", None)
    for name, weights in (offer(sample) if offer else self_attention(model, sample)).items():
        for head, matrix in enumerate(weights[0]):
            yield Picture(
                f"attention, {name}" + (f", head {head}" if weights.shape[1] > 1 else ""),
                "matrix",
                {
                    "values": matrix[:PLACES, :PLACES].float().cpu().numpy(),
                    "rows": list((written or read)[:PLACES]),
                    "columns": list(read[:PLACES]),
                    "scale": "linear",
                },
                "each row is a place, bright where it looks",
            )


def self_attention(model: nn.Module, sample: Tensor) -> dict[str, Tensor]:
    """softmax(q k' / sqrt(head width)) [B, heads, T, T] in the first and the last module that has
    ``heads`` and a projection ``qkv`` to queries, keys and values side by side."""
    attending: list[Any] = [m for m in model.modules() if hasattr(m, "qkv") and hasattr(m, "heads")]
    chosen = {0: attending[0], len(attending) - 1: attending[-1]} if attending else {}
    seen: dict[str, Tensor] = {}

    def keep(number: int, module: Any) -> Callable[..., None]:
        def hook(projection: nn.Module, inputs: object, output: Tensor) -> None:
            parts = output.detach().float().chunk(3, dim=-1)
            q, k, _ = (p.unflatten(-1, (module.heads, -1)).transpose(1, 2) for p in parts)
            scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
            if getattr(module, "causal", False):
                scores = scores.masked_fill(scores.new_ones(scores.shape[-2:]).triu(1) > 0, -inf)
            seen[f"block {number}"] = scores.softmax(-1)

        return hook

    handles = [m.qkv.register_forward_hook(keep(n, m)) for n, m in chosen.items()]
    try:
        if handles:
            model(sample)
    finally:
        for handle in handles:
            handle.remove()
    return seen


def activations(model: nn.Module, sample: Tensor, steps: Sequence[str]) -> Iterator[Picture]:
    """Hidden states and gates over the steps of one sample, units down, where the model offers
    ``activations(inputs) -> {name: [B, T, units]}``."""
    offer: Callable[[Tensor], dict[str, Tensor]] | None = getattr(model, "activations", None)
    if offer is None:
        return
    for name, values in offer(sample).items():
        shown = values[0, :PLACES, :UNITS].T.float().cpu().numpy()
        yield Picture(
            name,
            "matrix",
            {
                "values": shown,
                "rows": [str(unit) for unit in range(len(shown))],
                "columns": list(steps[:PLACES]),
                "scale": "linear",
            },
            f"{len(shown)} of {values.shape[-1]} units, one sample over time",
        )


def text(tokens: Tensor, vocabulary: Sequence[str]) -> str:
    """Tokens as a person reads them: characters side by side, words with spaces between."""
    parts = spelled(tokens, vocabulary)
    return "".join(parts) if all(len(word) == 1 for word in vocabulary) else " ".join(parts)


def spelled(tokens: Tensor, vocabulary: Sequence[str]) -> list[str]:
    """Each token's text; one that the vocabulary lacks is a square."""
    return [vocabulary[t] if 0 <= t < len(vocabulary) else "▢" for t in np.asarray(tokens.cpu())]


def answers(inputs: Tensor, targets: Tensor, guesses: Tensor, vocabulary: Sequence[str]) -> Picture:
    """A few samples: what was read, what was written, what was right."""
    lines = []
    for read, right, guess in zip(inputs, targets, guesses, strict=True):
        asked = right >= 0
        good = bool((guess == right)[asked].all())
        shown = text(read, vocabulary)
        lines.append(f"{shown} -> {text(guess, vocabulary)}")
        if not good:
            lines.append(f"{'should be':>{len(shown)}}    {text(right, vocabulary)}")
    return Picture("answers", "text", {"text": "\n".join(lines)})
