"""Machine code being written: numbers that, when they are added or compared, write instructions for it.

A `Lanes` stands for so many doubles at once (its lanes), a `Mask` for so many answers, an `Integer` for so
many 64-bit integers.  What was written before is not written again, so that two formulas which share
an exponential compute it once.
"""

from __future__ import annotations

import hashlib
import operator
import struct
from collections.abc import Sequence
from typing import TypeVar

from autograd.program.native.routine import Address, Array, Integer, Mask, Operand, Routine, choose

T = TypeVar("T", bound=Operand)
_FOLDED = {"fadd": operator.add, "fsub": operator.sub, "fmul": operator.mul}
_HOLDS = {"lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge, "eq": operator.eq,
          "ne": operator.ne}  # fmt: skip
PURE = "nounwind willreturn memory(none)"  # said of a function that only computes


def bits_of(x: float) -> int:
    """The 64 bits of a double."""
    (bits,) = struct.unpack("<Q", struct.pack("<d", x))
    return int(bits)


class Code(Routine):
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
        super().__init__()
        self.lanes = lanes
        self.doubles = self.number("").kind

    # -- numbers --------------------------------------------------------------------------------------

    def number(self, name: str) -> Lanes:
        """The number in a register."""
        return Lanes(self, name, self.lanes)

    def constant(self, x: float) -> Lanes:
        """A number that is known, the same in all lanes."""
        number = Lanes(self, "", self.lanes, x)
        number.name = number.literal(f"0x{bits_of(x):016X}")
        return number

    def answer(self, holds: bool) -> Mask:
        """A yes or no that is known, the same in all lanes."""
        mask = Mask(self, "", self.lanes, holds)
        mask.name = mask.literal("true" if holds else "false")
        return mask

    def lift(self, x: Lanes | float) -> Lanes:
        """A float as a number."""
        return x if isinstance(x, Lanes) else self.constant(x)

    def load(self, pointer: str, index: int) -> Lanes:
        """The double at pointer[index], which nothing changes, in one lane."""
        address = self.write(f"getelementptr double, ptr {pointer}, i64 {index}")
        return Lanes(self, self.write(f"load double, ptr {address}, !invariant.load !0"))

    def splat(self, scalar: T) -> T:
        """A number or a whole number of one lane, in all lanes."""
        if self.lanes == 1:
            return scalar
        vector = type(scalar)(self, "poison", self.lanes)
        vector.name = self.write(f"insertelement {vector.typed}, {scalar.typed}, i64 0")
        zeros = f"<{self.lanes} x i32> zeroinitializer"
        return type(scalar)(
            self, self.write(f"shufflevector {vector.typed}, {vector.kind} poison, {zeros}"), self.lanes
        )

    def gather(self, scalars: Sequence[Lanes]) -> Lanes:
        """Numbers of one lane as the lanes of a number."""
        if self.lanes == 1:
            return scalars[0]
        vector = self.number("poison")
        for lane, scalar in enumerate(scalars):
            vector = self.number(self.write(f"insertelement {vector.typed}, {scalar.typed}, i64 {lane}"))
        return vector

    def scalars(self, number: Lanes) -> list[Lanes]:
        """The lanes of a number, as numbers of one lane."""
        if self.lanes == 1:
            return [number]
        return [Lanes(self, self.write(f"extractelement {number.typed}, i64 {i}")) for i in range(self.lanes)]

    def whole(self, number: Lanes) -> Integer:
        """A number that is not negative without its fraction, as a whole number."""
        integer = Integer(self, "", number.lanes)
        integer.name = self.write(f"fptosi {number.typed} to {integer.kind}")
        return integer

    def double(self, integer: Integer) -> Lanes:
        """A whole number as a double."""
        return Lanes(self, self.write(f"sitofp {integer.typed} to {self.doubles}"), integer.lanes)

    def listed(self, numbers: Sequence[float]) -> Doubles:
        """Numbers that are known, one after the other in memory; the same ones once in a text."""
        texts = ", ".join(f"double 0x{bits_of(x):016X}" for x in numbers)
        name = f"table_{hashlib.sha256(texts.encode()).hexdigest()[:16]}"
        self.needs[name] = f"@{name} = private unnamed_addr constant [{len(numbers)} x double] [{texts}]"
        return Doubles(self, f"@{name}")

    # -- functions ------------------------------------------------------------------------------------

    def intrinsic(self, name: str, *operands: Lanes) -> Lanes:
        """One of LLVM's own functions of doubles: fabs, sqrt, fma, floor, …"""
        kind, lanes = operands[0].kind, operands[0].lanes
        suffix = "f64" if lanes == 1 else f"v{lanes}f64"
        return Lanes(self, self.write(self.call(kind, f"llvm.{name}.{suffix}", *operands)), lanes)

    def scalar_function(self, name: str, *operands: Lanes, attributes: str = PURE) -> Lanes:
        """A function of doubles in C's language, called once a lane."""
        return self.number(self.write(self._scalar_call(name, operands, attributes)))

    def _scalar_call(self, name: str, operands: Sequence[Lanes], attributes: str = PURE) -> str:
        if self.lanes == 1:
            return self.call("double", name, *operands, attributes=attributes)
        helper = f"{name}.{self.lanes}"
        if helper not in self.needs:
            self.needs |= _lane_by_lane(helper, name, self.lanes, len(operands), attributes)
        return self.call(self.doubles, helper, *operands)

    def vector_function(self, name: str, width: int, *operands: Lanes) -> Lanes:
        """A function of `width` doubles in C's language, called once for so many lanes."""
        parts = []
        for start in range(0, self.lanes, width):
            given = [self.part(o, start, width) for o in operands]
            call = self.call(given[0].kind, name, *given, attributes=PURE)
            parts.append(Lanes(self, self.write(call), width))
        while len(parts) > 1:
            parts = [self._joined(*pair) for pair in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    def part(self, number: Lanes, start: int, width: int) -> Lanes:
        """The lanes from `start` on, as many as `width`."""
        if width == number.lanes:
            return number
        return self.shuffled(number, Lanes(self, "poison", number.lanes), range(start, start + width))

    def _joined(self, low: Lanes, high: Lanes) -> Lanes:
        """Two vectors as one of twice the lanes."""
        return self.shuffled(low, high, range(2 * low.lanes))

    def shuffled(self, low: Lanes, high: Lanes, lanes: Sequence[int]) -> Lanes:
        """These lanes of two vectors; whatever where -1 stands."""
        chosen = ", ".join("i32 poison" if lane < 0 else f"i32 {lane}" for lane in lanes)
        shuffle = f"shufflevector {low.typed}, {high.typed}, <{len(lanes)} x i32> <{chosen}>"
        return Lanes(self, self.write(shuffle), len(lanes))

    def repaired(self, fast: Lanes, wrong: Mask, name: str, *operands: Lanes) -> Lanes:
        """`fast`, but in the lanes where it is wrong C's function of that name, called if there is one such lane."""
        call, some = self._scalar_call(name, operands), wrong
        if self.lanes > 1:
            some = Mask(self, self.write(self.call("i1", f"llvm.vector.reduce.or.v{self.lanes}i1", wrong)))
        with self.scope():
            mended = self.variable(fast)
            with self.when(some):
                mended.set(self.select(wrong, self.number(self.once(call)), fast))
        return mended

    def select(self, condition: Mask, chosen: Lanes | float, other: Lanes | float) -> Lanes:
        """`chosen` in the lanes where the condition holds, else `other`."""
        a, b = self.lift(chosen), self.lift(other)
        if condition.known is not None or a.name == b.name:
            return b if condition.known == 0 else a
        return choose(condition, a, b)

    def fma(self, a: Lanes | float, b: Lanes | float, c: Lanes | float) -> Lanes:
        """a·b + c, rounded once."""
        return self.intrinsic("fma", self.lift(a), self.lift(b), self.lift(c))

    def polynomial(self, x: Lanes, coefficients: Sequence[float]) -> Lanes:
        """Σ cₖxᵏ, the constant first, by Estrin's scheme: pairs, pairs of pairs, …, side by side."""
        terms = [self.constant(c) for c in coefficients]
        power = x
        while len(terms) > 1:
            paired = [self.fma(high, power, low) for low, high in zip(terms[::2], terms[1::2], strict=False)]
            terms = paired + terms[len(paired) * 2 :]
            power = power * power if len(terms) > 1 else power
        return terms[0]


class Lanes(Operand):
    """A double in each lane."""

    __slots__ = ()
    scalar = "double"
    code: Code

    def _operate(self, operation: str, a: Lanes | float, b: Lanes | float) -> Lanes:
        code = self.code
        left, right = code.lift(a), code.lift(b)
        if left.known is not None and right.known is not None and operation in _FOLDED:
            return code.constant(_FOLDED[operation](left.known, right.known))
        return code.number(code.write(f"{operation} {code.doubles} {left}, {right}"))

    def __add__(self, other: Lanes | float) -> Lanes:
        return self._operate("fadd", self, other)

    def __radd__(self, other: float) -> Lanes:
        return self._operate("fadd", other, self)

    def __sub__(self, other: Lanes | float) -> Lanes:
        return self._operate("fsub", self, other)

    def __rsub__(self, other: float) -> Lanes:
        return self._operate("fsub", other, self)

    def __mul__(self, other: Lanes | float) -> Lanes:
        return self._operate("fmul", self, other)

    def __rmul__(self, other: float) -> Lanes:
        return self._operate("fmul", other, self)

    def __truediv__(self, other: Lanes | float) -> Lanes:
        return self._operate("fdiv", self, other)

    def __rtruediv__(self, other: float) -> Lanes:
        return self._operate("fdiv", other, self)

    def __neg__(self) -> Lanes:
        return self.code.number(self.code.write(f"fneg {self.typed}"))

    def __abs__(self) -> Lanes:
        return self.code.intrinsic("fabs", self)

    def compare(self, question: str, other: Lanes | float) -> Mask:
        """Whether olt, ole, ogt, oge, oeq, ueq or une holds, in LLVM's words: o is false for nan, u true."""
        code, right = self.code, self.code.lift(other)
        if self.known is not None and right.known is not None:
            holds = _HOLDS[question[1:]](self.known, right.known)
            unordered = self.known != self.known or right.known != right.known
            return code.answer(holds or (unordered and question[0] == "u"))
        return Mask(code, code.write(f"fcmp {question} {self.typed}, {right}"), code.lanes)

    def __lt__(self, other: Lanes | float) -> Mask:
        return self.compare("olt", other)

    def __gt__(self, other: Lanes | float) -> Mask:
        return self.compare("ogt", other)

    def __le__(self, other: Lanes | float) -> Mask:
        return self.compare("ole", other)

    def __ge__(self, other: Lanes | float) -> Mask:
        return self.compare("oge", other)

    def with_sign_of(self, other: Lanes) -> Lanes:
        """|x| with the sign of another number, -0.0 and nan included."""
        return self.code.intrinsic("copysign", self, other)

    def bits(self) -> Integer:
        """The same 64 bits as an integer."""
        integer = Integer(self.code, "", self.lanes)
        integer.name = self.code.write(f"bitcast {self.typed} to {integer.kind}")
        return integer


def number_of(bits: Integer) -> Lanes:
    """The double that has these 64 bits."""
    code: Code = bits.code
    return code.number(code.write(f"bitcast {bits.typed} to {code.doubles}"))


class Doubles(Array):
    """Doubles, one after the other."""

    __slots__ = ()
    unit = "double"

    def __getitem__(self, index: Integer | int) -> Lanes:
        return Lanes(self.code, self.code.once(f"load {self.element}, ptr {self.at(index)}"), self.width)

    def __setitem__(self, index: Integer | int, value: Lanes) -> None:
        self.code.do(f"store {value.typed}, ptr {self.at(index)}")

    def gathered(self, places: Integer) -> Lanes:
        """What stands at the place of each lane, which nothing changes."""
        code: Code = self.code
        if places.lanes == 1:
            return Lanes(code, code.write(f"load double, ptr {self.at(places)}, !invariant.load !0"))
        kind, n = code.doubles, places.lanes
        at = Address(code, code.write(f"getelementptr double, ptr {self}, {places.typed}"), n)
        given = at, "i32 8", f"<{n} x i1> splat (i1 true)", f"{kind} poison"
        code.needs[f"llvm.masked.gather.v{n}f64.v{n}p0"] = (
            f"declare {kind} @llvm.masked.gather.v{n}f64.v{n}p0({at.kind}, i32, <{n} x i1>, {kind})"
        )
        return Lanes(code, code.write(code.call(kind, f"llvm.masked.gather.v{n}f64.v{n}p0", *given)), n)


class Vectors(Doubles):
    """Vectors of as many doubles as the code has lanes, each aligned to its size."""

    __slots__ = ()

    @property
    def width(self) -> int:
        """The lanes of an element."""
        lanes: int = self.code.lanes
        return lanes


class Unaligned(Vectors):
    """The same, wherever they stand."""

    __slots__ = ()

    def __getitem__(self, index: Integer | int) -> Lanes:
        return Lanes(self.code, self.code.once(f"load {self.element}, ptr {self.at(index)}, align 8"), self.width)

    def __setitem__(self, index: Integer | int, value: Lanes) -> None:
        self.code.do(f"store {value.typed}, ptr {self.at(index)}, align 8")


def add_lanes(code: Code, sums: Doubles, lanes: int, partial: Doubles, count: Integer | int) -> None:
    """partial[j] = the lanes of the vector sums[j], added one after the other."""
    with code.loop(count) as j:
        total = code.variable(code.constant(0.0))
        with code.loop(lanes) as lane:
            total.set(total + sums[j * lanes + lane])
        partial[j] = total


def _lane_by_lane(helper: str, name: str, lanes: int, operands: int, attributes: str) -> dict[str, str]:
    """A function of vectors that calls a function of doubles once a lane, and what it needs itself."""
    code = Code(lanes)
    given = [code.number(f"%x{i}") for i in range(operands)]
    lanes_of = zip(*map(code.scalars, given), strict=True)
    calls = [code.call("double", name, *each, attributes=attributes) for each in lanes_of]
    answer = code.gather([Lanes(code, code.once(call)) for call in calls])
    listed = ", ".join(x.typed for x in given)
    head = f"internal {answer.kind} @{helper}({listed}) noinline {attributes}"
    return {**code.needs, helper: code.function(head, answer.typed)}
