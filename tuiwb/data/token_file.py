"""A file of tokens on disk, 16 bits each: what GPT-2's tokenizer has made of a text.

Either an ``.npy`` array of uint16, or a ``.bin`` of nothing but little-endian 16-bit numbers, as
nanoGPT and llm.c write them (llm.c's begin with a header of 1 024 bytes: ``data.skip``). The file
is mapped into memory: it is looked through once, to count the tokens, and may be larger than the
memory; a token takes two bytes wherever it lies. Which token stands for which text is not in it.
"""

import hashlib
from math import log
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from tuiwb.base.errors import UserError
from tuiwb.base.progress import tell
from tuiwb.base.signature import Signature
from tuiwb.data.batches import check_context
from tuiwb.data.dataset import Dataset, Part
from tuiwb.data.files import existing
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TextKnobs

Tokens = NDArray[np.uint16]


class Knobs(TextKnobs):
    """A file of 16-bit tokens of your own, mapped into memory."""

    needs: ClassVar[tuple[str, ...]] = ("path",)

    path: Annotated[str, knob("the file: .npy of uint16, or .bin of 16-bit numbers")] = ""
    vocabulary: Annotated[
        int, knob("different tokens, GPT-2's 50 257; 0: the largest in the file and those below it",
                  unit="tokens", ge=0, le=65_536)
    ] = 50_257  # fmt: skip
    skip: Annotated[
        int, knob("bytes of a .bin before the first token; 1024 in those of llm.c", unit="bytes",
                  ge=0, le=1 << 20)
    ] = 0  # fmt: skip
    limit: Annotated[
        int, knob("tokens read at most, from the beginning", unit="tokens", ge=100,
                  le=100_000_000_000, scale="log")
    ] = 100_000_000  # fmt: skip
    val_share: Annotated[
        float, knob("share of the tokens, at their end, held out for validation", gt=0, lt=1)
    ] = 0.01
    split_seed: Annotated[
        int, knob("0 leaves the tokens in their order; any other number copies them into memory "
                  "and turns them first", ge=0)
    ] = 0  # fmt: skip


CHUNK = 1 << 24
"""Tokens looked at in one go: 32 MB of the file."""
BLOCKS, BLOCK = 64, 1 << 16
"""How much of a long file the fingerprint sees: so many blocks, of so many tokens, all over it."""


def load(knobs: Knobs) -> Dataset:
    """Tokens uint16 [N]; batches of them are int64."""
    path = existing(knobs.path)
    tokens = mapped(path, knobs.skip)
    there = len(tokens)
    tokens = tokens[: knobs.limit]
    if knobs.split_seed and len(tokens):
        away = np.random.default_rng(knobs.split_seed).integers(1, max(len(tokens), 2))
        tokens = np.roll(tokens, -int(away))
    cut = round(len(tokens) * (1 - knobs.val_share))
    check_context(cut, knobs.context, "training")
    check_context(len(tokens) - cut, 1, "validation")
    counts = [_counts(part) for part in (tokens[:cut], tokens[cut:])]
    vocabulary = _vocabulary(path, knobs.vocabulary, counts)
    # what was never seen may still come: one is added to each count
    shares = (counts[0][:vocabulary] + 1) / (counts[0].sum() + vocabulary)
    unigram = -(counts[1][:vocabulary] * np.log(shares)).sum() / counts[1].sum()
    notes = [f"{path.name}: {there} tokens, mapped into memory"]
    if there > len(tokens):
        notes.append(f"only the first {len(tokens)} tokens are read (data.limit)")
    return Dataset(
        signature=Signature("tokens", (knobs.context,), vocabulary, vocabulary),
        train=Part(torch.from_numpy(tokens[:cut]), None),
        val=Part(torch.from_numpy(tokens[cut:]), None),
        classes=(),
        baselines={"uniform guess": log(vocabulary), "unigram": float(unigram)},
        fingerprint=_fingerprint(tokens, cut),
        vocabulary=tuple(map(str, range(vocabulary))),
        context=knobs.context,
        notes=tuple(notes),
    )


def mapped(path: Path, skip: int) -> Tokens:
    """The file's tokens; nothing of it is read, and nothing that is written to them reaches it."""
    if path.suffix.lower() == ".npy":
        try:
            array = np.load(path, mmap_mode="c", allow_pickle=False)
        except (ValueError, EOFError, OSError) as error:
            raise _no_tokens(path, str(error).splitlines()[0]) from None
        if array.dtype != np.uint16 or array.ndim != 1:
            raise _no_tokens(path, f"an array of {array.dtype} with shape {array.shape}")
        return np.asarray(array)
    size = path.stat().st_size - skip
    if size < 2 or size % 2:
        raise _no_tokens(path, f"{path.stat().st_size} bytes, {skip} of them skipped")
    return np.asarray(np.memmap(path, "<u2", "c", offset=skip))


def _no_tokens(path: Path, found: str) -> UserError:
    return UserError(
        "this is not a file of 16-bit tokens",
        where=f"data.path: {path}",
        found=found,
        allowed="an .npy array of uint16 with one axis, or two bytes a token in a .bin",
        next="numpy.array(tokens, dtype=numpy.uint16).tofile('train.bin') writes one",
    )


def _counts(tokens: Tokens) -> NDArray[np.int64]:
    """How often each of the 65 536 possible tokens comes: one look at all of the file."""
    counts = np.zeros(1 << 16, dtype=np.int64)
    for start in range(0, len(tokens), CHUNK):
        tell(f"counting tokens, {start / len(tokens):.0%}")
        counts += np.bincount(tokens[start : start + CHUNK], minlength=len(counts))
    return counts


def _vocabulary(path: Path, asked: int, counts: list[NDArray[np.int64]]) -> int:
    largest = int(np.flatnonzero(counts[0] + counts[1])[-1])
    if asked and largest >= asked:
        raise UserError(
            "the file holds tokens that the vocabulary does not have",
            where="data.vocabulary",
            found=f"token {largest} in {path.name}, a vocabulary of {asked}",
            allowed=f"at least {largest + 1}, or 0 to take what the file needs",
            next="a .bin with a header wants data.skip (1024 for those of llm.c)",
        )
    return asked or max(largest + 1, 2)


def _fingerprint(tokens: Tokens, cut: int) -> str:
    """Sixteen hex digits of length, cut and up to `BLOCKS` blocks."""
    digest = hashlib.sha256(f"{len(tokens)} {cut}".encode())
    blocks = -(-len(tokens) // BLOCK)
    starts = np.linspace(0, max(len(tokens) - BLOCK, 0), min(blocks, BLOCKS)).astype(np.int64)
    for start in starts:
        digest.update(tokens[start : start + BLOCK].tobytes())
    return digest.hexdigest()[:16]
