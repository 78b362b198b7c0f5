"""`Complex`: beside Python's and mpmath's complex numbers, with derivatives; characteristic functions as in books."""

from __future__ import annotations

import cmath
import copy
import itertools
import math
import pickle
import random

import mpmath
import numpy as np
import pytest
from scipy import integrate

import autograd
from autograd import (
    Complex,
    GraphError,
    OperandError,
    Value,
    ValueArray,
    compile,
    cos,
    cosh,
    dot,
    exp,
    grad,
    hessian,
    jacobian,
    log,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
    where,
)
from tests.support.compilers import called, compiled

mp = mpmath.mp.clone()
mp.dps = 60
STEP = mp.mpf("1e-15")

FUNCTIONS = {  # name: (ours, of Python's complex numbers, mpmath's)
    **{f.__name__: (f, getattr(cmath, f.__name__), getattr(mp, f.__name__)) for f in (cos, cosh, exp, log, sin, sinh)},
    **{f.__name__: (f, getattr(cmath, f.__name__), getattr(mp, f.__name__)) for f in (sqrt, tan, tanh)},
    **{
        name: (f, f, f)
        for name, f in {
            "arithmetic": lambda z: 2 * z * z - z / (2 - 0.5j) + (1 - 3j) / z - (1.0 - z) * 1j + 1 / z - -z,
            "z**3": lambda z: z**3,
            "z**-2": lambda z: z**-2,
            "z**0": lambda z: z**0 + z,
            "z**0.5": lambda z: z**0.5,
            "z**1.7": lambda z: z**1.7,
            "z**(1+2j)": lambda z: z ** (1 + 2j),
            "2**z": lambda z: 2**z,
            "z**z": lambda z: z**z,
            "(2j)**z": lambda z: (2j) ** z,
        }.items()
    },
}
FUNCTIONS["abs"] = (abs, abs, abs)
FUNCTIONS["phase"] = (lambda z: z.phase(), cmath.phase, mp.arg)
FUNCTIONS["conjugate"] = (lambda z: z.conjugate(), lambda z: z.conjugate(), mp.conj)
PART = random.Random(3)
POINTS = [complex(*(PART.choice((-1, 1)) * 10 ** PART.uniform(-3, 1.3) for _ in range(2))) for _ in range(40)]
ON_CUTS = [complex(a, b) for a in (-2.0, -1.0, 0.0, 1.0, 0.6) for b in (-1.0, -0.0, 0.0, 0.8, 2.0) if a or b]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_beside_pythons(name):
    ours, pythons, _ = FUNCTIONS[name]
    for z in [*POINTS, *ON_CUTS, 1e-200 + 1e-200j, 1e200 - 2e200j]:
        try:
            expected = pythons(z)
        except (OverflowError, ValueError, ZeroDivisionError):
            continue
        if not cmath.isfinite(expected):
            continue
        found = complex(ours(Complex(z.real, z.imag)))
        assert abs(found - expected) <= 3e-14 * abs(expected), z
        if name in ("log", "sqrt"):  # the side of a cut
            assert math.copysign(1.0, found.imag) == math.copysign(1.0, expected.imag), z


