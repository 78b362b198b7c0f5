"""`autograd.linalg`: values and two derivatives beside fifty digits, in every way of asking; what is refused."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

import autograd
from autograd import (
    ArgumentError,
    Complex,
    MatrixError,
    OperandError,
    Value,
    ValueArray,
    compile,
    grad,
    hessian,
    jacobian,
    linalg,
    value_and_grad,
)
from tests.support.compilers import called, compiled

mp = mpmath.mp.clone()
mp.dps = 60
STEP = mp.mpf("1e-15")
RANDOM = np.random.default_rng(7)
WEIGHTS, B = RANDOM.normal(size=36), RANDOM.normal(size=6)
ENDS = 0.3


def matrices(n: int, rows: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Where a line of matrices begins, such that a first pivot is 0 there, and how it goes on."""
    start, along = RANDOM.normal(size=(2, rows or n, n))
    start[0, 0] *= n == 1
    return start, along


def symmetric(n: int) -> tuple[np.ndarray, np.ndarray]:
    start, along = RANDOM.normal(size=(2, n, n))
    return start @ start.T + np.eye(n), 0.2 * (along + along.T)


DIAGONAL = np.diag([1.0, 2.0, 4.0])
HOLLOW = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.5]])
SHIFT = np.roll(np.eye(3), 1, axis=0)
TWO = [np.diag([2.0, 1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])]


