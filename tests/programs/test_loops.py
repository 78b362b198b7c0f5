"""Loops as instructions: they say what the same steps written out say, and so do their derivatives, to any order."""

from __future__ import annotations

import io

import numpy as np
import pytest

from autograd import compile, hessian, value_and_grad
from autograd.errors import LoopError
from autograd.program.builder import Builder
from autograd.program.exports.c import to_c
from autograd.program.graph import Graph, Operation
from autograd.program.interpreter import interpret
from autograd.program.kernel import Task
from autograd.program.loops import STACK, Column, Element, Final, Loop
from autograd.program.passes.adjoint import copy_into, with_gradient
from autograd.program.passes.expand import expand_slopes
from autograd.program.passes.tangent import with_tangents
from autograd.program.program import Program, load_program
from autograd.program.scan import while_loop
from tests.support.compilers import called, compiled, works


def op(name):
    return Operation(name)


def unrolled(program: Graph) -> Graph:
    """The same without loops."""
    builder = Builder(program.inputs)
    numbers = [*range(len(program.inputs)), *map(builder.constant, program.constants.tolist())]
    for line in program:
        operands = [numbers[i] for i in line.operands]
        match line.operation:
            case Operation():
                numbers.append(builder.emit(line.operation, tuple(operands)))
            case Loop() as loop:
                numbers.append(written_out(builder, loop, operands))
            case Final(k):
                numbers.append(operands[0][0][k])
            case Column(k):
                numbers.append(operands[0][1][k])
            case Element(step):
                numbers.append(operands[0][step])
            case _:
                numbers.append(operands)
    return builder.finish([numbers[i] for i in program.outputs.tolist()])


def written_out(builder, loop, operands):
    carried, rest = operands[: loop.carried], operands[loop.carried :]
    columns = [[None] * loop.length for _ in loop.body.outputs]
    body = unrolled(loop.body)
    for step in loop.steps:
        given = [*carried, *rest[: loop.shared], *(column[step] for column in rest[loop.shared :])]
        found = copy_into(builder, body, given)
        answers = [found[i] for i in body.outputs.tolist()]
        for column, number in zip(columns, [*carried, *answers[loop.carried :]], strict=True):
            column[step] = number
        carried = answers[: loop.carried]
    return carried, columns


def body_of(inputs, write):
    builder = Builder(inputs)
    return builder.finish(write(builder, *range(len(inputs))))


def pendulum(b, q, p, h, w):
    """A step of a pendulum with friction: carried q, p; shared h, w."""
    half = b.emit(op("add"), (p, b.emit(op("multiply"), (h, b.emit(op("sin"), (q,))))))
    position = b.emit(op("add"), (q, b.emit(op("multiply"), (h, half))))
    force = b.emit(op("multiply"), (w, b.emit(op("tanh"), (position,))))
    return [position, b.emit(op("subtract"), (half, b.emit(op("multiply"), (h, force)))), b.emit(op("exp"), (half,))]


