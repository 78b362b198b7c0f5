"""Names as identifiers: what stands above and below, and how each language is kept from misreading them.

A name is whatever the user chose: z²₁, learning_rate, an emoji, ``</script>``.  It is data.  It can
neither end a LaTeX group nor open an HTML tag; what acts in it instead of being seen shows as its escape, and a
name too long for a formula is cut in its middle (see `autograd.text`).
"""

from __future__ import annotations

import re

from autograd.text import ABOVE, BELOW, GREEK, SIGNS, short
from autograd.text import in_latex as escaped
from viz.notation import Identifier

LONGEST = 40  # characters of a name that a formula shows

_RAISED = {plain: raised for raised, plain in ABOVE.items()}
_LOWERED = {plain: lowered for lowered, plain in BELOW.items()} | dict(zip("ijklmn", "ᵢⱼₖₗₘₙ", strict=True))

_GREEK = {command[1:]: letter for letter, command in GREEK.items() if letter not in SIGNS}  # alpha, Omega

# Letters, then superscripts and subscripts; an ASCII subscript as in w_1 or w1 is one too.
_INDEXED = re.compile(
    rf"(?P<letters>[^\W\d_]+?)(?:_?(?P<ascii>\d{{1,4}}))?"
    rf"(?P<above>[{''.join(ABOVE)}]*)(?P<below>[{''.join(BELOW)}](?:[{''.join(BELOW)}]|,(?=[₀-₉]))*)?"
)
_WORDED = re.compile(r"(?P<letters>[^\W\d_]+)_(?P<below>[a-zA-Z][a-zA-Z0-9]{0,11})")  # w_ij, sigma_max
_PLAIN = re.compile(r"[^\W\d][\w.′']*(\[[\w'., ]+\])*")  # x, and x[0] or d['a'], which read as one thing too


def identifier(name: str, copy: int = 0) -> Identifier:
    """The identifier a name stands for.

    >>> identifier("W¹₁₂")
    Identifier(name='W', above='1', below='12', copy=0)

    Letters that are spelled out are themselves, and what stands behind a _ of a single letter stands below it.

    >>> identifier("alpha"), identifier("w_ij")
    (Identifier(name='α', above='', below='', copy=0), Identifier(name='w', above='', below='ij', copy=0))
    """
    shown = shortened(name)
    worded = _WORDED.fullmatch(shown)
    if worded and (len(worded["letters"]) == 1 or worded["letters"] in _GREEK):
        return Identifier(_letters(worded["letters"]), "", worded["below"], copy)
    match = _INDEXED.fullmatch(shown)
    if match is None:
        return Identifier(_letters(shown), copy=copy)
    below = match["ascii"] or "".join(BELOW.get(c, c) for c in match["below"] or "")
    if match["ascii"] and match["below"]:
        return Identifier(shown, copy=copy)
    return Identifier(_letters(match["letters"]), "".join(ABOVE[c] for c in match["above"]), below, copy)


def _letters(name: str) -> str:
    """A Greek letter that is spelled out as itself."""
    return _GREEK.get(name, name)


def shortened(name: str) -> str:
    """`name` as a formula has room for it."""
    return short(name, LONGEST)


def in_text(symbol: Identifier) -> str:
    """z²₁; quoted where the name is more than a word, so that it reads as one thing."""
    letters = symbol.name if _PLAIN.fullmatch(symbol.name) else f"“{symbol.name}”"
    copy = f"[{symbol.copy}]" if symbol.copy else ""
    below = lowered(symbol.below) if can_be_lowered(symbol.below.replace(",", "")) else f"_{symbol.below}"
    return letters + raised(symbol.above) + below + copy


def on_card(symbol: Identifier) -> tuple[str, str, str]:
    """A name as a picture has it: what stands on the line, what is set below it in small letters, and what follows.

    >>> on_card(identifier("theta_1")), on_card(identifier("w_max", copy=2))
    (('θ₁', '', ''), ('w', 'max', '[2]'))
    """
    copy, head = f"[{symbol.copy}]" if symbol.copy else "", symbol.name + raised(symbol.above)
    if can_be_lowered(symbol.below.replace(",", "")):
        return head + lowered(symbol.below) + copy, "", ""
    return head, symbol.below, copy


def in_reading(symbol: Identifier) -> str:
    """The same on one line, as a sentence has it that is read and not typed.

    >>> in_reading(identifier("alpha")), in_reading(identifier("w_ij")), in_reading(identifier("w_max", copy=2))
    ('α', 'wᵢⱼ', 'w_max[2]')
    """
    head, below, rest = on_card(symbol)
    return head + (below and f"_{below}") + rest


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
    is_word = len(symbol.below) > 2 and symbol.below.isalpha()
    index = rf"\text{{{symbol.below}}}" if is_word else symbol.below
    below = f"_{{{index}}}" if index else ""
    copy = f"[{symbol.copy}]" if symbol.copy else ""
    return f"{head}{above}{below}{copy}"
