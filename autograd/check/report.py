"""What a check found, as plain data that shows itself: in a terminal, and in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from autograd.check.verdicts import Word
from autograd.errors import AutogradError
from autograd.text import message, preformatted, short

ROWS = 24  # of a longer table, only what does not agree is shown


@dataclass(frozen=True, slots=True)
class Derivative:
    """One derivative that was checked, or the derivative along a direction through several numbers.

    `given` agrees with the finite difference `numeric`, or is wrong: further from it than the tolerance, and than the
    `uncertainty` of the difference.  Where that is too large to say, the verdict is "cannot tell", with the `reason`.
    """

    where: str  # which number of the arguments, as in "x" or "W[0, 2]"
    at: float | None  # its value there; None of several
    given: float  # the derivative that is checked
    numeric: float  # the derivative by finite differences
    uncertainty: float  # of the finite differences, by their own estimate
    verdict: Word
    reason: str = ""
    of: str = ""  # which number of the outputs, if there are several
    path: tuple[Any, ...] = ()  # the argument's name, and the keys and indices that lead to the number
    size: int = 1  # how many numbers it goes through

    @property
    def ok(self) -> bool:
        """Whether it agrees with the finite differences."""
        return self.verdict == "agrees"

    @property
    def error(self) -> float:
        """given - numeric."""
        return self.given - self.numeric


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What was asked of a check, so that the same can be asked at other points.

    `derivative` is what was given: a function of the same arguments, or its value; None is the engine's own.
    """

    f: Callable[..., Any]
    point: tuple[Any, ...]
    named: Mapping[str, Any]
    argnums: int | Sequence[int] | None
    derivative: Any
    kind: Literal["gradient", "Jacobian", "Hessian"]
    rows: tuple[tuple[float, ...], ...]  # the derivatives given at the point: of each output along each number


@dataclass(frozen=True, slots=True, repr=False)
class GradientCheck:
    """What a check found; true if every derivative agrees.  It shows itself as a table.

    Where there were too many numbers to check each, `directions` are the derivatives along random directions through
    all of them, and `derivatives` are those that were then found to be off, as closely as they could be located.
    `asked` is what was checked; a pickle, which may go where the functions are not, is without it.
    """

    derivatives: tuple[Derivative, ...]
    of: str = "the gradient"
    point: tuple[Any, ...] = ()  # the arguments
    numbers: int = 0  # how many numbers in them were checked
    directions: tuple[Derivative, ...] = ()
    asked: Inquiry | None = field(default=None, compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return GradientCheck, (self.derivatives, self.of, self.point, self.numbers, self.directions)

    @property
    def ok(self) -> bool:
        """Whether every derivative agrees with the finite differences."""
        return all(d.ok for d in self._all)

    @property
    def wrong(self) -> tuple[Derivative, ...]:
        """The derivatives that are wrong."""
        return self._with("wrong")

    @property
    def unsure(self) -> tuple[Derivative, ...]:
        """The derivatives of which finite differences cannot tell."""
        return self._with("cannot tell")

    @property
    def _all(self) -> tuple[Derivative, ...]:
        return self.derivatives + self.directions

    def _with(self, verdict: Word) -> tuple[Derivative, ...]:
        located = tuple(d for d in self.derivatives if d.verdict == verdict)
        return located or tuple(d for d in self.directions if d.verdict == verdict)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return "\n".join([f"{short(self.of)}: {self._sentence()}", *_table(self._shown())])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return preformatted(str(self))

    def _sentence(self) -> str:
        if self.directions:
            return _sentence(self.directions, "random direction", f" through {self.numbers:,} numbers", "it", "along ")
        return _sentence(self.derivatives, "derivative")

    def _shown(self) -> Sequence[Derivative]:
        return self._all if len(self._all) <= ROWS else [d for d in self._all if not d.ok]

    def raise_if_wrong(self) -> None:
        """Raise WrongGradientError, with the table of what is wrong, if any derivative is."""
        if self.wrong:
            raise WrongGradientError(f"{self.of}: {self._sentence()}", *_table(self.wrong))


class WrongGradientError(AutogradError, AssertionError):
    """A checked gradient does not agree with finite differences."""


# -- words --------------------------------------------------------------------------------------------


def _sentence(checked: Sequence[Derivative], what: str, through: str = "", it: str = "", along: str = "") -> str:
    """As in "1 of 2 derivatives disagrees with finite differences", or "it agrees with … along all 4 directions"."""
    unsure = sum(d.verdict == "cannot tell" for d in checked)
    wrong = sum(d.verdict == "wrong" for d in checked)
    if unsure == len(checked):
        whole = _counted(unsure, unsure, what)
        return f"finite differences cannot tell {along or 'whether '}{whole}" + (
            through if it else _verb("agree", unsure)
        )
    chosen, stem = (wrong, "disagree") if wrong else (len(checked) - unsure, "agree")
    some = f"{_counted(chosen, len(checked), what)}{through}"
    if it:
        said = f"{it}{_verb(stem, 1)} with finite differences {along}{some}"
    else:
        said = f"{some}{_verb(stem, chosen)} with finite differences"
    return said + (f"; of {unsure} they cannot tell" if unsure else "")


def _counted(chosen: int, count: int, what: str) -> str:
    if count == 1:
        return f"the {what}"
    return f"{'both' if count == 2 else f'all {count}'} {what}s" if chosen == count else f"{chosen} of {count} {what}s"


def _verb(stem: str, count: int) -> str:
    return f" {stem}s" if count == 1 else f" {stem}"


def _table(shown: Sequence[Derivative]) -> list[str]:
    if not shown:
        return []
    rows = [("", "at", "given", "numeric", "off by", "")] + [_row(d) for d in shown[:ROWS]]
    if any(d.of for d in shown):
        outputs = ["of", *[short(d.of) for d in shown[:ROWS]]]
        rows = [(of, row[0] or "along", *row[1:]) for of, row in zip(outputs, rows, strict=True)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  " + "  ".join(_aligned(row, widths)).rstrip() for row in rows]
    return lines + [f"  … and {len(shown) - ROWS} more"] * (len(shown) > ROWS)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Numbers to the right, the reason at the end to the left."""
    return [c.rjust(w) for c, w in zip(row[:-1], widths, strict=False)] + [row[-1]]


def _row(d: Derivative) -> tuple[str, ...]:
    at = "" if d.at is None else f"{d.at:.6g}"
    off = f"{d.error:.3g}" if d.verdict == "wrong" else ""
    reason = d.reason and f"{d.verdict}: {message(d.reason)}"
    return short(d.where), at, f"{d.given:.10g}", f"{d.numeric:.10g}", off, reason
