"""Names and other text that is not ours, written so that nothing in it acts: one function for each place.

A name is whatever somebody chose or a file holds: z²₁, learning_rate, an emoji, an escape sequence, 10 MB of w.
It is data.  What can be seen stays as it is; whatever acts instead of being seen (controls, line ends, marks that
reorder what follows, lone surrogates, letters without ink) is short as Python's escape of it; and a long name loses
its middle.  Where names that differ would then look the same, `apart` numbers them.

    short                   a terminal, a message, a listing: one line, cut
    quoted                  the same of the repr of anything
    message                 a whole sentence of an error
    in_xml, preformatted    SVG, HTML and XML
    in_dot                  DOT
    in_latex                the inside of \\text{…}
    in_json                 JSON inside the <script> of a page
    in_c_comment            a comment of C
    python_identifiers      names of variables in Python

What it stands on is Python's own, so that every floor may use it.
"""

from __future__ import annotations

import builtins
import json
import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

LONGEST = 60  # characters of a name in a sentence
LONGEST_MESSAGE = 2_000  # of a sentence: names are cut before, this holds whatever else comes along
LONGEST_IDENTIFIER = 40

# Letters without ink, which Python calls printable.
_WITHOUT_INK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_JOINERS = "\u200c\u200d"  # which part and join letters: Persian is misspelt without the first
VIRAMA = 9  # its combining class
_JOINS = "\u200d\ufe0f"  # what makes one picture of several: 👩‍🔬

_DIGITS = "0123456789+-()"
ABOVE = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵀ", f"{_DIGITS}T", strict=True))
BELOW = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎", _DIGITS, strict=True))
_RAISED = re.compile(f"[{''.join(ABOVE)}]+")
_LOWERED = re.compile(f"[{''.join(BELOW)}]+")
_RAISED_THEN_LOWERED = re.compile(f"(?<=[{''.join(ABOVE)}])(?=[{''.join(BELOW)}])")

_LETTERS = "αβγδεζηθικμνξπρστυφχψωΓΔΘΞΠΣΥΦΨΩ"  # λ is LAMDA in Unicode
SIGNS = {"∂": r"\partial", "∞": r"\infty", "⊙": r"\odot", "·": r"\cdot", "…": r"\dots", "Ŷ": r"\hat{Y}"}
GREEK = {"λ": r"\lambda", "Λ": r"\Lambda", **SIGNS}
for _letter in _LETTERS:
    _word = unicodedata.name(_letter).split()[-1]
    GREEK[_letter] = "\\" + (_word.lower() if _letter.islower() else _word.capitalize())

_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


# -- what is seen -------------------------------------------------------------------------------------


def visible(text: str) -> str:
    r"""`text` on one line, with Python's escape for each character that acts instead of being seen.

    >>> print(visible("z²₁ \x1b]0;owned\x07 \u202e \n"))
    z²₁ \x1b]0;owned\x07 \u202e \n
    """
    has_ink = text.isprintable() and not _WITHOUT_INK.search(text)  # as nearly all names, so they cost little
    seen = text if has_ink else "".join(_seen(text, at, c) for at, c in enumerate(text))
    return f"◌{seen}" if unicodedata.category(seen[:1] or " ")[0] == "M" else seen  # or it would sit on what is before


def _seen(text: str, at: int, c: str) -> str:
    if c in _JOINS and at and _is_pictorial(text[at - 1]):
        return c
    if c in _JOINERS and _shapes_letters(text, at):
        return c
    return c if _has_ink(c) else ascii(c)[1:-1]


