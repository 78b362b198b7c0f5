"""Machine code being written: numbers that, when they are added or compared, write instructions for it.

A `Number` stands for so many doubles at once (its lanes), a `Mask` for so many answers, `Bits` for so
many 64-bit integers.  What was written before is not written again, so that two formulas which share
an exponential compute it once.
"""

from __future__ import annotations

import operator
import struct
from collections.abc import Sequence

_FOLDED = {"fadd": operator.add, "fsub": operator.sub, "fmul": operator.mul}
_HOLDS = {"lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge, "eq": operator.eq,
          "ne": operator.ne}  # fmt: skip
PURE = "nounwind willreturn memory(none)"  # said of a function that only computes


def bits_of(x: float) -> int:
    """The 64 bits of a double."""
    (bits,) = struct.unpack("<Q", struct.pack("<d", x))
    return int(bits)


class Code:
    """The instructions of one function, on vectors of `lanes` doubles (one lane is a plain double).

    >>> code = Code(1)
    >>> x = code.number("%x")
    >>> y = x * x + 1.0
    >>> z = x * x
    >>> print("\\n".join(code.lines))
      %v1 = fmul double %x, %x
      %v2 = fadd double %v1, 0x3FF0000000000000
    """

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.doubles, self.integers, self.answers = (
            (kind if lanes == 1 else f"<{lanes} x {kind}>") for kind in ("double", "i64", "i1")
        )
        self.lines: list[str] = []
        self.block = "entry"  # the basic block being written
        self.declarations: dict[str, None] = {}
        self.helpers: dict[str, str] = {}  # functions that this one calls, by name
        self._names: dict[str, str] = {}
        self._count = 0

    # -- writing --------------------------------------------------------------------------------------

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

    def call(self, result: str, function: str, *operands: tuple[str, str]) -> str:
        """The result of one of LLVM's own functions; operands are (type, name)."""
        kinds = ", ".join(kind for kind, _ in operands)
        given = ", ".join(f"{kind} {name}" for kind, name in operands)
        self.declarations[f"declare {result} @{function}({kinds})"] = None
        return self.write(f"call {result} @{function}({given})")

    # -- numbers --------------------------------------------------------------------------------------

    def number(self, name: str) -> Number:
        """The number in a register."""
        return Number(self, name)

    def constant(self, x: float) -> Number:
        """A number that is known, the same in all lanes."""
        return Number(self, self._splat("double", f"0x{bits_of(x):016X}"), x)

    def integer(self, i: int) -> Bits:
        """An integer that is known, the same in all lanes."""
        return Bits(self, self._splat("i64", str(i)))

    def answer(self, holds: bool) -> Mask:
        """A yes or no that is known, the same in all lanes."""
        return Mask(self, self._splat("i1", "true" if holds else "false"), holds)

    def _splat(self, kind: str, literal: str) -> str:
        return literal if self.lanes == 1 else f"splat ({kind} {literal})"

    def load(self, pointer: str, index: int = 0) -> Number:
        """The double at pointer[index], in all lanes."""
        address = self.write(f"getelementptr double, ptr {pointer}, i64 {index}")
        return self.splat(self.write(f"load double, ptr {address}, !invariant.load !0"))

    def splat(self, scalar: str) -> Number:
        """A double in a scalar register, in all lanes."""
        if self.lanes == 1:
            return self.number(scalar)
        first = self.write(f"insertelement {self.doubles} poison, double {scalar}, i64 0")
        zeros = f"<{self.lanes} x i32> zeroinitializer"
        return self.number(self.write(f"shufflevector {self.doubles} {first}, {self.doubles} poison, {zeros}"))

    def gather(self, scalars: Sequence[str]) -> Number:
        """Scalar registers, one a lane, as a number."""
        if self.lanes == 1:
            return self.number(scalars[0])
        vector = "poison"
        for lane, scalar in enumerate(scalars):
            vector = self.write(f"insertelement {self.doubles} {vector}, double {scalar}, i64 {lane}")
        return self.number(vector)

    def scalars(self, number: Number) -> list[str]:
        """The lanes of a number, as scalar registers."""
        if self.lanes == 1:
            return [number.name]
        return [self.write(f"extractelement {self.doubles} {number.name}, i64 {lane}") for lane in range(self.lanes)]

    # -- functions ------------------------------------------------------------------------------------

    def intrinsic(self, name: str, *operands: Number) -> Number:
        """One of LLVM's own functions of doubles: fabs, sqrt, fma, floor, …"""
        suffix = "f64" if self.lanes == 1 else f"v{self.lanes}f64"
        given = [(self.doubles, o.name) for o in operands]
        return self.number(self.call(self.doubles, f"llvm.{name}.{suffix}", *given))

    def scalar_function(self, name: str, *operands: Number, attributes: str = PURE) -> Number:
        """A function of doubles in C's language, called once a lane."""
        return self.number(self.write(self._scalar_call(name, operands, attributes)))

    def _scalar_call(self, name: str, operands: Sequence[Number], attributes: str = PURE) -> str:
        given = ", ".join(f"{self.doubles} {o.name}" for o in operands)
        kinds = ", ".join(["double"] * len(operands))
        self.declarations[f"declare double @{name}({kinds}) {attributes}"] = None
        if self.lanes == 1:
            return f"call double @{name}({given})"
        helper = f"{name}.{self.lanes}"
        if helper not in self.helpers:
            self.helpers[helper] = _lane_by_lane(name, self.lanes, len(operands), attributes)
        return f"call {self.doubles} @{helper}({given})"

    def vector_function(self, name: str, width: int, *operands: Number) -> Number:
        """A function of `width` doubles in C's language, called once for so many lanes."""
        kind = f"<{width} x double>"
        self.declarations[f"declare {kind} @{name}({', '.join([kind] * len(operands))}) {PURE}"] = None
        parts = []
        for start in range(0, self.lanes, width):
            given = ", ".join(f"{kind} {self.part(o, start, width)}" for o in operands)
            parts.append((kind, self.write(f"call {kind} @{name}({given})")))
        while len(parts) > 1:
            parts = [self._joined(*pair) for pair in zip(parts[::2], parts[1::2], strict=True)]
        return self.number(parts[0][1])

    def part(self, number: Number, start: int, width: int) -> str:
        """The lanes from `start` on, as many as `width`."""
        if width == self.lanes:
            return number.name
        lanes = ", ".join(f"i32 {start + i}" for i in range(width))
        vectors = f"{self.doubles} {number.name}, {self.doubles} poison"
        return self.write(f"shufflevector {vectors}, <{width} x i32> <{lanes}>")

    def _joined(self, low: tuple[str, str], high: tuple[str, str]) -> tuple[str, str]:
        """Two vectors as one of twice the lanes."""
        (kind, first), (_, second) = low, high
        width = 2 * int(kind.removeprefix("<").split(" ")[0])
        lanes = ", ".join(f"i32 {i}" for i in range(width))
        name = self.write(f"shufflevector {kind} {first}, {kind} {second}, <{width} x i32> <{lanes}>")
        return f"<{width} x double>", name

    def repaired(self, fast: Number, wrong: Mask, name: str, *operands: Number) -> Number:
        """`fast`, but in the lanes where it is wrong C's function of that name, called if there is one such lane."""
        call = self._scalar_call(name, operands)
        some = wrong.name
        if self.lanes > 1:
            some = self.call("i1", f"llvm.vector.reduce.or.v{self.lanes}i1", (self.answers, wrong.name))
        self._count += 1
        before, slow, after = self.block, f"slow{self._count}", f"after{self._count}"
        self.do(f"br i1 {some}, label %{slow}, label %{after}")
        self.lines.append(f"{slow}:")
        exact = self.once(call)
        mended = self.once(f"select {self.answers} {wrong.name}, {self.doubles} {exact}, {self.doubles} {fast.name}")
        self.do(f"br label %{after}")
        self.lines.append(f"{after}:")
        self.block = after
        return self.number(self.once(f"phi {self.doubles} [ {fast.name}, %{before} ], [ {mended}, %{slow} ]"))

    def select(self, condition: Mask, chosen: Number | float, other: Number | float) -> Number:
        """`chosen` in the lanes where the condition holds, else `other`."""
        a, b = self.lift(chosen), self.lift(other)
        if condition.known is not None or a.name == b.name:
            return b if condition.known is False else a
        return self.number(
            self.write(f"select {self.answers} {condition.name}, {self.doubles} {a.name}, {self.doubles} {b.name}")
        )

    def fma(self, a: Number | float, b: Number | float, c: Number | float) -> Number:
        """a·b + c, rounded once."""
        return self.intrinsic("fma", self.lift(a), self.lift(b), self.lift(c))

    def polynomial(self, x: Number, coefficients: Sequence[float]) -> Number:
        """Σ cₖxᵏ, the constant first, by Estrin's scheme: pairs, pairs of pairs, …, side by side."""
        terms = [self.constant(c) for c in coefficients]
        power = x
        while len(terms) > 1:
            paired = [self.fma(high, power, low) for low, high in zip(terms[::2], terms[1::2], strict=False)]
            terms = paired + terms[len(paired) * 2 :]
            power = power * power if len(terms) > 1 else power
        return terms[0]

    def lift(self, x: Number | float) -> Number:
        """A float as a number."""
        return x if isinstance(x, Number) else self.constant(x)


