"""Plots with matplotlib: activations, loss, decision boundary, heat maps, a line through J.

Each function draws into the axes that it is given, or into a new figure, and returns the Axes (where
there are several plots, the Figure).  matplotlib is an extra and is imported when a plot is asked for.
The palette is Okabe and Ito's (2008), whose colours are told apart with any common colour blindness.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from autograd import Value
from autograd.errors import ArgumentError, MissingExtra, OperandError
from autograd.ops import table
from autograd.ops.primitive import Primitive, lookup
from autograd.order import reachable
from autograd.renamed import renamed
from autograd.text import apart, quoted, short
from viz.identifiers import in_reading
from viz.names import Names
from viz.numbers import shown
from viz.trace import trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"

BLUE, GREEN, ORANGE, VERMILION, PURPLE = "#0072b2", "#009e73", "#e69f00", "#d55e00", "#cc79a7"
SERIES = (BLUE, VERMILION, GREEN, PURPLE, ORANGE)
MARKERS = "os^Dv"
INK, FAINT = "#333333", "#d9d9d9"

# The rows of the table that serve as activations, in the order of the lecture and its list of variants.
ACTIVATIONS = tuple(row.name for row in (
    table.sigmoid, table.tanh, table.relu, table.leaky_relu, table.prelu, table.rrelu, table.elu, table.selu,
    table.celu, table.softplus, table.gelu, table.gelu_tanh, table.silu, table.mish, table.relu6, table.hardtanh,
    table.hardsigmoid, table.hardswish, table.softsign, table.logsigmoid, table.step,
))  # fmt: skip
SLOPES_BELOW_0 = {table.prelu: 0.25, table.rrelu: 11 / 48}  # PyTorch's start of the learned, mean of the drawn one


# -- activations -------------------------------------------------------------------------------------


def plot_activation(
    activation: str | Primitive, interval: tuple[float, float] = (-5.0, 5.0), *, ax: Axes | None = None
) -> Axes:
    """An activation, blue, and its derivative, green, over `interval`.

    `activation` is a name (or alias, such as "swish") of a function of one variable in the table of
    primitives, or the row itself; further operands keep their defaults.

    Raises:
        ArgumentError: for an unknown name and for an interval that is not two numbers in order
    """
    row = _row(activation)
    x = np.linspace(*_interval(interval), 1001)
    rest = _further_operands(row)
    y = row.array(x, *rest)
    slope = np.broadcast_to(row.array_slopes(y, x, *rest)[0], x.shape)
    axes = _axes(ax, (5.0, 3.6))
    _through_origin(axes)
    named = f"{row.title}(x)" if not rest else f"{row.title}(x; {', '.join(map(shown, rest))})"
    axes.plot(x, _broken(y), color=BLUE, linewidth=2.2, label=named)
    axes.plot(x, _broken(slope), color=GREEN, linewidth=2.2, linestyle=(0, (5, 1.5)), label="its derivative")
    axes.set_title(row.title, fontweight="bold")
    axes.set_xlabel("x")
    axes.set_xlim(x[0], x[-1])
    axes.legend(frameon=False, loc="best")
    return axes


def plot_activations(
    names: Sequence[str | Primitive] = ACTIVATIONS, interval: tuple[float, float] = (-5.0, 5.0), columns: int = 4
) -> Figure:
    """All activations with their derivatives, in a grid; returns the Figure."""
    if not names or columns < 1:
        raise ArgumentError(f"plot_activations needs names and at least one column, got {quoted(names)} and {columns}")
    rows = math.ceil(len(names) / columns)
    figure = _figure((3.1 * columns, 2.6 * rows))
    for place, name in enumerate(names):
        axes = plot_activation(name, interval, ax=figure.add_subplot(rows, columns, place + 1))
        axes.set_xlabel("")
        axes.legend().set_visible(False)
    handles, _ = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, ["function", "derivative"], loc="outside upper right", ncols=2, frameon=False)
    return figure


def _row(activation: str | Primitive) -> Primitive:
    if isinstance(activation, Primitive):
        row = activation
    else:
        try:
            row = lookup(activation)
        except KeyError:
            known = ", ".join(ACTIVATIONS)
            raise ArgumentError(f"there is no activation {quoted(activation)}; the table has {known}") from None
    if row.variadic or (row.arity != 1 and row not in SLOPES_BELOW_0 and len(row.defaults) != len(row.operands) - 1):
        raise ArgumentError(f"{row.title} is not a function of one variable, so it has no such plot")
    return row


def _further_operands(row: Primitive) -> list[float]:
    if row in SLOPES_BELOW_0:
        return [SLOPES_BELOW_0[row]]
    return [row.defaults[name] for name in row.operands[1:]]


def _interval(given: tuple[float, float]) -> tuple[float, float]:
    low, high = map(float, given)
    if not low < high or not math.isfinite(high - low):
        raise ArgumentError(f"an interval is two finite numbers, the smaller first, got {quoted(given)}")
    return low, high


def _broken(y: Array) -> Array:
    """y with a gap at each jump, so that a step is not drawn as a slope."""
    y = np.array(y, dtype=float)
    steps = np.abs(np.diff(y))
    scale = float(np.ptp(y[np.isfinite(y)])) if np.isfinite(y).any() else 0.0
    y[1:][steps > 0.1 * scale] = np.nan
    return y


def _through_origin(axes: Axes) -> None:
    axes.axhline(0.0, color=INK, linewidth=0.7, zorder=1)
    axes.axvline(0.0, color=INK, linewidth=0.7, zorder=1)


# -- training ----------------------------------------------------------------------------------------


def plot_loss(
    losses: Sequence[float] | Mapping[str, Sequence[float]], *, log: bool | None = None, ax: Axes | None = None
) -> Axes:
    """Loss over epochs: one list of numbers, or several by name, such as training and validation.

    `log` chooses a logarithmic axis; by default it is logarithmic where all losses are positive and
    span more than a factor of 30.  An epoch whose loss is nan or inf is marked at the upper edge; nan before the first
    number is where a curve has not begun.
    """
    given = _named(losses, "J")
    names = map(_plain, apart([str(name) for name in given]))
    curves = {name: _vector(each, "losses") for name, each in zip(names, given.values(), strict=True)}
    axes = _axes(ax, (6.0, 3.8))
    finite = np.concatenate([each[np.isfinite(each)] for each in curves.values()])
    if log is None:
        log = bool(finite.size and finite.min() > 0 and finite.max() > 30 * finite.min())
    for place, (name, each) in enumerate(curves.items()):
        color = SERIES[place % len(SERIES)]
        epochs = np.arange(1, len(each) + 1)
        mark = "o" if len(each) <= 30 else None
        axes.plot(epochs, np.where(np.isfinite(each), each, np.nan), color=color, lw=2, marker=mark, ms=4, label=name)
        broken = epochs[~np.isfinite(each) & (np.cumsum(~np.isnan(each)) > 0)]
        if broken.size:
            axes.plot(broken, np.full(broken.shape, 0.97), "x", color=color, transform=axes.get_xaxis_transform(),
                      label=f"{name}: nan or inf")  # fmt: skip
    if log:
        axes.set_yscale("log")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss J")
    axes.set_title("Loss over training", fontweight="bold")
    axes.grid(color=FAINT, linewidth=0.6)
    axes.legend(frameon=False)
    axes.locator_params(axis="x", integer=True)
    return axes


# -- a net of two inputs -----------------------------------------------------------------------------


def plot_decision_boundary(
    predict: Callable[[Array], Any],
    X: Any,
    y: Any,
    *,
    threshold: float = 0.5,
    resolution: int = 150,
    ax: Axes | None = None,
) -> Axes:
    """The output of a two-input classifier over the plane, its boundary, and the samples.

    `predict` is called once with an array (points × 2) and returns a number a point (an array of
    floats or of Values, of shape (points,) or (points, 1)).  `X` is samples × 2, `y` the class of each
    sample.  The line is drawn where the output is `threshold`.

    Raises:
        ArgumentError: where shapes do not fit
    """
    points, classes = _samples(X, y)
    if resolution < 2:
        raise ArgumentError(f"resolution is the number of points along a side, at least 2, got {quoted(resolution)}")
    margin = 0.12 * np.maximum(np.ptp(points, axis=0), 1e-9)
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    across, up = (np.linspace(low[i], high[i], resolution) for i in (0, 1))
    grid = np.stack(np.meshgrid(across, up), axis=-1)
    output = _outputs(predict, grid.reshape(-1, 2)).reshape(resolution, resolution)
    axes = _axes(ax, (5.4, 4.4))
    reach = max(float(np.nanmax(np.abs(output - threshold), initial=0.0)), 1e-9)
    field = axes.pcolormesh(across, up, output, cmap=_two_classes(), vmin=threshold - reach, vmax=threshold + reach,
                            shading="gouraud", rasterized=True)  # fmt: skip
    if np.nanmin(output) < threshold < np.nanmax(output):
        axes.contour(across, up, output, levels=[threshold], colors=INK, linewidths=1.8)
    for place, label in enumerate(np.unique(classes)):
        chosen = points[classes == label]
        axes.scatter(chosen[:, 0], chosen[:, 1], s=26, marker=MARKERS[place % len(MARKERS)],
                     color=(VERMILION, BLUE, GREEN, PURPLE, ORANGE)[place % len(SERIES)],
                     edgecolor="white", linewidth=0.7, label=f"class {label:g}", zorder=3)  # fmt: skip
    axes.figure.colorbar(field, ax=axes, label="output")
    axes.set(xlabel="x₁", ylabel="x₂", xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    axes.set_title(f"Decision boundary: output = {shown(threshold)}", fontweight="bold")
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=4)  # where it hides no sample
    return axes


def _two_classes() -> Any:
    """From a tint of the first class's colour through white to one of the second's."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("two classes", ["#f0b48f", "#ffffff", "#8fc1e3"])


