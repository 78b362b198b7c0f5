"""Small programs as straight-line machine code: every instruction written out, samples side by side in lanes.

Three functions come out of a task:

    uniform  what is the same for all samples, once
    body     a few samples at once, one a lane; sums over samples stay in lanes
    chunk    `body` over a run of samples, and then the lanes added up

The last, incomplete group of lanes computes its last sample several times over; the lanes that are too
many write what is written anyway, and are left out when the lanes are added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from autograd.program.graph import MULTIPLY, Instruction
from autograd.program.kernel import Task
from autograd.program.native import entrance, machine, rules
from autograd.program.native.code import Code, Number, Text
from autograd.program.native.entrance import COUNT, POINTER

LANES = 8
CHUNK = (*(POINTER,) * 6, COUNT, COUNT)  # the arguments of `chunk`


class Layout:
    """Where the numbers of a task stand in the arrays that a kernel is called with."""

    def __init__(self, task: Task) -> None:
        program = task.program
        self.lines = list(program)
        self.columns: dict[int, int] = {}  # of a batched input in `batch`
        self.fixed: dict[int, int] = {}  # of another in `fixed`
        for i, is_batched in enumerate(task.batched):
            place = self.columns if is_batched else self.fixed
            place[i] = len(place)
        first = len(program.inputs)
        self.constants = {first + j: float(c) for j, c in enumerate(program.constants.tolist())}
        self.varies = varying(task)
        outputs = program.outputs.tolist()
        self.each = [n for n, is_summed in zip(outputs, task.summed, strict=True) if not is_summed]
        self.totals = [n for n, is_summed in zip(outputs, task.summed, strict=True) if is_summed]
        self.uniform = self._needed_uniform()

    def _needed_uniform(self) -> dict[int, int]:
        """Results that are the same for all samples, and which the body reads: their places."""
        read = {o for line in self.lines if self.varies[line.id] for o in line.operands} | {*self.each, *self.totals}
        wanted = [line.id for line in self.lines if not self.varies[line.id] and line.id in read]
        return {number: place for place, number in enumerate(wanted)}


def varying(task: Task) -> list[bool]:
    """For every number whether it may differ from sample to sample."""
    varies = [*task.batched, *[False] * len(task.program.constants)]
    for line in task.program:
        varies.append(any(map(varies.__getitem__, line.operands)))
    return varies


class _Writer:
    """Writes the instructions of a task on some lanes, reading each number where it stands."""

    def __init__(self, layout: Layout, lanes: int, exact: bool, uniform: dict[int, int] | None = None) -> None:
        self.layout = layout
        self.code = Code(lanes)
        self.exact = exact
        self.uniform = uniform or {}
        self.numbers: dict[int, Number] = {}

    def number(self, i: int) -> Number:
        """The number i of the program, read if it has not been computed here."""
        found = self.numbers.get(i)
        if found is None:
            found = self.numbers[i] = self._read(i)
        return found

    def _read(self, i: int) -> Number:
        layout, code = self.layout, self.code
        if i in layout.constants:
            return code.constant(layout.constants[i])
        if i in layout.fixed:
            return code.load("%fixed", layout.fixed[i])
        if i in self.uniform:
            return code.load("%uniform", self.uniform[i])
        column = layout.columns[i]
        addresses = [code.write(f"getelementptr double, ptr %row{lane}, i64 {column}") for lane in range(code.lanes)]
        return code.gather([code.write(f"load double, ptr {a}, !invariant.load !0") for a in addresses])

    def run(self, lines: Iterable[Instruction]) -> None:
        """Write these instructions."""
        for line in lines:
            operands = [self.number(o) for o in line.operands]
            self.numbers[line.id] = rules.apply(self.code, line.operation, operands, self.exact)

    def store(self, scalar: str, pointer: str, index: int) -> None:
        """Write a double to pointer[index]."""
        address = self.code.write(f"getelementptr double, ptr {pointer}, i64 {index}")
        self.code.do(f"store double {scalar}, ptr {address}")


# -- one sample -------------------------------------------------------------------------------------


def one_sample(task: Task) -> str:
    """The text of `one(fixed, batch, each, total)`: everything, for a single sample, in plain doubles."""
    layout, text = Layout(task), Text()
    writer = _Writer(layout, 1, task.exact)
    writer.code.do("%row0 = getelementptr double, ptr %batch, i64 0")
    writer.run(layout.lines)
    for pointer, outputs in (("%each", layout.each), ("%total", layout.totals)):
        for place, number in enumerate(outputs):
            writer.store(writer.number(number).name, pointer, place)
    fixed, batch = _read_only("fixed", len(layout.fixed)), _read_only("batch", len(layout.columns))
    text.function("void @one", f"{fixed}, {batch}, ptr noalias %each, ptr noalias %total", writer.code)
    text.add(entrance.method("one", 4))
    text.add(entrance.declarations())
    return str(text)


def _read_only(name: str, doubles: int) -> str:
    size = f"dereferenceable({8 * doubles}) " if doubles else ""
    return f"ptr noalias readonly {size}%{name}"


# -- many samples -----------------------------------------------------------------------------------


class Many(NamedTuple):
    """The text for many samples, and how many doubles its functions are to be given.

    ``uniform(fixed, uniform)`` comes first, then any number of
    ``chunk(fixed, uniform, batch, each, partial, work, first, last)``.
    """

    text: str
    uniform: int
    work: int


def many_samples(task: Task) -> Many:
    """The functions for a batch of any size."""
    layout, text = Layout(task), Text()
    shared = f"{_read_only('fixed', len(layout.fixed))}, {_read_only('uniform', len(layout.uniform))}"
    text.function("void @uniform", "ptr noalias readonly %fixed, ptr noalias %uniform", _uniform(layout, task.exact))
    parameters = f"{shared}, ptr noalias readonly %batch, ptr noalias %each, ptr noalias %sums, i64 %mask"
    text.function("internal void @body", parameters, _body(layout, task.exact), "noinline")
    text.add(_chunk(layout))
    text.add(entrance.released("chunk", *CHUNK))
    text.add(entrance.declarations())
    return Many(str(text), len(layout.uniform), 2 * _width() * len(layout.totals))


def _uniform(layout: Layout, exact: bool) -> Code:
    writer = _Writer(layout, 1, exact)
    writer.run(line for line in layout.lines if not layout.varies[line.id])
    for number, place in layout.uniform.items():
        writer.store(writer.number(number).name, "%uniform", place)
    return writer.code


def _body(layout: Layout, exact: bool) -> Code:
    """Lane i computes sample i & mask."""
    writer = _Writer(layout, LANES, exact, layout.uniform)
    code = writer.code
    for lane in range(LANES):
        sample = code.write(f"and i64 {lane}, %mask")
        for name, pointer, stride in (("row", "batch", len(layout.columns)), ("out", "each", len(layout.each))):
            offset = code.write(f"mul i64 {sample}, {stride}")
            code.do(f"%{name}{lane} = getelementptr double, ptr %{pointer}, i64 {offset}")
    products = {} if exact else _only_summed(layout)
    writer.run(line for line in layout.lines if layout.varies[line.id] and line.id not in products)
    for place, number in enumerate(layout.each):
        for lane, scalar in enumerate(code.scalars(writer.number(number))):
            writer.store(scalar, f"%out{lane}", place)
    for place, number in enumerate(layout.totals):
        _accumulate(writer, place, products.get(number) or [number])
    return code


def _only_summed(layout: Layout) -> dict[int, list[int]]:
    """Products that nothing reads but their sum over the samples: their factors."""
    read = {o for line in layout.lines for o in line.operands} | set(layout.each)
    summed = {n for n in layout.totals if n not in read and n < len(layout.varies) and layout.varies[n]}
    return {line.id: list(line.operands) for line in layout.lines if line.operation == MULTIPLY and line.id in summed}


def _accumulate(writer: _Writer, place: int, factors: Sequence[int]) -> None:
    """sums[place] += the product of the factors, by parts of a register's width: one sum serves all lanes."""
    code, width = writer.code, _width()
    kind = f"<{width} x double>"
    numbers = [writer.number(f) for f in factors]
    address = code.write(f"getelementptr {kind}, ptr %sums, i64 {place}")
    total = code.once(f"load {kind}, ptr {address}, align 8")
    for start in range(0, code.lanes, width):
        parts = [code.part(number, start, width) for number in numbers]
        if len(parts) == 2:
            total = code.call(kind, f"llvm.fma.v{width}f64", *[(kind, p) for p in parts], (kind, total))
        else:
            total = code.once(f"fadd {kind} {total}, {parts[0]}")
    code.do(f"store {kind} {total}, ptr {address}, align 8")


