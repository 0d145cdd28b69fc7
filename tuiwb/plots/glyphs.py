"""Which characters a terminal can show: braille, quadrant blocks, or ASCII alone."""

from __future__ import annotations

import codecs
from typing import Literal, TypeAlias, get_args

from tuiwb.base.errors import UserError, nearest

GlyphSet: TypeAlias = Literal["braille", "quadrant", "ascii"]
GLYPH_SETS: tuple[GlyphSet, ...] = get_args(GlyphSet)

# Terminals whose fonts have neither braille nor quadrant blocks; what a name starts with.
_PLAIN = ("dumb", "unknown", "linux", "vt", "ansi", "cons25", "sun", "wy", "hpterm")
# Terminals with block elements in their fonts, but often no braille.
_BLOCKS = ("cygwin", "pcansi", "putty", "teraterm", "fbterm")


def choose(encoding: str | None, term: str | None, forced: str | None = None) -> GlyphSet:
    """The richest set that output in ``encoding`` on a terminal called ``term`` can show.

    ``forced`` (a flag, a setting) wins over both. Raises UserError if it is no glyph set.
    """
    if forced:
        if forced not in GLYPH_SETS:
            raise UserError(
                "no such glyph set",
                found=forced,
                allowed=", ".join(GLYPH_SETS),
                nearest=nearest(forced, GLYPH_SETS),
            )
        return next(name for name in GLYPH_SETS if name == forced)
    if not _is_unicode(encoding) or (term or "").lower().startswith(_PLAIN):
        return "ascii"
    return "quadrant" if (term or "").lower().startswith(_BLOCKS) else "braille"


def _is_unicode(encoding: str | None) -> bool:
    try:
        return codecs.lookup(encoding or "ascii").name.startswith("utf")
    except LookupError:
        return False
