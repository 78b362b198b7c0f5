"""Plots: what is drawn is what was given, and mistakes are told."""

from __future__ import annotations

import builtins
import math

import matplotlib as mpl
import numpy as np
import pytest

from autograd import MissingExtra, Value, deltas, grad, matmul, tanh
from autograd import sum as total
from autograd.errors import ArgumentError, OperandError
from viz import plots

mpl.use("Agg")
RIGHT = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def curves(axes):
    """The labelled lines of a plot: label → (x, y)."""
    return {line.get_label(): line.get_data() for line in axes.lines if not line.get_label().startswith("_")}


@pytest.mark.parametrize("name", plots.ACTIVATIONS)
def test_an_activation_and_its_derivative(name):
    axes = plots.plot_activation(name)
    (x, y), (_, slope) = curves(axes).values()
    inner = slice(1, -1)
    difference = (y[2:] - y[:-2]) / (x[2:] - x[:-2])
    drawn = np.isfinite(slope[inner]) & np.isfinite(difference) & np.isfinite(y[inner])
    smooth = np.abs(np.diff(slope, 2)) < 1e-3
    both = drawn & np.where(np.isfinite(smooth), smooth, False)
    assert both.mean() > 0.9
    np.testing.assert_allclose(difference[both], slope[inner][both], atol=2e-2)
    function, derivative = (line for line in axes.lines if not line.get_label().startswith("_"))
    assert (function.get_color(), derivative.get_color()) == (plots.BLUE, plots.GREEN)


def test_aliases_given_axes_and_the_grid():
    first = plots.plot_activation("swish")
    assert plots.plot_activation("tanh", ax=first) is first
    figure = plots.plot_activations(["tanh", "relu", "gelu"], columns=2)
    assert [axes.get_title() for axes in figure.axes] == ["tanh", "relu", "gelu"]


@pytest.mark.parametrize("name", ["nosuch", "dot", "multiply"])
def test_what_is_not_an_activation(name):
    with pytest.raises(ArgumentError):
        plots.plot_activation(name)


@pytest.mark.parametrize("interval", [(1, 1), (2, 1), (0, math.inf)])
def test_intervals(interval):
    with pytest.raises(ArgumentError, match="interval"):
        plots.plot_activation("tanh", interval)


def test_loss():
    axes = plots.plot_loss({"training": [1.0, 0.1, 0.001], "validation": [1.0, math.nan, 0.5]})
    drawn = curves(axes)
    np.testing.assert_array_equal(drawn["training"][1], [1.0, 0.1, 0.001])
    np.testing.assert_array_equal(drawn["validation: nan or inf"][0], [2])
    assert axes.get_yscale() == "log"
    assert plots.plot_loss([3.0, 2.0]).get_yscale() == "linear"
    for nothing in ([], {}, {"J": []}):
        with pytest.raises(ArgumentError):
            plots.plot_loss(nothing)


def test_decision_boundary_is_where_the_output_is_the_threshold():
    X = RIGHT.normal(size=(30, 2))
    y = X[:, 0] > 0.3

    def predict(points):
        assert points.shape[1] == 2
        return [[Value(x)] for x in 1 / (1 + np.exp(-8 * (points[:, 0] - 0.3)))]

    axes = plots.plot_decision_boundary(predict, X, y, resolution=60)
    (contour,) = (c for c in axes.collections if type(c).__name__ == "QuadContourSet")
    (path,) = contour.get_paths()
    np.testing.assert_allclose(path.vertices[:, 0], 0.3, atol=0.01)
    assert sum(len(c.get_offsets()) for c in axes.collections if type(c).__name__ == "PathCollection") == 30
    with pytest.raises(ArgumentError, match="samples × 2"):
        plots.plot_decision_boundary(predict, X[:, :1], y)
    with pytest.raises(ArgumentError, match="one number a point"):
        plots.plot_decision_boundary(lambda points: [1.0, 2.0], X, y)