class Number:
    """A double in each lane."""

    __slots__ = ("code", "known", "name")

    def __init__(self, code: Code, name: str, known: float | None = None) -> None:
        self.code = code
        self.name = name
        self.known = known  # its value, if that is a constant

    def _operate(self, operation: str, a: Number | float, b: Number | float) -> Number:
        code = self.code
        left, right = code.lift(a), code.lift(b)
        if left.known is not None and right.known is not None and operation in _FOLDED:
            return code.constant(_FOLDED[operation](left.known, right.known))
        return code.number(code.write(f"{operation} {code.doubles} {left.name}, {right.name}"))

    def __add__(self, other: Number | float) -> Number:
        return self._operate("fadd", self, other)

    def __radd__(self, other: float) -> Number:
        return self._operate("fadd", other, self)

    def __sub__(self, other: Number | float) -> Number:
        return self._operate("fsub", self, other)

    def __rsub__(self, other: float) -> Number:
        return self._operate("fsub", other, self)

    def __mul__(self, other: Number | float) -> Number:
        return self._operate("fmul", self, other)

    def __rmul__(self, other: float) -> Number:
        return self._operate("fmul", other, self)

    def __truediv__(self, other: Number | float) -> Number:
        return self._operate("fdiv", self, other)

    def __rtruediv__(self, other: float) -> Number:
        return self._operate("fdiv", other, self)

    def __neg__(self) -> Number:
        return self.code.number(self.code.write(f"fneg {self.code.doubles} {self.name}"))

    def __abs__(self) -> Number:
        return self.code.intrinsic("fabs", self)

    def compare(self, question: str, other: Number | float) -> Mask:
        """Whether olt, ole, ogt, oge, oeq, ueq or une holds, in LLVM's words: o is false for nan, u true."""
        code, right = self.code, self.code.lift(other)
        if self.known is not None and right.known is not None:
            holds = _HOLDS[question[1:]](self.known, right.known)
            unordered = self.known != self.known or right.known != right.known
            return code.answer(holds or (unordered and question[0] == "u"))
        return Mask(code, code.write(f"fcmp {question} {code.doubles} {self.name}, {right.name}"))

    def __lt__(self, other: Number | float) -> Mask:
        return self.compare("olt", other)

    def __gt__(self, other: Number | float) -> Mask:
        return self.compare("ogt", other)

    def __le__(self, other: Number | float) -> Mask:
        return self.compare("ole", other)

    def __ge__(self, other: Number | float) -> Mask:
        return self.compare("oge", other)

    def with_sign_of(self, other: Number) -> Number:
        """|x| with the sign of another number, -0.0 and nan included."""
        return self.code.intrinsic("copysign", self, other)

    def bits(self) -> Bits:
        """The same 64 bits as an integer."""
        code = self.code
        return Bits(code, code.write(f"bitcast {code.doubles} {self.name} to {code.integers}"))