def beginning(*starts: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Lines that begin where many entries are 0."""
    along = [0.2 * RANDOM.normal(size=start.shape) for start in starts]
    return [(start, u + u.T if len(u) == len(u.T) else u) for start, u in zip(starts, along, strict=True)]


def weighed(found):
    """One number of all that was found."""
    numbers = np.ravel(found)
    return (numbers * WEIGHTS[: len(numbers)]).sum()


def rows_of(matrix):
    return np.array(matrix.tolist(), object)


def projectors(vectors):
    """Of eigenvectors, whose signs mean nothing."""
    vectors = np.asarray(vectors)
    return sum((k + 1.0) * np.outer(vectors[:, k], vectors[:, k]) for k in range(len(vectors)))


def mp_eigenvalues(a):
    return np.array(list(mp.eigsy(a, eigvals_only=True)), object)


def right(a):
    return mp.matrix(B[: a.rows].tolist())


CASES = {  # name: (ours, mpmath's, lines of matrices)
    "solve": (
        lambda a: weighed(linalg.solve(a, B[: len(a)])),
        lambda a: weighed(rows_of(mp.lu_solve(a, right(a)))),
        [*beginning(DIAGONAL, SHIFT), *(matrices(n) for n in (1, 2, 3, 5))],
    ),
    "solve of several": (
        lambda a: weighed(linalg.solve(a, a.T)),
        lambda a: weighed(rows_of(mp.inverse(a) * a.T)),
        [matrices(3)],
    ),
    "solve pos": (
        lambda a: weighed(linalg.solve(a, B[: len(a)], assume_a="pos")),
        lambda a: weighed(rows_of(mp.lu_solve(a, right(a)))),
        [*beginning(DIAGONAL), *(symmetric(n) for n in (1, 3, 4))],
    ),
    "inv": (
        lambda a: weighed(linalg.inv(a)),
        lambda a: weighed(rows_of(mp.inverse(a))),
        [*beginning(SHIFT), matrices(3), matrices(4)],
    ),
    "det": (linalg.det, mp.det, [*beginning(DIAGONAL, SHIFT), *(matrices(n) for n in (1, 2, 3, 6, 4))]),
    "slogdet": (
        lambda a: linalg.slogdet(a).logabsdet * linalg.slogdet(a).sign,
        lambda a: mp.log(abs(mp.det(a))) * mp.sign(mp.det(a)),
        [matrices(2), matrices(4)],
    ),
    "cholesky": (
        lambda a: weighed(linalg.cholesky(a)),
        lambda a: weighed(rows_of(mp.cholesky(a))),
        [*beginning(DIAGONAL), symmetric(1), symmetric(3), symmetric(5)],
    ),
    "solve_triangular": (
        lambda a: weighed(linalg.solve_triangular(a, linalg.solve_triangular(a, B[: len(a)], "T"), lower=True)),
        lambda a: weighed(rows_of(mp.lu_solve(lower(a), mp.lu_solve(lower(a.T), right(a))))),
        [symmetric(3)],
    ),
    "lstsq": (
        lambda a: weighed(linalg.lstsq(a, B[: len(a)])),
        lambda a: weighed(rows_of(mp.lu_solve(a, right(a)))),
        [
            *beginning(DIAGONAL, SHIFT, np.vstack([np.zeros((2, 3)), DIAGONAL]), np.vstack([DIAGONAL, HOLLOW])),
            *(matrices(2, 3), matrices(3), matrices(1, 4), matrices(3, 6)),
        ],
    ),
    "norm": (
        lambda a: linalg.norm(a) + linalg.norm(a, 1) + linalg.norm(a, np.inf) + linalg.norm(a[0]),
        lambda a: mp.mnorm(a, "f") + mp.mnorm(a, 1) + mp.mnorm(a, mp.inf) + mp.norm(a[0, :]),
        [symmetric(3)],
    ),
    "eigvalsh": (
        lambda a: weighed(linalg.eigvalsh(a)),
        lambda a: weighed(mp_eigenvalues(a)),
        [
            *(symmetric(1), symmetric(2), symmetric(3), (-symmetric(3)[0], symmetric(3)[1])),
            *beginning(DIAGONAL, -DIAGONAL, *TWO, HOLLOW),
        ],
    ),
    "eigh": (
        lambda a: weighed(projectors(linalg.eigh(a).eigenvectors)),
        lambda a: weighed(projectors(rows_of(mp.eigsy(a)[1]))),
        [
            *(symmetric(2), symmetric(3), (-symmetric(3)[0], symmetric(3)[1])),
            *beginning(DIAGONAL, -DIAGONAL, *TWO, HOLLOW),
        ],
    ),
    "expm": (
        lambda a: weighed(linalg.expm(a)),
        lambda a: weighed(rows_of(mp.expm(a))),
        [
            *beginning(DIAGONAL, SHIFT, 0.0 * SHIFT),
            matrices(1),
            matrices(2),
            tuple(0.1 * x for x in matrices(3)),
            tuple(6.0 * x for x in matrices(3)),
        ],
    ),
}


def lower(a):
    return mp.matrix([[a[i, j] if j <= i else 0 for j in range(a.cols)] for i in range(a.rows)])


def line(case, start, along):
    """A function of one number, and what it, its slope and its curvature are to fifty digits."""
    ours, theirs, _ = CASES[case]

    def f(t):
        return ours(start + t * along)

    def exact(t):
        a, b, c = (mp.mpf(theirs(mp.matrix(start) + s * mp.matrix(along))) for s in (t - STEP, mp.mpf(t), t + STEP))
        return float(b), float((c - a) / (2 * STEP)), float((a - 2 * b + c) / STEP**2)

    return f, exact


@pytest.mark.parametrize("case", CASES)
def test_on_numbers_and_values(case):
    for start, along in CASES[case][2]:
        f, exact = line(case, start, along)
        for t in (0.0, ENDS):
            value, slope, curvature = exact(t)
            scale = max(map(abs, (value, slope, curvature)))
            assert f(t) == pytest.approx(value, rel=1e-12, abs=1e-13 * scale)
            assert value_and_grad(f)(t) == pytest.approx((value, slope), rel=1e-11, abs=1e-12 * scale)
            assert grad(grad(f))(t) == pytest.approx(curvature, rel=1e-10, abs=1e-11 * scale)


TS = np.array([0.0, ENDS, -ENDS])


@pytest.mark.parametrize("case", CASES)
def test_recorded(case):
    f, exact = line(case, *CASES[case][2][-1])
    expected = np.array([exact(t) for t in TS])
    many = compile(f, backend="interpreter", in_axes=0)
    found = np.transpose([*many.value_and_grad(TS), many.hessian(TS)])
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-11 * abs(expected).max())


def test_on_every_executor():
    cases = [line(case, *CASES[case][2][1 % len(CASES[case][2])]) for case in CASES]

    def f(t):
        return autograd.sum([each(t) for each, _ in cases])

    expected = np.sum([[exact(t)[:2] for t in TS] for _, exact in cases], axis=0)
    for backend in ("numpy", "llvm"):
        found = compile(f, backend=backend, in_axes=0).value_and_grad(TS)
        np.testing.assert_allclose(np.transpose(found), expected, rtol=1e-10)


def test_in_c(tmp_path):
    f, exact = line("solve", *CASES["solve"][2][2])
    library = compiled(compile(f).record(0.0).to_c(), tmp_path)
    found = called(library, "f_gradient", TS[:, None], 1, 1)
    np.testing.assert_allclose(np.hstack(found), [exact(t)[:2] for t in TS], rtol=1e-10)


def test_numpys_functions_are_these():
    a = symmetric(3)[0]
    for name in ("solve", "inv", "det", "slogdet", "cholesky", "eigvalsh", "norm"):
        more = (B[:3],) if name == "solve" else ()
        of_numpy, ours = (getattr(module, name) for module in (np.linalg, linalg))
        np.testing.assert_allclose(ours(a, *more), of_numpy(a, *more), rtol=1e-12)
        slopes = [np.array(jacobian(f)(a, *more)) for f in (of_numpy, ours)]
        np.testing.assert_array_equal(*slopes)
    assert isinstance(np.linalg.eigh(ValueArray(a)), linalg.Eigh)


def test_what_holds_values_is_an_array_of_values():
    v = Value(2.0)
    found = linalg.solve([[v, 1], [1, 3]], [5, 10])
    assert type(found) is ValueArray
    assert found[0].op.name == "divide"
    assert linalg.solve([[2, 1], [1, 3]], [[5], [10]]).tolist() == [[1.0], [3.0]]
    assert linalg.inv(((2.0,),)).tolist() == [[0.5]]


# -- where a matrix does not allow it ---------------------------------------------------------------

SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
TALL = np.array([[0.1, 0.3], [0.2, 0.6], [0.7, 2.1]])  # whose columns are the same but for rounding


@pytest.mark.parametrize(
    ("f", "at", "says"),
    [
        (lambda a: linalg.solve(a, B[:2]), SINGULAR, "is singular: what is left of column 2"),
        (linalg.inv, SINGULAR, "inv: the matrix of shape"),
        (lambda a: linalg.solve(a, B[:2], assume_a="pos"), SINGULAR, "not positive definite, as row 1"),
        (linalg.cholesky, np.diag([1.0, -2.0]), "not positive definite, as row 1"),
        (lambda a: linalg.solve_triangular(a, B[:2]), np.diag([1.0, 0.0]), "entry 1 of its diagonal"),
        (lambda a: linalg.lstsq(a, B[:3]), TALL, "column 1 depends on those before it"),
    ],
)
def test_what_a_matrix_does_not_allow(f, at, says):
    for given in (f, jacobian(f)):
        with pytest.raises(MatrixError, match=says) as caught:
            given(at)
        assert isinstance(caught.value, np.linalg.LinAlgError)
    program = compile(f)
    assert not np.isfinite(program(at)).all()
    assert np.isfinite(program(at + np.eye(*at.shape)[::-1] + 3 * np.eye(*at.shape))).all()


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (lambda: linalg.solve(np.ones((2, 3)), [1.0, 2.0]), ArgumentError, r"square matrix, got one of shape \(2, 3\)"),
        (
            lambda: linalg.solve(np.eye(2), [1.0]),
            ArgumentError,
            r"2 rows is a vector or matrix of as many, got the shape \(1,\)",
        ),
        (lambda: linalg.solve(np.eye(2), np.zeros((2, 0))), ArgumentError, r"got the shape \(2, 0\)"),
        (lambda: linalg.lstsq(np.eye(2), np.zeros((2, 0))), ArgumentError, r"got the shape \(2, 0\)"),
        (lambda: linalg.solve(np.eye(2), [1.0, 2.0], assume_a="sym"), ArgumentError, "or .pos., got 'sym'"),
        (lambda: linalg.det(np.ones((2, 2, 2))), ArgumentError, "a matrix with rows and columns"),
        (lambda: linalg.det([[1.0, 2.0], [3.0]]), ArgumentError, "equal length"),
        (lambda: linalg.inv([["a"]]), OperandError, "an entry of what inv is handed is one real number"),
        (lambda: linalg.solve_triangular(np.eye(2), [1.0, 2.0], trans=2), ArgumentError, "got 2"),
        (lambda: linalg.lstsq(np.ones((1, 2)), [1.0]), ArgumentError, "as many equations as unknowns"),
        (lambda: linalg.eigh(np.eye(4)), ArgumentError, "up to 3 rows"),
        (lambda: grad(lambda x: np.linalg.eigh(x)[0][0])(np.eye(5)), ArgumentError, "up to 3 rows"),
    ],
)
def test_what_is_no_such_matrix(ask, error, says):
    with pytest.raises(error, match=says):
        ask()


NAMES = [name for name in linalg.__all__ if name.islower()]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_masked_or_complex_is_refused(name):
    right = [[1.0, 2.0]] if "solve" in name or name == "lstsq" else []
    f, masked = getattr(linalg, name), np.ma.masked_array(np.eye(2), [[0, 0], [1, 0]])
    for a in (masked, [masked[0], masked[1]]):
        with pytest.raises(OperandError, match="of a masked array would ignore its mask"):
            f(a, *right)
    if right:
        with pytest.raises(OperandError, match="of a masked array would ignore its mask"):
            f(np.eye(2), masked[1])
    if name != "norm":
        for a in ([[1j, 1.0], [1.0, 2.0]], np.eye(2) * 1j, ValueArray([[Complex(0.0, Value(1.0)), 1.0], [1.0, 2.0]])):
            with pytest.raises(OperandError, match=r"is of real numbers, got .*: write what is complex as"):
                f(a, *right)


def test_a_norm_of_complex_numbers():
    z = np.array([[3.0 + 4j, 1j], [0.0, -2.0]])
    for p in (None, "fro", 1, -1, np.inf, -np.inf):
        assert linalg.norm(z, p) == pytest.approx(np.linalg.norm(z, p))
    assert linalg.norm([1j, 1]) == math.sqrt(2.0)
    for slopes in (
        hessian(lambda x: linalg.norm([1j * x, 1.0])),
        compile(lambda x: linalg.norm([1j * x, 1.0])).hessian,
    ):
        assert slopes(0.0) == 1.0


def test_a_determinant_that_is_0_has_derivatives():
    flat = np.diag([1.0, 2.0, 0.0, 3.0, 0.5])
    expected = np.zeros((5, 5))
    expected[2, 2] = 3.0
    for f in (grad(linalg.det), compile(linalg.det).grad):
        np.testing.assert_allclose(f(flat), expected, atol=1e-15)
    hollow = np.pad(np.eye(4), (1, 0))  # whose first column is 0, and which stays singular: of rank 4
    assert grad(linalg.det)(hollow)[0, 0] == grad(linalg.det)(hollow[:4, :4])[0, 0] == 1.0
    value, slopes = compile(linalg.det).value_and_grad(hollow)
    assert (value, np.isnan(slopes).all()) == (0.0, True)
    assert grad(grad(lambda t: linalg.det(t * np.eye(3))))(0.0) == 0.0
    assert jacobian(grad(linalg.det))(np.zeros((2, 2)))[0, 0].tolist() == [[0.0, 0.0], [0.0, 1.0]]
    assert np.isnan(grad(linalg.det)(np.zeros((11, 11)))).all()
    assert (
        tuple(linalg.slogdet(np.zeros((4, 4)))) == tuple(compile(linalg.slogdet)(np.zeros((4, 4)))) == (0.0, -math.inf)
    )


def test_equal_eigenvalues():
    for f in (jacobian(linalg.eigvalsh), compile(linalg.eigvalsh).jacobian):
        for n in (2, 3):
            np.testing.assert_allclose(f(2.0 * np.eye(n)), [np.eye(n) / n] * n, atol=1e-15)
        np.testing.assert_allclose(f(np.diag([1.0, 1.0, 2.0]))[1], np.diag([0.5, 0.5, 0.0]), atol=1e-15)
    for n in (2, 3):
        vectors = linalg.eigh(np.eye(n)).eigenvectors
        np.testing.assert_allclose(vectors @ vectors.T, np.eye(n), atol=1e-15)
        assert np.isnan(jacobian(lambda a: linalg.eigh(a).eigenvectors)(np.eye(n))[0, 0]).any()
        assert np.isnan(hessian(lambda a: linalg.eigvalsh(a).sum())(np.eye(n))[0, 0]).any()


def test_eigenvalues_and_vectors_keep_their_digits():
    for k in range(200):
        n = 2 + k % 2
        basis, _ = np.linalg.qr(RANDOM.normal(size=(n, n)))
        values = RANDOM.normal(size=n) * 10.0 ** RANDOM.integers(-3, 4)
        values[1] += (values[0] - values[1]) * (1.0 - 10.0 ** -RANDOM.integers(0, 16)) * (k % 3 == 0)
        a = (basis * values) @ basis.T
        a, size = 0.5 * (a + a.T), abs(values).max()
        found, vectors = linalg.eigh(a)
        np.testing.assert_allclose(found, np.linalg.eigvalsh(a), atol=2e-15 * size)
        np.testing.assert_allclose(vectors.T @ vectors, np.eye(n), atol=2e-15)
        np.testing.assert_allclose(a @ vectors, vectors * found, atol=3e-15 * size)


def test_any_scale_keeps_its_digits():
    a, b = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]), np.array([1.0, 2.0, 4.0])
    m = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]])
    x, values = np.linalg.lstsq(a, b, rcond=None)[0], np.linalg.eigvalsh(m)
    for scale in (1e-290, 1e-170, 1e-160, 1e154, 1e206, 1e300):
        for f in (linalg.lstsq, compile(linalg.lstsq)):
            np.testing.assert_allclose(f(scale * a, scale * b), x, rtol=1e-13)
        for f in (linalg.eigvalsh, compile(linalg.eigvalsh)):
            np.testing.assert_allclose(f(scale * m), scale * values, rtol=1e-14)
            np.testing.assert_allclose(f(scale * m[:2, :2]), scale * np.linalg.eigvalsh(m[:2, :2]), rtol=1e-14)
        found = jacobian(linalg.lstsq, 1)(scale * a, scale * b) * scale
        np.testing.assert_allclose(found, np.linalg.pinv(a), rtol=1e-12, atol=1e-14)


def test_exponentials_of_large_matrices():
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    for angle in (1e-8, 3.0, 100.0, 3000.0):
        for f in (linalg.expm, compile(linalg.expm)):
            expected = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
            np.testing.assert_allclose(f(angle * turn), expected, atol=3e-16 * max(angle, 8.0))
    assert np.isnan(compile(linalg.expm)(6000.0 * turn)).all()
    assert linalg.expm(np.diag([-1e6, 1.0])).tolist() == [[0.0, 0.0], [0.0, pytest.approx(math.e)]]


def test_a_norm():
    for f in (hessian(linalg.norm), compile(linalg.norm).hessian):
        np.testing.assert_allclose(f(np.array([0.0, 0.0, 3.0])), np.diag([1.0, 1.0, 0.0]) / 3.0)
        np.testing.assert_allclose(f(np.array([3e200, 4e200])), np.array([[16, -12], [-12, 9]]) / 125e200)
        np.testing.assert_allclose(f(np.array([3e-200, 4e-200])), np.array([[16, -12], [-12, 9]]) / 125e-200)
    assert linalg.norm([5e-324, 0.0]) == 5e-324
    for order in (None, 2, 1, np.inf):
        assert grad(lambda x, order=order: linalg.norm(x, order))(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]
    assert grad(lambda x: linalg.norm(x, "fro"))(np.zeros((2, 2))).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert linalg.norm([3e200, 4e200]) == pytest.approx(5e200)


def test_a_covariance_records_as_many_instructions_as_one_written_by_hand():
    n = 12
    count = len(compile(lambda a: linalg.cholesky(a)).record(np.eye(n)))
    entries = n * (n + 1) // 2
    assert count <= 3 * entries  # of an entry a dot, a difference, and a quotient or root


def test_pivots_are_picked_for_each_sample():
    samples = RANDOM.normal(size=(50, 4, 4)) * 10.0 ** RANDOM.integers(-9, 9, size=(50, 4, 1))
    found = compile(lambda a: linalg.solve(a, B[:4]), in_axes=0, exact=True)(samples)
    np.testing.assert_allclose(found, [np.linalg.solve(a, B[:4]) for a in samples], rtol=1e-9)
    np.testing.assert_array_equal(found, [linalg.solve(a, B[:4]) for a in samples])  # the same arithmetic
