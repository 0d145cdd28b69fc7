"""Text from outside, made safe for a terminal."""

from __future__ import annotations

import re
import unicodedata

# C0 and C1 controls and DEL; marks and overrides that can reorder a line on the screen, and what
# some terminals take for its end; halves of a character, which no stream can encode
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def clean(text: str, limit: int | None = None) -> str:
    """``text`` with escapes and control characters made visible, cut to ``limit`` characters.

    Newlines and tabs stay; everything else that a terminal would obey becomes a picture of itself
    (ESC is shown as the symbol for escape), so that a name or a log line cannot drive a terminal.
    """
    text = _CONTROL.sub(_visible, text)
    if limit is not None and len(text) > limit:
        text = text[: max(0, limit - 1)] + "…"
    return text


def one_line(text: str, limit: int | None = None) -> str:
    """`clean`, and without line breaks and tabs: a name cannot look like a line of its own."""
    return clean(text.replace("\n", "␊").replace("\t", " "), limit)


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else "·"


def slug(text: str, fallback: str = "run") -> str:
    """A name that is safe as a folder's name: letters, digits, dot, dash, underscore."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-.")
    return safe[:80] or fallback
