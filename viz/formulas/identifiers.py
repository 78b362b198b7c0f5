"""Names as identifiers: what stands above and below, and how each language is kept from misreading them.

A name is whatever the user chose: z²₁, learning_rate, an emoji, ``</script>``.  It is data.  It can
neither end a LaTeX group nor open an HTML tag, control characters and text-direction overrides show
as �, and a name too long for a formula is cut in its middle.
"""

from __future__ import annotations

import re
import unicodedata

from viz.formulas.notation import Identifier

LONGEST = 40  # characters of a name that a formula shows

_ABOVE = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵀ", "0123456789+-()T", strict=True))
_BELOW = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎", "0123456789+-()", strict=True))
_RAISED = {plain: raised for raised, plain in _ABOVE.items()}
_LOWERED = {plain: lowered for lowered, plain in _BELOW.items()}

# Letters, then superscripts and subscripts; an ASCII subscript as in w_1 or w1 is one too.
_INDEXED = re.compile(
    rf"(?P<letters>[^\W\d_]+?)(?:_?(?P<ascii>\d{{1,4}}))?"
    rf"(?P<above>[{''.join(_ABOVE)}]*)(?P<below>[{''.join(_BELOW)}](?:[{''.join(_BELOW)}]|,(?=[₀-₉]))*)?"
)
_PLAIN = re.compile(r"[^\W\d][\w.′']*")

_GREEK_LETTERS = "αβγδεζηθικμνξπρστυφχψωΓΔΘΞΠΣΥΦΨΩ"  # λ is LAMDA in Unicode
SIGNS = {"∂": r"\partial", "∞": r"\infty", "⊙": r"\odot", "·": r"\cdot", "…": r"\dots", "Ŷ": r"\hat{Y}"}
GREEK = {"λ": r"\lambda", "Λ": r"\Lambda", **SIGNS}
for _letter in _GREEK_LETTERS:
    _word = unicodedata.name(_letter).split()[-1]
    GREEK[_letter] = "\\" + (_word.lower() if _letter.islower() else _word.capitalize())

_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


def identifier(name: str, copy: int = 0) -> Identifier:
    """The identifier a name stands for.

    >>> identifier("W¹₁₂")
    Identifier(name='W', above='1', below='12', copy=0)
    """
    shown = shortened(name)
    match = _INDEXED.fullmatch(shown)
    if match is None:
        return Identifier(shown, copy=copy)
    below = match["ascii"] or "".join(_BELOW.get(c, c) for c in match["below"] or "")
    if match["ascii"] and match["below"]:
        return Identifier(shown, copy=copy)
    return Identifier(match["letters"], "".join(_ABOVE[c] for c in match["above"]), below, copy)


def shortened(name: str) -> str:
    """`name` with nothing in it that acts instead of being seen, and no longer than LONGEST."""
    seen = "".join("�" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") else c for c in name)
    if len(seen) > LONGEST:
        seen = f"{seen[: LONGEST - 12]}…{seen[-11:]}"
    return seen


def in_text(symbol: Identifier) -> str:
    """z²₁; quoted where the name is more than a word, so that it reads as one thing."""
    letters = symbol.name if _PLAIN.fullmatch(symbol.name) else f"“{symbol.name}”"
    copy = f"[{symbol.copy}]" if symbol.copy else ""
    return letters + raised(symbol.above) + lowered(symbol.below) + copy


def raised(digits: str) -> str:
    """Digits and signs as superscripts."""
    return "".join(_RAISED[c] for c in digits)


def lowered(digits: str) -> str:
    """Digits as subscripts; a comma stays as it is."""
    return "".join(_LOWERED.get(c, c) for c in digits)


def can_be_lowered(text: str) -> bool:
    """Whether there is a subscript for every character."""
    return all(c in _LOWERED for c in text)


def in_latex(symbol: Identifier) -> str:
    """z^{2}_{1}; words upright, every character that LaTeX would act on escaped."""
    letters = symbol.name
    if letters in GREEK:
        head = GREEK[letters]
    elif len(letters) == 1 and letters.isascii() and letters.isalpha():
        head = letters
    else:
        head = rf"\text{{{escaped(letters)}}}"
    above = f"^{{{symbol.above}}}" if symbol.above else ""
    below = f"_{{{symbol.below}}}" if symbol.below else ""
    copy = f"[{symbol.copy}]" if symbol.copy else ""
    return f"{head}{above}{below}{copy}"


def escaped(text: str) -> str:
    r"""`text` for the inside of \text{…}."""
    return "".join(_LATEX.get(c, f"${GREEK[c]}$" if c in GREEK else c) for c in text)
