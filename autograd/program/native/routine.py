"""One function of machine code being written: whole numbers, arrays, variables, loops and conditions.

Numbers that are added or compared, arrays that are read or written, write instructions.  There are three ways to
branch: ``with code.loop(…)`` is Python's ``for i in range(…)``, `during` is ``while``, `when` is ``if``.  What was
written before is not written again where it is still known: on the way here, not in a loop or condition that has ended.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import cache
from types import CodeType
from typing import Any, ClassVar, Self, TypeVar, get_type_hints

T = TypeVar("T", bound="Operand")


class Routine:
    """The instructions of one function.

    >>> code = Routine()
    >>> n, squares = Integer(code, "%n"), Longs(code, "%squares")
    >>> with code.loop(n) as i:
    ...     squares[i] = i * i
    >>> print("\\n".join(code.lines))
      br label %head1
    head1:
      %v4 = phi i64 [ 0, %entry ], [ %v8, %body2 ]
      %v5 = icmp slt i64 %v4, %n
      br i1 %v5, label %body2, label %after3
    body2:
      %v6 = mul i64 %v4, %v4
      %v7 = getelementptr i64, ptr %squares, i64 %v4
      store i64 %v6, ptr %v7
      %v8 = add i64 %v4, 1
      br label %head1
    after3:
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.needs: dict[str, str] = {}  # the functions that this one calls: declared, or written out
        self._names: dict[str, str] = {}  # of the results of instructions
        self._variables: list[Operand] = []
        self._block = "entry"  # the basic block being written
        self._count = 0

    def _new(self, name: str) -> str:
        """The name with a number that makes it the only one."""
        self._count += 1
        return f"{name}{self._count}"

    # -- instructions ---------------------------------------------------------------------------------

    def write(self, instruction: str) -> str:
        """The name of an instruction's result; the same one for the same instruction."""
        name = self._names.get(instruction)
        if name is None:
            name = self._names[instruction] = self.once(instruction)
        return name

    def once(self, instruction: str) -> str:
        """The name of the result of an instruction that is written again each time."""
        self._count += 1
        name = f"%v{self._count}"
        self.lines.append(f"  {name} = {instruction}")
        return name

    def do(self, instruction: str) -> None:
        """Write an instruction without a result."""
        self.lines.append(f"  {instruction}")

    def call(self, result: str, function: str, *operands: Operand | str, attributes: str = "") -> str:
        """The instruction that calls a function; operands that are not ours are written out: ``i1 true``."""
        if function not in self.needs:
            kinds = ", ".join(o.kind if isinstance(o, Operand) else o.split()[0] for o in operands)
            self.needs[function] = f"declare {result} @{function}({kinds}) {attributes}".rstrip()
        given = ", ".join([o.typed if isinstance(o, Operand) else o for o in operands])
        return f"call {result} @{function}({given})"

    def function(self, head: str, result: object = "void") -> str:
        """The text of the function with this head, which returns this result."""
        body = "\n".join(self.lines)
        return f"define {head} {{\nentry:\n{body}\n  ret {result}\n}}"

    # -- variables, loops and conditions --------------------------------------------------------------

    def variable(self, first: T) -> T:
        """A variable, which `set` gives another value; it is known until the loop or condition ends."""
        made = copy(first)
        made.known = None
        self._variables.append(made)
        return made

    def integer(self, i: int) -> Integer:
        """A whole number that is known."""
        return Integer(self, str(i))

    @contextmanager
    def loop(self, *bounds: Integer | int) -> Iterator[Integer]:
        """``for i in range(…)``, with Python's arguments; what is stepped by is positive."""
        first, end, step = (0, *bounds, 1) if len(bounds) == 1 else (*bounds, 1)[:3]
        with self.scope():
            i = self.variable(first if isinstance(first, Integer) else self.integer(first))
            with self.during(lambda: i < end):
                yield i
                i.set(i + step)

    @contextmanager
    def during(self, holds: Callable[[], Mask]) -> Iterator[None]:
        """``while holds():``"""
        head, body, after = map(self._new, ("head", "body", "after"))
        before, entering = self._block, [v.name for v in self._variables]
        self._begin(head, f"label %{head}")
        start, names = len(self.lines), [self._new("%v") for _ in entering]
        self._rename(names)
        with self.scope():
            self._begin(body, f"i1 {holds()}, label %{body}, label %{after}")
            yield
        again = zip(self._variables, names, entering, strict=True)
        phis = [f"  {name} = {v.phi(old, before, v.name, self._block)}" for v, name, old in again]
        self.lines[start:start] = phis
        self._begin(after, f"label %{head}")
        self._rename(names)

    @contextmanager
    def when(self, condition: Mask) -> Iterator[None]:
        """``if condition:``"""
        then, after = map(self._new, ("then", "after"))
        before, otherwise = self._block, [v.name for v in self._variables]
        self._begin(then, f"i1 {condition}, label %{then}, label %{after}")
        with self.scope():
            yield
        end = self._block
        self._begin(after, f"label %{after}")
        for v, old in zip(self._variables, otherwise, strict=True):
            if v.name != old:
                v.name = self.once(v.phi(old, before, v.name, end))

    def _begin(self, block: str, branch: str) -> None:
        """End a basic block with a branch and begin another."""
        self.do(f"br {branch}")
        self.lines.append(f"{block}:")
        self._block = block

    def _rename(self, names: list[str]) -> None:
        """The variables' values have these names from here on."""
        for v, name in zip(self._variables, names, strict=True):
            v.name = name

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What is written in here is not known after it."""
        names, variables = len(self._names), len(self._variables)
        yield
        while len(self._names) > names:
            self._names.popitem()
        del self._variables[variables:]


# -- what instructions work on ----------------------------------------------------------------------


@cache
def _kind(scalar: str, lanes: int) -> str:
    return scalar if lanes == 1 else f"<{lanes} x {scalar}>"


class Operand:
    """What an instruction works on, in so many lanes."""

    __slots__ = ("code", "kind", "known", "lanes", "name")
    scalar: ClassVar[str]

    def __init__(self, code: Any, name: str, lanes: int = 1, known: float | None = None) -> None:
        self.code = code
        self.name = name
        self.lanes = lanes
        self.kind = _kind(self.scalar, lanes)  # its type
        self.known = known  # its value, if that is a constant

    def __str__(self) -> str:
        return self.name

    @property
    def typed(self) -> str:
        """Its type and its name."""
        return f"{self.kind} {self.name}"

    def literal(self, constant: object) -> str:
        """A constant of this type."""
        return str(constant) if self.lanes == 1 else f"splat ({self.scalar} {constant})"

    def set(self, value: Operand) -> None:
        """Give a variable another value."""
        if not any(v is self for v in self.code._variables) or value.kind != self.kind:
            raise TypeError(f"{self.typed} is no variable here that could be {value.typed}")
        self.name = value.name

    def phi(self, this: str, here: str, that: str, there: str) -> str:
        """The instruction for one of two values, by the basic block that comes before."""
        return f"phi {self.kind} [ {this}, %{here} ], [ {that}, %{there} ]"


class Integer(Operand):
    """A 64-bit integer in each lane; what is divided or shifted right is not negative."""

    __slots__ = ()
    scalar = "i64"

    def _operate(self, operation: str, a: Integer | int, b: Integer | int) -> Integer:
        left, right = (x if isinstance(x, Integer) else self.literal(x) for x in (a, b))
        return Integer(self.code, self.code.write(f"{operation} {self.kind} {left}, {right}"), self.lanes)

    def __add__(self, other: Integer | int) -> Integer:
        return self._operate("add", self, other)

    def __sub__(self, other: Integer | int) -> Integer:
        return self._operate("sub", self, other)

    def __rsub__(self, other: int) -> Integer:
        return self._operate("sub", other, self)

    def __mul__(self, other: Integer | int) -> Integer:
        return self._operate("mul", self, other)

    def __floordiv__(self, other: Integer | int) -> Integer:
        return self._operate("udiv", self, other)

    def __lshift__(self, other: Integer | int) -> Integer:
        return self._operate("shl", self, other)

    def __rlshift__(self, other: int) -> Integer:
        return self._operate("shl", other, self)

    def __rshift__(self, other: Integer | int) -> Integer:
        return self._operate("lshr", self, other)

    def __and__(self, other: Integer | int) -> Integer:
        return self._operate("and", self, other)

    def __or__(self, other: Integer | int) -> Integer:
        return self._operate("or", self, other)

    def __xor__(self, other: Integer | int) -> Integer:
        return self._operate("xor", self, other)

    def _compare(self, question: str, other: object) -> Mask:
        right = other if isinstance(other, Integer) else self.literal(other)
        return Mask(self.code, self.code.write(f"icmp {question} {self.kind} {self}, {right}"), self.lanes)

    def __lt__(self, other: Integer | int) -> Mask:
        return self._compare("slt", other)

    def __ge__(self, other: Integer | int) -> Mask:
        return self._compare("sge", other)

    def __eq__(self, other: object) -> Mask:  # type: ignore[override]  # a question to every lane, as in NumPy
        return self._compare("eq", other)

    __hash__ = None  # type: ignore[assignment]  # == answers lane by lane


def smaller(a: Integer, b: Integer | int) -> Integer:
    """The smaller of two whole numbers."""
    return _either("smin", a, b)


def larger(a: Integer, b: Integer | int) -> Integer:
    """The larger of two whole numbers."""
    return _either("smax", a, b)


def _either(which: str, a: Integer, b: Integer | int) -> Integer:
    call = a.code.call("i64", f"llvm.{which}.i64", a, b if isinstance(b, Integer) else f"i64 {b}")
    return Integer(a.code, a.code.write(call))


class Mask(Operand):
    """Yes or no in each lane."""

    __slots__ = ()
    scalar = "i1"

    def _operate(self, operation: str, other: object) -> Mask:
        return Mask(self.code, self.code.write(f"{operation} {self.kind} {self}, {other}"), self.lanes)

    def __and__(self, other: Mask) -> Mask:
        return self._operate("and", other)

    def __or__(self, other: Mask) -> Mask:
        return self._operate("or", other)

    def __invert__(self) -> Mask:
        return self._operate("xor", self.literal("true"))

    def integer(self) -> Integer:
        """1 for yes, 0 for no."""
        return Integer(self.code, self.code.write(f"zext i1 {self} to i64"))


def choose(condition: Mask, chosen: T, other: T) -> T:
    """`chosen` in the lanes where the condition holds, else `other`."""
    name = chosen.code.write(f"select {condition.typed}, {chosen.typed}, {other.typed}")
    return type(chosen)(chosen.code, name, chosen.lanes)


class Address(Operand):
    """An address."""

    __slots__ = ()
    scalar = "ptr"

    def is_null(self) -> Mask:
        """Whether nothing stands there."""
        return Mask(self.code, self.code.write(f"icmp eq ptr {self}, null"))


class Array(Address):
    """Elements of one type, one after the other; the element to which something is added is the first of the rest."""

    __slots__ = ()
    unit: ClassVar[str]

    @property
    def width(self) -> int:
        """The lanes of an element."""
        return 1

    @property
    def element(self) -> str:
        """The type of an element."""
        return _kind(self.unit, self.width)

    def at(self, index: Integer | int) -> str:
        """The address of an element."""
        return str(self.code.write(f"getelementptr {self.element}, ptr {self}, i64 {index}"))

    def __add__(self, index: Integer | int) -> Self:
        return type(self)(self.code, self.at(index))

    def __lt__(self, other: Array) -> Mask:
        return Mask(self.code, self.code.write(f"icmp ult ptr {self}, {other}"))


class Longs(Array):
    """Whole numbers of 64 bits."""

    __slots__ = ()
    unit = "i64"

    def __getitem__(self, index: Integer | int) -> Integer:
        return Integer(self.code, self.code.once(f"load i64, ptr {self.at(index)}"))

    def __setitem__(self, index: Integer | int, value: Integer | int) -> None:
        self.code.do(f"store i64 {value}, ptr {self.at(index)}")


class Integers(Array):
    """Whole numbers of 32 bits, which are 64 when they have been read."""

    __slots__ = ()
    unit = "i32"

    def __getitem__(self, index: Integer | int) -> Integer:
        word = self.code.once(f"load i32, ptr {self.at(index)}")
        return Integer(self.code, self.code.write(f"sext i32 {word} to i64"))

    def __setitem__(self, index: Integer | int, value: Integer) -> None:
        word = self.code.write(f"trunc i64 {value} to i32")
        self.code.do(f"store i32 {word}, ptr {self.at(index)}")


class Pointers(Array):
    """Addresses."""

    __slots__ = ()
    unit = "ptr"

    def __getitem__(self, index: Integer | int) -> Address:
        return Address(self.code, self.code.once(f"load ptr, ptr {self.at(index)}"))


# -- whole texts ------------------------------------------------------------------------------------


def parameters(write: Callable[..., Any]) -> dict[str, type[Operand]]:
    """The parameters of the machine function that `write` writes: its own, but for the code that it writes to."""
    source = write.__code__  # closures are many, and would be kept with all that they hold
    if source not in _PARAMETERS:
        hints = get_type_hints(write)
        _PARAMETERS[source] = {name: hints[name] for name in list(inspect.signature(write).parameters)[1:]}
    return _PARAMETERS[source]


_PARAMETERS: dict[CodeType, dict[str, type[Operand]]] = {}


class Text:
    """A whole text in LLVM's language: functions, and what they call."""

    def __init__(self) -> None:
        self._functions: dict[str, str] = {}

    def add(self, name: str, head: str, code: Routine, result: object = "void") -> None:
        """Add a function; where it is defined it need not be declared."""
        self._functions = {**code.needs, **self._functions, name: code.function(head, result)}

    def routine(self, write: Callable[..., Operand | None], code: Routine) -> None:
        """Add the function that `write` writes, of its name and its parameters."""
        name, kinds = write.__name__, parameters(write)
        given = {parameter: kind(code, f"%{parameter}") for parameter, kind in kinds.items()}
        result = write(code, **given)
        returned = "void" if result is None else result.kind
        listed = ", ".join(operand.typed for operand in given.values())
        self.add(name, f"{returned} @{name}({listed}) nounwind", code, result.typed if result is not None else "void")

    def __str__(self) -> str:
        return "\n\n".join([*self._functions.values(), "!0 = !{}"]) + "\n"