def _shapes_letters(text: str, at: int) -> bool:
    """Whether a joiner has letters to shape, as RFC 5892 asks: behind a virama, or between letters of Arabic script."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if before and unicodedata.combining(before) == VIRAMA:
        return True
    return bool(before and after) and unicodedata.bidirectional(before) == unicodedata.bidirectional(after) == "AL"


def _has_ink(c: str) -> bool:
    return c.isprintable() and not _WITHOUT_INK.match(c)


def _is_pictorial(c: str) -> bool:
    return unicodedata.category(c) in ("So", "Sk") or c == "\ufe0f"


def cut(text: str, longest: int = LONGEST) -> str:
    """`text`, its middle left out where it is longer.

    >>> cut("w" * 10_000, 12)
    'wwwwwwww…www'
    """
    if len(text) <= longest:
        return text
    tail = (longest - 1) // 3
    return f"{text[: longest - 1 - tail]}…{text[len(text) - tail :]}"


def short(name: str, longest: int = LONGEST) -> str:
    """A name in a terminal or a sentence: visible, on one line, its middle left out where it is long."""
    return cut(visible(_ends(name, longest)), longest)


def quoted(thing: Any, longest: int = LONGEST) -> str:
    """The repr of anything on one line, as `short` shows a name."""
    return short(repr(_ends(thing, longest)) if type(thing) is str else " ".join(repr(thing).split()), longest)


def message(text: str) -> str:
    """A sentence made of ours and of names: visible, on one line, and never longer than a screen."""
    return short(text, LONGEST_MESSAGE)


def _ends(text: str, longest: int) -> str:
    """No more of a long text than may be seen: what is made visible never gets shorter."""
    if len(text) <= 2 * longest + 2:
        return text
    return f"{text[: longest + 1]}{text[-longest - 1 :]}"


def apart(names: Sequence[str], longest: int = LONGEST) -> list[str]:
    """The names as `short`; where names that differ look the same, the second and later ones with a number.

    >>> apart(["w", "µ", "μ", "w"])
    ['w', 'µ', 'μ[2]', 'w']
    """
    found: dict[str, str] = {}
    alike = Counter[str]()
    taken = set(names)
    for name in names:
        if name not in found:
            said = short(name, longest)
            looks = looks_like(said)
            alike[looks] += 1
            while alike[looks] > 1 and f"{said}[{alike[looks]}]" in taken:
                alike[looks] += 1
            found[name] = said if alike[looks] == 1 else f"{said}[{alike[looks]}]"
    return [found[name] for name in names]


def looks_like(said: str) -> str:
    """The same for texts that a reader cannot tell apart: é in one character or in two, µ and μ."""
    return unicodedata.normalize("NFC", said).replace("\N{MICRO SIGN}", "\N{GREEK SMALL LETTER MU}")


# -- markup -------------------------------------------------------------------------------------------


def in_xml(text: str) -> str:
    """`text` for an XML or HTML text or attribute."""
    return escape(visible(text), quote=True)


def in_dot(text: str) -> str:
    """`text` for the inside of a quoted string of DOT."""
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')


def in_latex(text: str) -> str:
    r"""`text` for the inside of \text{…}.

    >>> print(in_latex(r"$\input{x}$"))
    \$\textbackslash{}input\{x\}\$
    """
    return "".join(_LATEX.get(c, f"${GREEK[c]}$" if c in GREEK else c) for c in visible(text))


# A pair of backslashes is one of the text's own; of escapes those of letters and signs that do nothing but be seen.
_QUIET_ESCAPE = re.compile(
    r"\\\\|\\u(00(?:b[2379]|ab|bb)|03[789a-f][0-9a-f]|04[0-9a-f]{2}|20(?:[789][0-9a-f]|14|26)|2(?:19[0-3]|202|212|248))"
)


def in_json(data: Any) -> str:
    """Data as JSON that stands in the <script> of a page: nothing in it ends that.

    Letters of mathematics, Greek and Cyrillic stand as themselves, which takes a half or a third of their escapes.
    """
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    text = _QUIET_ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[0], text)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def preformatted(text: str) -> str:
    """Lines of text as a <pre>, whose columns stay below one another where a page's style is for prose.

    A line that is too long for the page goes on in the next, from one word to another.
    """
    style = "font-family:monospace;white-space:pre-wrap;word-break:normal"
    return f'<pre style="{style}">{chr(10).join(map(in_xml, text.split(chr(10))))}</pre>'


# -- source -------------------------------------------------------------------------------------------


def in_c_comment(name: str) -> str:
    r"""A name in a comment of C: ASCII, raised and lowered letters after ^ and _, all else as an escape.

    Compilers do not agree on what the bytes of a file stand for, and one that reads two of them as a letter can
    take the end of the comment for part of it.  A line can neither go on in the next (\ or ??/) nor end the comment.

    >>> print(in_c_comment("W¹₂₁"), in_c_comment("σ*/"), in_c_comment("*??/"))
    W^1_21 \u03c3* / *? ?/
    """
    said = _RAISED.sub(lambda run: "^" + "".join(ABOVE[c] for c in run[0]), short(name).replace("…", "..."))
    said = _LOWERED.sub(lambda run: "_" + "".join(BELOW[c] for c in run[0]), said)
    said = "".join(c if c.isascii() else ascii(c)[1:-1] for c in said)
    said = re.sub(r"(?<=\?)(?=\?)|(?<=\*)(?=/)|(?<=/)(?=\*)", " ", said)
    return re.sub(r"\\(?= *$)", r"\\x5c", said)


_KEPT = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins)})


def python_identifiers(names: Iterable[str], taken: Callable[[str], bool]) -> list[str]:
    """An identifier for each name: as like it as Python allows, no two the same, and none that is `taken`.

    Letters are read as Python reads them (NFKC), so z² is z2, and 𝑥 is x; W¹₂₁ keeps its two indices apart, as
    W1_21; what no identifier may hold is _.  Keywords and the names of builtins get x_ in front, as does what begins
    with a digit; then names that would be the same are numbered.  A name that is fine as it is stays what it is.

    >>> python_identifiers(["x[0]", "W¹₂₁", "z²", "z2", "𝑥", "x", "if", "½"], lambda name: name == "t1")
    ['x_0', 'W1_21', 'z2_2', 'z2', 'x_2', 'x', 'x_if', 'x_1_2']
    """
    given = list(names)
    wanted = [_identifier(name, place, taken) for place, name in enumerate(given, 1)]
    found: dict[int, str] = {}
    used: set[str] = set()
    numbers = Counter[str]()
    for place in sorted(range(len(given)), key=lambda i: given[i] != wanted[i]):  # those that are fine come first
        name = wanted[place]
        while name in used or taken(name):
            numbers[wanted[place]] += 1
            name = f"{wanted[place]}_{numbers[wanted[place]] + 1}"
        used.add(name)
        found[place] = name
    return [found[place] for place in range(len(given))]


def _identifier(name: str, place: int, taken: Callable[[str], bool]) -> str:
    text = _RAISED_THEN_LOWERED.sub("_", _ends(name, LONGEST_IDENTIFIER))
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c if _has_ink(c) and f"a{c}".isidentifier() else "_" for c in text)
    text = re.sub("_+", "_", text).strip("_")[:LONGEST_IDENTIFIER].rstrip("_") or f"x{place}"
    while not text.isidentifier() or text in _KEPT or taken(text):
        text = f"x_{text}"
    return text
