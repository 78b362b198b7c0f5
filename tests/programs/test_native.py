"""The llvm executor: every row of the table, in every shape, against eager floats; threads, lifetimes, errors."""

from __future__ import annotations

import gc
import itertools
import math
import random
import sys
import weakref
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import compile, kept
from autograd.errors import ArgumentError, MissingExtra
from autograd.ops.primitive import TABLE, Primitive
from autograd.program.builder import Builder
from autograd.program.graph import DOT, MULTIPLY, Operation
from autograd.program.interpreter import Interpreter
from autograd.program.kernel import Task

pytest.importorskip("llvmlite", reason="the extra `native` is not installed")

from autograd.program.native import entrance, machine, straight
from autograd.program.native.driver import driver, levels, places
from autograd.program.native.estimates import serves
from autograd.program.native.executor import kernel_for
from autograd.program.native.machine import Library
from autograd.program.native.routine import Integer, Longs, Routine, Text, choose, larger, smaller
from autograd.program.native.straight_kernel import StraightLine
from autograd.program.native.tape_kernel import TapeKernel

inf, nan = math.inf, math.nan
ULPS = 8 * 2.0**-53 * 2  # eager's own error and ours
HARD = (nan, inf, -inf, 0.0, -0.0, 5e-324, -1e-310, 1e-200, -1e200, 1.0, -1.0, 0.5, 2.0, -18.0, 18.0, 40.0, -40.0,
        -372.0, 700.0, -700.0, 709.5, -745.0, 1000.0, math.pi / 2, 1e-9, 1e6, -1e17)  # fmt: skip
LONG = {"gammainc", "gammaincc", "betainc"}  # rules of many instructions
INDEXED = {"softmax", "log_softmax"}  # whose first operand says which component is meant
ROWS = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())


ABSOLUTE = {"digamma": 4e-15, "lgamma": 1e-15, "gamma": 4e-15, "betaln": 4e-15, "silu": 2e-16}  # near zeros
ABSOLUTE |= dict.fromkeys(
    "j0 j1 y0 y1 i0e i1e k0e k1e".split(), 1e-16
)  # near zeros, and of slopes that are differences
ROUGH = {
    "beta": 20.0,
    "beta_a": 30.0,
    "gammainc": 30.0,
    "gammaincc": 30.0,
    "gammainc_a": 200.0,
    "betainc": 300.0,
    "betainc_ab": 1000.0,
}  # of many functions
ROUGH["beta_density"] = 30.0
ROUNDED = {"fmod", "remainder"}  # their slopes, -0.0 where eager has 0.0


def agree(row: Primitive, got: list[float], expected: list[float]) -> bool:
    """Value and slopes equal to a few units in the last place, zeros with their signs."""
    absolute = ABSOLUTE.get(row.name, 1e-322)
    signs = all(math.copysign(1, g) == math.copysign(1, e) for g, e in zip(got, expected, strict=True) if g == e == 0)
    near = all(close(g, e, absolute, ROUGH.get(row.name, 1.0)) for g, e in zip(got, expected, strict=True))
    return near and (signs or row.name in ROUNDED)


def close(got: float, expected: float, absolute: float, times: float = 1.0) -> bool:
    """Equal to a few units in the last place, nan with nan, inf with inf."""
    if math.isnan(expected) or math.isinf(expected):
        return got == expected or (math.isnan(got) and math.isnan(expected))
    return abs(got - expected) <= times * ULPS * abs(expected) + absolute


def samples_of(row: Primitive) -> list[tuple[float, ...]]:
    """Where a row is tried: its points, its edges, hard numbers and drawn ones."""
    stated = [tuple(map(float, at)) for at in (*row.points, *(edge.at for edge in row.edges))]
    if row.variadic or row.orders:
        return stated
    count, dice = len(row.operands), random.Random(row.name)
    grid = (
        itertools.product(HARD, repeat=count)
        if count < 3 and row.name not in LONG
        else (dice.choices(HARD, k=count) for _ in range(100))
    )
    drawn = [[dice.gauss(0, 1) * 10 ** dice.uniform(-3, 2) for _ in range(count)] for _ in range(100)]
    return [*stated, *map(tuple, grid), *map(tuple, drawn)]


def task_of(row: Primitive, at: tuple[float, ...]) -> Task:
    """The row's value and all its slopes as a task; the index of a component is a constant."""
    leading = 1 if row.name in INDEXED else 0
    builder = Builder([f"x{i}" for i in range(len(at) - leading)])
    operands = (*map(builder.constant, at[:leading]), *range(len(at) - leading))
    y = builder.emit(Operation(row.name), operands)
    slopes = [builder.emit(Operation(row.name, slot), (y, *operands)) for slot in range(leading, len(at))]
    program = builder.finish([y, *slopes])
    return Task(program, (True,) * len(program.inputs), (False,) * len(program.outputs))