def parts_of(z):
    return [z.real, z.imag] if isinstance(z, Complex) else [z]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_beside_fifty_digits(name):
    """Along a line; on the axes and the diagonals too, where a branch changes."""
    ours, _, theirs = FUNCTIONS[name]
    around = [1.0, -1 + 0.5j, 0.6 + 0.8j, 1 + 1j, 2j, -3 - 3j, 1e-3 - 2j, -4 - 1e-6j]
    along = 0.3 - 0.7j

    def f(x, y, t):
        return parts_of(ours(Complex(x + along.real * t, y + along.imag * t)))

    expected = []
    for z in around:
        a, b, c = (theirs(mp.mpmathify(z) + mp.mpmathify(along) * s) for s in (-STEP, 0, STEP))
        three = (b, (c - a) / (2 * STEP), (a - 2 * b + c) / STEP**2)
        expected.append([[float(p) for p in (([mp.re(each), mp.im(each)])[: len(f(1.0, 1.0, 0.0))])] for each in three])
    for at, three in zip(around, expected, strict=True):
        x, y = complex(at).real, complex(at).imag
        found = [f(x, y, 0.0), jacobian(f, 2)(x, y, 0.0), jacobian(jacobian(f, 2), 2)(x, y, 0.0)]
        np.testing.assert_allclose(found, three, rtol=1e-11, atol=1e-12 * np.abs(three).max())
    at = np.array([[complex(z).real, complex(z).imag, 0.0] for z in around]).T
    program = compile(f, argnums=2, in_axes=(0, 0, 0), backend="interpreter")
    values, slopes = program.value_and_jacobian(*at)
    size = np.abs(expected).max()
    np.testing.assert_allclose(np.transpose(values), np.array(expected)[:, 0], rtol=1e-11, atol=1e-13 * size)
    np.testing.assert_allclose(np.transpose(slopes), np.array(expected)[:, 1], rtol=1e-10, atol=1e-12 * size)


# -- characteristic functions, as books have them ---------------------------------------------------


def heston(u, t, v0, kappa, theta, sigma, rho, exp=exp, log=log, sqrt=sqrt):
    """Of the logarithm of the price (Albrecher et al. 2007)."""
    d = sqrt((rho * sigma * 1j * u - kappa) ** 2 + sigma**2 * (1j * u + u**2))
    g = (kappa - rho * sigma * 1j * u - d) / (kappa - rho * sigma * 1j * u + d)
    c = kappa * theta / sigma**2 * ((kappa - rho * sigma * 1j * u - d) * t - 2 * log((1 - g * exp(-d * t)) / (1 - g)))
    return exp(c + v0 / sigma**2 * (kappa - rho * sigma * 1j * u - d) * (1 - exp(-d * t)) / (1 - g * exp(-d * t)))


def variance_gamma(u, t, theta, sigma, nu, exp=exp, log=log, sqrt=sqrt):
    """Of the logarithm of the price (Madan, Carr & Chang 1998)."""
    drift = log(1 - theta * nu - sigma**2 * nu / 2) / nu
    return exp(1j * u * drift * t) * (1 - 1j * u * theta * nu + sigma**2 * nu * u**2 / 2) ** (-t / nu)


MODELS = {
    heston: np.array([1.5, 0.04, 1.2, 0.06, 0.5, -0.7]),
    variance_gamma: np.array([0.75, -0.14, 0.12, 0.2]),
}
MP = {"exp": mp.exp, "log": mp.log, "sqrt": mp.sqrt}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_characteristic_functions_beside_fifty_digits(model, tmp_path):
    at = MODELS[model]
    along = at * np.linspace(0.5, 1.5, len(at))

    def f(u, s):
        z = model(u - 0.5j, *(at + s * along))
        return z.real + 2.0 * z.imag

    def exact(u):
        def on_line(s):
            z = model(
                mp.mpf(u) - mp.mpc(0, 0.5), *(mp.mpf(x) + s * mp.mpf(y) for x, y in zip(at, along, strict=True)), **MP
            )
            return z.real + 2 * z.imag

        a, b, c = map(on_line, (-STEP, 0, STEP))
        return [float(x) for x in (b, (c - a) / (2 * STEP), (a - 2 * b + c) / STEP**2)]

    nodes = np.array([0.0, 0.1, 1.0, 5.0, 30.0])
    expected = np.array([exact(u) for u in nodes])
    found = [[f(u, 0.0), grad(f, 1)(u, 0.0), hessian(f, 1)(u, 0.0)] for u in nodes]
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)
    in_programs, in_code = (compile(f, argnums=1, in_axes=(0, None), backend=b) for b in ("interpreter", "llvm"))
    found = np.transpose([*in_code.value_and_grad(nodes, 0.0), in_programs.hessian(nodes, 0.0)])
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)
    if model is variance_gamma:
        library = compiled(compile(f).record(1.0, 0.0).to_c(), tmp_path)
        samples = np.column_stack([nodes, 0.0 * nodes])
        values, slopes = called(library, "f_gradient", samples, 1, 2)
        np.testing.assert_allclose(np.hstack([values, slopes[:, 1:]]), expected[:, :2], rtol=1e-11, atol=1e-13)


