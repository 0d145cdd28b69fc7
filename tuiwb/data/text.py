"""From one long text to a `Dataset` of characters or words, with n-gram baselines."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import torch
from numpy.typing import NDArray

from tuiwb.base.signature import Signature
from tuiwb.data.batches import check_context
from tuiwb.data.dataset import Dataset, Part, fingerprint
from tuiwb.data.ngrams import ngram_losses
from tuiwb.spec.sections import TextKnobs

RARE = "<rare>"
"""The one token of all words that are not in the vocabulary."""


def characters(knobs: TextKnobs, text: str) -> Dataset:
    """``text`` as tokens, one a character; the last ``val_share`` of it is for validation.

    The cut is at one place: windows that lay in both parts would leak training text. The vocabulary
    is every character of the text in the order of its code point.
    """
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    codes, tokens = np.unique(points, return_inverse=True)
    tokens = tokens.astype(np.int64)
    vocabulary = tuple(chr(code) for code in codes)
    return cut_in_two(knobs, tokens, vocabulary)


def words(knobs: TextKnobs, text: str, most: int) -> Dataset:
    """``text`` as tokens, one a word, a punctuation mark or an end of line; the cut as above.

    The vocabulary is the ``most`` - 1 most frequent words, then `RARE` for all others where there
    are any.
    """
    found = re.findall(r"\w+|[^\w\s]|\n", text)
    counts = sorted(Counter(found).items(), key=lambda item: (-item[1], item[0]))
    vocabulary = [word for word, _ in counts]
    if len(vocabulary) > most:
        vocabulary = [*vocabulary[: most - 1], RARE]
    index = {word: i for i, word in enumerate(vocabulary)}
    tokens = np.array([index.get(word, len(vocabulary) - 1) for word in found], dtype=np.int64)
    return cut_in_two(knobs, tokens, tuple(vocabulary))


def cut_in_two(knobs: TextKnobs, tokens: NDArray[np.int64], vocabulary: tuple[str, ...]) -> Dataset:
    """Tokens [N] cut at one place, with n-gram baselines."""
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