def a_pendulum(length, backwards=False):
    b = Builder(["q", "p", "h", "w"])
    run = b.emit(Loop(body_of(["q", "p", "h", "w"], pendulum), 2, 2, length, backwards), (0, 1, 2, 3))
    q, p = (b.emit(Final(k), (run,)) for k in range(2))
    energy = b.emit(Column(2), (run,))
    before = b.emit(Column(0), (run,))
    some = [b.emit(Element(i), (column,)) for i in (0, length // 2, length - 1) for column in (energy, before)]
    return b.finish([b.emit(op("sum"), (b.emit(op("multiply"), (q, p)), *some)), q])


def with_columns(length):
    """Rows go in, a number is carried through a filter, and what is yielded goes into a second loop."""
    inputs = ["a", "y", *(f"x{i}" for i in range(length))]
    b = Builder(inputs)
    column = b.emit(STACK, tuple(range(2, 2 + length)))

    def smooth(b, y, a, x):
        new = b.emit(op("add"), (b.emit(op("multiply"), (a, y)), b.emit(op("sin"), (x,))))
        return [new, b.emit(op("multiply"), (new, x))]

    first = b.emit(Loop(body_of(["y", "a", "x"], smooth), 1, 1, length), (1, 0, column))
    then = b.emit(Column(1), (first,))

    def product(b, total, x, y):
        return [b.emit(op("multiply"), (total, b.emit(op("tanh"), (b.emit(op("add"), (x, y)),)))), x]

    second = b.emit(Loop(body_of(["total", "x", "y"], product), 1, 0, length, backwards=True), (b.one, then, column))
    out = b.emit(op("add"), (b.emit(Final(0), (second,)), b.emit(Final(0), (first,))))
    return b.finish([b.emit(op("add"), (out, b.emit(Element(1), (b.emit(Column(1), (second,)),))))])


def nested(length):
    """A loop in a loop's body."""

    def inner(b, y, c):
        return [b.emit(op("add"), (y, b.emit(op("sin"), (b.emit(op("multiply"), (y, c)),))))]

    def outer(b, x, c, r):
        run = b.emit(Loop(body_of(["y", "c"], inner), 1, 1, 3), (x, b.emit(op("multiply"), (c, r))))
        return [b.emit(op("multiply"), (b.emit(Final(0), (run,)), c)), b.emit(Final(0), (run,))]

    b = Builder(["x", "c", *(f"r{i}" for i in range(length))])
    column = b.emit(STACK, tuple(range(2, 2 + length)))
    run = b.emit(Loop(body_of(["x", "c", "r"], outer), 1, 1, length), (0, 1, column))
    return b.finish([b.emit(op("add"), (b.emit(Final(0), (run,)), b.emit(Element(0), (b.emit(Column(1), (run,)),))))])


def chosen(length):
    """A loop behind a choice, whose slopes are infinite where it is not chosen."""

    def root(b, y, x):
        return [b.emit(op("add"), (y, b.emit(op("power"), (x, b.constant(0.5)))))]

    b = Builder(["x", "y"])
    run = b.emit(Loop(body_of(["y", "x"], root), 1, 1, length), (1, 0))
    condition = b.emit(op("greater"), (0, b.zero))
    return b.finish([b.emit(op("where"), (condition, b.emit(Final(0), (run,)), b.emit(op("multiply"), (0, 1))))])


PROGRAMS = {
    "pendulum": a_pendulum(7), "pendulum backwards": a_pendulum(5, backwards=True), "one step": a_pendulum(1),
    "columns": with_columns(4), "nested": nested(3), "chosen": chosen(3),
}  # fmt: skip
AT = [0.3, 0.7, 0.11, 0.9, -0.4, 0.25, 0.6]


def numbers_of(program):
    return AT[: len(program.inputs)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_loop_says_what_its_steps_say(name):
    program = PROGRAMS[name]
    assert interpret(program, numbers_of(program)) == interpret(unrolled(program), numbers_of(program))


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_backwards(name, order):
    program = derived = PROGRAMS[name]
    flat = unrolled(program)
    wrt = range(len(program.inputs))
    for _ in range(order):
        derived, flat = (expand_slopes(with_gradient(p, wrt, len(p.outputs) - 1)) for p in (derived, flat))
    assert derived.has_loops
    at = numbers_of(program)
    np.testing.assert_allclose(interpret(derived, at), interpret(flat, at), rtol=2e-13, atol=1e-13)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_forwards_and_mixed(name, order):
    program = derived = PROGRAMS[name]
    flat = unrolled(program)
    n = len(program.inputs)
    for _ in range(order):
        derived, flat = (
            expand_slopes(with_tangents(p, [(i, f"t{len(p.inputs)}.{i}") for i in range(n)])) for p in (derived, flat)
        )
    derived, flat = (expand_slopes(with_gradient(p, range(n))) for p in (derived, flat))
    at = numbers_of(program) + [0.1 * (i + 1) for i in range(len(derived.inputs) - n)]
    np.testing.assert_allclose(interpret(derived, at), interpret(flat, at), rtol=2e-13, atol=1e-13)


def test_behind_a_branch_that_is_not_chosen_infinite_slopes_count_for_nothing():
    derived = with_gradient(PROGRAMS["chosen"], [0, 1])
    assert [float(x) for x in interpret(derived, [0.0, 2.0])] == [0.0, 2.0, 0.0]
    moved = with_tangents(PROGRAMS["chosen"], [(0, "t"), (1, "s")])
    assert float(interpret(moved, [0.0, 2.0, 3.0, 5.0])[0]) == 6.0


def test_a_batch():
    derived = with_gradient(PROGRAMS["pendulum"], range(4))
    some = [np.linspace(0.1, 0.5, 4), 0.7, np.array([0.1, 0.2, 0.1, 0.3]), 0.9]
    found = interpret(derived, some)
    for i in range(4):
        one = interpret(derived, [np.broadcast_to(x, 4)[i] for x in some])
        assert [np.broadcast_to(x, 4)[i] for x in found] == [float(x) for x in one]


def test_a_derivative_is_as_short_for_many_steps_as_for_few():
    few, many = (with_gradient(a_pendulum(n), range(4)) for n in (10, 10_000))
    assert len(few) == len(many)
    assert max(len(o.body) for o in many.operations if isinstance(o, Loop)) < 40


# -- executors --------------------------------------------------------------------------------------


def run(kernel, task, inputs, samples):
    fixed = np.array([x for x, batched in zip(inputs, task.batched, strict=True) if not batched], float)
    columns = [np.broadcast_to(x, samples) for x, batched in zip(inputs, task.batched, strict=True) if batched]
    batch = np.array(columns, float).reshape(len(columns), samples).T.copy()
    each, total = np.zeros((samples, task.summed.count(False))), np.zeros(task.summed.count(True))
    kernel.run(fixed, batch, each, total)
    return each, total


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("mask", ["all", "none", "some"])
@pytest.mark.parametrize("exact", [True, False])
def test_machine_code_says_what_the_interpreter_says(name, mask, exact):
    from autograd.program.native.straight_kernel import StraightLine

    program = with_gradient(PROGRAMS[name], range(len(PROGRAMS[name].inputs)))
    batched = tuple(mask == "all" or (mask == "some" and i % 2 == 0) for i in range(len(program.inputs)))
    at = numbers_of(program)
    for summed in (False, True):
        task = Task(program, batched, (summed,) * len(program.outputs), exact)
        kernel = StraightLine(task)
        for samples in (1, 2, 11):
            inputs = [x + 0.01 * np.arange(samples) if many else x for x, many in zip(at, batched, strict=True)]
            expected = [np.broadcast_to(x, samples) for x in interpret(program, inputs)]
            each, total = run(kernel, task, inputs, samples)
            if summed:
                np.testing.assert_allclose(total, np.sum(expected, axis=1), rtol=1e-12, atol=1e-14)
            else:
                np.testing.assert_allclose(each.T, expected, rtol=1e-13, atol=1e-15)


# -- loops that end by themselves --------------------------------------------------------------------


def newton(x, a):
    return while_loop(
        lambda s: (s[0] * s[0] - a) ** 2 > 1e-20, lambda s: (0.5 * (s[0] + a / s[0]), s[1] * s[0]), (x, 1.0), 30
    )


@pytest.mark.parametrize("backend", ["interpreter", "llvm"])
def test_a_loop_ends_for_each_sample_when_it_does(backend):
    def f(x, a):
        s, product = newton(x, a)
        return s * product

    a = np.array([2.0, 900.0, 1.0, 1e-4, 2.5, 30.0, 7.0, 8.0, 1e4])
    p = compile(f, argnums=(0, 1), in_axes=(None, 0), backend=backend)
    values, (along_x, along_a) = p.value_and_grad(1.0, a)
    second = p.hessian(1.0, a)
    for i, number in enumerate(a):
        value, (dx, da) = value_and_grad(f, (0, 1))(1.0, float(number))
        assert values[i] == pytest.approx(value, rel=1e-12)
        assert along_x[i] == pytest.approx(dx, rel=1e-10, abs=1e-13 * abs(value))
        assert along_a[i] == pytest.approx(da, rel=1e-10)
        one = compile(f, argnums=(0, 1), backend=backend)
        assert one(1.0, number) == pytest.approx(values[i], rel=1e-13)
        expected = hessian(f, (0, 1))(1.0, float(number))
        for row, there in zip(second, expected, strict=True):
            np.testing.assert_allclose([row[0][i], row[1][i]], there, rtol=1e-8, atol=1e-9 * abs(value))


@pytest.mark.parametrize("backend", ["interpreter", "llvm"])
def test_one_that_does_not_end_is_an_error_and_compiled_nan(backend):
    def f(x):
        return while_loop(lambda y: y < 10.0, lambda y: y + x, x, 5)

    with pytest.raises(LoopError, match="max_steps=5"):
        f(1.0)
    p = compile(f, in_axes=0, backend=backend)
    values, slopes = p.value_and_grad(np.array([1.0, 2.0, 5.0, 20.0, 1.6]))
    np.testing.assert_array_equal(values, [np.nan, 10.0, 10.0, 20.0, np.nan])
    np.testing.assert_array_equal(slopes, [np.nan, 5.0, 2.0, 1.0, np.nan])


# -- other forms -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_python(name):
    program = Program.of(with_gradient(PROGRAMS[name], range(len(PROGRAMS[name].inputs))))
    at = numbers_of(program)
    expected = interpret(program, at)
    np.testing.assert_allclose(program.function(*at), expected, rtol=1e-14, atol=1e-15)
    some = [x + 0.01 * np.arange(3) for x in at]
    np.testing.assert_allclose(np.array(program.function(*some)), interpret(program, some), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", PROGRAMS)
def test_in_files(name):
    program = Program.of(with_gradient(PROGRAMS[name], range(len(PROGRAMS[name].inputs))))
    file = io.BytesIO()
    program.save(file)
    file.seek(0)
    again = load_program(file)
    assert again.text() == program.text()
    assert interpret(again, numbers_of(program)) == interpret(program, numbers_of(program))


@pytest.mark.parametrize(
    "compiler", ["gcc", "g++", "tcc", *(pytest.param(c, marks=pytest.mark.thorough) for c in ("clang", "clang++"))]
)
def test_in_c(compiler, tmp_path):
    names = list(PROGRAMS)
    for name in names:
        program = PROGRAMS[name]
        folder = tmp_path / name.replace(" ", "_")
        folder.mkdir()
        source = to_c(program)
        sizes = works(source)
        library = compiled(source, folder, compiler)
        at = np.array([numbers_of(program), [x + 0.01 for x in numbers_of(program)]])
        expected = np.array([interpret(program, row) for row in at])
        (y,) = called(library, "f", at, len(program.outputs), work=sizes.get("f", 0))
        np.testing.assert_allclose(y, expected, rtol=1e-13, atol=1e-15)
        outputs, inputs = len(program.outputs), len(program.inputs)
        y, g = called(library, "f_gradient", at, outputs, outputs * inputs, work=sizes.get("f_gradient", 0))
        np.testing.assert_allclose(y, expected, rtol=1e-13, atol=1e-15)
        for i in range(outputs):
            flat = with_gradient(unrolled(program), range(inputs), i, values=False)
            slopes = np.array([interpret(flat, row) for row in at])
            np.testing.assert_allclose(g[:, i * inputs : (i + 1) * inputs], slopes, rtol=2e-12, atol=1e-14)


def test_a_loop_that_ends_by_itself_in_c(tmp_path):
    program = compile(lambda x, a: newton(x, a)[0]).record(1.0, 2.0)
    library = compiled(program.to_c(), tmp_path)
    work = works(program.to_c())["f_gradient"]
    a = np.array([[1.0, 2.0], [1.0, 900.0], [1.0, 0.7]])
    y, g = called(library, "f_gradient", a, 1, 2, work=work)
    np.testing.assert_allclose(y[:, 0], np.sqrt(a[:, 1]), rtol=1e-11)
    np.testing.assert_allclose(g[:, 1], 0.5 / np.sqrt(a[:, 1]), rtol=1e-5)