def test_a_price_and_its_slopes_beside_an_integral_of_scipys():
    strike, at = 110.0, MODELS[heston]
    nodes, weights = np.concatenate([panel(a, b) for a, b in ((0.0, 3.0), (3.0, 20.0))], axis=1)

    def term(u, parameters, **functions):
        phi = functions.get("exp", exp)(1j * u * math.log(100.0 / strike)) * heston(u - 0.5j, *parameters, **functions)
        return phi.real / (u**2 + 0.25)

    def price(parameters):
        terms = [w * term(u, parameters) for u, w in zip(nodes.tolist(), weights.tolist(), strict=True)]
        return 100.0 - math.sqrt(100.0 * strike) / math.pi * autograd.sum(terms)

    def scipys(k=0, by=0.0):
        parameters = at + by * (np.arange(6) == k)
        pythons = {"exp": cmath.exp, "log": cmath.log, "sqrt": cmath.sqrt}
        found, _ = integrate.quad(lambda u: term(u, parameters, **pythons), 0.0, 20.0, epsabs=1e-13, limit=200)
        return 100.0 - math.sqrt(100.0 * strike) / math.pi * found

    value, slopes = compile(price, backend="interpreter").value_and_grad(at)
    assert value == pytest.approx(price(at), rel=1e-13) == pytest.approx(scipys(), rel=1e-8)
    differences = [(scipys(k, 1e-4) - scipys(k, -1e-4)) / 2e-4 for k in range(6)]
    np.testing.assert_allclose(slopes, differences, rtol=1e-5)


def panel(a, b):
    """Gauss and Legendre's nodes and weights between two numbers."""
    nodes, weights = np.polynomial.legendre.leggauss(24)
    return np.array([a + (b - a) * (nodes + 1.0) / 2.0, (b - a) / 2.0 * weights])


# -- a number like others ---------------------------------------------------------------------------


def test_it_meets_every_kind_of_number():
    v = Value(2.0)
    for z in (v * 1j, 1j * v, np.complex128(1j) * v, Complex(0.0, v), Complex(0, 1) * v, v * Complex(0, 1)):
        assert (z.real, z.imag.data, z == 2j) == (0.0, 2.0, True)
    for z in (v + 1j, 1j + v, 1j - -v, v - -1j):
        assert z == 2 + 1j
    assert 1j / v == 0.5j
    assert v / 2j == -1j
    assert v**1j == exp(1j * math.log(2.0))
    assert (np.float64(2.0) * Complex(1, 2), 2 - Complex(1, 2), Complex(1, 2) * 3) == (2 + 4j, 1 - 2j, 3 + 6j)
    assert (+Complex(1, 2), -Complex(1, 2)) == (1 + 2j, -1 - 2j)
    assert exp(0j) == 1.0  # of Python's own too
    assert (Complex(1, 2) == 1 + 2j, 1 + 2j == Complex(1, 2), Complex(1, 0) == v - 1, v == Complex(2, 0)) == (True,) * 4
    assert (Complex(1, 2) != 1 + 2j, Complex(1, 2) != 1, Complex(1, 2) == "x", Complex(1) != "x") == (
        False,
        True,
        False,
        True,
    )
    assert len({Complex(1, 2), Complex(1, 2)}) == 2
    assert (bool(Complex(0, 0)), bool(Complex(0, v))) == (False, True)
    assert repr(Complex(1, 2)) == f"{Complex(1, 2)}" == "Complex(real=1.0, imag=2.0)"
    assert f"{Complex(v, 1):.1f}" == "2.0+1.0j"
    assert complex(Complex(1, 2)) == cmath.sqrt(Complex(-3, 4)) == 1 + 2j
    assert pickle.loads(pickle.dumps(Complex(1, 2))) == copy.deepcopy(Complex(1, v - 0)) == 1 + 2j


