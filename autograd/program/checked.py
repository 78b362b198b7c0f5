"""`check_primitive`: a row held to all that the table's rows are held to, compiled on every executor too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError, AutogradError
from autograd.ops.primitive import Primitive, titled
from autograd.text import preformatted, quoted

if TYPE_CHECKING:
    from autograd.check.rows import Comparison

SHOWN = 12  # of what is wrong


@dataclass(frozen=True, slots=True, repr=False)
class PrimitiveCheck:
    """What a primitive answered; true if every answer agrees.  It shows itself as a table, and then what is wrong."""

    name: str
    answers: dict[str, tuple[Comparison, ...]]  # by what was checked

    @property
    def ok(self) -> bool:
        """Whether every answer agrees with what was expected."""
        return not self.wrong

    @property
    def wrong(self) -> tuple[Comparison, ...]:
        """The answers that do not."""
        return tuple(answer for answers in self.answers.values() for answer in answers if not answer.agrees)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        width = max(map(len, self.answers))
        rows = [f"  {what:{width}}  {_told(answers)}" for what, answers in self.answers.items()]
        return "\n".join([f"{self.name}: {self._sentence()}", *rows, *map(_line, self.wrong[:SHOWN])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return preformatted(str(self))

    def _sentence(self) -> str:
        count = sum(map(len, self.answers.values()))
        return f"all {count:,} answers agree" if self.ok else f"{len(self.wrong):,} of {count:,} answers are wrong"

    def raise_if_wrong(self) -> None:
        """Raise WrongPrimitiveError, with what was asked, got and expected, if any answer is wrong."""
        if self.wrong:
            raise WrongPrimitiveError(f"{self.name}: {self._sentence()}", *map(_line, self.wrong[:SHOWN]))


class WrongPrimitiveError(AutogradError, AssertionError):
    """A primitive does not say what its definition or its own readings say."""


def _told(answers: tuple[Comparison, ...]) -> str:
    if not answers:
        return "nothing to ask"
    by = ", ".join(dict.fromkeys(answer.by for answer in answers))
    agree = sum(answer.agrees for answer in answers)
    return f"{agree} of {len(answers)} agree with {by}"


def _line(answer: Comparison) -> str:
    return f"  wrong: {answer.said} = {answer.got!r}, by {answer.by} {answer.expected!r}"


def check_primitive(row: Callable[..., Any] | Primitive | str) -> PrimitiveCheck:
    """Hold a primitive to all that the table's rows are held to, at its points and edges.

    `row` is what `primitive` returned, or a name.  Its value is held to its definition in 500 digits (without one to
    its rule in as many, which finds digits that cancel), slopes and second slopes to differences of that and of the
    values; floats, Values, arrays and compiled programs agree with each other; edges hold, to the bit; where kinks and
    jumps are said to be, slopes or values jump between the points.

    >>> from autograd import exp, primitive
    >>> bell = primitive("bell", lambda x: exp(-x * x), lambda y, x: -2.0 * x * y, points=[0.5, -2.0])
    >>> bool(check_primitive(bell))
    True

    Raises:
        ArgumentError: for what is no primitive and a definition that cannot be computed
        MissingExtra: without mpmath
    """
    from autograd.check.rows import CHECKS, check_boundaries  # needs the extra `check`
    from autograd.program.compiled_rows import check_programs

    found = _row_of(row)
    checks = {**CHECKS, "kinks and jumps": check_boundaries, "programs": check_programs}
    return PrimitiveCheck(found.title, {what: tuple(check(found)) for what, check in checks.items()})


def _row_of(row: Any) -> Primitive:
    found = getattr(row, "row", row)
    try:
        found = titled(found) if isinstance(found, str) else found
    except KeyError:
        found = None
    if not isinstance(found, Primitive) or not found.points:
        raise ArgumentError(f"check_primitive is of what primitive(…) returned, or of a name, got {quoted(row)}")
    return found
