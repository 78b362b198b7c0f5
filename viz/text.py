"""Names in a picture: as short as there is room, and measured without a font."""

from __future__ import annotations

import re
import unicodedata

from autograd.text import in_xml, short

ISOLATE, END = "\u2068", "\u2069"  # around what may run from right to left
_OURS = re.compile(f"([\u00a0{ISOLATE}{END}])")  # characters without ink that sentences have on purpose
BOLD = 1.15  # how much wider bold letters are
# Widths in ems, no less than those of DejaVu Sans, the widest of the common ones.
_EMS = {
    **dict.fromkeys("iIjlt.,:;'|!()[] ¹ᵢⱼ·f", 0.42),
    **dict.fromkeys("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉⁽⁾ₐₑₒₓ", 0.46),
    **dict.fromkeys("αάµμπσφψ", 0.71),
    **dict.fromkeys("#&+<=>^~¬±−→≤≥≠ω", 0.84),
    **dict.fromkeys("MΜmw", 0.98),
    **dict.fromkeys("W@%—…½¼¾ÆæŒœ©®ΣΠΩ×÷∂", 1.01),
}


def shortened(name: str, limit: int = 22) -> str:
    """A name as a box has room for it."""
    return short(name, limit)


def words_in_xml(text: str) -> str:
    """A sentence of ours as XML: the spaces in its counts never break, and names in it have none such (see `short`).

    What isolates a name stays too (see `isolated`).

    >>> words_in_xml("2\u00a0100 < x")
    '2&#160;100 &lt; x'
    """
    return "".join(f"&#{ord(part)};" if _OURS.fullmatch(part) else in_xml(part) for part in _OURS.split(text) if part)


def isolated(name: str) -> str:
    """A name in a sentence: one that runs from right to left turns nothing around it."""
    is_turned = any(unicodedata.bidirectional(c) in ("R", "AL") for c in name)
    return f"{ISOLATE}{name}{END}" if is_turned else name


def width(text: str, size: float) -> float:
    """A generous guess, in pixels, of how wide `text` is in any common sans-serif at that size."""
    return size * sum(_em(c) for c in text)


def _em(c: str) -> float:
    if unicodedata.combining(c) or c in (ISOLATE, END):
        return 0.0
    if unicodedata.east_asian_width(c) in "WF" or ord(c) > 0xFFFF:
        return 1.3
    return _EMS.get(c, 0.79 if c.isupper() else 0.64)
