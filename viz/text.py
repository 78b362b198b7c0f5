"""Names in a picture: as short as there is room, and measured without a font."""

from __future__ import annotations

import unicodedata

from autograd.text import short

_NARROW = set("iIjlt.,:;'|!()[] ¹ᵢⱼ·f")
_WIDE = set("mwMW@%—ΣΠΩ×÷∂")


def shortened(name: str, limit: int = 22) -> str:
    """A name as a box has room for it."""
    return short(name, limit)


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
