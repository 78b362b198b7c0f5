"""Every row of the table in all its readings, against its own definition computed to hundreds of digits.

The `check_...` functions take any row, so that `test_mutations` can hand them wrong ones.
"""

from __future__ import annotations

import builtins
import itertools
import math
from functools import cache

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

import autograd
from autograd import Value, gradient
from autograd.ops import special
from autograd.ops.primitive import TABLE, Primitive
from autograd.recorder import RECORDERS, record
from tests.support.least import in_the_least

DIGITS = 500  # softmax's tails are 1e-391, and the steps below lose 120 more
STEP = mpf(10) ** -60  # of the differences, relative to the operand; its square is the error
FEW_ULPS = 1e-14
NOT_A_QUANTITY = {
    "softmax",
    "log_softmax",
    "polygamma",
    "power_log",
    "where",
    "guard",
}  # first an index, or a condition

pytestmark = pytest.mark.filterwarnings("error")  # nan and inf are answers here, without a warning
ROWS = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())

# -- the definition, to hundreds of digits ----------------------------------------------------------


def _trunc(x):
    return mpmath.sign(x) * mpmath.floor(abs(x))


_MATHEMATICS = {name: getattr(mpmath, name) for name in dir(mpmath) if not name.startswith("_")} | {
    "trunc": _trunc, "abs": abs, "sum": builtins.sum, "max": max, "min": min, "zip": zip, "int": int,
}  # fmt: skip


def names_of_operands(row: Primitive, operands):
    """The operands under the names that the definition calls them by."""
    if not row.variadic:
        return dict(zip(row.operands, operands, strict=True))
    if row.name == "dot":
        weights, inputs, bias = special.halves(operands)
        return {"ws": weights, "xs": inputs, "c": bias[0] if bias else 0}
    if row.name in NOT_A_QUANTITY:
        return {"i": int(operands[0]), "xs": operands[1:]}
    return {"xs": operands}


def defined(row: Primitive, operands):
    """The row's definition at mpf operands."""
    code = _compiled(row.definition)
    return mpf(eval(code, _MATHEMATICS | names_of_operands(row, operands)))


@cache
def _compiled(definition):
    return compile(definition, "<definition>", "eval")


def _step(x):
    return STEP * (abs(x) if x else 1)


def reference_slope(row, at, slot):
    """∂row/∂operand by a central difference with steps of 1e-60."""
    h = _step(at[slot])
    up, down = list(at), list(at)
    up[slot] += h
    down[slot] -= h
    above, below = defined(row, up), defined(row, down)
    return _without_noise((above - below) / (2 * h), max(abs(above), abs(below)) / h)


def reference_second(row, at, slot, other):
    """∂²row/∂operand∂other by central differences of the definition."""
    if slot == other:
        h = _step(at[slot])
        points = [[x + k * h if i == slot else x for i, x in enumerate(at)] for k in (-1, 0, 1)]
        below, middle, above = (defined(row, point) for point in points)
        return _without_noise((above - 2 * middle + below) / h**2, max(abs(below), abs(middle), abs(above)) / h**2)
    h, k = _step(at[slot]), _step(at[other])
    total, largest = mpf(0), mpf(0)
    for s, t in itertools.product((1, -1), repeat=2):
        point = list(at)
        point[slot] += s * h
        point[other] += t * k
        value = defined(row, point)
        total += s * t * value
        largest = max(largest, abs(value))
    return _without_noise(total / (4 * h * k), largest / (h * k))


def _without_noise(slope, size):
    """0 where the slope is nothing but the rounding of the values it was subtracted from."""
    return mpf(0) if abs(slope) <= size * mpf(10) ** (10 - mp.dps) else slope


def as_float(reference) -> float:
    try:
        return float(reference)
    except OverflowError:
        return math.copysign(math.inf, reference)


def precise(at):
    """The operands as exact mpf numbers."""
    return [mpf(x) for x in at]


def differentiable(row, at):
    """The slots along which the row has a derivative: all but an index or a condition."""
    return list(range(row.name in NOT_A_QUANTITY, len(at)))


