"""The tool for GradBench, driven over its protocol: against closed forms and finite differences."""

from __future__ import annotations

import io
import json
from math import cos, exp, lgamma, log, pi, sin

import numpy as np
import pytest

from benchmarks.gradbench.__main__ import Ours
from benchmarks.gradbench.history import Cell, Run, added, chart, fastest, page, read
from benchmarks.gradbench.protocol import serve
from benchmarks.gradbench.vision import Hand, about, bent

DICE = np.random.default_rng(1)


def talk(*messages):
    lines = [json.dumps({"id": k} | message) for k, message in enumerate(messages)]
    responses = io.StringIO()
    serve(Ours(), lines, responses)
    return [json.loads(line) for line in responses.getvalue().splitlines()]


def ask(module, function, given):
    (response,) = talk({"kind": "evaluate", "module": module, "function": function, "input": given})
    assert response["success"], response
    assert response["timings"]
    return response["output"]


def slopes(f, x, step=1e-5):
    """Central differences."""
    x = np.array(x, float)
    return [(f(x + step * axis) - f(x - step * axis)) / (2 * step) for axis in np.eye(x.size).reshape(-1, *x.shape)]


def test_the_protocol():
    start, known, unknown, wrong, analysis = talk(
        {"kind": "start", "eval": "hello"},
        {"kind": "define", "module": "hello"},
        {"kind": "define", "module": "lstm"},
        {"kind": "evaluate", "module": "hello", "function": "cube", "input": 1.0},
        {"kind": "analysis", "of": 3, "valid": False},
        {"kind": "end"},
        {"kind": "start"},
    )
    assert (start, known, analysis) == ({"id": 0, "tool": "glassgrad"}, {"id": 1, "success": True}, {"id": 4})
    assert unknown == {"id": 2, "success": False}
    assert wrong == {"id": 3, "success": False, "error": "KeyError: 'cube'"}


def test_hello_and_how_often():
    assert (ask("hello", "square", 3.0), ask("hello", "double", 3.0)) == (9.0, 6.0)
    given = {"x": [0.0, 1.0], "min_runs": 4, "min_seconds": 0}
    (response,) = talk({"kind": "evaluate", "module": "lse", "function": "primal", "input": given})
    assert len(response["timings"]) == 4


def test_determinants():
    a = DICE.random((4, 4))
    given = {"A": a.ravel().tolist(), "ell": 4}
    assert ask("det", "primal", given) == pytest.approx(np.linalg.det(a))
    cofactors = np.linalg.det(a) * np.linalg.inv(a).T
    assert ask("det", "gradient", given) == pytest.approx(cofactors.ravel())


def test_sums():
    x = DICE.normal(size=6)
    weights = np.exp(x) / np.exp(x).sum()
    assert ask("lse", "primal", {"x": x.tolist()}) == pytest.approx(np.log(np.exp(x).sum()))
    assert ask("lse", "gradient", {"x": x.tolist()}) == pytest.approx(weights)

    t = np.linspace(-1.0, 1.0, 5)
    powers = t[:, None] ** np.arange(6)
    error = np.sign(t) - powers @ x
    assert ask("llsq", "primal", {"x": x.tolist(), "n": 5}) == pytest.approx(0.5 * error @ error)
    assert ask("llsq", "gradient", {"x": x.tolist(), "n": 5}) == pytest.approx(-powers.T @ error)


def test_a_chain_of_equations():
    x = DICE.random(3) + 0.5
    given = {"x": x.tolist(), "s": 4}
    exact = np.cumprod(x * 2.0 / np.arange(1, 4))  # Runge and Kutta's method is exact on polynomials of order four
    assert ask("ode", "primal", given) == pytest.approx(exact)
    assert ask("ode", "gradient", given) == pytest.approx(exact[-1] / x)


@pytest.mark.parametrize("modes", ["ff", "rr"])
def test_searches(modes):
    assert ask("particle", modes, {"w": 0.0}) == pytest.approx(0.2071918746486116, abs=1e-4)
    assert ask("saddle", modes, {"start": [1.0, 1.0]}) == pytest.approx([8.246324826140356e-06] * 4, abs=1e-9)


def test_bundle_adjustment():
    row = DICE.random(15) + [*[0.0] * 3, 5, 5, 5, *[0.0] * 9]
    given = {
        "n": 2,
        "m": 2,
        "p": 3,
        "cam": row[:11].tolist(),
        "x": row[11:14].tolist(),
        "w": row[14],
        "feat": [0.1, 0.2],
    }

    def errors(row):
        scene = given | {"cam": row[:11].tolist(), "x": row[11:14].tolist(), "w": row[14]}
        return np.array(ask("ba", "objective", scene)["reproj_error"]["elements"])

    found = ask("ba", "jacobian", given)
    assert found["vals"][:30] == pytest.approx(np.array(slopes(errors, row)).T.ravel(), rel=1e-4, abs=1e-6)
    assert found["vals"][30] == pytest.approx(-2.0 * row[14])
    assert found["cols"] == [*range(11), 22, 23, 24, 28, *range(11), 22, 23, 24, 28, 30]
    assert (found["rows"][:4], found["rows"][-1]) == ([0, 15, 30, 45], 93)


