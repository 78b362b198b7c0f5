"""Every row of the table in all its readings, against its own definition computed to hundreds of digits.

The checks are the public ones, of `check_primitive`; `test_mutations` hands them wrong rows.
"""

from __future__ import annotations

import itertools
import math

import pytest
from mpmath import mp

import autograd
from autograd import Value
from autograd.check.definition import as_float, defined, in_digits, leading, precise, reference_slope
from autograd.check.rows import CHECKS, close, same
from autograd.ops.primitive import TABLE
from tests.support.least import in_the_least

pytestmark = pytest.mark.filterwarnings("error")  # nan and inf are answers here, without a warning
ROWS = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())

# -- every row through every check ------------------------------------------------------------------


@ROWS
@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_row(row, check):
    assert not [answer for answer in check(row) if not answer.agrees]


_HARD = (0.0, -0.0, 0.5, -2.5, -0.3, 5e-324, 1.0, -1.0, 710.3, -1e300, math.inf, -math.inf, math.nan)
AWKWARD = {
    1: [(x,) for x in _HARD],
    2: [*itertools.product(_HARD[:5], _HARD[1:4]), *zip(_HARD, _HARD[3:], strict=False)],
}


@pytest.mark.parametrize("row", [row for row in TABLE.values() if not row.variadic], ids=lambda row: row.name)
def test_row_written_out_for_a_target_that_has_next_to_nothing(row):
    """It is what it is defined as, and at its edges says so."""
    with in_digits():
        for at in row.points:
            expected, got = as_float(defined(row, precise(at))), in_the_least(row, tuple(map(float, at)))
            assert close(got, expected, 2e-14), f"{row.name}{at} = {got!r} by portable rules, not {expected!r}"
    for at in [*(edge.at for edge in row.edges), *AWKWARD.get(len(row.operands), ())]:
        if leading(row) and not set(at[: leading(row)]) <= {0, 1, 2}:
            continue
        expected, got = row.float(*map(float, at)), in_the_least(row, tuple(map(float, at)))
        agree = close(got, expected, 1e-13) and (got != 0.0 or math.copysign(1, got) == math.copysign(1, expected))
        assert agree, f"{row.name}{at} = {got!r} by portable rules, not {expected!r}"


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
    erf erfc lgamma digamma logsumexp softmax log_softmax xlogy
    xlog1py entr log1mexp logit erfcx erfinv ndtr log_ndtr ndtri gamma beta betaln
    j0 j1 y0 y1 i0 i1 k0 k1 i0e i1e k0e k1e"""


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
    ("log_ndtr", (-40,), 0), ("log_ndtr", (-1e5,), 0), ("ndtr", (-37,), 0), ("erfcx", (300,), 0),
    ("erfcx", (-26.5,), 0),
    ("ndtri", (1e-50,), 0), ("erfinv", (1 - 2**-53,), 0), ("betaln", (1e300, 1e-3), 0), ("betaln", (1e300, 1e-3), 1),
    ("betaln", (1e-5, 1e8), 1), ("beta", (250, 3), 1), ("gamma", (-150.3,), 0), ("gamma", (1e-300,), 0),
    ("i0e", (1e5,), 0), ("k0e", (1e5,), 0), ("i1e", (1e5,), 0), ("k1e", (1e5,), 0), ("i0", (700,), 0),
    ("j1", (1e-9,), 0),
    ("log1mexp", (1e-300,), 0),
    ("log1mexp", (700,), 0), ("logit", (1e-300,), 0), ("logit", (1 - 2**-53,), 0),
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
