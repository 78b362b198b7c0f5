"""Taylor coefficients, order by order, from the slopes of the rows alone.

Along t, y = row(a, b, …) moves by y′ = Σ slopeᵢ · aᵢ′.  So the k-th coefficient of y follows from those of the slopes
below k; and a slope is written in rows, whose own slopes say the same of it.  A row that was met on the same numbers
before is not written again, so that the slopes of sin and cos, or of tanh, are a few numbers; those of lgamma are one
more an order.  Only arithmetic has rules of its own.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from math import inf
from typing import Any, TypeAlias

from autograd import chain
from autograd.chain import times
from autograd.context import is_recording
from autograd.errors import ArgumentError, GraphError
from autograd.functions import dot as dot_of
from autograd.ops import table
from autograd.ops.any_order import slopes_to_any_order
from autograd.ops.expression import WHERE, Expression, Term, variable
from autograd.ops.numbers import left_to_right
from autograd.ops.primitive import Primitive, lookup
from autograd.ops.special import halves
from autograd.order import interior
from autograd.recorder import apply
from autograd.structure import leaves_like
from autograd.text import quoted
from autograd.transforms import Function, Run, plain, run_on_fresh
from autograd.value import Value

Number: TypeAlias = Any  # a float, or a Value where the answer stays a graph


def taylor(f: Function, x: Any, order: int, direction: Any = None) -> list[Any]:
    """The Taylor coefficients of f at x up to `order`: [f(x), f′(x), f″(x)/2, …, f⁽ᵏ⁾(x)/k!].

    Where x is made of several numbers they are those of t ↦ f(x + t·direction) at t = 0, with a direction that is made
    as x is.  Each coefficient is made as what f returns.  As with `grad`, an answer that depends on Values is made of
    Values, and `compile` takes a function that calls `taylor`.

    >>> from autograd import exp, taylor
    >>> taylor(lambda x: exp(2 * x), 0.0, 4)
    [1.0, 2.0, 2.0, 1.3333333333333333, 0.6666666666666666]
    >>> taylor(lambda p: p[0] * p[1], [3.0, 5.0], 2, direction=[1.0, 10.0])
    [15.0, 35.0, 10.0]

    At kinks the conventions of first derivatives hold, order by order: what `where` takes counts alone, steps are flat.

    Raises:
        ArgumentError: for an order that is no whole number from 0 up, and several numbers without a direction or with
            one that is made otherwise
        GraphError: where the slopes of f are known as numbers only, as those of a callback, and for loops that are
            recorded
    """
    order = _whole(order)
    run = run_on_fresh(f, (x,), {}, 0)
    if direction is None and len(run.inputs) != 1:
        raise ArgumentError(
            f"x is made of {len(run.inputs)} numbers: taylor goes along a direction, which is made as x is"
        )
    along = [1.0] if direction is None else leaves_like(direction, run.inputs_structure, "the direction of taylor")
    lifted = run.lifted or (is_recording() and any(isinstance(v, Value) for v in along))
    along = [v if lifted or not isinstance(v, Value) else v.data for v in along]
    inputs = [_Series(_first(x, lifted), 1, _given(v)) for x, v in zip(run.inputs, along, strict=True)]
    outputs = _Expansion(lifted).of(run, inputs, order)
    return _answers(outputs, run.outputs_structure.build, order, lifted)


def taylor_ode(f: Function, x: Any, order: int) -> list[Any]:
    """The Taylor coefficients of the solution of dx/dt = f(x) that is x at t = 0: [x, ẋ, ẍ/2, …].

    f returns something made as x is.  Σ cₖ·hᵏ is then where the solution is at t = h, a step of as high an order as one
    likes.  A time that f looks at is one more number of x, which moves by 1.

    >>> from autograd import taylor_ode
    >>> taylor_ode(lambda x: x, 1.0, 4)
    [1.0, 1.0, 0.5, 0.16666666666666666, 0.041666666666666664]

    Raises:
        ArgumentError: for an order that is no whole number from 0 up, and where f(x) is not made as x is
        GraphError: as for `taylor`
    """
    order = _whole(order)
    run = run_on_fresh(f, (x,), {}, 0)
    leaves_like(run.outcome, run.inputs_structure, "what f of taylor_ode returns")
    outputs: list[_Series] = []
    inputs = [_Series(_first(x, run.lifted), inf, _integral(outputs, i)) for i, x in enumerate(run.inputs)]
    _Expansion(run.lifted).of(run, inputs, order, outputs)
    return _answers(inputs, run.inputs_structure.build, order, run.lifted)


def _whole(order: Any) -> int:
    if isinstance(order, bool) or not hasattr(order, "__index__") or order < 0:
        raise ArgumentError(f"order is a whole number from 0 up, got {quoted(order)}")
    return int(order)


def _answers(series: Sequence[_Series], build: Callable[[list[Any]], Any], order: int, lifted: bool) -> list[Any]:
    return [build([plain(each[k], lifted) for each in series]) for k in range(order + 1)]


def _first(x: Any, lifted: bool) -> Number:
    return x._data if isinstance(x, Value) and not lifted else x


# -- one number's coefficients ------------------------------------------------------------------------


class _Series:
    """The coefficients of one number, found when they are first asked for.

    Attributes:
        known: those found
        rates: those of its derivative: (k + 1)·cₖ₊₁
        degree: beyond it all are 0
    """

    __slots__ = ("_following", "degree", "known", "rates")

    def __init__(self, first: Number, degree: float, following: _Following | None = None) -> None:
        self.known, self.rates, self.degree = [first], list[Number](), degree
        self._following = following

    def __getitem__(self, k: int) -> Number:
        while len(self.known) <= k and k <= self.degree and self._following is not None:
            n = len(self.known)
            found = self._following(self, n)
            self.known.append(found)
            self.rates.append(times(float(n), found))
        return self.known[k] if k <= self.degree else 0.0


_Following: TypeAlias = Callable[[_Series, int], Number]  # (the series, k) → its k-th coefficient, from those before


def _given(speed: Number) -> _Following:
    return lambda _, k: speed


def _integral(outputs: Sequence[_Series], i: int) -> _Following:
    return lambda _, k: _over(outputs[i][k - 1], k)


def _over(number: Number, k: int) -> Number:
    return number / float(k) if k > 1 else number


Products: TypeAlias = tuple[list[Number], list[Number]]  # the factors on the left, and on the right


def _product(a: _Series, b: _Series, k: int) -> Products:
    """The factors whose products add up to the k-th coefficient of a · b."""
    low, high = int(max(0, k - b.degree)), int(min(k, a.degree))
    if low > high:
        return [], []
    a[high], b[k - low]
    return a.known[low : high + 1], b.known[k - high : k - low + 1][::-1]


def _moving(a: _Series, slope: _Series, k: int) -> Products:
    """The factors whose products add up to the k-th coefficient of a′ · slope."""
    low, high = int(max(0, k - slope.degree)), int(min(k, a.degree - 1))
    if low > high:
        return [], []
    a[high + 1], slope[k - low]
    return a.rates[low : high + 1], slope.known[k - high : k - low + 1][::-1]


def _total(products: Sequence[Products], rest: Number | None = None) -> Number:
    """Σ of products, and a number more."""
    lefts, rights = ([x for part in products for x in part[side]] for side in (0, 1))
    if not any(isinstance(x, Value) for x in (*lefts, *rights)):
        total = left_to_right(map(operator.mul, lefts, rights))
    else:
        total = times(lefts[0], rights[0]) if len(lefts) == 1 else dot_of(lefts, rights)
    if rest is None:
        return total
    return total + rest if lefts else rest


# -- the numbers of a function ------------------------------------------------------------------------


class _Expansion:
    """The series of all numbers that a function computes, and of the slopes that they need."""

    def __init__(self, lifted: bool) -> None:
        self._lifted = lifted
        self._written: dict[tuple[Any, ...], tuple[_Series, tuple[_Series, ...]]] = {}
        self._constants: dict[str, _Series] = {}
        self._terms: dict[tuple[Any, ...], tuple[Term, ...]] = {}

    def of(
        self, run: Run, inputs: Sequence[_Series], order: int, outputs: list[_Series] | None = None
    ) -> list[_Series]:
        """The series of what a function returned, found up to `order`, from those of its inputs."""
        order_of_nodes = interior(*(o for o in run.outputs if isinstance(o, Value)), above=run.above)
        found: dict[Any, _Series] = dict(zip(run.inputs, inputs, strict=True))
        for node in order_of_nodes:
            if node not in found:
                found[node] = self._node(node, [self._operand(found, o) for o in node.operands])
        outputs = [] if outputs is None else outputs
        outputs += [self._operand(found, o) for o in run.outputs]
        everything = [*inputs, *(found[node] for node in order_of_nodes)]  # operands before their users: no deep calls
        for k in range(order + 1):
            for series in everything:
                series[k]
        return outputs

    def _operand(self, found: dict[Any, _Series], operand: Any) -> _Series:
        if not isinstance(operand, Value):
            return self._constant(float(operand))
        if operand not in found:
            found[operand] = _Series(_first(operand, self._lifted), 0)
        return found[operand]

    def _node(self, node: Value, operands: list[_Series]) -> _Series:
        row = node._row
        if isinstance(row, chain.LOOPED.steps):
            raise GraphError(
                "taylor does not go through a loop that is recorded as one: write its steps as a loop of Python, or "
                "call taylor inside of its body"
            )
        return self.of_row(row, tuple(operands), _first(node, self._lifted))

    def of_row(self, row: Any, operands: tuple[_Series, ...], first: Number | None = None) -> _Series:
        """The series of a row of numbers, the same one for the same numbers."""
        key = (row.name, *map(id, operands))
        if key not in self._written:
            self._written[key] = self._made(row, operands, first), operands  # which keeps their ids theirs
        return self._written[key][0]

    def _made(self, row: Primitive, operands: tuple[_Series, ...], first: Number | None) -> _Series:
        if first is None:
            first = self._applied(row, [o.known[0] for o in operands])
        if not any(o.degree for o in operands):
            return _Series(first, 0) if isinstance(first, Value) else self._constant(first)
        if row in _CHOICES:
            return self._chosen(row, operands, first)
        if row in _ARITHMETIC:
            degree, following = _ARITHMETIC[row](*operands)
            return _Series(first, degree, following)
        return _Series(first, inf, self._by_slopes(row, operands))

    def _applied(self, row: Primitive, operands: Sequence[Number]) -> Number:
        return apply(row, tuple(operands)) if self._lifted else row.float(*operands)

    def _constant(self, number: float) -> _Series:
        return self._constants.setdefault(number.hex(), _Series(number, 0))

    def _chosen(self, row: Primitive, operands: tuple[_Series, ...], first: Number) -> _Series:
        """A choice takes the coefficients of one branch; where the condition is not known, each by a choice."""
        condition, chosen, other = operands
        if not self._lifted:
            return chosen if condition.known[0] else other
        return _Series(
            first,
            max(chosen.degree, other.degree),
            lambda _, k: self._applied(row, (condition.known[0], chosen[k], other[k])),
        )

    # -- by slopes --------------------------------------------------------------------------------

    def _by_slopes(self, row: Primitive, operands: tuple[_Series, ...]) -> _Following:
        if row.opaque:
            raise GraphError(
                f"taylor needs slopes of slopes, and those of {row.title} are known as numbers only: write its "
                "derivative with functions of this package"
            )
        edges: list[tuple[_Series, _Series]] | None = None

        def following(y: _Series, k: int) -> Number:
            nonlocal edges
            if edges is None:
                edges = self._edges(row, y, operands)
            return _over(_total([_moving(operand, slope, k - 1) for operand, slope in edges]), k)

        return following

    def _edges(self, row: Primitive, y: _Series, operands: tuple[_Series, ...]) -> list[tuple[_Series, _Series]]:
        """The operands that move, and the slopes along them that are not 0 throughout."""
        names = {"y": y, **{f"x{i}": operand for i, operand in enumerate(operands)}}
        moving = [(o, term) for o, term in zip(operands, self._slopes(row, operands), strict=True) if o.degree]
        found = [(o, self._instance(term, names, row)) for o, term in moving]
        edges = [(o, slope) for o, slope in found if slope.degree or not _is_zero(slope.known[0])]
        if not edges:
            y.degree = 0
        return edges

    def _slopes(self, row: Primitive, operands: tuple[_Series, ...]) -> tuple[Term, ...]:
        """A row's slopes as Expressions of y, x0, x1, …; of one that chooses among others, with its choice."""
        index = [operands[0].known[0]] if row.has_index else []
        key = row.name, len(operands), *index
        if key not in self._terms:
            variables = [variable(f"x{i}") for i in range(len(operands))]
            self._terms[key] = slopes_to_any_order(row, variable("y"), [*index, *variables[len(index) :]])
        return self._terms[key]

    def _instance(self, term: Term, names: dict[str, _Series], row: Primitive) -> _Series:
        """The series of an Expression; of a choice whose condition is known only that of the branch that it takes."""
        done: dict[int, _Series] = {}
        stack = [term]
        while stack:
            top = stack[-1]
            if id(top) in done:
                stack.pop()
            elif not isinstance(top, Expression):
                done[id(top)] = self._constant(0.0 if top is None else float(top))  # None: no derivative
            elif not top.operands:
                done[id(top)] = names[top.name]
            else:
                needed = self._needed(top, done)
                waiting = [o for o in needed if id(o) not in done]
                stack.extend(waiting)
                if not waiting:
                    done[id(top)] = self._instruction(top, [done[id(o)] for o in needed], row)
        return done[id(term)]

    def _needed(self, term: Expression, done: dict[int, _Series]) -> Sequence[Term]:
        if term.name != WHERE:
            return term.operands
        condition, chosen, other = term.operands
        if id(condition) not in done:
            return [condition]
        known = done[id(condition)].known[0]
        return term.operands if isinstance(known, Value) else [chosen if known else other]

    def _instruction(self, term: Expression, operands: Sequence[_Series], row: Primitive) -> _Series:
        if term.name == WHERE and len(operands) == 1:
            return operands[0]
        choice = table.where_ if row.is_piecewise else table.guard  # of two forms of one number
        return self.of_row(choice if term.name == WHERE else lookup(term.name), tuple(operands))