def test_the_hand():
    bones = 22
    rest = {
        "parents": [-1, *[0] * (bones - 1)],
        "base_relatives": (np.eye(4) + 0.1 * DICE.random((bones, 4, 4))).tolist(),
        "inverse_base_absolutes": np.tile(np.eye(4), (bones, 1, 1)).tolist(),
        "base_positions": [[0.1, 0.2, 0.3, 1.0], [0.5, 0.1, 0.2, 1.0], [0.2, 0.9, 0.4, 1.0]],
        "weights": np.eye(3, bones, 2).tolist(),
        "triangles": [[0, 1, 2]],
        "is_mirrored": False,
    }
    data = {"model": rest, "correspondences": [0], "points": [[1.0, 2.0, 3.0]]}
    given = {"theta": DICE.random(26).tolist(), "data": data, "us": [[0.3, 0.4]]}

    z = np.array([0.3, 0.4, *given["theta"]])
    errors = Hand(data).call
    expected = np.array(slopes(lambda z: errors(np.concatenate([0.0 * z[:2], z[2:]]), z[None, :2]), z)).T
    assert np.array(ask("ht", "jacobian", given)) == pytest.approx(expected, rel=1e-5, abs=1e-7)
    assert len(ask("ht", "objective", given | {"us": []})) == 3


def test_rotations():
    quarter = np.array(about([0.0, 0.0, 0.3]))
    assert quarter == pytest.approx(np.array([[cos(0.3), -sin(0.3), 0], [sin(0.3), cos(0.3), 0], [0, 0, 1]]))
    assert np.array(about([0.0, 0.0, 0.0])) == pytest.approx(np.eye(3))
    turned = np.array(bent(0.2, 0.3, 0.0))[:3, :3]
    assert turned == pytest.approx(np.array(about([0, 0, 0.3])) @ np.array(about([0.2, 0, 0])))


def mixture(d=2, k=2, n=3):
    sizes = {"alpha": k, "mu": (k, d), "q": (k, d), "l": (k, d * (d - 1) // 2), "x": (n, d)}
    return {"d": d, "k": k, "n": n, "m": 1, "gamma": 1.2} | {
        name: DICE.normal(size=size).tolist() for name, size in sizes.items()
    }


def posterior(given):
    """By the densities of the normal and of Wishart's distribution, in two dimensions."""
    share = np.exp(given["alpha"]) / np.exp(given["alpha"]).sum()
    lower = [
        np.array([[exp(a), 0.0], [below[0], exp(b)]]) for (a, b), below in zip(given["q"], given["l"], strict=True)
    ]
    precisions = [each.T @ each for each in lower]
    offsets = np.array(given["x"])[:, None] - np.array(given["mu"])
    squares = np.einsum("nki,kij,nkj->nk", offsets, precisions, offsets)
    densities = np.exp(-squares / 2) * np.sqrt(np.linalg.det(precisions)) / (2 * pi)
    return np.log(densities @ share).sum() + sum(wishart(p, 3 + given["m"], given["gamma"] ** -2) for p in precisions)


def wishart(matrix, freedom, scale):
    """The logarithm of Wishart's density of 2 × 2 matrices, whose scale is a multiple of the identity."""
    gamma_2 = 0.5 * log(pi) + lgamma(freedom / 2) + lgamma((freedom - 1) / 2)
    known = freedom * log(2) + freedom * log(scale) + gamma_2
    return (freedom - 3) / 2 * log(np.linalg.det(matrix)) - np.trace(matrix) / (2 * scale) - known


def test_mixtures():
    given = mixture()
    assert ask("gmm", "objective", given) == pytest.approx(posterior(given))
    found = ask("gmm", "jacobian", given)
    for name in ("alpha", "mu", "q", "l"):
        differences = slopes(lambda x, name=name: posterior(given | {name: x.tolist()}), given[name])
        assert np.ravel(found[name]) == pytest.approx(differences, rel=1e-4, abs=1e-6), name


def test_the_newton_step_goes_to_the_means():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [5.0, 5.0], [6.0, 7.0]])
    centres = points[[0, 3]]
    given = {"points": points.tolist(), "centroids": centres.tolist()}
    assert ask("kmeans", "cost", given) == pytest.approx(1.0 + 5.0)
    assert np.array(ask("kmeans", "dir", given)) == pytest.approx(centres - [[0.5, 0.0], [5.5, 6.0]])


def test_the_history(tmp_path):
    kept = tmp_path / "kept.jsonl"
    cells = [
        Cell("lse", "gradient", "n=2", "ours", 0.1, 1e-3, "valid"),
        Cell("lse", "gradient", "n=2", "jax", 0.1, 4e-3, "valid"),
        Cell("lse", "gradient", "n=2", "pytorch", 0.1, 1e-4, "not valid"),
        Cell("lse", "gradient", "n=2", "manual", 0.1, 1e-4, "valid"),
    ]
    run = Run("2026-01-02", "1.0", "a machine", "0.5", 3, cells)
    added(run, kept)
    added(run._replace(date="2026-01-03"), kept)
    assert [one.date for one in read(kept)] == ["2026-01-02", "2026-01-03"]
    assert read(kept)[0] == run
    assert fastest(run) == {"lse": pytest.approx(4.0)}  # what is not valid does not count, nor what is no tool
    assert "| lse gradient | n=2 | 1.00 (100) | 4.00 (100) | not valid | 0.100 (100) |" in page(run)


@pytest.mark.thorough
def test_the_chart(tmp_path):
    cells = [
        Cell("lse", "gradient", "n=2", tool, 0.1, seconds, "valid") for tool, seconds in (("ours", 1.0), ("jax", 4.0))
    ]
    added(Run("2026-01-02", "1.0", "a machine", "0.5", 3, cells), tmp_path / "kept.jsonl")
    axes = chart(tmp_path / "kept.jsonl").axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["lse"]
    assert axes.lines[0].get_xdata().tolist() == pytest.approx([4.0])