def test_arrays_of_them():
    v = Value(2.0)
    turned = exp(1j * ValueArray([v, 1.0]))
    assert [z == cmath.exp(1j * x) for z, x in zip(turned, (2.0, 1.0), strict=True)] == [True, True]
    assert (np.array([1.0, 2.0]) * Complex(1, v)).tolist() == [1 + 2j, 2 + 4j]
    assert (Complex(1, v) * np.array([1.0, 2.0])).tolist() == [1 + 2j, 2 + 4j]
    assert np.exp(ValueArray([Complex(0, 1)])).tolist() == [cmath.exp(1j)]
    assert (
        autograd.sum([Complex(1, 2), 3, v]) == sum([Complex(1, 2), 3, v]) == np.sum(ValueArray([1j * v, 6])) == 6 + 2j
    )
    assert dot([Complex(1, 2), 2], [1j, v], 1) == 3 + 1j
    assert (where(v > 0, Complex(1, 2), 3), where(v < 0, Complex(1, 2), 3)) == (1 + 2j, 3)


TAKEN_FOR_REAL = [  # what NumPy computes on an array of its own without asking anybody
    lambda z: np.imag(np.array(z)), lambda z: np.array(z).imag, lambda z: np.linalg.norm(np.array(z)),
    lambda z: np.correlate(np.array(z), np.array(z)), lambda z: np.iscomplexobj(np.asarray(z)),
    lambda z: np.sum(z), lambda z: np.array(z[0]), lambda z: np.full(2, z[0]),
    lambda z: np.empty(2, object).__setitem__(slice(None), z),
]  # fmt: skip


@pytest.mark.parametrize("f", TAKEN_FOR_REAL)
def test_an_array_of_numpy_s_own_takes_none(f):
    with pytest.raises(OperandError, match=r"write ValueArray\(\[…\]\) for np\.array\(\[…\]\)"):
        f([Complex(1, Value(2.0)), Complex(3, -1)])


def test_what_holds_them_is_numpy_s_of_complex_numbers():
    rows = [[1 + 2j, 3 - 1j], [0.5j, 2 + 0j]]
    ours = ValueArray([[Complex(Value(z.real), z.imag) for z in row] for row in rows])
    assert (ours.shape, ValueArray(Complex(1, 2)).shape) == ((2, 2), ())
    assert (ours == np.array(rows)).all()
    assert (ours == ours[0, 0]).tolist() == [[True, False], [False, False]]
    assert (autograd.matmul(ours, ours[0]) == np.array(rows) @ np.array(rows[0])).all()
    assert (exp(list(ours[0])) == [cmath.exp(z) for z in rows[0]]).all()
    assert type(exp([Complex(0, 1)])) is ValueArray


Z = np.array([1 + 2j, -3 + 0.5j, 2 + 0j])
OF_ARRAYS = {
    **{f.__name__: f for f in (np.real, np.imag, np.conj, np.angle, np.abs, np.isreal, np.iscomplex, np.sum, np.prod)},
    **{f.__name__: f for f in (np.iscomplexobj, np.isrealobj, np.mean, np.cumsum, np.diff, np.exp, np.linalg.norm)},
    **{name: lambda z, name=name: getattr(z, name) for name in ("real", "imag")},
    **{f"{name}()": lambda z, name=name: getattr(z, name)() for name in ("conj", "conjugate")},
    **{f"norm, {p}": lambda z, p=p: np.linalg.norm(z, p) for p in (0, 1, 3, np.inf, -np.inf)},
    "angle in degrees": lambda z: np.angle(z, deg=True), "norm of rows": lambda z: np.linalg.norm(z[None], axis=1),
    "one": lambda z: [np.real(z[0]), np.imag(z[0]), np.angle(z[0]), np.conj(z[0]), np.isreal(z[0])],
    "convolve": lambda z: np.convolve(z, np.conj(z)[::-1]), "dot": lambda z: np.dot(z, z),
    "as a factor": lambda z: z[0] * Z,
}  # fmt: skip


