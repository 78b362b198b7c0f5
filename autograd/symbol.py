"""A Value whose number is not known: what a function is handed while it is recorded.

Arithmetic on Symbols writes the graph and computes nothing.  Whatever needs a number (`if x > 0`,
`v.data`, `backward`) raises a GraphError that says what to do instead, so a number of the moment of
recording cannot slip into a program.  Eager Values pay nothing for it: it is the class that differs.
"""

from __future__ import annotations

from typing import Any, NoReturn

from autograd import context
from autograd.errors import GraphError
from autograd.ops.primitive import Primitive, lookup
from autograd.value import Operand, Value, new_node

_WHILE = "while a function is recorded to be compiled"


def _unknown(self: Value, *_: object) -> NoReturn:
    raise GraphError(
        f"{self!r} has no number {_WHILE}, or after it was kept from there: compute what needs numbers "
        "outside of the function, or hand it in as an argument"
    )


class Symbol(Value):
    """A number that will be known when the recorded program runs.

    A comparison of Symbols is recorded (1 where it holds, else 0) and can be the condition of
    `where`; its truth is not known, so `if`, `while`, `and`, `max()` and `sorted()` raise GraphError.
    """

    __slots__ = ()

    def __init__(self, name: str | None = None) -> None:
        self._op = None
        self._operands = ()
        self._born = 0  # before whatever is recorded with it
        self.label = None
        if name is not None:
            self.name = name

    _data = _grad = _slopes = data = grad = slopes = property(_unknown, _unknown)
    detach = item = __copy__ = __deepcopy__ = _unknown  # type: ignore[assignment]  # they answer nothing

    def __repr__(self) -> str:
        what = repr(self.name) if self.name else self._op.name if self._op is not None else "input"
        return f"<symbol {what}>"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        _unknown(self)

    def __bool__(self) -> bool:
        raise GraphError(
            f"whether {self!r} is true is not known {_WHILE}: `if`, `while`, `and`, `or`, max(), min() and sorted() "
            "cannot follow it. Write where(condition, a, b), which records both branches; maximum, minimum; "
            "c & d for both; or branch on what is not an argument and record again"
        )

    def __index__(self) -> NoReturn:
        raise GraphError(
            f"{self!r} counts or chooses {_WHILE}, when its number is not known: fix whole numbers before, "
            "as in compile(lambda x: f(x, 3)), and compile again for others"
        )

    # -- what is recorded where a Value answers at once -----------------------------------------

    def __choose__(self, chosen: Any, other: Any) -> Any:
        """How a rule's `where` goes on from this condition: both branches, no path counting as 0."""
        branches = tuple(0.0 if branch is None else branch for branch in (chosen, other))
        return self.__apply__(lookup("where"), (self, *branches))

    def __and__(self, other: Any) -> Any:
        return self * other  # of conditions, which are 1 or 0

    def __or__(self, other: Any) -> Any:
        return self.__apply__(lookup("maximum"), (self, other))


def symbolic(primitive: Primitive, operands: tuple[Operand, ...]) -> Symbol:
    """The node that stands for `primitive` of numbers not known yet."""
    if context.unusual and not context.is_recording():
        raise GraphError(f"no_grad() {_WHILE}: a program has derivatives of all it computes; leave the block out")
    node: Symbol = new_node(Symbol)
    node._op = primitive
    node._operands = operands
    node.label = None
    return node
