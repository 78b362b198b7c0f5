"""Three printers of laid-out formulas: Unicode text, LaTeX and MathML.

Each prints every kind of box in one method and asks `_fit` for a part, which puts parentheses
round a part that binds too weakly for its place.  The depth of a formula is bounded by whoever
builds it (see `viz.formula`), so printing may call itself.
"""

from __future__ import annotations

from autograd.text import GREEK, in_xml
from autograd.text import in_latex as escaped
from viz.identifiers import can_be_lowered, in_latex, in_text, lowered, raised
from viz.notation import (
    ATOM,
    POWER,
    PRODUCT,
    RELATION,
    Apply,
    Below,
    Box,
    Fenced,
    Fraction,
    Held,
    Identifier,
    Matrix,
    Negative,
    Number,
    Power,
    Root,
    Row,
    Slot,
    Word,
    binding,
    digits_of,
)

_SPECIAL = {"inf": "∞", "-inf": "-∞", "nan": "nan"}
_CLINGING = {",", ";"}  # signs with a space only after them
_SPACED = {"+", "−", "=", "≈", "<", ">", "≤", "≥", "mod", "⊙"}
# Lines, since brackets stretch only where a font for mathematics is installed.
_BRACKETS = "border-left:1.5px solid;border-right:1.5px solid;border-radius:4px;padding:0 0.2em;margin:0.15em"


def text(box: Box) -> str:
    """The formula as Unicode text: ``tanh(w₁·x₁ + b)``."""
    return _Text().show(box)


def latex(box: Box) -> str:
    """The formula as LaTeX, without the dollars round it."""
    return _Latex().show(box)


def mathml(box: Box) -> str:
    """The formula as the inside of a MathML <math> element."""
    return _MathML().show(box)


def pattern(box: Box) -> str:
    """The formula as Unicode text with its slots as fields: ``{0}·{-1} + {^2}²``.

    A plain field takes text as it is, ``{-x}`` puts what begins with a minus sign in parentheses, and
    ``{^x}`` all that is more than a word, such as −2, z² or 3e−5.
    """
    return _Pattern().show(box)


def mathml_pattern(box: Box) -> str:
    """The same as the inside of a <math> element, its slots as elements: ``<slot>{-1}</slot>``."""
    return _MathMLPattern().show(box)


class _Printer:
    """What all printers share: the choice of the method, and parentheses."""

    def show(self, box: Box) -> str:
        method = getattr(self, f"_{type(box).__name__.lower()}")
        shown: str = method(box)
        return shown

    def _fit(self, box: Box, least: int) -> str:
        return self._parentheses(self.show(box)) if binding(box) < least else self.show(box)

    def _parts(self, row: Row) -> list[str]:
        return [self._fit(part, least) for part, least in zip(row.parts, row.least, strict=True)]

    def _parentheses(self, shown: str) -> str:
        return f"({shown})"


class _Text(_Printer):
    def _identifier(self, box: Identifier) -> str:
        return in_text(box)

    def _number(self, box: Number) -> str:
        digits = digits_of(box)
        return _SPECIAL.get(digits, digits)

    def _word(self, box: Word) -> str:
        return "-" if box.text == "−" else box.text  # one minus sign, that which Python reads

    def _row(self, box: Row) -> str:
        shown = ""
        for part, printed in zip(box.parts, self._parts(box), strict=True):
            if isinstance(part, Word) and part.text in _CLINGING:
                shown += f"{printed} "
            elif isinstance(part, Word) and (part.text in _SPACED or part.text.startswith(" ")):
                shown += f" {printed.strip()} "
            else:
                shown += printed
        return shown.strip()

    def _negative(self, box: Negative) -> str:
        return f"-{self._fit(box.inside, PRODUCT)}"

    def _fraction(self, box: Fraction) -> str:
        return f"{self._fit(box.top, PRODUCT)}/{self._fit(box.bottom, POWER)}"

    def _power(self, box: Power) -> str:
        base = self._fit(box.base, ATOM)
        exponent = box.exponent
        if isinstance(exponent, Number) and digits_of(exponent).lstrip("-").isdigit():
            return base + raised(digits_of(exponent))
        if isinstance(exponent, Word):
            return base + exponent.text
        return f"{base}^{self._fit(exponent, ATOM)}"

    def _below(self, box: Below) -> str:
        index = self.show(box.index)
        tight = index.replace(" ", "")  # k+1
        return self._fit(box.base, ATOM) + (lowered(tight) if can_be_lowered(tight) else f"_{{{index}}}")

    def _root(self, box: Root) -> str:
        return ("∛" if box.cube else "√") + self._fit(box.inside, ATOM)

    def _fenced(self, box: Fenced) -> str:
        return f"{box.left}{self.show(box.inside)}{box.right}"

    def _apply(self, box: Apply) -> str:
        return self.show(box.function) + self.show(box.argument)

    def _held(self, box: Held) -> str:
        return f"({self.show(box.derivative)})|{self.show(box.held).replace(', ', ',')}"

    def _matrix(self, box: Matrix) -> str:
        return "[" + "; ".join("  ".join(map(self.show, cells)) for cells in box.rows) + "]"


