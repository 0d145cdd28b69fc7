"""Tiny Shakespeare and WikiText from the Hugging Face hub, or from a copy on this machine.

Tiny Shakespeare: 1.1 million characters (Karpathy 2015). WikiText-2: two million words of good
Wikipedia articles (Merity et al. 2016). Needs ``pip install 'tuiwb[hub]'``.
"""

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from tuiwb.base.errors import UserError
from tuiwb.data.dataset import Dataset
from tuiwb.data.hub import Place, column_of, fetched, told
from tuiwb.data.text import characters, words
from tuiwb.data.text_file import turned
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TextKnobs


class Knobs(TextKnobs):
    """Texts of the Hugging Face hub: Tiny Shakespeare, WikiText-2."""

    serves: ClassVar[tuple[str, ...]] = ("language", "masked", "embed")
    downloads: ClassVar[bool] = True

    dataset: Annotated[Literal["tinyshakespeare", "wikitext"], knob("which of them")] = (
        "tinyshakespeare"
    )
    tokens: Annotated[
        Literal["characters", "words"],
        knob("what one token is: a character, or a word, a punctuation mark or an end of line"),
    ] = "characters"
    words: Annotated[
        int, knob("different words at most; rarer ones are one word, <rare>", unit="words", ge=2,
                  le=1_000_000, scale="log")
    ] = 10_000  # fmt: skip
    limit: Annotated[
        int, knob("characters read at most, from the beginning", unit="characters", ge=100,
                  le=1_000_000_000, scale="log")
    ] = 10_000_000  # fmt: skip
    val_share: Annotated[
        float, knob("share of the text, at its end, held out for validation", gt=0, lt=1)
    ] = 0.1
    split_seed: Annotated[
        int, knob("0 leaves the text in its order; any other number turns it first", ge=0)
    ] = 0
    path: Annotated[
        str, knob("a folder with the parquet files of a copy; empty fetches it, once")
    ] = ""


PLACES = {
    "tinyshakespeare": Place("karpathy/tiny_shakespeare", None, "refs/convert/parquet"),
    "wikitext": Place("Salesforce/wikitext", "wikitext-2-raw-v1"),
}


def load(knobs: Knobs) -> Dataset:
    """Tokens int64 [N]: the rows of the training part, one after another."""
    rows = fetched(knobs.dataset, PLACES[knobs.dataset], "train", knobs.path)
    column = column_of(rows, ("text", "Text"), "data.dataset")
    pieces: list[str] = []
    count = 0
    for piece in told(rows, column, "lines"):
        pieces.append(str(piece))
        count += len(pieces[-1])
        if count >= knobs.limit:
            break
    text = "".join(pieces)[: knobs.limit]
    if not text.strip():
        raise UserError(
            "the data set holds no text", where="data.dataset", found=f"{len(rows)} rows"
        )
    notes = (f"{knobs.dataset}: {len(text)} characters of {len(rows)} rows",)
    text = turned(text, knobs.split_seed)
    if knobs.tokens == "characters":
        return replace(characters(knobs, text), notes=notes)
    return replace(words(knobs, text, knobs.words), notes=notes)
