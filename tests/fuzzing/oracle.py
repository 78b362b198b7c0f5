"""What is right: the program read with numbers of 110 digits, derivatives by difference quotients of 10⁻²⁰.

Nothing here is the engine's but the table's `definition` column, which is what a row is meant to be.  The
same reading is made again with a little noise in every operand and result, as rounding puts it there: how
far the answer moves says how sure a double can be of it.  What moves a comparison near to its other
answer, leaves the domain or the range makes the whole question undefined, with the reason.
"""

from __future__ import annotations

import ast
import builtins
import math
import random
from collections.abc import Callable, Sequence
from functools import cache, reduce
from typing import Any, NamedTuple

import mpmath
import numpy as np

from autograd.check.definition import along
from autograd.ops.primitive import TABLE, Primitive, lookup
from tests.fuzzing import trees
from tests.fuzzing.batches import Looped

DIGITS, STEP = 110, mpmath.mpf(10) ** -20
LARGEST, SMALLEST = mpmath.mpf(10) ** 60, mpmath.mpf(10) ** -60
ROUND_OFF = 2.0**-52
SMALLEST_SEEN = 1e-28  # what is left of a derivative of fourth order by differences
ROUGH = ("lgamma", "digamma", "polygamma")  # near their zeros they are exact to digits of 1, as Python's own
SINGULAR: dict[str, Callable[..., bool]] = {  # points of the domain at which conventions speak, not limits
    **dict.fromkeys(("sqrt", "cbrt"), lambda x: x == 0),
    **dict.fromkeys(("asin", "acos", "acosh"), lambda x: abs(x) == 1),
    **dict.fromkeys(("hypot", "atan2"), lambda a, b: a == b == 0),
    **dict.fromkeys(("power", "xlogy"), lambda a, b: a == 0),
    "celu": lambda x, alpha: abs(alpha) < 1e-30,  # by which x is divided: 0 in doubles, such as sinc(1)
}
Real = mpmath.mpf


class Undefined(Exception):
    """Why the definition says nothing here, or nothing that a double can know."""


# -- a reading --------------------------------------------------------------------------------------


class _Run:
    """One reading of a program: its noise, and what was seen in the order in which it was computed.

    A difference quotient computes a function again a little beside its point.  It goes back to where it
    was in the order, so that noise, detached numbers and reference points are those of the point itself.
    """

    def __init__(self, seed: int | None) -> None:
        self._dice = None if seed is None else random.Random(seed)
        self._kept: list[Any] = []
        self.at = 0
        self.decisions: list[Real] = []  # how far each comparison was from its other answer

    @property
    def is_noisy(self) -> bool:
        """Whether operands and results are disturbed."""
        return self._dice is not None

    def keep(self, thing: Any) -> Any:
        """What stood at this place of the order when it was reached first."""
        if self.at == len(self._kept):
            self._kept.append(thing)
        self.at += 1
        return self._kept[self.at - 1]

    def noise(self) -> Any:
        """A relative error of a rounding."""
        dice = self._dice
        return self.keep(dice and mpmath.mpf(dice.uniform(0.5, 1.5) * dice.choice((-1, 1)) * ROUND_OFF))


_run = _Run(None)


