"""The formula of any node: what was computed, as text, LaTeX, MathML and HTML.

The formula is as long as the graph is large and no longer: what is used in several places is written
once and named ("where t₁ = …").
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError
from autograd.given import flag
from autograd.renamed import renamed
from autograd.text import in_latex, in_xml, quoted
from viz import notation as n
from viz.formulas import printers
from viz.formulas.loops import looped_formula
from viz.formulas.writer import Writer
from viz.languages import LANGUAGES, language
from viz.notation import Box
from viz.numbers import checked_digits
from viz.subject import look, with_loops

if TYPE_CHECKING:
    from viz.subject import Subject
    from viz.variables import Variables


DIGITS = 6  # significant, of the numbers that letters stand for, unless somebody asks for others


@dataclass(frozen=True)
class Formula:
    """A formula and the definitions of the letters in it.  str() is Unicode text.

    `latex` is for inside of $$, `mathml` a whole <math> element, `html` the same in a <div>.  Notebooks show the LaTeX:
    of MathML, they strip a notebook that nobody has trusted yet, and x² would read x2.
    """

    body: Box
    where: tuple[tuple[Box, Box], ...] = ()  # letter and what it stands for, each using only earlier ones
    anew: str = ""  # one line that says so, where leaves have moved and computed numbers in it are new
    lang: str = "en"  # of the words

    def __str__(self) -> str:
        lines = [printers.text(definition) for definition in self._definitions()]
        where = [f"  {self._where if i == 0 else ' ' * len(self._where)} {line}" for i, line in enumerate(lines)]
        return "\n".join(filter(None, (printers.text(self.body), *where, self.anew)))

    __repr__ = __str__

    @property
    def latex(self) -> str:
        """LaTeX, without the dollars."""
        body = printers.latex(self.body)
        if not self.where:
            return body
        lines = [printers.latex(definition) for definition in self._definitions()]
        rows = [
            f"& {body}",
            rf"& \text{{{self._where} }} {lines[0]}",
            *(rf"& \phantom{{\text{{{self._where} }}}} {x}" for x in lines[1:]),
            *([rf"& \text{{{in_latex(self.anew)}}}"] if self.anew else []),
        ]
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    @property
    def mathml(self) -> str:
        """A <math> element that also says itself as text to screen readers."""
        rows, where = [printers.mathml(self.body)], f"<mtext>{self._where}\u00a0</mtext>"
        for i, definition in enumerate(self._definitions()):
            word = where if i == 0 else f"<mphantom>{where}</mphantom>"
            rows.append(f"<mrow>{word}{printers.mathml(definition)}</mrow>")
        if self.anew:
            rows.append(f"<mtext>{in_xml(self.anew)}</mtext>")
        return math_element(rows, str(self))

    @property
    def html(self) -> str:
        """The MathML in a <div class="formula">."""
        return f'<div class="formula">{self.mathml}</div>'

    def _repr_latex_(self) -> str:
        return f"$$ {self.latex} $$"

    @property
    def _where(self) -> str:
        return LANGUAGES[self.lang].board["where"]

    def _definitions(self) -> list[Box]:
        is_cut = [isinstance(box, n.Number) and n.is_rounded(box) for _, box in self.where]
        return [
            n.relation(letter, "≈" if cut else "=", box) for (letter, box), cut in zip(self.where, is_cut, strict=True)
        ]


def math_element(rows: list[str], spoken: str, display: str = "block") -> str:
    """A <math> element of one row, or of several below one another, aligned at the left.

    `spoken` is what a screen reader says; `display` is "block" (centred) or "inline".
    """
    inside = rows[0]
    if len(rows) > 1:
        cells = "".join(f'<mtr><mtd style="text-align:left;padding:0.25em 0">{row}</mtd></mtr>' for row in rows)
        inside = f'<mtable displaystyle="true">{cells}</mtable>'
    alt = in_xml(spoken.replace("\n", " "))
    attributes = f'xmlns="http://www.w3.org/1998/Math/MathML" display="{display}" displaystyle="true"'
    return f'<math {attributes} alttext="{alt}">{inside}</math>'


@renamed(v="output")
def formula(
    output: Subject,
    *at: Any,
    expand: bool = True,
    depth: int | None = None,
    digits: int = DIGITS,
    lang: str = "en",
    names: Variables = None,
    **named: Any,
) -> Formula:
    """The expression that computed `output`: a Value, or a compiled function or a program, followed by its arguments.

    With ``expand=False`` it stops at nodes that have a name, with ``depth=2`` after two operations.  What nodes
    without a name are called, and what `names` is for: see `draw`.  The numbers that letters stand for have `digits`
    significant ones, and ≈ before them where some are cut; constants in the formula have all.  `lang` is the language
    of its words, "en" or "ru".  Only exact rules simplify: x·1, -(-x), x + 0, x·x.

    >>> from autograd import Value, tanh
    >>> w, x, b = Value(1.8, name="w"), Value(0.7, name="x"), Value(0.5, name="b")
    >>> print(formula(tanh(w * x + b)))
    tanh(w·x + b)
    >>> print(formula(tanh(w * x + b), depth=1))
    tanh(t₂)
      where t₂ = 1.76

    Raises:
        OperandError: if `output` is not a Value
        ArgumentError: for a depth below 1, for digits that a number cannot have, and for another language
    """
    checked_digits(digits)
    expand = flag(expand, "expand")
    words = language(lang)
    if depth is not None and (not isinstance(depth, int) or isinstance(depth, bool) or depth < 1):
        raise ArgumentError(f"depth is a whole number from 1 up, or None for all, got {quoted(depth)}")
    looped = with_loops(output, at, named)
    if looped:
        return Formula(*looped_formula(*looped, expand, depth, names, digits, words), lang=lang)
    seen = replace(look(output, at, named, names), words=words)
    writer = Writer(seen.trace, seen.names, expand, depth, digits=digits)
    body, where = writer.write()
    return Formula(body, where, seen.anew if writer.says_computed else "", lang)