def network():
    W = np.array([[Value(x) for x in row] for row in RIGHT.normal(size=(3, 2))], object)
    return W, total(tanh(matmul(RIGHT.normal(size=(4, 3)), W)).ravel())


def test_heat_maps_show_weights_and_deltas():
    W, J = network()
    figure = plots.plot_heatmaps({"W¹": W}, J)
    weights, delta = (axes.images[0].get_array() for axes in figure.axes if axes.images and axes.get_title())
    np.testing.assert_array_equal(weights, [[w.data for w in row] for row in W])
    found = deltas(J)
    np.testing.assert_array_equal(delta, [[found[w] for w in row] for row in W])
    assert all(w.grad == 0 for w in W.flat)


@pytest.mark.parametrize("shape", [(3, 2), (40, 30)])
def test_rows_and_columns_of_a_heat_map_are_counted_from_1(shape):
    axes = plots.plot_heatmap(np.arange(shape[0] * shape[1]).reshape(shape))
    (image,) = axes.images
    assert tuple(image.get_extent()) == (0.5, shape[1] + 0.5, shape[0] + 0.5, 0.5)
    if shape == (3, 2):
        assert [text.get_position() for text in axes.texts if text.get_text() == "5"] == [(2, 3)]


def test_the_legend_of_a_decision_boundary_hides_no_sample():
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    axes = plots.plot_decision_boundary(lambda points: points[:, 0], X, [0, 1, 1, 0])
    axes.figure.canvas.draw()
    legend, plane = axes.get_legend().get_window_extent(), axes.get_window_extent()
    assert legend.y1 < plane.y0
    assert legend.y0 >= 0


def test_heat_maps_of_numbers_that_are_not():
    axes = plots.plot_heatmap([[1.0, math.nan], [3e-5, -2.0]])
    assert axes.images[0].get_array().mask.tolist() == [[False, True], [False, False]]
    assert {text.get_text() for text in axes.texts} == {"1", "nan", "3e-5", "-2"}
    assert axes.images[0].get_clim() == (-2.0, 2.0)
    for wrong in (np.zeros((2, 2, 2)), []):
        with pytest.raises(ArgumentError):
            plots.plot_heatmap(wrong)
    with pytest.raises(OperandError):
        plots.plot_heatmap([["a"]])
    with pytest.raises(OperandError, match="Values only"):
        plots.plot_heatmap([[1.0]], delta={})


def test_no_way_back_is_a_dash_and_not_a_number():
    W, J = network()
    W[0, 0] = Value(5.0)
    axes = plots.plot_heatmap(W, delta=deltas(J))
    assert [text.get_text() for text in axes.texts].index("–") == 0
    assert axes.images[0].get_array().mask.sum() == 1


def test_the_tangent_touches_and_a_wrong_gradient_does_not():
    def J(x):
        return x[0] ** 2 + 3 * x[1] ** 2

    def drawn(gradient):
        (_, y), (_, tangent) = curves(plots.plot_along(J, gradient, [1.0, 0.5], [1.0, 2.0], reach=0.01)).values()
        return np.abs(y - tangent)

    gap = drawn(grad(J))
    assert gap.max() < 3e-4
    assert drawn(lambda x: [1.0, 1.0]).max() > 0.01
    for direction in ([0.0, 0.0], [1.0]):
        with pytest.raises(ArgumentError):
            plots.plot_along(J, grad(J), [1.0, 0.5], direction)


def test_without_matplotlib_one_sentence_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(builtins, "__import__", without)
        with pytest.raises(MissingExtra, match="glassgrad\\[plots\\]"):
            plots.plot_loss([1.0])


@pytest.mark.parametrize("name", ["$x", "$\\frac{$", "a" * 10_000, "<b>&", "\n\x00", "имя"])
def test_names_of_any_kind(name, tmp_path):
    plots.plot_heatmaps({name: [[1.0]]}).savefig(tmp_path / "map.svg")
    plots.plot_loss({name: [1.0, 2.0]}).figure.savefig(tmp_path / "loss.svg")