def _samples(X: Any, y: Any) -> tuple[Array, Array]:
    points = _floats(X)
    classes = _floats(y).ravel()
    if points.ndim != 2 or points.shape[1] != 2 or len(points) != len(classes) or not len(points):
        raise ArgumentError(
            f"a decision boundary needs X of samples × 2 and one y a sample, got {points.shape} and {np.shape(y)}"
        )
    return points, classes


def _outputs(predict: Callable[[Array], Any], points: Array) -> Array:
    output = _floats(predict(points))
    if output.size != len(points):
        raise ArgumentError(f"predict must return one number a point: {len(points)} points gave {output.shape}")
    return output.ravel()


# -- matrices ----------------------------------------------------------------------------------------


def plot_heatmap(matrix: Any, *, title: str = "", delta: Mapping[Value, float] | None = None,
                 ax: Axes | None = None) -> Axes:  # fmt: skip
    """A matrix of numbers or Values as colours, blue negative, red positive, white 0; nan is hatched.

    With `delta` (what ``deltas(J)`` gives) the δ of each Value is shown instead of its data; a node to
    which no derivative comes back is hatched too and shows a dash.  Rows are inputs and columns neurons,
    as in z = x·W; a vector is one row.  Up to 12 × 12 the numbers are written in the cells.

    Raises:
        ArgumentError: for more than two dimensions
        OperandError: where δ is asked of plain numbers
    """
    numbers = _deltas_of(matrix, delta) if delta is not None else _floats(matrix)
    numbers = np.atleast_2d(numbers)
    if numbers.ndim != 2 or not numbers.size:
        raise ArgumentError(f"a heat map is of a matrix or vector that is not empty, got the shape {numbers.shape}")
    rows, columns = numbers.shape
    nodes = np.asarray(matrix, dtype=object).reshape(numbers.shape)
    axes = _axes(ax, (min(2.2 + 0.8 * columns, 10.0), min(1.4 + 0.5 * rows, 8.0)))
    finite = np.abs(numbers[np.isfinite(numbers)])
    reach = float(finite.max(initial=0.0)) or 1.0
    axes.add_patch(_hatch(columns, rows))
    from_1 = (0.5, columns + 0.5, rows + 0.5, 0.5)  # rows and columns are counted from 1, as in W₁₁
    image = axes.imshow(np.ma.masked_invalid(numbers), cmap="RdBu_r", vmin=-reach, vmax=reach, aspect="auto",
                        extent=from_1)  # fmt: skip
    if rows <= 12 and columns <= 12:
        without = np.vectorize(lambda node: delta is not None and node not in delta, otypes=[bool])(nodes)
        _write_cells(axes, numbers, without, reach)
    axes.figure.colorbar(image, ax=axes, label="δ" if delta is not None else "")
    if columns <= 12:
        axes.set_xticks(range(1, columns + 1))
    if rows <= 12:
        axes.set_yticks(range(1, rows + 1))
    axes.set(xlabel="to neuron", ylabel="from input")
    axes.set_title(_plain(title), fontweight="bold")
    return axes