def leaves(row, at):
    """The operands as Values, but for an index or a condition."""
    return [float(x) if row.name in NOT_A_QUANTITY and i == 0 else Value(x) for i, x in enumerate(at)]


def close(got, expected, relative, absolute=0.0):
    """Whether two floats agree, nan with nan and inf with inf."""
    if math.isnan(expected) or math.isinf(expected):
        return got == expected or (math.isnan(got) and math.isnan(expected))
    return abs(got - expected) <= relative * abs(expected) + absolute


def same(got, expected):
    """Exactly equal: nan with nan, None with None."""
    if got is None or expected is None:
        return got is expected
    return got == expected or (got != got and expected != expected)


# -- the checks, each of any row --------------------------------------------------------------------


def check_value(row: Primitive, relative=2e-14):
    """The float reading agrees with the definition at every point."""
    with mp.workdps(DIGITS):
        for at in row.points:
            expected = as_float(defined(row, precise(at)))
            got = row.float(*map(float, at))
            assert close(got, expected, relative), f"{row.name}{at} = {got!r}, defined as {expected!r}"


def check_slopes(row: Primitive, relative=FEW_ULPS):
    """The float slopes agree with the derivative of the definition at every point."""
    with mp.workdps(DIGITS):
        for at in row.points:
            floats = tuple(map(float, at))
            slopes = row.float_slopes(row.float(*floats), *floats)
            assert len(slopes) == len(at), f"{row.name}{at} has {len(slopes)} slopes"
            for slot in differentiable(row, at):
                expected = as_float(reference_slope(row, precise(at), slot))
                got = 0.0 if slopes[slot] is None else slopes[slot]
                assert close(got, expected, relative), (
                    f"∂{row.name}{at}/∂operand {slot} = {got!r}, by the definition {expected!r}"
                )


def check_finite_differences(row: Primitive):
    """The float slopes agree with differences of the float values, to the digits these have."""
    for at in row.points:
        floats = tuple(map(float, at))
        slopes = row.float_slopes(row.float(*floats), *floats)
        for slot in differentiable(row, at):
            difference, rounding = _difference(row, floats, slot)
            got = 0.0 if slopes[slot] is None else slopes[slot]
            assert close(got, difference, 1e-5, 10 * rounding + 1e-9), (
                f"∂{row.name}{at}/∂operand {slot} = {got!r}, by differences {difference!r}"
            )


def _difference(row, at, slot):
    """The central difference of the float values, extrapolated once (Richardson), and its rounding."""
    differences = []
    for h in (1e-5 * (abs(at[slot]) or 1.0), 5e-6 * (abs(at[slot]) or 1.0)):
        up, down = list(at), list(at)
        up[slot] += h
        down[slot] -= h
        above, below = row.float(*up), row.float(*down)
        differences.append((above - below) / (up[slot] - down[slot]))
    rounding = max(abs(above), abs(below)) * 2.3e-16 / h
    return (4 * differences[1] - differences[0]) / 3, rounding


def check_second_derivatives(row: Primitive, relative=1e-9):
    """The gradient as a graph, differentiated again, is the second derivative of the definition."""
    with mp.workdps(DIGITS):
        for at in row.points:
            nodes = leaves(row, at)
            output = record(row, tuple(nodes))
            slots = differentiable(row, at)
            first = gradient(output, [nodes[slot] for slot in slots], as_graph=True)
            for slot, slope in zip(slots, first, strict=True):
                second = gradient(slope, [nodes[other] for other in slots])
                for other, got in zip(slots, second, strict=True):
                    expected = as_float(reference_second(row, precise(at), slot, other))
                    rounding = 1e-15 if expected == 0.0 else 0.0
                    assert close(got, expected, relative, rounding), (
                        f"∂²{row.name}{at}/∂{slot}∂{other} = {got!r}, by the definition {expected!r}"
                    )