@pytest.mark.parametrize("name", OF_ARRAYS)
def test_numpys_functions_of_arrays_of_them(name):
    f = OF_ARRAYS[name]
    for x in (1.0, Value(1.0)):
        found = np.ravel(ValueArray(f(ValueArray([Complex(x * z.real, x * z.imag) for z in Z]))))
        np.testing.assert_allclose([complex(*parts(z)) for z in found], np.ravel(f(Z)), rtol=1e-14)


def parts(z):
    """The numbers in a Complex, or in anything else."""
    return [getattr(part, "data", part) if isinstance(part, Value) else part for part in parts_of(z)]


def test_parts_of_arrays_have_derivatives():
    u = np.array([0.5, 1.0])
    for part, slope in ((np.imag, np.cos), (np.real, lambda x: -np.sin(x)), (np.angle, lambda x: 1.0 + 0.0 * x)):
        for f in (
            lambda v, part=part: np.sum(part(np.exp(1j * u * v)) / u),
            lambda v, part=part: np.sum(part(np.exp(Complex(0.0, v) * u)) / u),
        ):
            found = [grad(f)(0.3), *(compile(f, backend=b).grad(0.3) for b in ("interpreter", "numpy", "llvm"))]
            np.testing.assert_allclose(found, np.sum(slope(0.3 * u)), rtol=1e-14)
            np.testing.assert_allclose([compile(f)(0.3), f(Value(0.3)).data], f(0.3 + 0.0 * u[0]), rtol=1e-14)
    assert compile(lambda x: np.where(np.isreal(ValueArray([1j * x])), 1.0, 2.0)[0], in_axes=0)(u - 0.5).tolist() == [
        1,
        2,
    ]


@pytest.mark.parametrize(
    "f",
    [np.vdot, np.var, np.std, np.real_if_close, np.sort, np.max, np.isnan, np.correlate, np.ptp, np.sign, np.argmax],
)
def test_what_is_not_right_for_arrays_of_them_is_refused(f):
    z = ValueArray([Complex(1.0, 2.0), Value(3.0)])
    with pytest.raises(OperandError, match="real number"):
        f(z, z) if f in (np.vdot, np.correlate) else f(z)


def test_as_argument_and_as_answer():
    def f(z):
        return exp(z * z) / (1 + z)

    z = Complex(0.3, 0.4)
    expected = cmath.exp((0.3 + 0.4j) ** 2) / (1.3 + 0.4j)
    assert abs(complex(compile(f)(z)) - expected) < 1e-15
    slopes = grad(lambda z: abs(z * z))(Complex(3.0, 4.0))
    assert (type(slopes), slopes) == (Complex, 6 + 8j)
    for derivative in (jacobian(lambda x: exp(1j * x)), compile(lambda x: exp(1j * x)).jacobian):
        assert abs(complex(derivative(0.5)) - 1j * cmath.exp(0.5j)) < 1e-15
    found = compile(lambda x, y: f(Complex(x, y)), in_axes=(0, 0))(np.array([0.3, 0.0]), np.array([0.4, 0.0]))
    np.testing.assert_allclose(found.real + 1j * found.imag, [expected, 1.0], rtol=1e-15)


def test_what_is_recorded_asks_nothing():
    f = compile(lambda x: where(1j * x == 2j, 1.0, 0.0) + where(1j * x != 2j, 10.0, 0.0))
    assert (f(2.0), f(3.0)) == (1.0, 10.0)
    with pytest.raises(GraphError, match="where"):
        compile(lambda x: 1.0 if 1j * x else 0.0)(1.0)