def _width() -> int:
    return min(machine.width(), LANES)


_CHUNK = """\
define void @chunk({shared}, ptr noalias readonly %batch, ptr noalias %each, ptr noalias %partial, ptr noalias %work, \
i64 %first, i64 %last) nounwind {{
entry:
  %few = getelementptr {kind}, ptr %work, i64 {sums}
  call void @llvm.memset.p0.i64(ptr align 8 %work, i8 0, i64 {bytes}, i1 false)
  br label %samples
samples:
  %s = phi i64 [ %first, %entry ], [ %next, %done ]
  %left = sub i64 %last, %s
  %over = icmp sle i64 %left, 0
  br i1 %over, label %add, label %some
some:
  %full = icmp sge i64 %left, {lanes}
  %leading = call i64 @llvm.ctlz.i64(i64 %left, i1 true)
  %shift = sub i64 63, %leading
  %power = shl i64 1, %shift
  %size = select i1 %full, i64 {lanes}, i64 %power
  %mask = sub i64 %size, 1
  %sums = select i1 %full, ptr %work, ptr %few
  %in = mul i64 %s, {columns}
  %row = getelementptr double, ptr %batch, i64 %in
  %on = mul i64 %s, {outputs}
  %out = getelementptr double, ptr %each, i64 %on
  call void @body(ptr %fixed, ptr %uniform, ptr %row, ptr %out, ptr %sums, i64 %mask)
  %next = add i64 %s, %size
  br i1 %full, label %done, label %move
move:
  %times = uitofp i64 %size to double
  %share = fdiv double %times, {lanes}.0
  br label %moving
moving:
  %i = phi i64 [ 0, %move ], [ %i1, %moved ]
  %more = icmp slt i64 %i, {doubles}
  br i1 %more, label %moved, label %done
moved:
  %from = getelementptr double, ptr %few, i64 %i
  %to = getelementptr double, ptr %work, i64 %i
  %a = load double, ptr %from
  %b = load double, ptr %to
  %part = fmul double %a, %share
  %sum = fadd double %b, %part
  store double %sum, ptr %to
  store double 0.0, ptr %from
  %i1 = add i64 %i, 1
  br label %moving
done:
  br label %samples
add:
  %j = phi i64 [ 0, %samples ], [ %j1, %added ]
  %again = icmp slt i64 %j, {sums}
  br i1 %again, label %added, label %end
added:
  %lanes = getelementptr {kind}, ptr %work, i64 %j
  %vector = load {kind}, ptr %lanes, align 8
  %result = call double @llvm.vector.reduce.fadd.v{width}f64(double 0.0, {kind} %vector)
  %place = getelementptr double, ptr %partial, i64 %j
  store double %result, ptr %place
  %j1 = add i64 %j, 1
  br label %add
end:
  ret void
}}

declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare i64 @llvm.ctlz.i64(i64, i1)
declare double @llvm.vector.reduce.fadd.v{width}f64(double, {kind})
"""


def _chunk(layout: Layout) -> str:
    width, sums = _width(), len(layout.totals)
    return _CHUNK.format(
        shared="ptr noalias readonly %fixed, ptr noalias readonly %uniform",
        kind=f"<{width} x double>",
        width=width,
        sums=sums,
        doubles=sums * width,
        bytes=2 * sums * width * 8,
        lanes=LANES,
        columns=len(layout.columns),
        outputs=len(layout.each),
    )
