"""Python's own help text, as characters: what ``help("topics")`` shows, from the standard library.

Every CPython carries it (`pydoc_data.topics`), so there is real English text without a download:
on 3.11, 465 048 characters of 103 kinds in 79 topics. Versions differ a little; the fingerprint
says which text it was, and the baselines are counted on it at load.
"""

from typing import Annotated, ClassVar

from tuiwb.data.dataset import Dataset
from tuiwb.data.text import characters
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TextKnobs


class Knobs(TextKnobs):
    """Python's own help text, character by character."""

    serves: ClassVar[tuple[str, ...]] = ("language", "masked")

    val_share: Annotated[
        float, knob("share of the text, at its end, held out for validation", gt=0, lt=1)
    ] = 0.1
    split_seed: Annotated[
        int, knob("0 leaves the topics in their order; any other number shuffles them", ge=0)
    ] = 0


def load(knobs: Knobs) -> Dataset:
    """Tokens int64 [N], one a character, joined by a newline between topics."""
    from pydoc_data.topics import topics

    import numpy as np

    texts = [topics[name] for name in sorted(topics)]
    if knobs.split_seed:
        order = np.random.default_rng(knobs.split_seed).permutation(len(texts))
        texts = [texts[i] for i in order]
    return characters(knobs, "\n".join(texts))
