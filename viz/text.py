"""Text that goes into a picture: made harmless, cut to length, and measured without a font."""

from __future__ import annotations

import unicodedata
from html import escape as _escape

_NARROW = set("iIjlt.,:;'|!()[] ¹ᵢⱼ·f")
_WIDE = set("mwMW@%—ΣΠΩ×÷∂")


def harmless(text: str) -> str:
    """`text` without characters that XML forbids, line breaks, or marks that reorder what follows."""
    return text if text.isprintable() else "".join(_character(c) for c in text)


def _character(c: str) -> str:
    if c in "\t\n\r":
        return " "
    point, category = ord(c), unicodedata.category(c)
    reorders = c in "\u200e\u200f\u061c" or 0x202A <= point <= 0x202E or 0x2066 <= point <= 0x2069
    forbidden = category in ("Cc", "Cs") or point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF
    return "\N{REPLACEMENT CHARACTER}" if reorders or forbidden else c


def escape(text: str) -> str:
    """`text` for an XML text or attribute."""
    return _escape(harmless(text), quote=True)


def shortened(text: str, limit: int = 22) -> str:
    """`text`, cut with … to at most `limit` characters."""
    text = harmless(text[: 4 * limit]) if len(text) > 4 * limit else harmless(text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def width(text: str, size: float) -> float:
    """A generous guess, in pixels, of how wide `text` is in any common sans-serif at that size."""
    return size * sum(_em(c) for c in text)


def _em(c: str) -> float:
    if unicodedata.combining(c):
        return 0.0
    if unicodedata.east_asian_width(c) in "WF" or ord(c) > 0xFFFF:
        return 1.3
    if c in _NARROW:
        return 0.42
    if c in _WIDE:
        return 1.0
    if c in "⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉⁽⁾ₐₑₒₓ":
        return 0.46
    return 0.72 if c.isupper() else 0.64