class Mask:
    """Yes or no in each lane."""

    __slots__ = ("code", "known", "name")

    def __init__(self, code: Code, name: str, known: bool | None = None) -> None:
        self.code = code
        self.name = name
        self.known = known

    def __and__(self, other: Mask) -> Mask:
        return Mask(self.code, self.code.write(f"and {self.code.answers} {self.name}, {other.name}"))

    def __or__(self, other: Mask) -> Mask:
        return Mask(self.code, self.code.write(f"or {self.code.answers} {self.name}, {other.name}"))

    def __invert__(self) -> Mask:
        true = self.code.answer(True).name
        return Mask(self.code, self.code.write(f"xor {self.code.answers} {self.name}, {true}"))


class Bits:
    """A 64-bit integer in each lane."""

    __slots__ = ("code", "name")

    def __init__(self, code: Code, name: str) -> None:
        self.code = code
        self.name = name

    def operate(self, operation: str, other: Bits | int) -> Bits:
        """add, sub, shl, lshr, and, or, xor, in LLVM's words."""
        code = self.code
        right = other if isinstance(other, Bits) else code.integer(other)
        return Bits(code, code.write(f"{operation} {code.integers} {self.name}, {right.name}"))

    def number(self) -> Number:
        """The same 64 bits as a double."""
        code = self.code
        return code.number(code.write(f"bitcast {code.integers} {self.name} to {code.doubles}"))

    def __eq__(self, other: object) -> Mask:  # type: ignore[override]  # a question to every lane, as in NumPy
        code = self.code
        right = other if isinstance(other, Bits) else code.integer(int(other))  # type: ignore[call-overload]
        return Mask(code, code.write(f"icmp eq {code.integers} {self.name}, {right.name}"))

    __hash__ = None  # type: ignore[assignment]  # == answers lane by lane


