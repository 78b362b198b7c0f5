"""What a rule that is printed for another language calls there; what a language has not is refused by name."""

from __future__ import annotations

from collections.abc import Iterable

from autograd.errors import GraphError
from autograd.ops.expression import Language, Term, within
from autograd.ops.primitive import Atom, Primitive


def rows_called(terms: Iterable[Term], language: Language) -> list[str]:
    """The rows that `terms` call as functions of the language, each once.

    >>> from autograd.ops.expression import PYTHON, variable
    >>> from autograd.ops.table import exp
    >>> rows_called([1.0 + exp(variable("x"))], PYTHON)
    ['exp']
    """
    written = {*language.operators, "where", "negative"}
    names = dict.fromkeys(term.name for term in within(list(terms)) if term.operands)
    return [name for name in names if name not in written]


def cannot_write(row: Primitive, target: str) -> GraphError:
    """The error for a row that a target can neither call nor spell out."""
    what = "its value is a function of Python's" if isinstance(row.rule, Atom) else "it takes any number of operands"
    return GraphError(
        f"the row {row.title!r} cannot be written in {target}: {what}, for which {target} has none here. "
        "Write its rule in arithmetic and other rows, which go everywhere, or compute it outside of what is exported"
    )