def test_products_of_what_is_not_finite_are_pythons():
    numbers = [
        complex(*z) for z in itertools.product((0.0, -0.0, -2.0, math.inf, math.nan), (0.0, -0.0, 3.0, math.inf))
    ]
    program = compile(lambda a, b, c, d: Complex(a, b) * Complex(c, d), backend="interpreter")
    for z, w in itertools.product(numbers, numbers):
        four = (z.real, z.imag, w.real, w.imag)
        for values in (four, map(Value, four)):
            a, b, c, d = values
            assert repr(complex(*parts(Complex(a, b) * Complex(c, d)))) == repr(z * w)
        assert repr(complex(program(*four))) == repr(z * w)
    for x in (math.nan, Value(math.nan)):
        assert all(map(math.isnan, parts(Complex(x, 1.0) * 0.0)[:1]))


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0, 1.7, 3.0, 200.0])
def test_powers_of_0_are_said_in_every_way_of_asking(p):
    v = Value(p)
    powers = (p, v, complex(p), Complex(p, -0.0), Complex(v, 0.0), Complex(p, Value(0.0)), Complex(v, Value(0.0)))
    found = [complex(*parts(Complex(kind(0.0), kind(0.0)) ** power)) for kind in (float, Value) for power in powers]
    for b in ("interpreter", "numpy", "llvm"):
        program = compile(lambda x, y, a, b: Complex(x, y) ** Complex(a, b), backend=b)
        found.append(complex(program(0.0, 0.0, p, 0.0)))
    assert set(found) == {0j**p}
    slope = jacobian(lambda x: (Complex(x, 0.0) ** Complex(v, Value(0.0))).real)(0.0)
    assert math.isnan(slope.data) or p == 0.0


@pytest.mark.parametrize(("p", "slope"), [(1.0, 1.0), (2.0, 0.0), (1.5, 0.0)])
def test_the_slope_of_a_power_of_0_is_the_limit_whether_the_exponent_is_a_value_or_not(p, slope):
    for power in (p, Value(p)):
        for f in (lambda x: (Complex(x, 0.0) ** power).real, lambda x: (Complex(0.0 * x, x) ** power).imag):  # noqa: B023
            if f(1e-9) != 0.0:  # off the real axis i to the power turns
                assert grad(f)(0.0) == slope
    both = compile(lambda x, p: (Complex(x, 0.0) ** p).real, argnums=(0, 1))
    assert both.grad(0.0, p) == (slope, 0.0)
    assert both.grad(0.5, p) == pytest.approx((p * 0.5 ** (p - 1.0), 0.5**p * math.log(0.5)), rel=1e-15)


def test_a_logarithm_near_the_circle_keeps_its_digits():
    for f in (log, compile(log)):
        assert f(Complex(1.0, 1e-9)).real == f(Complex(-1e-9, 1.0)).real == pytest.approx(5e-19, rel=1e-15, abs=0.0)


def test_roots_at_0_have_no_slope_that_is_wrong():
    root = sqrt(Complex(0.0, 0.0))
    assert root == 0.0
    for slopes in (jacobian(sqrt)(Complex(0.0, 0.0)), compile(sqrt).jacobian(Complex(0.0, 0.0))):
        assert not any(math.isfinite(x) for z in (slopes.real, slopes.imag) for x in (z.real, z.imag))


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda v: autograd.gamma(Complex(1, v)), "gamma is of real numbers, got Complex"),
        (lambda v: autograd.maximum(v, 1j), "maximum is of real numbers"),
        (lambda v: v % 1j, "remainder is of real numbers"),
        (lambda v: 1j // v, "floor_divide is of real numbers"),
        (lambda v: autograd.hypot("x", v), "got str 'x'"),
        (lambda v: where(Complex(v, 2.0), 1.0, 2.0), "where chooses by a comparison or a real number, got Complex"),
        (lambda v: where(1j, v, 2.0), "where chooses by a comparison or a real number, got"),
        (lambda v: Complex("x"), "the real part of a Complex is one real number"),
        (lambda v: Complex(1.0, 1j), r"the imag part of a Complex is one real number.*Complex\(re, im\)"),
        (lambda v: complex(Complex(v, 1.0)), "cut the graph"),
        (lambda v: Complex(1, 2) + "x", "unsupported operand"),
        (lambda v: Complex(1, 2) < v, "not supported"),
    ],
)
def test_what_is_refused(ask, says):
    with pytest.raises(TypeError, match=says) as caught:
        ask(Value(2.0))
    assert isinstance(caught.value, OperandError) or "support" in says
