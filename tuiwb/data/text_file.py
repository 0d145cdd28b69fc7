"""A text of your own: one file in UTF-8, as characters or as words.

One passage at its end is for validation. With ``split_seed`` above 0 the text is turned first, so
that another passage lies there: what was behind the turning point comes first, then the rest.
"""

import codecs
from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from tuiwb.base.errors import UserError
from tuiwb.base.format import size
from tuiwb.data.dataset import Dataset
from tuiwb.data.files import existing
from tuiwb.data.text import RARE, characters, words
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TextKnobs


class Knobs(TextKnobs):
    """A text file of your own."""

    serves: ClassVar[tuple[str, ...]] = ("language", "masked", "embed")
    needs: ClassVar[tuple[str, ...]] = ("path",)

    path: Annotated[str, knob("the text file, in UTF-8")] = ""
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


_BLOCK = 1 << 20


def load(knobs: Knobs) -> Dataset:
    """Tokens int64 [N]."""
    path = existing(knobs.path)
    text, whole = read_text(path, knobs.limit)
    if not text.strip():
        raise UserError(
            f"{path.name} holds no text", where=str(path), allowed="a file with words in it"
        )
    notes = [f"{path.name}: {len(text)} characters, {text.count(chr(10))} line ends"]
    if not whole:
        notes.append(f"only the first {len(text)} characters are read (data.limit)")
    text = turned(text, knobs.split_seed)
    if knobs.tokens == "characters":
        return replace(characters(knobs, text), notes=tuple(notes))
    dataset = words(knobs, text, knobs.words)
    if dataset.vocabulary[-1] == RARE:
        rare = sum(int((p.inputs == len(dataset.vocabulary) - 1).sum()) for p in
                   (dataset.train, dataset.val))  # fmt: skip
        notes.append(f"{rare} words are not among the {knobs.words} most frequent: {RARE}")
    return replace(dataset, notes=tuple(notes))


def read_text(path: Path, limit: int) -> tuple[str, bool]:
    """The first ``limit`` characters of a UTF-8 file, line ends as one ``\\n``, and whether that is
    all. What is not UTF-8 is a `UserError` that names the byte."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    pieces: list[str] = []
    count = offset = 0
    with path.open("rb") as file:
        while count <= limit:
            raw = file.read(_BLOCK)
            waiting = len(decoder.getstate()[0])
            try:
                piece = decoder.decode(raw, final=not raw)
            except UnicodeDecodeError as error:
                at = offset - waiting + error.start
                line = sum(p.count("\n") for p in pieces) + 1
                line += error.object[: error.start].count(b"\n")
                found = f"byte 0x{error.object[error.start]:02x}: {error.reason}"
                raise _not_utf8(path, at, line, found, pieces) from None
            pieces.append(piece)
            count += len(piece)
            offset += len(raw)
            if not raw:
                break
    text = "".join(pieces).removeprefix("\ufeff")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text[:limit], len(text) <= limit


def turned(text: str, seed: int) -> str:
    """The text begun at a line that ``seed`` draws, its beginning put behind its end; 0: as is."""
    if not seed:
        return text
    import numpy as np

    place = int(np.random.default_rng(seed).integers(1, max(len(text), 2)))
    place = text.rfind("\n", 0, place) + 1 or place
    return text[place:] + text[:place]


def _not_utf8(path: Path, byte: int, line: int, found: str, before: list[str]) -> UserError:
    utf16 = byte == 0 and path.read_bytes()[:2] in (b"\xff\xfe", b"\xfe\xff")
    return UserError(
        f"{path.name} is not UTF-8 text",
        where=f"{path}, byte {byte}, line {line}",
        found="UTF-16 text" if utf16 else found,
        allowed=f"a text in UTF-8 (the file has {size(path.stat().st_size)})",
        next=f"iconv -f {'utf-16' if utf16 else 'latin1'} -t utf-8 turns it into one",
    )
