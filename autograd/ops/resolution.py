"""How a row reaches a target: by the target's own atom, else by a rule in other rows, else it is refused by name.

A target is whatever rules are written for: C, JavaScript, JAX, ONNX, machine code.  It has one map of atoms, the rows
that it has itself, each as it writes them.  All others it writes in those: by the rule that a row is, or by the
portable one that goes with an `Atom`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from autograd.errors import GraphError
from autograd.ops.expression import Expression, Term, variable, within
from autograd.ops.primitive import Primitive, lookup

Own = TypeVar("Own")


class Target(Generic[Own]):
    """What rules are written for: its name, as a refusal says it, and its atoms, by row.

    `otherwise` is how it has rows that nothing spells out, where it has those too.

    >>> from autograd.ops.table import cos, divide, log, tan
    >>> calculator = Target("the calculator", {log: "LN", cos: "COS", divide: "÷"})
    >>> calculator.resolve(log, [variable("x")])
    ('LN', None)
    >>> calculator.resolve(tan, [variable("x")])  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    GraphError: the row 'sin' cannot be written in the calculator
    """

    def __init__(
        self, name: str, atoms: Mapping[Primitive, Own], otherwise: Callable[[Primitive], Own] | None = None
    ) -> None:
        self.name = name
        self.atoms = atoms
        self._otherwise = otherwise
        # With the rows that each is spelled out in; one that was made by hand goes when nothing else uses it.
        self._sound: WeakKeyDictionary[Primitive, tuple[Primitive, ...]] = WeakKeyDictionary()

    def resolve(self, row: Primitive, operands: Sequence[Term]) -> tuple[Own | None, Term]:
        """(the target's own atom, None), or (None, what the row is of `operands` in terms of other rows).

        Raises:
            GraphError: with the name of the row that is missing, if the target has neither
        """
        if row in self.atoms:
            return self.atoms[row], None
        term = spelled(row, operands)
        if term is None and self._otherwise is not None:
            return self._otherwise(row), None
        self.check(row, operands)
        return None, term

    def check(self, row: Primitive, operands: Sequence[Term] = ()) -> None:
        """Raise GraphError if a row that `row` is spelled out in is missing here, or is that row again; by its name."""
        known = self._sound.get(row)
        if known is not None and lookup(row.name) is row and all(lookup(other.name) is other for other in known):
            return
        found: dict[Primitive, None] = {}
        self._walk(row, operands or [variable(name) for name in row.operands], (), found)
        if not row.variadic:  # of those it is for these operands only
            self._sound[row] = tuple(other for other in found if other is not row)

    def _walk(
        self, row: Primitive, operands: Sequence[Term], above: tuple[Primitive, ...], found: dict[Primitive, None]
    ) -> None:
        """Put what `row` is spelled out in into `found`."""
        if row in above:
            raise self._circular(row, above)
        if row in found or row in self.atoms:
            return
        term = spelled(row, _stand_ins(operands))
        if term is None and self._otherwise is None:
            raise self.refusal(row)
        for called in within([term]):
            if called.operands:
                self._walk(lookup(called.name), called.operands, (*above, row), found)
        found[row] = None

    def refusal(self, row: Primitive) -> GraphError:
        """The error for a row that the target has not and that nothing spells out."""
        return GraphError(
            f"the row {row.title!r} cannot be written in {self.name}, {_reason(row)}, or compute it outside"
        )

    def _circular(self, row: Primitive, above: Sequence[Primitive]) -> GraphError:
        others = ", ".join(repr(other.title) for other in above[above.index(row) + 1 :]) or "itself"
        return GraphError(
            f"the row {row.title!r} cannot be written in {self.name}: its rule needs {others}, which needs it again; "
            "write one of them in other rows"
        )


def _reason(row: Primitive) -> str:
    if row.by_hand:
        return (
            "since it is given by hand, as functions of Python's that need numbers: write both it and its derivative "
            "in arithmetic and functions of this package"
        )
    if row.variadic and row.portable is not None:
        return (
            "which has no function of any number of operands for it: write it of so many in arithmetic and other rows"
        )
    return (
        "which has no function for it: give its Atom a portable rule, in arithmetic and other rows, by which it goes "
        "everywhere"
    )


def spelled(row: Primitive, operands: Sequence[Term]) -> Term:
    """A row's rule, or its atom's portable rule, of `operands`; None if it has none, or none for such operands."""
    rule = row.portable
    term = None if rule is None else rule(*operands)
    is_itself = isinstance(term, Expression) and term.name == row.name and len(term.operands) > 0
    return None if is_itself else term  # the rule of an operator: add is a + b


def called_in(terms: Iterable[Term]) -> list[str]:
    """The rows that occur in `terms`, each once.

    >>> from autograd.ops.table import exp
    >>> called_in([1.0 + exp(variable("x"))])
    ['exp', 'add']
    """
    return list(dict.fromkeys(term.name for term in within(list(terms)) if term.operands))


def _stand_ins(operands: Sequence[Term]) -> list[Any]:
    """Variables for operands; constants stay, as the index of a softmax or the order of a polygamma must."""
    return [variable(f"x{i}") if isinstance(operand, Expression) else operand for i, operand in enumerate(operands)]