def readings(row: Primitive, at):
    """(name of the reading, value, slopes) in every way the row can be read; floats all."""
    floats = tuple(map(float, at))
    y = row.float(*floats)
    yield "floats", y, row.float_slopes(y, *floats)
    node = record(row, tuple(leaves(row, floats)))
    yield "recorded", node.data, node.slopes
    arrays = [np.array([x, x]) for x in floats]
    if row.name not in NOT_A_QUANTITY:
        values = row.array(*arrays)
        slopes = row.array_slopes(values, *arrays)
        yield "array", float(values[1]), [None if s is None else float(np.broadcast_to(s, 2)[1]) for s in slopes]
    if TABLE[row.name] is row:
        node = RECORDERS[row.name](*leaves(row, floats))
        yield "recorder", node.data, node.slopes
    if TABLE[row.name] is row and not row.variadic:
        objects = [np.array([x, x], object) for x in leaves(row, floats)]
        node = RECORDERS[row.name](*objects)[1]
        yield "array of Values", node.data, node.slopes
        yield from _with_constants(row, floats, y)


def _with_constants(row, floats, y):
    """Each operand in turn a Value among floats: same data, same slope, None along the floats."""
    slopes = row.float_slopes(y, *floats)
    for slot in differentiable(row, floats):
        operands = [Value(x) if i == slot else x for i, x in enumerate(floats)]
        node = RECORDERS[row.name](*operands)
        flowing = [s for i, s in enumerate(node.slopes) if i != slot]
        assert flowing == [None] * len(flowing), f"{row.name}: a slope along a constant"
        yield (
            f"only operand {slot} a Value",
            node.data,
            [node.slopes[slot] if i == slot else s for i, s in enumerate(slopes)],
        )


def check_readings_agree(row: Primitive):
    """float = recorded Value = array = array of Values; only a last digit of libm and NumPy may differ."""
    for at in (*row.points, *(edge.at for edge in row.edges)):
        (_, y, slopes), *others = readings(row, at)
        for reading, other_y, other_slopes in others:
            ulps = 4e-15 if reading == "array" else 0.0
            assert close(other_y, y, ulps), f"{row.name}{at} = {other_y!r} as {reading}, {y!r} as floats"
            for slot, (s, t) in enumerate(zip(slopes, other_slopes, strict=True)):
                s, t = (0.0 if x is None and reading == "array" else x for x in (s, t))
                agree = same(s, t) or (s is not None and t is not None and close(t, s, ulps))
                assert agree, f"∂{row.name}{at}/∂operand {slot} = {t!r} as {reading}, {s!r} as floats"


def check_edges(row: Primitive):
    """At its edges every reading of the row says what the row says, exactly."""
    for edge in row.edges:
        for reading, y, slopes in readings(row, edge.at):
            agree = same(y, edge.value) or close(y, edge.value, 2.3e-16)
            assert agree, f"{row.name}{edge.at} = {y!r} as {reading}"
            for slot, (got, expected) in enumerate(zip(slopes, edge.slopes, strict=True)):
                agree = expected is None or same(got, expected) or close(got, expected, 2.3e-16)
                assert agree, f"∂{row.name}{edge.at}/∂operand {slot} = {got!r} as {reading}, stated {expected!r}"


def check_textbook(row: Primitive):
    """What a book prints and what is computed agree at moderate points, by every digit a book's form keeps."""
    if row.textbook is None:
        return
    for at in row.points:
        floats = tuple(map(float, at))
        if not all(1e-4 <= abs(x) <= 10 for x in floats):
            continue
        y = row.float(*floats)
        printed = row.textbook(y, *floats)
        for ours, theirs in zip(
            row.float_slopes(y, *floats), printed if isinstance(printed, tuple) else (printed,), strict=True
        ):
            assert close(theirs, ours, 1e-10), f"{row.name}{at}: {ours!r}, but the textbook form {theirs!r}"


