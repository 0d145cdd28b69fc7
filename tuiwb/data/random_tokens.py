"""Random tokens, for measuring how many a second can be trained on: there is nothing to learn.

Every token is drawn alike and alone, so the loss of the best predictor is ln V, where every network
begins and none gets below. Speed and memory are those of real text of the same shape.
"""

from math import log
from typing import Annotated

import numpy as np
import torch

from tuiwb.base.signature import Signature
from tuiwb.data.batches import check_context
from tuiwb.data.dataset import Dataset, Part, fingerprint
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TextKnobs


class Knobs(TextKnobs):
    """Random tokens: for throughput only, there is nothing to learn."""

    vocabulary: Annotated[
        int, knob("different tokens; GPT-2 has 50 257", unit="tokens", ge=2, le=1_000_000,
                  scale="log")
    ] = 50_257  # fmt: skip
    tokens: Annotated[
        int, knob("tokens, training and validation together", unit="tokens", ge=1000,
                  le=1_000_000_000, scale="log")
    ] = 200_000  # fmt: skip
    val_share: Annotated[
        float, knob("share of the tokens, at their end, held out for validation", gt=0, lt=1)
    ] = 0.1
    split_seed: Annotated[int, knob("seed of the tokens", ge=0)] = 0


def load(knobs: Knobs) -> Dataset:
    """Tokens int64 [N], each drawn alone from ``split_seed``."""
    drawn = np.random.default_rng(knobs.split_seed).integers(knobs.vocabulary, size=knobs.tokens)
    tokens = torch.from_numpy(drawn)
    cut = round(len(tokens) * (1 - knobs.val_share))
    train, val = tokens[:cut], tokens[cut:]
    check_context(len(train), knobs.context, "training")
    check_context(len(val), 1, "validation")
    return Dataset(
        signature=Signature("tokens", (knobs.context,), knobs.vocabulary, knobs.vocabulary),
        train=Part(train, None),
        val=Part(val, None),
        classes=(),
        baselines={"uniform guess": log(knobs.vocabulary)},
        fingerprint=fingerprint((train, val)),
        vocabulary=tuple(map(str, range(knobs.vocabulary))),
        context=knobs.context,
        notes=("random tokens: for throughput only, the loss stays at ln V",),
    )