def _lane_by_lane(name: str, lanes: int, operands: int, attributes: str) -> str:
    """A function of vectors that calls a function of doubles once a lane."""
    vector = f"<{lanes} x double>"
    lines, result = [], "poison"
    for lane in range(lanes):
        for i in range(operands):
            lines.append(f"%x{i}.{lane} = extractelement {vector} %x{i}, i64 {lane}")
        given = ", ".join(f"double %x{i}.{lane}" for i in range(operands))
        lines.append(f"%y{lane} = call double @{name}({given})")
        lines.append(f"%r{lane} = insertelement {vector} {result}, double %y{lane}, i64 {lane}")
        result = f"%r{lane}"
    parameters = ", ".join(f"{vector} %x{i}" for i in range(operands))
    body = "".join(f"  {line}\n" for line in lines)
    head = f"define internal {vector} @{name}.{lanes}({parameters}) noinline {attributes}"
    return f"{head} {{\n{body}  ret {vector} {result}\n}}"


class Text:
    """A whole text in LLVM's language: functions, and what they call."""

    def __init__(self) -> None:
        self._declarations: dict[str, None] = {}
        self._helpers: dict[str, str] = {}
        self._functions: list[str] = []

    def function(self, name: str, parameters: str, code: Code, attributes: str = "") -> None:
        """Add a function without a result."""
        self._declarations |= code.declarations
        self._helpers |= code.helpers
        body = "\n".join(code.lines)
        self._functions.append(f"define {name}({parameters}) nounwind {attributes} {{\nentry:\n{body}\n  ret void\n}}")

    def handler(self, name: str, code: Code) -> None:
        """Add a function of the tape's machine, which returns where the next run begins."""
        self._declarations |= code.declarations
        self._helpers |= code.helpers
        body = "\n".join(code.lines)
        parameters = "ptr noalias %r, ptr noalias %c, ptr noalias %start, ptr noalias %context"
        self._functions.append(f"define ptr @{name}({parameters}) nounwind {{\nentry:\n{body}\n  ret ptr %q\n}}")

    def add(self, written: str) -> None:
        """Add a function that is written out."""
        self._functions.append(written)

    def __str__(self) -> str:
        return "\n\n".join([*self._declarations, *self._helpers.values(), *self._functions, "!0 = !{}"]) + "\n"
