"""`uncertainty_budget`: the table of the GUM, of a result from the graph that computes it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from autograd import Value, deltas
from autograd.errors import ArgumentError, GraphError, NonFiniteError, OperandError
from autograd.order import reachable
from autograd.replay import computed_anew
from autograd.text import in_latex, in_xml, quoted
from autograd.value import number
from viz.formulas.derive import Derivation, derive
from viz.numbers import MINUS, shown
from viz.subject import Seen, look
from viz.uncertainty.monte_carlo import SHAPES, MonteCarlo, monte_carlo
from viz.uncertainty.propagation import Second, coverage_factor, effective_degrees, first_order, second_order

if TYPE_CHECKING:
    from viz.variables import Variables

    Inputs: TypeAlias = "Mapping[Value | str, float]"
    Pairs: TypeAlias = "Mapping[tuple[Value | str, Value | str], float]"

HEAD = ("quantity", "value", "u", "sensitivity", "contribution", "share")
SMALLEST, LARGEST = 1e-150, 1e150  # of an uncertainty whose square is a float with all its digits
DIGITS = 6  # significant, of values that are exact; the others have as many as their u says, u has four


class BudgetEntry(NamedTuple):
    """One input: its uncertainty u, its sensitivity ∂y/∂x, and their product, which is its contribution to u(y).

    `share` is the part of u²(y) that it brings, with half of what its correlations bring: the shares add up to 1.
    """

    name: str
    value: float
    u: float
    sensitivity: float
    contribution: float
    share: float
    degrees: float


@dataclass(frozen=True)
class Budget:
    """What `uncertainty_budget` found; str() is the table, `latex` and `html` are the same, with the derivations."""

    name: str
    value: float
    entries: tuple[BudgetEntry, ...]
    correlations: tuple[tuple[str, str, float], ...]
    first: float  # u to first order
    second: Second | None  # what the second order adds, if that was asked for
    degrees: float | None  # effective degrees of freedom; None where inputs are correlated
    check: MonteCarlo | None
    _seen: Seen
    _inputs: tuple[Value, ...]
    _covariance: Any
    anew: str = ""

    @property
    def u(self) -> float:
        """The standard uncertainty of the result, to the order that was asked for."""
        return self.first if self.second is None else math.sqrt(self.first**2 + self.second.variance)

    def expanded(self, level: float = 0.95) -> float:
        """U = k·u, by Student's distribution with as many degrees of freedom as u has, cut to a whole number.

        Raises:
            ArgumentError: for a level that is not between 0 and 1, and where inputs are correlated and have few degrees
        """
        if not 0 < level < 1:
            raise ArgumentError(f"a level is a part between 0 and 1, such as 0.95, got {quoted(level)}")
        if self.degrees is None:
            raise ArgumentError(
                "of correlated inputs with few degrees of freedom nobody knows how many the result has: "
                "leave degrees out"
            )
        few = math.isfinite(self.degrees)
        return coverage_factor(level, max(1, math.floor(self.degrees)) if few else math.inf) * self.u

    def correlation(self, other: Budget) -> float:
        """The correlation of this result and another of the same inputs, or of some of them, to first order.

        (GUM F.1.2.3, and H.2, where a resistance and a reactance come from the same three measurements.)

        Raises:
            ArgumentError: if one has inputs that the other has not, and the reverse, or inputs of another uncertainty
        """
        more, less = (self, other) if len(self._inputs) >= len(other._inputs) else (other, self)
        places = [i for x in less._inputs for i, y in enumerate(more._inputs) if x is y]
        if len(places) < len(less._inputs) or not np.array_equal(
            more._covariance[np.ix_(places, places)], less._covariance
        ):
            raise ArgumentError("a correlation is of two results with the same inputs, uncertainties and correlations")
        ours, its = (np.array([entry.sensitivity for entry in each.entries]) for each in (more, less))
        return float(ours @ more._covariance[:, places] @ its) / (self.first * other.first)

    @cached_property
    def derivations(self) -> tuple[Derivation, ...]:
        """How each sensitivity comes about; of inputs that the result depends on."""
        node = computed_anew(reachable(self._seen.output))
        reached = deltas(node)
        return tuple(derive(node, wrt=x) for x in self._inputs if x in reached)

    # -- as a table -----------------------------------------------------------------------------

    def _rows(self) -> list[tuple[str, ...]]:
        rows = [
            (e.name, _to_its_digits(e.value, e.u), *map(shown, (e.u, e.sensitivity, e.contribution)), _percent(e.share))
            for e in self.entries
        ]
        return [*rows, (self.name, _to_its_digits(self.value, self.u), shown(self.u), "", "", "")]

    def _notes(self) -> list[str]:
        notes = [f"r({a}, {b}) = {shown(r)}" for a, b, r in self.correlations]
        if self.second is not None:
            notes.append(
                f"first order alone: u = {shown(self.first)}; second order moves the mean by {shown(self.second.shift)}"
            )
        if self.degrees is not None and math.isfinite(self.degrees):
            notes.append(f"effective degrees of freedom: {shown(self.degrees, 3)}")
        if self.check is not None:
            c = self.check
            notes.append(
                f"Monte Carlo, {c.samples:,} draws from seed {c.seed}: mean {_to_its_digits(c.mean, c.u)}, "
                f"u = {shown(c.u)}, "
                f"{_percent(c.level)} in [{_to_its_digits(c.low, c.u)}, {_to_its_digits(c.high, c.u)}]"
            )
        return notes

    def __str__(self) -> str:
        rows = [HEAD, *self._rows()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(_cell, range(len(row)), row, widths)) for row in rows]
        rule = "─" * (sum(widths) + 2 * len(widths) - 2)
        table = [lines[0], rule, *lines[1:-1], rule, lines[-1]]
        return "\n".join(filter(None, (self.anew, *(line.rstrip() for line in table), *self._notes())))

    @property
    def latex(self) -> str:
        """A tabular, then the derivation of each sensitivity."""
        rows = [" & ".join(map(_latex, row)) + r" \\" for row in (HEAD, *self._rows())]
        table = [rows[0], r"\hline", *rows[1:-1], r"\hline", rows[-1]]
        notes = [rf"\par {_latex(note)}" for note in self._notes()]
        steps = [f"\\[\n{derivation.latex}\n\\]" for derivation in self.derivations]
        return "\n".join([r"\begin{tabular}{lrrrrr}", *table, r"\end{tabular}", *notes, *steps])

    @property
    def html(self) -> str:
        """A table, and behind a fold the derivation of each sensitivity."""
        *rows, last = self._rows()
        body = "".join(_line(row, "td") for row in rows)
        notes = "<br>".join(map(in_xml, self._notes()))
        steps = "".join(derivation.html for derivation in self.derivations)
        return (
            '<div class="budget"><table style="border-collapse:collapse">'
            f'<thead>{_line(HEAD, "th")}</thead><tbody style="border:solid;border-width:1px 0">{body}</tbody>'
            f"<tfoot>{_line(last, 'th')}</tfoot></table><p>{notes}</p>"
            f"<details><summary>how each sensitivity comes about</summary>{steps}</details></div>"
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.html

    def _repr_latex_(self) -> str:
        return self.latex


def uncertainty_budget(
    output: Value,
    uncertainties: Inputs | None = None,
    *others: Any,
    correlation: Pairs | None = None,
    degrees: Inputs | None = None,
    order: int = 1,
    samples: int = 0,
    seed: int = 0,
    shapes: Mapping[Value | str, str] | None = None,
    names: Variables = None,
) -> Budget:
    """The uncertainty of a result from the standard uncertainties of its inputs, as the GUM has it.

    Args:
        uncertainties: u of each input, a leaf of the graph or its name
        correlation: r of pairs of inputs; of all others it is 0
        degrees: of freedom, of inputs whose u was estimated from few observations; of all others they are infinite
        order: 2 adds the terms of second order, which count where a sensitivity is nearly 0
        samples: of the Monte Carlo check, by the compiled graph; 0 leaves it out
        seed: of its random numbers
        shapes: of inputs that are not normally distributed in the check: "rectangular", "triangular" or "arcsine"
        names: variables as which nodes are called (see `draw`)

    No grad is read or changed.

    >>> from autograd import Value
    >>> U, I = Value(12.0, name="U"), Value(0.5, name="I")
    >>> R = U / I
    >>> R.name = "R"
    >>> print(uncertainty_budget(R, {U: 0.1, I: 0.01}, correlation={(U, I): 0.5}))
    quantity  value       u  sensitivity  contribution   share
    ──────────────────────────────────────────────────────────
    U            12     0.1            2           0.2  -4.59%
    I           0.5    0.01          -48         -0.48    105%
    ──────────────────────────────────────────────────────────
    R            24  0.4176
    r(U, I) = 0.5

    Raises:
        OperandError: for an output that is not a Value, and for an uncertainty that is no number
        ArgumentError: for inputs that are none, uncertainties below 0, correlations that cannot be, unknown shapes
        GraphError: for an input that the output was not computed from, or that was itself computed
        NonFiniteError: where the result or a sensitivity is not finite
    """
    if not isinstance(output, Value):
        raise OperandError(f"a budget is of a Value, the result of a computation, got {_instead(output)}")
    if others:
        raise ArgumentError(f"a budget is of a result and {{x: u, …}}, got {len(others)} more: the rest has names")
    seen = look(output, (), {}, names)
    given = _Given(seen, uncertainties)
    correlations = given.correlations(correlation or {})
    covariance = given.covariance(correlations)
    node = computed_anew(reachable(output))
    sensitivities = _sensitivities(node, given)
    second = second_order(node, given.inputs, covariance) if _order(order) == 2 else None
    first, shares = first_order(sensitivities * given.u, correlations)
    if second is not None and first**2 + second.variance < 0:
        raise ArgumentError("the terms of second order make u² negative: use order=1, and samples to see what holds")
    freedom = given.listed(degrees or {}, math.inf, "degrees of freedom", above=0.0)
    check = _checked(node, given, covariance, samples, seed, shapes or {})
    return Budget(
        seen.called(seen.trace.root),
        node.data,
        tuple(_entries(given, sensitivities, shares, freedom)),
        tuple((given.names[i], given.names[j], r) for (i, j), r in given.pairs(correlation or {}).items()),
        first,
        second,
        _degrees(sensitivities * given.u, correlations, freedom),
        check,
        seen,
        tuple(given.inputs),
        covariance,
        seen.trace.anew,
    )


def _instead(given: Any) -> str:
    """What was given instead of a result, and what to do where that can be told."""
    hint = ": call it with Values, R = f(U, I), and give the budget of R" if callable(given) else ""
    return f"{type(given).__name__}{hint}"


class _Given:
    """The inputs in the order in which they were given, found in the graph, with their uncertainties."""

    def __init__(self, seen: Seen, uncertainties: Inputs | None) -> None:
        if not isinstance(uncertainties, Mapping) or not uncertainties:
            raise ArgumentError(f"uncertainties are {{x: u, …}}, of one input or more, got {quoted(uncertainties)}")
        order = reachable(seen.output)
        self._seen, self.name = seen, seen.called(seen.trace.root)
        self.ids = seen.ids_of(list(uncertainties))
        self.inputs = [order[i] for i in self.ids]
        self.names = [seen.called(i) for i in self.ids]
        for node, name in zip(self.inputs, self.names, strict=True):
            if not node.is_leaf:
                raise GraphError(f"{name} was computed: give the uncertainties of what it was computed from")
        if len(set(self.ids)) < len(self.ids):
            raise ArgumentError("an input is given twice, as a Value and by its name")
        self.u = self.listed(uncertainties, 0.0, "a standard uncertainty")

    def place(self, wanted: Value | str) -> int:
        """Which of the inputs it is."""
        found = self._seen.id_of(wanted)
        if found not in self.ids:
            raise ArgumentError(f"{self._seen.called(found)} has no uncertainty: give one, 0 if it is exact")
        return self.ids.index(found)

    def listed(self, given: Inputs, other: float, what: str, above: float = -1.0) -> list[float]:
        """A number for each input."""
        found = [other] * len(self.ids)
        for wanted, x in given.items():
            size = number(x, what)
            if not size > above or size < 0 or (math.isinf(size) and what == "a standard uncertainty"):
                raise ArgumentError(f"{what} is a finite number from 0 up, got {quoted(x)}")
            found[self.place(wanted)] = size
        return found

    def pairs(self, correlation: Pairs) -> dict[tuple[int, int], float]:
        """The correlations by places."""
        found: dict[tuple[int, int], float] = {}
        for pair, r in correlation.items():
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise ArgumentError(f"correlations are {{(x, y): r, …}}, got {quoted(pair)}")
            i, j = map(self.place, pair)
            size = number(r, "a correlation")
            if i == j or not -1 <= size <= 1 or found.get((j, i), size) != size:
                raise ArgumentError(f"a correlation is of two inputs and from {MINUS}1 to 1, got {quoted(r)}")
            found[(j, i) if (j, i) in found else (i, j)] = size
        return found

    def correlations(self, correlation: Pairs) -> Any:
        """The correlations of the inputs as a matrix."""
        matrix = np.eye(len(self.ids))
        for (i, j), r in self.pairs(correlation).items():
            matrix[i, j] = matrix[j, i] = r
        if np.linalg.eigvalsh(matrix)[0] < -1e-9:
            raise ArgumentError("these correlations cannot all hold: their matrix is not positive semidefinite")
        return matrix

    def covariance(self, correlations: Any) -> Any:
        """The covariances of the inputs."""
        for name, u in zip(self.names, map(float, self.u), strict=True):
            if u and not SMALLEST <= u <= LARGEST:
                raise ArgumentError(f"the square of u({name}) = {u!r} is no float: state {name} in another unit")
        return correlations * np.outer(self.u, self.u)


def _order(order: int) -> int:
    if order not in (1, 2) or isinstance(order, bool):
        raise ArgumentError(f"order is 1 or 2, got {quoted(order)}")
    return order


def _checked(
    node: Value, given: _Given, covariance: Any, samples: int, seed: int, shapes: Mapping[Value | str, str]
) -> MonteCarlo | None:
    """The Monte Carlo check, if one is asked for."""
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 0 or samples == 1:
        raise ArgumentError(f"samples are a whole number from 2 up, or 0 for no check, got {quoted(samples)}")
    listed = ["normal"] * len(given.ids)
    for wanted, shape in shapes.items():
        at = given.place(wanted)
        if shape not in SHAPES and shape != "normal":
            raise ArgumentError(f"a shape is normal, {', '.join(SHAPES)}, got {quoted(shape)}")
        if shape != "normal" and np.count_nonzero(covariance[at]) > 1:
            raise ArgumentError(f"{given.names[at]} is correlated, and can then only be normal")
        listed[at] = shape
    return monte_carlo(node, given.inputs, covariance, listed, samples, seed) if samples else None


def _sensitivities(node: Value, given: _Given) -> Any:
    """The derivatives along the inputs, which are finite, as what they are of."""
    found = deltas(node)
    for name, x in zip((given.name, *given.names), (node, *given.inputs), strict=True):
        size = node.data if x is node else found.get(x, 0.0)
        if not math.isfinite(size):
            what = name if x is node else f"the sensitivity of {given.name} to {name}"
            raise NonFiniteError(f"{what} is {shown(size)}, of which nobody knows an uncertainty: see viz.anomaly")
    return np.array([found.get(x, 0.0) for x in given.inputs])


def _entries(given: _Given, sensitivities: Any, shares: Any, freedom: Sequence[float]) -> list[BudgetEntry]:
    columns = zip(given.names, given.inputs, given.u, sensitivities.tolist(), shares.tolist(), freedom, strict=True)
    return [BudgetEntry(name, x.data, u, c, c * u, share, nu) for name, x, u, c, share, nu in columns]


def _degrees(contributions: Any, correlations: Any, freedom: Sequence[float]) -> float | None:
    if np.count_nonzero(correlations) > len(correlations):
        return None if any(map(math.isfinite, freedom)) else math.inf
    return effective_degrees(contributions.tolist(), freedom)


# -- in a table ---------------------------------------------------------------------------------------


def _to_its_digits(value: float, u: float) -> str:
    """A value to the second digit of its uncertainty."""
    if not u or not value or not math.isfinite(value):
        return shown(value, DIGITS)
    return shown(value, min(17, max(2, 2 + math.floor(math.log10(abs(value))) - math.floor(math.log10(u)))))


def _percent(part: float) -> str:
    return f"{shown(100 * part, 3)}%"


def _cell(place: int, text: str, wide: int) -> str:
    return text.rjust(wide) if place else text.ljust(wide)


def _line(row: Sequence[str], tag: str) -> str:
    """A row of cells."""
    sides = ("left" if i == 0 else "right" for i in range(len(row)))
    cells = (
        f'<{tag} style="text-align:{side};padding:2px 0.7em">{in_xml(cell)}</{tag}>'
        for side, cell in zip(sides, row, strict=True)
    )
    return f"<tr>{''.join(cells)}</tr>"


def _latex(text: str) -> str:
    return in_latex(text).replace(MINUS, "$-$")