def eager(row: Primitive, at: tuple[float, ...]) -> list[float]:
    y = row.float(*at)
    slopes = [0.0 if s is None else s for s in row.float_slopes(y, *at)]
    return [y, *slopes[row.name in INDEXED :]]


def grouped(row: Primitive) -> list[list[tuple[float, ...]]]:
    """The samples that one program serves: all, or those with the same index and number of operands."""

    def key(at):
        return (len(at), at[0] if row.name in INDEXED else 0)

    return [list(group) for _, group in itertools.groupby(sorted(samples_of(row), key=key), key=key)]


@pytest.mark.thorough  # special values, and batches on every executor, see as much in the quick run
@ROWS
@pytest.mark.parametrize("shape", [StraightLine, TapeKernel])
def test_every_row_and_slope_is_eager_s_in_a_batch_and_alone(row, shape):
    for samples in grouped(row):
        kernel, leading = shape(task_of(row, samples[0])), row.name in INDEXED
        batch = np.array(samples)[:, leading:].copy()
        each = np.zeros((len(samples), 1 + batch.shape[1]))
        kernel.run(np.zeros(0), batch, each, np.zeros(0))
        alone = np.zeros_like(each)
        for i in range(len(samples)):
            kernel.run(np.zeros(0), batch[i : i + 1], alone[i : i + 1], np.zeros(0))
        for answers in (each, alone):
            wrong = [
                (at, got, eager(row, at))
                for at, got in zip(samples, answers.tolist(), strict=True)
                if not agree(row, got, eager(row, at))
            ]
            assert not wrong, f"{row.name}: (at, value and slopes, eager): {wrong[:5]} and {len(wrong) - 5} more"


# -- whole programs ---------------------------------------------------------------------------------

SHAPES = pytest.mark.parametrize("shape", [StraightLine, TapeKernel])


def random_task(seed: int, instructions: int = 60, exact: bool = False) -> Task:
    """A program in which everything may happen: dots and sums of any length, outputs that are inputs or constants."""
    dice = random.Random(seed)
    builder = Builder([f"x{i}" for i in range(8)])
    numbers = [*range(8), builder.constant(0.5), builder.constant(-1.25)]
    for _ in range(instructions):
        row = dice.choice(["dot", "sum", "multiply", "add", "tanh", "sin", "where", "sigmoid"])
        count = dice.randrange(1, 90) if row in ("dot", "sum") else len(TABLE[row].operands)
        bounded = [builder.emit(Operation("tanh"), (n,)) if n > 9 else n for n in dice.choices(numbers[-40:], k=count)]
        numbers.append(builder.emit(Operation(row), tuple(bounded)))
    outputs = [*dice.choices(numbers, k=12), 0, 1, builder.constant(2.0), numbers[-1], numbers[-1]]
    program = builder.finish(outputs)
    batched = tuple(i % 2 == 0 for i in range(8))
    return Task(program, batched, tuple(dice.random() < 0.5 for _ in outputs), exact)