@renamed(J="output")
def plot_heatmaps(matrices: Mapping[str, Any], output: Value | None = None) -> Figure:
    """A network's matrices by name, side by side; with an output J, the δ = ∂J/∂ of each below it.

    >>> W = {"W¹": [[0.1, -0.2], [0.4, 0.3]]}
    >>> figure = plot_heatmaps(W)  # doctest: +SKIP

    Returns the Figure.  With `output` the matrices must hold Values; no grad is touched.  Where these have moved
    since it was computed, δ is computed anew, and a line in the figure says so.
    """
    if not matrices:
        raise ArgumentError("plot_heatmaps needs at least one matrix, by name: {'W¹': W}")
    found, J, anew = (None, "", "") if output is None else _deltas_now(output)
    rows, columns = (1 if found is None else 2), len(matrices)
    figure = _figure((4.2 * columns, 2.9 * rows))
    for place, (name, matrix) in enumerate(matrices.items()):
        plot_heatmap(matrix, title=name, ax=figure.add_subplot(rows, columns, place + 1))
        if found is not None:
            below = figure.add_subplot(rows, columns, columns + place + 1)
            plot_heatmap(matrix, title=f"∂{J}/∂{name}", delta=found, ax=below)
    if anew:
        figure.supxlabel(textwrap.fill(anew, 50 * columns), fontsize=9, color=INK)
    return figure


