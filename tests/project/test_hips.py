"""The examples of HIPS autograd as `benchmarks.hips` runs them: what becomes of an import, and the words beside it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from autograd import grad, hessian
from benchmarks.hips import words
from benchmarks.hips.imports import changed


@pytest.mark.parametrize(("line", "becomes"), [
    ("import autograd.numpy as np", "import numpy as np"),
    ("import autograd.numpy as np  # wrapped", "import numpy as np"),
    ("from autograd.numpy.linalg import solve", "from numpy.linalg import solve"),
    ("from autograd import value_and_grad as vgrad", "from autograd import value_and_grad as vgrad"),
    ("from autograd import elementwise_grad as egrad", "from benchmarks.hips.words import elementwise_grad as egrad"),
    ("import autograd.scipy.stats.multivariate_normal as mvn",
     "from benchmarks.hips.words import multivariate_normal as mvn"),
    ("from autograd.scipy.special import gammaln", "from autograd import gammaln"),
    ("import numpy as np", "import numpy as np"),
])  # fmt: skip
def test_an_import_is_changed(line, becomes):
    assert changed(line).source == becomes


def test_words_and_what_is_missing_are_told():
    found = changed("from autograd.misc.optimizers import adam, sgd\nfrom autograd.extend import primitive\nx = 1\n")
    assert (found.words, found.missing) == (("adam", "sgd"), ("autograd.extend",))
    assert found.source.endswith("from autograd.extend import primitive\nx = 1\n")


def test_densities_are_scipy_s():
    x = np.array([-1.0, 0.3, 2.0])
    np.testing.assert_allclose(words.norm.logpdf(x, 0.5, 2.0), stats.norm.logpdf(x, 0.5, 2.0), rtol=1e-14)
    np.testing.assert_allclose(words.norm.cdf(x, 0.5, 2.0), stats.norm.cdf(x, 0.5, 2.0), rtol=1e-14)
    np.testing.assert_allclose(words.t.logpdf(x, 3.0, 0.5, 2.0), stats.t.logpdf(x, 3.0, 0.5, 2.0), rtol=1e-13)
    points, mean, cov = np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([0.5, 0.1]), np.array([[2.0, 0.3], [0.3, 1.0]])
    expected = stats.multivariate_normal(mean, cov).logpdf(points)
    np.testing.assert_allclose(words.multivariate_normal.logpdf(points, mean, cov), expected, rtol=1e-13)


def test_derivatives_by_their_words():
    x, v = np.array([0.5, -1.0]), np.array([2.0, 1.0])

    def f(x):
        return np.sum(np.sin(x)) * x[0]

    np.testing.assert_allclose(words.elementwise_grad(np.sin)(x), np.cos(x), rtol=1e-15)
    np.testing.assert_allclose(words.hessian_vector_product(f)(x, v), hessian(f)(x) @ v, rtol=1e-13)
    root = grad(lambda a: words.fixed_point(lambda a: lambda x: 0.5 * (x + a / x), a, 1.0, None, 1e-12))
    assert math.isclose(root(2.0), 0.5 / math.sqrt(2.0), rel_tol=1e-12)


@pytest.mark.parametrize("optimiser", [words.adam, words.sgd])
def test_optimisers_descend_on_structures(optimiser):
    seen = []

    def slope(p, t):
        return [2.0 * (p[0] - 3.0), {"b": 2.0 * p[1]["b"]}]

    start = [np.zeros(2), {"b": np.array([1.0])}]
    w, rest = optimiser(slope, start, callback=lambda p, t, g: seen.append(t), num_iters=400, step_size=0.1)
    np.testing.assert_allclose([*w, *rest["b"]], [3.0, 3.0, 0.0], atol=1e-3)
    assert seen == list(range(400))