def check_least(row: Primitive, relative=2e-14):
    """Written out for a target that has next to nothing, the row is what it is defined as, and at its edges says so."""
    if row.variadic:
        return
    with mp.workdps(DIGITS):
        for at in row.points:
            expected, got = as_float(defined(row, precise(at))), in_the_least(row, tuple(map(float, at)))
            assert close(got, expected, relative), f"{row.name}{at} = {got!r} by portable rules, not {expected!r}"
    for at in [*(edge.at for edge in row.edges), *AWKWARD.get(len(row.operands), ())]:
        if row.name in NOT_A_QUANTITY and at[0] not in (0, 1, 2):
            continue
        expected, got = row.float(*map(float, at)), in_the_least(row, tuple(map(float, at)))
        agree = close(got, expected, 1e-13) and (got != 0.0 or math.copysign(1, got) == math.copysign(1, expected))
        assert agree, f"{row.name}{at} = {got!r} by portable rules, not {expected!r}"


_HARD = (0.0, -0.0, 0.5, -2.5, -0.3, 5e-324, 1.0, -1.0, 710.3, -1e300, math.inf, -math.inf, math.nan)
AWKWARD = {
    1: [(x,) for x in _HARD],
    2: [*itertools.product(_HARD[:5], _HARD[1:4]), *zip(_HARD, _HARD[3:], strict=False)],
}

CHECKS = (check_value, check_slopes, check_finite_differences, check_second_derivatives,
          check_readings_agree, check_edges, check_textbook, check_least)  # fmt: skip

# -- every row through every check ------------------------------------------------------------------


@ROWS
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_row(row, check):
    check(row)


@ROWS
def test_row_is_a_documented_public_function(row):
    for known_as in (row.name, *row.aliases):
        function = getattr(autograd, known_as)
        assert callable(function)
        assert function.__doc__
        assert len(function.__doc__) > 10
        assert known_as in autograd.functions.__all__
    assert row.doc
    assert row.definition
    assert row.points


@pytest.mark.parametrize("row", [row for row in TABLE.values() if row.method], ids=lambda row: row.name)
def test_row_is_a_method_by_all_its_names(row):
    at = row.points[0]
    expected = row.float(*map(float, at))
    for known_as in (row.name, *row.aliases):
        self, *others = map(Value, at)
        assert getattr(self, known_as)(*others).data == expected


@pytest.mark.parametrize("row", [row for row in TABLE.values() if row.operator], ids=lambda row: row.name)
def test_operator_both_ways_round(row):
    for a, b in row.points:
        a, b = float(a), float(b)
        expected = row.float(a, b)
        left, right = getattr(Value, f"__{row.operator}__"), getattr(Value, f"__r{row.operator}__")
        assert left(Value(a), Value(b)).data == left(Value(a), b).data == right(Value(b), a).data == expected
        assert right(Value(b), a).operands[0] == a


def test_numpy_names_exist():
    expected = {"arcsin", "arccos", "arctan", "arctan2", "arcsinh", "arccosh", "arctanh", "absolute", "fabs", "mod",
                "true_divide", "rint", "deg2rad", "rad2deg", "fix", "clamp", "swish", "pow"}  # fmt: skip
    assert expected <= set(autograd.functions.__all__)


REQUIRED = """add subtract multiply divide power negative sum dot exp expm1 exp2 log log1p log2 log10 logaddexp sqrt
    cbrt
    square reciprocal sin cos tan cot sec csc asin acos atan atan2 sinc degrees radians sinh cosh tanh asinh acosh atanh
    sigmoid logsigmoid relu leaky_relu prelu rrelu elu selu celu gelu gelu_tanh silu softplus mish hardtanh relu6
    hardsigmoid hardswish softsign abs sign step maximum minimum clip where hypot floor ceil trunc round remainder fmod
    erf erfc lgamma digamma logsumexp softmax log_softmax xlogy"""


def test_the_table_is_complete():
    assert set(REQUIRED.split()) <= set(TABLE)


# -- saturation tails, against digits computed elsewhere --------------------------------------------