def answers(kernel, task: Task, samples: int, threads: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """What the kernel says on numbers drawn for the task."""
    dice = np.random.default_rng(3)
    fixed, batch = dice.normal(size=8 - sum(task.batched)), dice.normal(size=(samples, sum(task.batched)))
    each, total = np.full((samples, len(task.summed) - sum(task.summed)), 7.0), np.full(sum(task.summed), 7.0)
    kernel.run(fixed, batch, each, total, threads)
    return each, total


@cache
def random_kernel(shape, seed: int):
    """A kernel of `random_task`, compiled once for all tests."""
    return shape(random_task(seed))


@SHAPES
@pytest.mark.parametrize("samples", [0, 1, 2, 7, 8, 9, 23, 64, 1024, 1500])
def test_programs_answer_as_the_interpreter(shape, samples):
    task = random_task(1)
    ours, plain = answers(random_kernel(shape, 1), task, samples), answers(Interpreter(task), task, samples)
    for got, expected in zip(ours, plain, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-12)


@SHAPES
@pytest.mark.parametrize("samples", [1, 20])
def test_a_bound_call_answers_as_run(shape, samples):
    task, kernel, dice = random_task(1), random_kernel(shape, 1), np.random.default_rng(4)
    fixed, batch = dice.normal(size=4), dice.normal(size=(samples, 4))
    outputs = [(np.zeros((samples, len(task.summed) - sum(task.summed))), np.zeros(sum(task.summed))) for _ in range(3)]
    first, second = (kernel.bind(fixed, batch, *out) for out in outputs[:2])
    second()
    fixed *= 2
    batch += 1
    first()  # each of the two has memory of its own
    second()
    kernel.run(fixed, batch, *outputs[2])
    for parts in zip(*outputs, strict=True):
        assert parts[0].tobytes() == parts[1].tobytes() == parts[2].tobytes()


@SHAPES
def test_threads_change_no_bit(shape):
    task, kernel = random_task(1), random_kernel(shape, 1)
    for one, three in zip(answers(kernel, task, 5000), answers(kernel, task, 5000, threads=3), strict=True):
        assert one.tobytes() == three.tobytes()


@SHAPES
@pytest.mark.parametrize("samples", [1, 20])
def test_exact_sums_are_added_as_they_stand(shape, samples):
    dice = random.Random(1)
    builder = Builder([f"x{i}" for i in range(8)])
    numbers = [dice.randrange(8) for _ in range(100)]
    outputs = [builder.emit(Operation("sum"), tuple(numbers)), builder.emit(Operation("dot"), tuple(numbers))]
    for exact in (True, False):
        task = Task(builder.finish(outputs), (True,) * 8, (False, False), exact)
        same = answers(shape(task), task, samples)[0] == answers(Interpreter(task), task, samples)[0]
        assert same.all() == exact


@SHAPES
def test_an_index_that_is_computed_is_refused(shape):
    builder = Builder(["i", "a", "b"])
    task = Task(
        Builder.finish.__wrapped__(builder, [builder.emit(Operation("softmax"), (0, 1, 2))]), (True,) * 3, (False,)
    )
    with pytest.raises(ArgumentError, match="must be a constant"):
        shape(task).run(np.zeros(0), np.zeros((4, 3)), np.zeros((4, 1)), np.zeros(0))


def network(layers: int, width: int):
    """tanh layers, each neuron a dot of all of the layer below."""
    builder = Builder([f"x{i}" for i in range(width)])
    below = list(range(width))
    for _ in range(layers):
        weights = [builder.constant(0.1 * i) for i in range(width)]
        below = [builder.emit(Operation("tanh"), (builder.emit(DOT, (*weights[i:], *weights[:i], *below)),))
                 for i in range(width)]  # fmt: skip
    return builder.finish(below)


def test_the_shape_follows_the_size_and_the_reason_is_given():
    small, large = random_task(0, instructions=10), random_task(0, instructions=1000)
    assert isinstance(kernel_for(small), StraightLine)
    assert isinstance(kernel_for(large), TapeKernel)
    assert "written out" in serves(small.program, 1)
    assert "tape" in serves(large.program, 1000)


def test_wide_layers_are_left_to_matrix_products_when_there_are_samples_to_multiply():
    layers = network(3, 64)
    assert "matrix products" in serves(layers, 256)
    assert "tape" in serves(layers, None)
    assert "written out" in serves(network(1, 16), 256)


# -- rows and columns -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_columns_give_the_bits_of_rows_and_stay_columns(seed):
    task = random_task(seed, instructions=25)
    kernel, dice = StraightLine(task), np.random.default_rng(seed)
    batched, summed = sum(task.batched), sum(task.summed)
    for samples in (*range(2, 18), 1029):
        fixed, rows = dice.normal(size=len(task.batched) - batched), dice.normal(size=(samples, batched))
        each, total = kernel.answers(fixed, rows)
        for threads in (1, 2):
            by_column = kernel.answers(fixed, np.asfortranarray(rows), threads)
            assert by_column[0].flags.f_contiguous
            assert [a.tobytes() for a in (each, total)] == [a.tobytes() for a in by_column]
        one, sums = np.full((1, len(task.summed) - summed), 7.0), np.full(summed, 7.0)
        kernel.run(fixed, rows[:1], one, sums)
        assert np.allclose(one, each[:1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("inputs", range(1, 11))
@pytest.mark.parametrize("by_column", [False, True])
def test_rows_of_any_length_are_read_and_written(inputs, by_column):
    """So many numbers in, so many and one more out: the neighbours' products, in other places."""
    builder = Builder([f"x{i}" for i in range(inputs)])
    outputs = [builder.emit(MULTIPLY, (i, (i + 1) % inputs)) for i in reversed(range(inputs))]
    task = Task(builder.finish([*outputs, 0]), (True,) * inputs, (False,) * (inputs + 1))
    for samples in (2, 7, 8, 16, 23):
        x = np.arange(1.0, 1.0 + samples * inputs).reshape(samples, inputs)
        each, _ = StraightLine(task).answers(np.empty(0), np.asfortranarray(x) if by_column else x)
        assert np.array_equal(each, np.column_stack([(x * np.roll(x, -1, axis=1))[:, ::-1], x[:, 0]]))


def test_the_answers_to_columns_are_columns():
    x = np.random.default_rng(0).normal(size=(3, 40))
    f = compile(lambda v: v[0] * v[1] + v[2], in_axes=1, backend="llvm")
    value, slopes = f.value_and_grad(x)
    assert np.array_equal(value, x[0] * x[1] + x[2])
    assert np.array_equal(slopes.T, [x[1], x[0], np.ones(40)])
    assert slopes.T.flags.c_contiguous
    bound = f.value_and_grad.bind(x)
    assert np.array_equal(bound()[1], slopes)
    assert bound.out[1].T.flags.c_contiguous
    columns = compile(lambda a, b, c: a * b + c, in_axes=0, backend="llvm")
    assert np.array_equal(columns(*x), value)


# -- writing a tape ---------------------------------------------------------------------------------


def random_lines(dice: random.Random) -> tuple[int, list[list[int]]]:
    """(how many numbers there are before, the numbers that each instruction reads): some of them twice."""
    first = dice.randrange(6)
    counts = [dice.randrange(5) for _ in range(dice.randrange(40))]
    return first, [[dice.randrange(first + i) for _ in range(n if first + i else 0)] for i, n in enumerate(counts)]


def run_machine(write, *arguments) -> int | None:
    """What the driver's function of that name says; it writes into arrays."""
    return entrance.alone(driver(), write)(*(a.ctypes.data if isinstance(a, np.ndarray) else a for a in arguments))


def flat(lists: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """(where each list starts, all elements)."""
    starts = np.cumsum([0, *map(len, lists)])
    return starts, np.array([x for each in lists for x in each], np.int32)


@given(st.randoms(use_true_random=False), st.integers(1, 50))
def test_a_level_is_how_many_of_its_window_an_instruction_waits_for(dice, window):
    first, lines = random_lines(dice)
    plain: list[int] = []
    for i, read in enumerate(lines):
        waits = [plain[o - first] + 1 for o in read if o >= first and (o - first) // window == i // window]
        plain.append(max(waits, default=0))
    found = np.full(len(lines), 99, np.int32)
    run_machine(levels, len(lines), first, window, *flat(lines), found)
    assert found.tolist() == plain


@given(st.randoms(use_true_random=False))
def test_a_register_is_given_out_again_when_its_number_has_been_read_for_the_last_time(dice):
    uniform, lines = random_lines(dice)
    results = [uniform + i if dice.random() < 0.8 else ~i for i in range(len(lines))]  # else an output: nobody reads it
    lines = [[o for o in read if o < uniform or o in results] for read in lines]
    last = {o: i for i, read in enumerate(lines) for o in read if o >= uniform}
    plain, free, used = dict(enumerate(range(uniform))), [], uniform
    for i, read in enumerate(lines):
        free += [plain[o] for o in dict.fromkeys(read) if last.get(o) == i]
        if results[i] >= 0:
            plain[results[i]] = free.pop() if free else used
            used = max(used, plain[results[i]] + 1)
    place = np.array([*range(uniform), *[-1] * len(lines)], np.int32)
    ends = np.array([last.get(number, -1) for number in range(len(place))])
    arrays = (*flat(lines), np.array(results, np.int32), ends, place, np.empty(len(place) + 1, np.int32))
    assert run_machine(places, len(lines), *arrays, uniform) == used
    assert place.tolist() == [plain.get(number, -1) for number in range(len(place))]


# -- loops and conditions ---------------------------------------------------------------------------


def collatz(code: Routine, n: Integer, steps: Longs) -> Integer:
    """How many steps each of 1, …, n takes to 1, and the most."""
    most = code.variable(code.integer(0))
    with code.loop(1, n + 1) as start:
        x, count = code.variable(start), code.variable(code.integer(0))
        with code.during(lambda: ~(x == 1)):
            x.set(choose((x & 1) == 1, x * 3 + 1, x >> 1))
            count.set(count + 1)
        steps[start - 1] = count
        most.set(larger(most, count))
    return most


def shapes(code: Routine, n: Integer, found: Longs) -> None:
    """Loops in conditions in loops, and what was written before them and in them."""
    with code.loop(2, n, 3) as i:
        total, square = code.variable(i), i * i
        with code.when(i < 6):
            with code.loop(i) as j, code.when(j >= 2):
                total.set(total + i * i + j * j)
            total.set(total * 10)
        found[i] = smaller(total, 5000) + square - i * i + i // 4 + (20 - i) + ((i << 2) | 1) + (i ^ 5)


def written(write) -> Library:
    text = Text()
    text.routine(write, Routine())
    return Library(machine.compiled(str(text)))


def test_loops_and_variables_are_those_of_python():
    def plain(x: int) -> int:
        return 0 if x == 1 else 1 + plain(3 * x + 1 if x % 2 else x // 2)

    steps, library = np.zeros(200, np.int64), written(collatz)
    expected = [plain(x) for x in range(1, 201)]
    assert entrance.alone(library, collatz)(200, steps.ctypes.data) == max(expected)
    assert steps.tolist() == expected


def test_conditions_and_loops_stand_in_each_other():
    found, expected, library = np.zeros(50, np.int64), [0] * 50, written(shapes)
    for i in range(2, 50, 3):
        total = i
        if i < 6:
            total = 10 * (total + sum(i * i + j * j for j in range(i) if j >= 2))
        expected[i] = min(total, 5000) + i // 4 + (20 - i) + (i << 2 | 1) + (i ^ 5)
    entrance.alone(library, shapes)(50, found.ctypes.data)
    assert found.tolist() == expected


def test_only_a_variable_is_set_and_only_where_it_is_known():
    code = Routine()
    with code.when(Integer(code, "%n") < 3):
        inner = code.variable(code.integer(1))
    for fixed in (inner, Integer(code, "%n")):
        with pytest.raises(TypeError, match="is no variable here"):
            fixed.set(code.integer(2))


# -- lifetimes --------------------------------------------------------------------------------------


def square() -> Task:
    builder = Builder(["x"])
    return Task(builder.finish([builder.emit(Operation("multiply"), (0, 0))]), (False,), (False,))


@SHAPES
def test_a_bound_call_reads_and_writes_its_arrays_and_outlives_its_kernel(shape):
    fixed, each = np.array([3.0]), np.zeros((1, 1))
    call = shape(square()).bind(fixed, np.zeros((1, 0)), each, np.zeros(0))
    gc.collect()
    call()
    assert each[0, 0] == 9.0
    fixed[0] = 4.0
    assert call() is None
    assert each[0, 0] == 16.0
    with pytest.raises(TypeError):
        call(1)


@SHAPES
def test_a_call_counts_none_s_references_right(shape):
    call = shape(square()).bind(np.ones(1), np.zeros((1, 0)), np.zeros((1, 1)), np.zeros(0))
    before = sys.getrefcount(None)
    for _ in range(10_000):
        call()
    assert abs(sys.getrefcount(None) - before) < 1000


def test_machine_code_goes_with_its_last_user(monkeypatch):
    made = []
    remember = Library.__init__
    monkeypatch.setattr(Library, "__init__", lambda self, code: made.append(weakref.ref(self)) or remember(self, code))
    for _ in range(100):
        kernel = StraightLine(square())
        kernel.bind(np.ones(1), np.zeros((1, 0)), np.zeros((1, 1)), np.zeros(0))()
        del kernel
    assert len(made) == 100
    assert sum(library() is not None for library in made) <= 1


# -- without llvmlite -------------------------------------------------------------------------------


def test_a_missing_llvmlite_is_said_in_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    machine.release.cache_clear()
    try:
        assert not machine.is_available()
        assert serves(square().program, 1) is None
        with pytest.raises(MissingExtra, match=r"pip install 'glassgrad\[native\]'"):
            StraightLine(square())
    finally:
        machine.release.cache_clear()


def test_what_a_text_was_written_by_is_not_kept(monkeypatch):
    """Machine code for many samples is written by a closure that holds the whole layout of its task."""
    known = []

    class Noted(straight.TaskLayout):
        def __init__(self, task: Task) -> None:
            super().__init__(task)
            known.append(weakref.ref(self))

    monkeypatch.setattr(straight, "TaskLayout", Noted)
    monkeypatch.setenv(kept.SWITCH, "off")
    row = TABLE["tanh"]
    kernel = StraightLine(task_of(row, row.points[0]))
    kernel.run(np.zeros(0), np.zeros((5, 1)), np.zeros((5, 2)), np.zeros(0))
    gc.collect()
    assert [layout() for layout in known] == [None]