class Number:
    """A real number of many digits, with the operators of Python and the methods of the table."""

    __slots__ = ("exact",)
    __array_priority__ = 1000

    def __init__(self, exact: Any) -> None:
        self.exact = exact

    def __repr__(self) -> str:
        return mpmath.nstr(self.exact, 20)

    def __hash__(self) -> int:
        return hash(self.exact)

    def __neg__(self) -> Any:
        return apply("negative", self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return apply("abs", self)


def _operators() -> None:
    for row in TABLE.values():
        if row.operator:
            setattr(Number, f"__{row.operator}__", lambda a, b, row=row: apply(row.name, a, b))
            setattr(Number, f"__r{row.operator}__", lambda a, b, row=row: apply(row.name, b, a))
    for name, sign in (("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="), ("eq", "=="), ("ne", "!=")):
        setattr(Number, f"__{name}__", lambda a, b, sign=sign: compare(sign, _exact(a), _exact(b)))


def _exact(x: Any) -> Any:
    return x.exact if isinstance(x, Number) else mpmath.mpf(float(x))


def compare(sign: str, a: Any, b: Any) -> bool:
    """A comparison, whose distance from the other answer is noted."""
    _run.decisions.append(a - b)
    return bool({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[sign])


# -- rows -------------------------------------------------------------------------------------------


def apply(name: str, *operands: Any) -> Any:
    """A row of the table, by its definition, on numbers or elementwise on arrays."""
    row = lookup(name)
    if any(isinstance(x, np.ndarray) for x in operands):
        arrays = np.broadcast_arrays(*(np.asarray(x, object) for x in operands))
        return trees.array_of(arrays[0].shape, lambda at: apply(name, *(array[at] for array in arrays)))
    given = [*operands, *list(row.defaults.values())[len(operands) - len(row.operands) + len(row.defaults) :]]
    exact = [_exact(x) for x in given]
    if name in SINGULAR and SINGULAR[name](*exact) and any(isinstance(x, Number) for x in operands):
        raise Undefined("at a point where a slope is infinite or none, which 0 times is nan")
    if name == "power" and exact[0] < 0 and isinstance(operands[1], Number):
        raise Undefined("outside of the domain: a negative base to a power that may move")
    exact = [_disturbed(x) for x in exact] if _run.is_noisy else exact
    y = _checked(row, exact)
    if _run.is_noisy:
        y = y + (max(abs(y), 1) if row.name in ROUGH else y) * _run.noise()
    return Number(y)


def _disturbed(x: Any) -> Any:
    """x with the error of a rounding; cubic, so that first and second slopes have errors of their own, too."""
    beside, noise = _run.keep(x), _run.noise()
    return x + noise * x * (x / beside) ** 3 if beside else x


def _checked(row: Primitive, exact: list[Any]) -> Any:
    try:
        y = _definition(row.name)(*exact)
    except (ZeroDivisionError, ValueError, OverflowError, TypeError, mpmath.libmp.NoConvergence):
        raise Undefined("outside of the domain") from None
    if isinstance(y, mpmath.mpc) or not mpmath.isfinite(y):
        raise Undefined("outside of the domain")
    if y and not SMALLEST < abs(y) < LARGEST:
        raise Undefined("outside of the range in which a double's derivatives neither overflow nor vanish")
    return mpmath.mpf(y)


class _Watched(ast.NodeTransformer):
    """A definition whose comparisons are noted."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """`a < b` as `compare("<", a, b)`."""
        sign = ast.unparse(ast.Compare(ast.Name("a"), node.ops, [ast.Name("b")])).split()[1]
        return ast.Call(ast.Name("compare", ast.Load()), [ast.Constant(sign), self.visit(node.left),
                                                         self.visit(node.comparators[0])], [])  # fmt: skip


@cache
def _definition(name: str) -> Callable[..., Any]:
    """A row's definition as a function of mpmath's numbers."""
    row = TABLE[name]
    tree = _Watched().visit(ast.parse(f"lambda {_parameters(row)}: {row.definition}", mode="eval"))
    return eval(compile(ast.fix_missing_locations(tree), f"<definition of {name}>", "eval"), _NAMES)


def _parameters(row: Primitive) -> str:
    return ", ".join([*row.operands[:-1], f"*{row.operands[-1]}"] if row.variadic else row.operands)


def _rounded(rounding: Callable[..., Any], edge: float) -> Callable[..., Any]:
    def rounded(x: Any) -> Any:
        _run.decisions.append(x + edge - mpmath.nint(x + edge))
        return rounding(x)

    return rounded


def _kinked(function: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*xs: Any) -> Any:
        _run.decisions.append(xs[0] - (xs[1] if len(xs) > 1 else 0))
        return function(*xs)

    return noted


_NAMES = {
    **{name: getattr(mpmath, name) for name in dir(mpmath) if not name.startswith("_")},
    **{name: _rounded(getattr(mpmath, name), 0.0) for name in ("floor", "ceil")},
    **{name: _kinked(f) for name, f in (("abs", abs), ("max", max), ("min", min), ("sign", mpmath.sign))},
    "nint": _rounded(mpmath.nint, 0.5),
    "trunc": _rounded(lambda x: mpmath.floor(x) if x > 0 else mpmath.ceil(x), 0.0),
    "compare": compare,
    "along": along,
    "sum": builtins.sum,
    "int": lambda x: int(mpmath.nint(x)),
}


# -- vectors ----------------------------------------------------------------------------------------


def _vector(xs: Any) -> list[Any]:
    return list(xs.flat) if isinstance(xs, np.ndarray) else list(xs)


def _sum(xs: Any) -> Any:
    return reduce(lambda total, x: apply("add", total, x), _vector(xs), 0.0)


def _dot(weights: Any, inputs: Any, bias: Any = 0.0) -> Any:
    products = [apply("multiply", w, x) for w, x in zip(_vector(weights), _vector(inputs), strict=True)]
    return apply("add", _sum(products), bias)


class _Components:
    """The components of a softmax, each computed when it is asked for: most programs take one."""

    def __init__(self, xs: Any, component: Callable[[int], Any]) -> None:
        self._xs, self._component = xs, component

    def __getitem__(self, i: int) -> Any:
        return self._component(range(len(self._xs))[i])


def _softmax(xs: Any, index: int) -> Any:
    """eˣⁱ / Σ, with the noise of the differences that a careful rule computes."""
    return apply("divide", 1.0, _sum([apply("exp", apply("subtract", x, _vector(xs)[index])) for x in _vector(xs)]))


def _where(condition: Any, chosen: Any, other: Any) -> Any:
    if isinstance(chosen, complex) or isinstance(other, complex):
        raise Undefined("outside of the domain: a power of Python's own that is complex")
    holds = condition != 0.0 if isinstance(condition, (Number, float)) else bool(condition)
    return chosen if holds else other


# -- transforms -------------------------------------------------------------------------------------


class _Moved(NamedTuple):
    """A function's answer, and how it moves along each direction."""

    answer: Any
    slopes: list[list[Number]]  # a list for each direction, with a number for each output


def _at_steps(f: Callable[..., Any], args: Sequence[Any], chosen: Sequence[int], steps: Sequence[Any]) -> Any:
    """f at a point, and its numbers at so many steps of 10⁻²⁰ beside it."""
    wrt = [args[i] for i in chosen]
    point = [_exact(x) for x in trees.leaves(wrt)]
    start = _run.at

    def at(step: Sequence[Any]) -> Any:
        _run.at = start
        fresh = iter(trees.rebuilt(wrt, [Number(x + STEP * d) for x, d in zip(point, step, strict=True)]))
        return f(*[next(fresh) if i in chosen else arg for i, arg in enumerate(args)])

    answer = at([0] * len(point))
    return answer, [[_exact(y) for y in trees.leaves(at(step), answer)] for step in steps]


def _moved(f: Callable[..., Any], args: Sequence[Any], chosen: Sequence[int], directions: Any = None) -> _Moved:
    """Central differences; by default along each number of the arguments `chosen`."""
    if directions is None:
        count = len(trees.leaves([args[i] for i in chosen]))
        directions = [[float(i == j) for j in range(count)] for i in range(count)]
    steps = [[side * _exact(d) for d in direction] for direction in directions for side in (1, -1)]
    answer, found = _at_steps(f, args, chosen, steps)
    slopes = [
        [Number((up - down) / (2 * STEP)) for up, down in zip(*sides, strict=True)]
        for sides in zip(found[::2], found[1::2], strict=True)
    ]
    return _Moved(answer, slopes)


def _positions(argnums: Any, count: int) -> list[int]:
    return [i % count for i in (argnums if isinstance(argnums, tuple) else (argnums,))]


def _wrt(argnums: Any, args: Sequence[Any]) -> Any:
    """The arguments differentiated along, as the answer is built: each where it stands in argnums."""
    chosen = _positions(argnums, len(args))
    return tuple(args[i] for i in chosen) if isinstance(argnums, tuple) else args[chosen[0]]


def _ordered(argnums: Any, args: Sequence[Any], slopes: list[Any]) -> list[Any]:
    """Slopes along the chosen arguments in the order of argnums; they were taken in the order of the arguments."""
    chosen = _positions(argnums, len(args))
    starts, at = {}, 0
    for i in sorted(chosen):
        starts[i] = at
        at += len(trees.leaves(args[i]))
    return [slopes[starts[i] + j] for i in chosen for j in range(len(trees.leaves(args[i])))]


def _jacobian(f: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    def jacobian(*args: Any) -> Any:
        moved = _moved(f, args, sorted(_positions(argnums, len(args))))
        columns = _ordered(argnums, args, moved.slopes)
        entry = lambda i, j: columns[j][i]  # noqa: E731
        return trees.composed(trees.numbered(moved.answer), trees.numbered(_wrt(argnums, args)), entry)

    return jacobian


def _value_and_grad(f: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    def value_and_grad(*args: Any) -> Any:
        moved = _moved(f, args, sorted(_positions(argnums, len(args))))
        (value,) = trees.leaves(moved.answer)
        slopes = [column[0] for column in _ordered(argnums, args, moved.slopes)]
        return value, trees.rebuilt(_wrt(argnums, args), slopes)

    return value_and_grad


def _grad(f: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    return lambda *args: _value_and_grad(f, argnums)(*args)[1]


def _hessian(f: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    """Second differences of f itself: a pair of inputs at the four corners of a square, one input at both its sides."""

    def hessian(*args: Any) -> Any:
        wrt = _wrt(argnums, args)
        chosen, point = sorted(_positions(argnums, len(args))), len(trees.leaves(wrt))
        pairs = [(i, j) for i in range(point) for j in range(i + 1)]
        corners = [
            [(a if k == i else 0.0) + (b if k == j else 0.0) for k in range(point)]
            for i, j in pairs for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))
        ]  # fmt: skip
        values = [y for (y,) in _at_steps(f, args, chosen, corners)[1]]
        squares = zip(pairs, *(values[k::4] for k in range(4)), strict=True)
        found = {pair: (a - b - c + d) / (4 * STEP**2) for pair, a, b, c, d in squares}
        order = _ordered(argnums, args, list(range(point)))
        entry = lambda i, j: Number(found[max(order[i], order[j]), min(order[i], order[j])])  # noqa: E731
        return trees.composed(trees.numbered(wrt), trees.numbered(wrt), entry)

    return hessian


def _jvp(f: Callable[..., Any], primals: Sequence[Any], directions: Sequence[Any]) -> Any:
    along = trees.leaves(tuple(directions), tuple(primals))
    moved = _moved(f, tuple(primals), range(len(primals)), [along])
    return moved.answer, trees.rebuilt(moved.answer, moved.slopes[0])


def _vjp(f: Callable[..., Any], *primals: Any) -> Any:
    moved = _moved(f, primals, range(len(primals)))

    def pull(weights: Any) -> Any:
        given = trees.leaves(weights, moved.answer)
        pulled = [_dot(given, column) for column in moved.slopes]
        return trees.rebuilt(tuple(primals), pulled)

    return moved.answer, pull


def _hvp(f: Callable[..., Any], primals: Sequence[Any], directions: Sequence[Any]) -> Any:
    return _jvp(_grad(f, tuple(range(len(primals)))), primals, directions)[1]


def _detach(x: Any) -> Any:
    return _run.keep(x)


# -- loops and equations ----------------------------------------------------------------------------


def _rows_of(xs: Any, axis: int = 0) -> list[Any]:
    """The rows of what a scan eats."""
    if isinstance(xs, dict):
        return [dict(zip(xs, row, strict=True)) for row in zip(*(_rows_of(part) for part in xs.values()), strict=True)]
    return list(np.moveaxis(xs, axis, 0)) if isinstance(xs, np.ndarray) else list(xs)


def _together(ys: Sequence[Any]) -> Any:
    """Things made alike as one, whose arrays have a row of each."""
    if trees.is_container(ys[0]):
        return trees.mapped(lambda *parts: _together(parts), *ys)
    shape = (len(ys), *np.shape(ys[0]))
    return trees.array_of(shape, lambda at: ys[at[0]][at[1:]] if len(shape) > 1 else ys[at[0]])


def _scan(f: Callable[..., Any], carry: Any, xs: Any = None, length: int = 0) -> Any:
    ys = []
    for x in [None] * length if xs is None else _rows_of(xs):
        carry, y = f(carry, x)
        ys.append(y)
    return carry, None if ys[0] is None else _together(ys)


def _fori_loop(lower: int, upper: int, body: Callable[..., Any], carry: Any) -> Any:
    for i in range(lower, upper):
        carry = body(i, carry)
    return carry


def _while_loop(cond: Callable[..., Any], body: Callable[..., Any], carry: Any, max_steps: int) -> Any:
    for _ in range(max_steps):
        if not cond(carry):
            return carry
        carry = body(carry)
    if cond(carry):
        raise Undefined("a while_loop does not end")
    return carry


def _vmap(f: Callable[..., Any], in_axes: Any = 0) -> Callable[..., Any]:
    def mapped(*args: Any) -> Any:
        axes = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(args)
        rows = [None if axis is None else _rows_of(arg, axis) for arg, axis in zip(args, axes, strict=True)]
        count = next(len(row) for row in rows if row is not None)
        return _together([
            f(*(arg if row is None else row[i] for arg, row in zip(args, rows, strict=True))) for i in range(count)
        ])  # fmt: skip

    return mapped


def _root(f: Callable[..., Any], guess: Any) -> Any:
    """By Newton's steps on all digits, first without noise; f must grow, so that there is only one."""
    start = _run.at
    x = _without_noise(lambda: _solved(f, _exact(guess), start))
    for step in (-1.5, -0.5, -0.1, 0.1, 0.5, 1.5) if start == len(_run._kept) else ():
        up = _without_noise(lambda step=step: _slope(f, x + step, start)[1])
        if up <= 0:
            raise Undefined("an equation that may have several solutions")
    return Number(_solved(f, x, start))


def _without_noise(ask: Callable[[], Any]) -> Any:
    global _run
    kept, _run = _run, _Run(None)
    try:
        return ask()
    finally:
        _run = kept


def _solved(f: Callable[..., Any], x: Any, start: int) -> Any:
    start = min(start, _run.at)
    for _ in range(60):
        decisions = len(_run.decisions)
        value, slope = _slope(f, x, start)
        if not slope:
            break
        x = x - value / slope
        if abs(value / slope) < mpmath.mpf(10) ** -95 * (1 + abs(x)):
            return x
        del _run.decisions[decisions:]
    raise Undefined("an equation without a solution")


def _slope(f: Callable[..., Any], x: Any, start: int) -> Any:
    def at(x: Any) -> Any:
        _run.at = min(start, _run.at)
        return _exact(f(Number(x)))

    value, decisions = at(x), len(_run.decisions)
    up, down = at(x + STEP), at(x - STEP)
    del _run.decisions[decisions:]
    return value, (up - down) / (2 * STEP)


_TRANSFORMS = {
    "grad": _grad, "value_and_grad": _value_and_grad, "jacobian": _jacobian, "jvp": _jvp, "vjp": _vjp, "hvp": _hvp,
    "hessian": _hessian,
}  # fmt: skip

NAMESPACE: dict[str, Any] = {
    **{name: (lambda *xs, name=name: apply(name, *xs)) for row in TABLE.values() for name in (row.name, *row.aliases)},
    **_TRANSFORMS,
    "np": np, "sum": _sum, "dot": _dot, "where": _where, "positive": lambda x: x,
    "logsumexp": lambda xs: apply("log", _sum([apply("exp", x) for x in _vector(xs)])),
    "softmax": lambda xs: _Components(xs, lambda i: _softmax(xs, i)),
    "log_softmax": lambda xs: _Components(xs, lambda i: apply("log", _softmax(xs, i))),
    "take": lambda i, xs: _vector(xs)[int(_exact(i))],
    "rrelu": lambda x, low, high, training: apply("rrelu", x, (low + high) / 2),
    "matmul": lambda a, b: np.array([_dot(row, b) for row in a], object),
    "compile": lambda f, **options: Looped(_TRANSFORMS, f, **options),
    "scan": _scan, "fori_loop": _fori_loop, "while_loop": _while_loop, "vmap": _vmap, "root": _root,
    "fixed_point": lambda g, guess: _root(lambda x: x - g(x), guess),
    "minimize": lambda f, guess: _root(_grad(f), guess),
    "flat": trees.leaves, "total": lambda thing: _sum([x * x for x in trees.leaves(thing)]),
    "detach": _detach, "frozen": lambda f: _detach(f()), "scoped": lambda f: f(),
}  # fmt: skip
_operators()


# -- what is expected -------------------------------------------------------------------------------


class Expected(NamedTuple):
    """An answer: its structure around the exact numbers, and how far from each a double may be."""

    tree: Any
    numbers: list[float]
    tolerances: list[float]


def as_numbers(thing: Any) -> Any:
    """Arguments as this reading takes them: arrays hold objects."""
    return trees.rebuilt(thing, [Number(mpmath.mpf(float(x))) for x in trees.leaves(thing)])


def read(source: str, text: str, bindings: dict[str, Any], captured: Sequence[float]) -> Any:
    """What the question `text` is answered by the reading that is under way."""
    names = {**NAMESPACE, **{name: as_numbers(thing) for name, thing in bindings.items()}}
    exec(source, names)
    try:
        names["f"] = names["make"](*map(Number, map(mpmath.mpf, captured)))
        return eval(text, names)
    except ZeroDivisionError as error:  # plain numbers among themselves, before any of ours is asked
        raise Undefined(f"Python refuses: {error}") from error


def evaluated(text: str, names: dict[str, Any]) -> Any:
    """One expression, in a reading of its own."""
    global _run
    with mpmath.workdps(DIGITS):
        _run = _Run(None)
        return eval(text, {**NAMESPACE, **names})


def expected(source: str, text: str, bindings: dict[str, Any], captured: Sequence[float]) -> Expected:
    """The right answer; raises Undefined where there is none, or none that doubles can find."""
    global _run
    found = []
    with mpmath.workdps(DIGITS):
        for seed in (None, 1):
            _run = _Run(seed)
            found.append((read(source, text, bindings, captured), _run.decisions))
        (tree, decisions), (noisy, others) = found
        _check_decisions(decisions, others)
        exact = [_exact(x) for x in trees.leaves(tree)]
        moved = [abs(x - _exact(y)) for x, y in zip(exact, trees.leaves(noisy), strict=True)]
        scale = max([float(abs(x)) for x in exact if mpmath.isfinite(x)], default=0.0)
        floor = 1e-18 * scale + SMALLEST_SEEN
        tolerances = [128 * float(m) + 4e-14 * float(abs(x)) + floor for x, m in zip(exact, moved, strict=True)]
    numbers = [float(x) for x in exact]
    if any(t > 1e-5 * abs(x) + 1e-9 for x, t in zip(numbers, tolerances, strict=True) if not math.isnan(x)):
        raise Undefined("ill-conditioned: a double's rounding may move it by more than its fifth digit")
    return Expected(tree, numbers, tolerances)


def _check_decisions(exact: list[Any], noisy: list[Any]) -> None:
    if len(exact) != len(noisy):
        raise Undefined("too near to a kink or a branch: rounding decides")
    for d, moved in zip(exact, noisy, strict=True):
        if not d:
            raise Undefined("at a kink or a tie")
        if abs(d) < 1000 * abs(d - moved) or abs(d) < 10 * STEP:
            raise Undefined("too near to a kink or a branch: rounding decides")
