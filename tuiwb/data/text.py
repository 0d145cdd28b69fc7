"""From one long text to a `Dataset` of characters, with n-gram baselines counted at load."""

from __future__ import annotations

import numpy as np
import torch

from tuiwb.base.signature import Signature
from tuiwb.data.batches import check_context
from tuiwb.data.dataset import Dataset, Part, fingerprint
from tuiwb.data.ngrams import ngram_losses
from tuiwb.spec.sections import TextKnobs


def characters(knobs: TextKnobs, text: str) -> Dataset:
    """``text`` as tokens, one a character; the last ``val_share`` of it is for validation.

    The cut is at one place: windows that lay in both parts would leak training text. The vocabulary
    is every character of the text in the order of its code point.
    """
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    codes, tokens = np.unique(points, return_inverse=True)
    tokens = tokens.astype(np.int64)
    vocabulary = tuple(chr(code) for code in codes)
    cut = round(len(tokens) * (1 - knobs.val_share))
    train, val = tokens[:cut], tokens[cut:]
    check_context(len(train), knobs.context, "training")
    check_context(len(val), 1, "validation")
    train_part = Part(torch.from_numpy(train), None)
    val_part = Part(torch.from_numpy(val), None)
    size = len(vocabulary)
    return Dataset(
        signature=Signature("tokens", (knobs.context,), size, size),
        train=train_part,
        val=val_part,
        classes=(),
        baselines=ngram_losses(train, val, size),
        fingerprint=fingerprint((train_part.inputs, val_part.inputs), vocabulary),
        vocabulary=vocabulary,
        context=knobs.context,
    )
