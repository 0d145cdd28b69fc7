"""Python's own help text, as words: lower-cased, each punctuation mark a word of its own.

The same text as ``pydoc`` reads (`pydoc_data.topics`). Words seen fewer than ``min_count`` times
are one word, ``<rare>``. On 3.11: 114 029 words, 3 594 kinds, 2 647 of them seen at least twice,
few enough that the bigram baseline can be counted as well.
"""

import re
from collections import Counter
from typing import Annotated, ClassVar

import numpy as np
import torch

from tuiwb.base.signature import Signature
from tuiwb.data.batches import check_context
from tuiwb.data.dataset import Dataset, Part, fingerprint
from tuiwb.data.ngrams import ngram_losses
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TextKnobs

RARE = "<rare>"


class Knobs(TextKnobs):
    """Python's own help text, word by word."""

    serves: ClassVar[tuple[str, ...]] = ("language", "masked", "embed")

    context: Annotated[
        int, knob("tokens in one sample", unit="tokens", ge=2, le=65536, scale="log")
    ] = 35
    min_count: Annotated[
        int, knob("words seen less often than this are one word, <rare>", ge=1, le=10_000)
    ] = 2
    val_share: Annotated[
        float, knob("share of the text, at its end, held out for validation", gt=0, lt=1)
    ] = 0.1
    split_seed: Annotated[
        int, knob("0 leaves the topics in their order; any other number shuffles them", ge=0)
    ] = 0


def load(knobs: Knobs) -> Dataset:
    """Tokens int64 [N], one a word, the most frequent word 0 (``<rare>`` last)."""
    from pydoc_data.topics import topics

    names = sorted(topics)
    if knobs.split_seed:
        names = [names[i] for i in np.random.default_rng(knobs.split_seed).permutation(len(names))]
    words = [w for name in names for w in re.findall(r"\w+|[^\w\s]", topics[name].lower())]
    counts = sorted(Counter(words).items(), key=lambda item: (-item[1], item[0]))
    vocabulary = [word for word, count in counts if count >= knobs.min_count]
    index = {word: i for i, word in enumerate(vocabulary)}
    if len(vocabulary) < len(counts):
        vocabulary.append(RARE)
    tokens = np.array([index.get(word, len(vocabulary) - 1) for word in words])
    cut = round(len(tokens) * (1 - knobs.val_share))
    train, val = tokens[:cut], tokens[cut:]
    check_context(len(train), knobs.context, "training")
    check_context(len(val), 1, "validation")
    parts = Part(torch.from_numpy(train), None), Part(torch.from_numpy(val), None)
    size = len(vocabulary)
    return Dataset(
        signature=Signature("tokens", (knobs.context,), size, size),
        train=parts[0],
        val=parts[1],
        classes=(),
        baselines=ngram_losses(train, val, size),
        fingerprint=fingerprint((parts[0].inputs, parts[1].inputs), vocabulary),
        vocabulary=tuple(vocabulary),
        context=knobs.context,
    )