@pytest.mark.parametrize(("name", "at", "slot"), [
    ("sigmoid", (40,), 0), ("sigmoid", (-40,), 0), ("sigmoid", (700,), 0), ("tanh", (18,), 0), ("tanh", (-30,), 0),
    ("tanh", (300,), 0), ("erfc", (20,), 0), ("erfc", (26,), 0), ("erf", (5,), 0), ("hypot", (1e200, 1e200), 0),
    ("hypot", (3e-200, 4e-200), 1), ("softplus", (-700,), 0), ("softplus", (36,), 0), ("logsigmoid", (50,), 0),
    ("silu", (-100,), 0), ("silu", (-700,), 0), ("mish", (-300,), 0), ("mish", (60,), 0), ("gelu", (-20,), 0),
    ("gelu", (-37,), 0), ("gelu", (8,), 0), ("gelu_tanh", (-8,), 0), ("logaddexp", (0, 700), 0),
    ("softmax", (0, 0, -600), 1), ("log_softmax", (1, 0, 600), 2), ("atanh", (1 - 2**-53,), 0),
    ("asin", (1 - 2**-53,), 0), ("acosh", (1 + 2**-52,), 0), ("log1p", (-1 + 2**-53,), 0), ("asinh", (1e300,), 0),
    ("atan", (1e150,), 0), ("atan2", (1e-300, 1e-300), 0), ("lgamma", (1e-300,), 0), ("lgamma", (150.5,), 0),
    ("digamma", (-20.3,), 0), ("digamma", (1e-100,), 0), ("digamma", (1e8,), 0), ("sinc", (1e-3,), 0),
    ("sinc", (0.09999,), 0), ("sinc", (30.5,), 0), ("celu", (-300, 2), 0), ("elu", (-1e-12, 1), 0),
    ("softsign", (1e18,), 0), ("expm1", (1e-300,), 0), ("cbrt", (1e-300,), 0), ("power", (1e-150, 2), 0),
    ("power", (1 + 2**-52, 1e15), 0), ("reciprocal", (1e150,), 0), ("exp2", (-1000,), 0),
])  # fmt: skip
def test_tail(name, at, slot):
    row, floats = TABLE[name], tuple(map(float, at))
    y = row.float(*floats)
    with mp.workdps(1000):
        exact = precise(floats)
        value, slope = as_float(defined(row, exact)), as_float(reference_slope(row, exact, slot))
    assert close(y, value, 1e-12), f"value {y!r}, exactly {value!r}"
    got = row.float_slopes(y, *floats)[slot]
    assert close(got, slope, 1e-12), f"slope {got!r}, exactly {slope!r}"


def test_the_tails_that_others_lose():
    tails = ((autograd.sigmoid, 40.0, 4.248354255291589e-18), (autograd.tanh, 18.0, 9.278091320974275e-16))
    for function, x, slope in tails:
        leaf = Value(x)
        function(leaf).backward()
        assert leaf.grad == pytest.approx(slope, rel=1e-13, abs=0.0)


# -- the conventions, written out apart from the rows' own edges ------------------------------------

inf, nan = math.inf, math.nan


def value_and_gradient(function, *at):
    """f and its gradient as Values give them: backward, not the row's own columns."""
    leaves_ = [Value(x) for x in at]
    output = function(*leaves_)
    output.backward()
    return output.data, [leaf.grad for leaf in leaves_]