def _is_zero(first: Number) -> bool:
    return not isinstance(first, Value) and first == 0.0


# -- arithmetic ---------------------------------------------------------------------------------------

Rule: TypeAlias = Callable[..., tuple[float, _Following]]  # (operands) → (degree, what finds coefficients)


def _sum(*operands: _Series) -> tuple[float, _Following]:
    def following(_: _Series, k: int) -> Number:
        addends = [x[k] for x in operands if k <= x.degree]
        if len(addends) < 2:
            return addends[0] if addends else 0.0  # a step's degree is known to be 0 only once it was asked for
        return apply(table.sum_, tuple(addends))

    return max(x.degree for x in operands), following


def _difference(a: _Series, b: _Series) -> tuple[float, _Following]:
    def following(_: _Series, k: int) -> Number:
        return -b[k] if k > a.degree else a[k] if k > b.degree else a[k] - b[k]

    return max(a.degree, b.degree), following


def _products(a: _Series, b: _Series) -> tuple[float, _Following]:
    return a.degree + b.degree, lambda _, k: _total([_product(a, b, k)])


def _dot(*operands: _Series) -> tuple[float, _Following]:
    weights, inputs, bias = halves(operands)
    pairs = list(zip(weights, inputs, strict=True))

    def following(_: _Series, k: int) -> Number:
        rest = next((b[k] for b in bias if k <= b.degree), None)
        return _total([_product(w, x, k) for w, x in pairs], rest)

    return max(*(w.degree + x.degree for w, x in pairs), *(b.degree for b in bias), 0), following


def _quotient(a: _Series, b: _Series) -> tuple[float, _Following]:
    """From a = b · y: what is known of b · y is taken from a."""

    def following(y: _Series, k: int) -> Number:
        high = int(min(k, b.degree))
        b[high]
        rest = _total([(b.known[1 : high + 1], y.known[k - high : k][::-1])]) if high else 0.0
        return apply(table.divide, (a[k] - rest if high else a[k], b.known[0]))

    return inf if b.degree else a.degree, following


_CHOICES = {table.where_, table.guard}
_ARITHMETIC: dict[Primitive, Rule] = {
    table.add: _sum,
    table.sum_: _sum,
    table.subtract: _difference,
    table.multiply: _products,
    table.divide: _quotient,
    table.dot: _dot,
    table.negative: lambda x: (x.degree, lambda _, k: -x[k]),
    table.positive: lambda x: (x.degree, lambda _, k: x[k]),
    table.square: lambda x: _products(x, x),
}