def _field(slot: Slot, least: int = RELATION) -> str:
    return f"{{{'^' if least >= ATOM else '-' if least > RELATION else ''}{slot.name}}}"


class _Pattern(_Text):
    def _slot(self, box: Slot) -> str:
        return _field(box)

    def _fit(self, box: Box, least: int) -> str:
        return _field(box, least) if isinstance(box, Slot) else super()._fit(box, least)


class _Latex(_Printer):
    signs = {
        "·": r" \cdot ", "×": r" \times ", "−": " - ", "⊙": r" \odot ", "mod": r" \bmod ", "≤": r" \le ",
        "≥": r" \ge ", "≠": r" \ne ", "≈": r" \approx ", "∂": r"\partial ", "Σ": r"\sum ", "…": r"\dots ",
        ",": ", ", ";": "; ", "/": " / ", "ᵀ": r"\top",
    }  # fmt: skip
    fences = {"⌊": r"\lfloor ", "⌋": r"\rfloor", "⌈": r"\lceil ", "⌉": r"\rceil", "{": r"\{", "}": r"\}"}
    functions = frozenset("ln log sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh max min".split())

    def _identifier(self, box: Identifier) -> str:
        return in_latex(box)

    def _number(self, box: Number) -> str:
        digits = digits_of(box)
        if "e" in digits:
            mantissa, exponent = digits.split("e")
            return rf"{mantissa} \cdot 10^{{{exponent}}}"
        return {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\text{nan}"}.get(digits, digits)

    def _word(self, box: Word) -> str:
        word = box.text
        if word in self.signs:
            return self.signs[word]
        if word in GREEK:
            return GREEK[word] + " "
        if word == "e":
            return "e"
        if word in self.functions:
            return f"\\{word} "
        if word.isalpha():
            return rf"\operatorname{{{escaped(word)}}}"
        if word.strip() in ("+", "=", "<", ">"):
            return f" {word.strip()} "
        return rf"\text{{{escaped(word)}}}" if word.strip() else word

    def _row(self, box: Row) -> str:
        return "".join(self._parts(box))

    def _negative(self, box: Negative) -> str:
        return f"-{self._fit(box.inside, PRODUCT)}"

    def _fraction(self, box: Fraction) -> str:
        return rf"\frac{{{self.show(box.top)}}}{{{self.show(box.bottom)}}}"

    def _power(self, box: Power) -> str:
        return f"{self._fit(box.base, ATOM)}^{{{self.show(box.exponent)}}}"

    def _below(self, box: Below) -> str:
        return f"{self._fit(box.base, ATOM)}_{{{self.show(box.index)}}}"

    def _root(self, box: Root) -> str:
        return rf"\sqrt{'[3]' if box.cube else ''}{{{self.show(box.inside)}}}"

    def _fenced(self, box: Fenced) -> str:
        left, right = self.fences.get(box.left, box.left), self.fences.get(box.right, box.right)
        return rf"\left{left}{self.show(box.inside)}\right{right}"

    def _apply(self, box: Apply) -> str:
        return self.show(box.function).rstrip() + self.show(box.argument)

    def _held(self, box: Held) -> str:
        return rf"\left.{self.show(box.derivative)}\right|_{{{self.show(box.held)}}}"

    def _matrix(self, box: Matrix) -> str:
        rows = r" \\ ".join(" & ".join(map(self.show, cells)) for cells in box.rows)
        return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"

    def _parentheses(self, shown: str) -> str:
        return rf"\left({shown}\right)"


def _grows(inside: str) -> str:
    """Whether parentheses grow with what is in them; around one line larger ones only have wider gaps."""
    return "" if any(f"<{tag}" in inside for tag in ("mfrac", "mtable", "msqrt", "mroot")) else ' stretchy="false"'


class _MathML(_Printer):
    def _identifier(self, box: Identifier) -> str:
        letters = f"<mi>{in_xml(box.name)}</mi>"
        token = "mi" if box.below.isalpha() else "mn"
        above, below = f"<mn>{in_xml(box.above)}</mn>", f"<{token}>{in_xml(box.below)}</{token}>"
        if box.above and box.below:
            shown = f"<msubsup>{letters}{below}{above}</msubsup>"
        elif box.above:
            shown = f"<msup>{letters}{above}</msup>"
        else:
            shown = f"<msub>{letters}{below}</msub>" if box.below else letters
        return f"<mrow>{shown}<mo>[</mo><mn>{box.copy}</mn><mo>]</mo></mrow>" if box.copy else shown

    def _number(self, box: Number) -> str:
        digits = digits_of(box)
        if digits == "nan":
            return "<mtext>nan</mtext>"
        sign = "<mo>−</mo>" if digits.startswith("-") else ""
        size = digits.removeprefix("-")
        if "e" in size:
            mantissa, exponent = size.split("e")
            power = exponent.replace("-", "−")
            shown = f"<mn>{mantissa}</mn><mo>·</mo><msup><mn>10</mn><mn>{power}</mn></msup>"
        else:
            shown = f"<mn>{_SPECIAL.get(size, size)}</mn>"
        return f"<mrow>{sign}{shown}</mrow>"

    def _word(self, box: Word) -> str:
        word = box.text
        if word.startswith(" "):
            return f"<mtext>{in_xml(word).replace(' ', chr(160))}</mtext>"
        if word == "mod":
            return '<mo lspace="0.3em" rspace="0.3em">mod</mo>'
        if word in ("π", "e", "∂") or not word.isalpha():
            return f"<mi>{word}</mi>" if word in ("π", "e", "∂") else f"<mo>{in_xml(word)}</mo>"
        return f'<mi mathvariant="normal">{in_xml(word)}</mi>' if len(word) == 1 else f"<mi>{in_xml(word)}</mi>"

    def _row(self, box: Row) -> str:
        return f"<mrow>{''.join(self._parts(box))}</mrow>"

    def _negative(self, box: Negative) -> str:
        return f"<mrow><mo>−</mo>{self._fit(box.inside, PRODUCT)}</mrow>"

    def _fraction(self, box: Fraction) -> str:
        return f"<mfrac>{self.show(box.top)}{self.show(box.bottom)}</mfrac>"

    def _power(self, box: Power) -> str:
        return f"<msup>{self._fit(box.base, ATOM)}{self.show(box.exponent)}</msup>"

    def _below(self, box: Below) -> str:
        return f"<msub>{self._fit(box.base, ATOM)}{self.show(box.index)}</msub>"

    def _root(self, box: Root) -> str:
        inside = self.show(box.inside)
        return f"<mroot>{inside}<mn>3</mn></mroot>" if box.cube else f"<msqrt>{inside}</msqrt>"

    def _fenced(self, box: Fenced) -> str:
        left, right = in_xml(box.left), in_xml(box.right)
        inside = self.show(box.inside)
        grows = _grows(inside)
        return f'<mrow><mo form="prefix"{grows}>{left}</mo>{inside}<mo form="postfix"{grows}>{right}</mo></mrow>'

    def _apply(self, box: Apply) -> str:
        return f"<mrow>{self.show(box.function)}<mo>\u2061</mo>{self.show(box.argument)}</mrow>"

    def _held(self, box: Held) -> str:
        bar = f'<mrow>{self._parentheses(self.show(box.derivative))}<mo form="postfix">|</mo></mrow>'
        return f"<msub>{bar}{self.show(box.held)}</msub>"

    def _matrix(self, box: Matrix) -> str:
        rows = "".join(f"<mtr>{''.join(f'<mtd>{self.show(cell)}</mtd>' for cell in cells)}</mtr>" for cells in box.rows)
        return f'<mtable style="{_BRACKETS}">{rows}</mtable>'

    def _parentheses(self, shown: str) -> str:
        grows = _grows(shown)
        return f"<mrow><mo{grows}>(</mo>{shown}<mo{grows}>)</mo></mrow>"


class _MathMLPattern(_MathML):
    def _slot(self, box: Slot) -> str:
        return f"<slot>{_field(box)}</slot>"

    def _fit(self, box: Box, least: int) -> str:
        return f"<slot>{_field(box, least)}</slot>" if isinstance(box, Slot) else super()._fit(box, least)