@pytest.mark.parametrize(("function", "at", "value", "slopes"), [
    (autograd.relu, [0.0], 0, [0]), (autograd.relu, [nan], nan, [nan]),
    (lambda x: autograd.leaky_relu(x, 0.2), [0.0], 0, [0.2]), (lambda x: autograd.prelu(x, 0.3), [0.0], 0, [0.3]),
    (lambda x: autograd.elu(x, 2.0), [0.0], 0, [2]), (autograd.elu, [0.0], 0, [1]), (autograd.celu, [0.0], 0, [1]),
    (autograd.selu, [0.0], 0, [1.7580993408473766]),
    (autograd.gelu, [0.0], 0, [0.5]), (autograd.silu, [0.0], 0, [0.5]), (autograd.mish, [0.0], 0, [0.6]),
    (autograd.gelu, [inf], inf, [1]), (autograd.silu, [inf], inf, [1]), (autograd.mish, [inf], inf, [1]),
    (autograd.gelu, [-inf], 0, [0]), (autograd.silu, [-inf], 0, [0]), (autograd.mish, [-inf], 0, [0]),
    (autograd.softplus, [1000.0], 1000, [1]), (autograd.softplus, [-1000.0], 0, [0]),
    (autograd.hardtanh, [1.0], 1, [0]), (autograd.hardtanh, [-1.0], -1, [0]), (autograd.relu6, [6.0], 6, [0]),
    (autograd.relu6, [0.0], 0, [0]), (autograd.hardsigmoid, [3.0], 1, [0]), (autograd.hardsigmoid, [-3.0], 0, [0]),
    (abs, [0.0], 0, [0]), (autograd.sign, [0.0], 0, [0]),
    (autograd.sqrt, [0.0], 0, [inf]), (autograd.log, [0.0], -inf, [inf]), (autograd.log, [-1.0], nan, [nan]),
    (autograd.log1p, [-1.0], -inf, [inf]), (autograd.log1p, [-2.0], nan, [nan]),
    (lambda x: x**0, [0.0], 1, [0]), (lambda x: x**1, [0.0], 0, [1]), (lambda x: x**0.5, [0.0], 0, [inf]),
    (lambda a, b: a**b, [0.0, 0.0], 1, [0, 0]), (lambda a, b: a**b, [0.0, -1.0], inf, [-inf, -inf]),
    (lambda a, b: a**b, [-2.0, 3.0], -8, [12, nan]), (lambda a: a**3, [-2.0], -8, [12]),
    (lambda a: a ** (1 / 3), [-8.0], nan, [nan]),
    (lambda a, b: a / b, [1.0, 0.0], inf, [inf, -inf]), (lambda a, b: a / b, [1.0, -0.0], -inf, [-inf, -inf]),
    (autograd.maximum, [2.0, 2.0], 2, [0.5, 0.5]), (autograd.minimum, [2.0, 2.0], 2, [0.5, 0.5]),
    (lambda x: autograd.clip(x, -1, 1), [1.0], 1, [1]), (lambda x: autograd.clip(x, -1, 1), [-1.0], -1, [1]),
    (lambda a, b: autograd.where(True, a, b), [2.0, inf], 2, [1, 0]),
    (autograd.hypot, [0.0, 0.0], 0, [0, 0]), (autograd.hypot, [1e200, 0.0], 1e200, [1, 0]),
    (autograd.atan2, [0.0, 0.0], 0, [0, 0]),
    (autograd.floor, [2.5], 2, [0]), (autograd.ceil, [2.5], 3, [0]), (autograd.trunc, [-2.5], -2, [0]),
    (autograd.round, [2.5], 2, [0]), (autograd.round, [3.5], 4, [0]),
    (lambda a, b: a % b, [-7.5, 2.0], 0.5, [1, 4]), (autograd.fmod, [-7.5, 2.0], -1.5, [1, 3]),
    (lambda a, b: autograd.logsumexp([a, b]), [1000.0, 1000.0], 1000 + math.log(2), [0.5, 0.5]),
    (lambda a, b: autograd.logsumexp([a, b]), [-inf, -inf], -inf, [nan, nan]),
    (lambda a, b: autograd.softmax([a, b])[0], [1000.0, 1000.0], 0.5, [0.25, -0.25]),
    (lambda a, b: autograd.softmax([a, b])[0], [-inf, -inf], nan, [nan, nan]),
    (lambda a, b: autograd.log_softmax([a, b])[0], [1000.0, 1000.0], -math.log(2), [0.5, -0.5]),
    (autograd.xlogy, [0.0, 0.0], 0, [-inf, nan]), (autograd.digamma, [0.0], -inf, [inf]),
    (autograd.tanh, [1000.0], 1, [0]), (autograd.sigmoid, [-1000.0], 0, [0]), (autograd.exp, [1000.0], inf, [inf]),
])  # fmt: skip
def test_convention(function, at, value, slopes):
    got_value, got_slopes = value_and_gradient(function, *at)
    assert same(got_value, value) or close(got_value, value, 2.3e-16)
    for got, expected in zip(got_slopes, slopes, strict=True):
        assert same(got, expected) or close(got, expected, 2.3e-16), f"slopes {got_slopes}, by the convention {slopes}"


def test_lgamma_at_its_pole():
    assert autograd.lgamma(Value(-1.0)).data == inf