def _write_cells(axes: Axes, numbers: Array, without: Any, reach: float) -> None:
    """Each number in its cell, a dash where no derivative comes back."""
    for (i, j), x in np.ndenumerate(numbers):
        color = "white" if math.isfinite(x) and abs(x) > 0.6 * reach else INK
        text = "–" if without[i, j] else shown(x, 3)
        axes.text(j + 1, i + 1, text, ha="center", va="center", fontsize=8, color=color)


def _hatch(columns: int, rows: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(
        (0.5, 0.5), columns, rows, facecolor="#f4f4f4", edgecolor="#999999", hatch="////", linewidth=0, zorder=-1
    )


def _deltas_now(output: Value) -> tuple[dict[Value, float], str, str]:
    """(δ of every node that a derivative comes back to, with the leaves as they are now; the output's name; `anew`)."""
    seen = trace(output)
    found = zip(reachable(output), seen.columns.delta.tolist(), seen.columns.reached.tolist(), strict=False)
    deltas = {value: delta for value, delta, reached in found if reached}
    return deltas, in_reading(Names(seen.columns).identifier(seen.root)), seen.anew


def _deltas_of(matrix: Any, delta: Mapping[Value, float]) -> Array:
    values = np.asarray(matrix, dtype=object)
    for value in values.flat:
        if not isinstance(value, Value):
            raise OperandError(
                f"δ is known of Values only, got {type(value).__name__}: pass the matrix of nodes itself"
            )
    return np.array([delta.get(value, math.nan) for value in values.flat], dtype=float).reshape(values.shape)


# -- J along a line ----------------------------------------------------------------------------------


def plot_along(
    J: Callable[[Array], Any],
    gradient: Callable[[Array], Any],
    at: Any,
    direction: Any = None,
    *,
    reach: float = 1.0,
    ax: Axes | None = None,
) -> Axes:
    """J on the line ``at + t·direction``, with the tangent that the gradient at t = 0 claims.

    A gradient that is right touches the curve; a wrong one crosses it.  `J` takes a vector and returns
    a number or a Value, `gradient` takes it and returns the vector ∂J/∂x (``autograd.grad(J)`` fits).
    `direction` defaults to -gradient, the way in which gradient descent goes, and is scaled to length 1;
    t runs from -`reach` to `reach`.

    Raises:
        ArgumentError: where lengths differ, or where the direction is 0 or not finite
    """
    point = _vector(at, "at")
    slope = _vector(gradient(point), "the gradient")
    line = -slope if direction is None else _vector(direction, "direction")
    if not len(point) == len(slope) == len(line):
        raise ArgumentError(f"point, gradient and direction have lengths {len(point)}, {len(slope)} and {len(line)}")
    length = float(np.linalg.norm(line))
    if not 0 < length < math.inf or not 0 < reach < math.inf:
        raise ArgumentError(f"a direction of length {length} and a reach of {reach} draw no line: choose others")
    unit = line / length
    t = np.linspace(-reach, reach, 161)
    y = np.array([_floats(J(point + step * unit)).item() for step in t])
    here, rate = float(_floats(J(point)).item()), float(slope @ unit)
    axes = _axes(ax, (5.6, 3.8))
    axes.plot(t, y, color=BLUE, linewidth=2.2, label="J")
    tangent = here + rate * t
    axes.plot(t, tangent, color=GREEN, lw=2, ls=(0, (5, 1.5)), label=f"tangent, ∂J/∂t = {shown(rate)}")
    axes.plot([0], [here], "o", color=INK, zorder=3)
    finite = y[np.isfinite(y)]
    if finite.size:  # the curve decides what is seen; a steep tangent may leave the picture
        room = 0.12 * float(np.ptp(finite)) or 1.0
        axes.set_ylim(finite.min() - room, finite.max() + room)
    axes.set(xlabel="t, along the " + ("negative gradient" if direction is None else "direction"), ylabel="J")
    axes.set_title(f"J and its tangent at J = {shown(here)}", fontweight="bold")
    axes.grid(color=FAINT, linewidth=0.6)
    axes.legend(frameon=False)
    return axes


# -- what the plots share ----------------------------------------------------------------------------


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """The axes that were given, or those of a new figure; without the frame's upper and right side."""
    axes = _figure(size).add_subplot() if ax is None else ax
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(INK)
    axes.tick_params(colors=INK, labelsize=9)
    return axes


def _figure(size: tuple[float, float]) -> Figure:
    try:
        from matplotlib import pyplot
    except ImportError:
        raise MissingExtra("plots need matplotlib, the extra `plots`: pip install 'glassgrad[plots]'") from None
    return pyplot.figure(figsize=size, layout="constrained")


def _floats(given: Any) -> Array:
    """Numbers or Values, in any nesting of lists and arrays, as an array of floats."""
    array = np.asarray(given, dtype=object)
    try:
        flat = [x.data if isinstance(x, Value) else float(x) for x in array.flat]
    except (TypeError, ValueError):
        raise OperandError(f"a plot is of numbers and Values, got {type(given).__name__} {str(given)[:60]}") from None
    return np.array(flat, dtype=float).reshape(array.shape)


def _vector(given: Any, what: str) -> Array:
    vector = _floats(given)
    if vector.ndim != 1 or not vector.size:
        raise ArgumentError(f"{what}: expected a list of numbers that is not empty, got the shape {vector.shape}")
    return vector


def _plain(text: str) -> str:
    """A name as matplotlib shows it letter by letter: $ would begin a formula, and _ keeps it out of a legend."""
    said = short(text).replace("$", r"\$")
    return f" {said}" if said[:1] in ("", "_") else said


def _named(given: Any, name: str) -> Mapping[str, Any]:
    named = given if isinstance(given, Mapping) else {name: given}
    if not named:
        raise ArgumentError("there is nothing to plot: an empty mapping was given")
    return named
