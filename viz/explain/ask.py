"""`explain`: which step of a derivation is wrong, by what a check found; `explain_deltas`: of δ, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd import Value, check_grad
from autograd.check.arguments import At
from autograd.check.report import GradientCheck, Inquiry
from autograd.errors import ArgumentError
from autograd.text import quoted
from viz.explain.answer import Explained, Explanation, Mistake
from viz.explain.blocks import of_blocks
from viz.explain.deltas import layers
from viz.explain.pairs import Together, cost_of, pairs
from viz.explain.places import support
from viz.explain.search import CLEAR, Finding, Search
from viz.explain.shapes import Readings, ways
from viz.explain.sheet import CaseSheet, sheet_of
from viz.explain.skipped import skipped
from viz.explain.solving import solved
from viz.explain.wording import Words

FLOAT32 = 3e-7
FEWEST_DIGITS, MOST_DIGITS = 3, 7  # of numbers that somebody rounded
ROUNDED = 2e-3  # relatively so little may be off in numbers that are right but for rounding
FINEST = 1e-13  # of the largest derivative: what is less may be rounding in any
LISTED = 40
SMALL = 1.3  # what a change costs that is likelier than one on some of the ways alone
ALONE = 0.2  # what that costs more
FEWEST = 3  # derivatives in all cases, for that
NAMED = 3
MOST_LOCATED = 6


def explain(
    check: GradientCheck | Callable[..., Any],
    *others: Any,
    gradient: Any = None,
    argnums: int | Sequence[int] | None = None,
    mistakes: int = 1,
    **named: Any,
) -> Explained:
    """Which change of the true derivation gives exactly the numbers that were given, the smallest first.

    `check` is what `check_grad`, `check_jacobian` or `check_hessian` answered about a derivative by hand.  If that is a
    function, it is asked at two more points nearby; if it is numbers, `others` are checks of the same function at
    other points.  What fits at one point only is weak.  With ``mistakes=2`` pairs are looked for where no single change
    fits, which takes longer.

    ``explain(f, *point, gradient=…)`` takes what `check_grad` takes, and explains a gradient too that this refuses
    because of its shape: transposed, say, or not yet summed over the samples.

    >>> from autograd import check_grad, tanh
    >>> def f(x):
    ...     return tanh(x) * 3.0
    >>> found = explain(check_grad(f, 0.3, gradient=lambda x: 3 * (1 - tanh(x))))
    >>> found.explanations[0].mistakes[0].said
    '1 - t₁ is written for 1 - t₁² at t₁ = tanh(x)'
    >>> print(explain(lambda W: W[0, 0] * W[0, 1], np.array([[2.0, 3.0]]), gradient=lambda W: W[:, ::-1].T))
    the given gradient: your numbers come out exactly, at 3 points, if
      1. the derivative along W, of shape (2, 1) where W is of shape (1, 2), is transposed
           rule       the derivative along W is made as W is, of shape (1, 2)
           corrected  g.T

    Raises:
        ArgumentError: for a check of the engine's own derivatives, of different functions, and one that was pickled;
            for a gradient that cannot be read as one
    """
    if mistakes not in (1, 2):
        raise ArgumentError(f"mistakes is how many to look for at once, 1 or 2, got {quoted(mistakes)}")
    if not isinstance(check, GradientCheck):
        if gradient is None:
            raise ArgumentError("there is no gradient to explain: explain(f, *point, gradient=…), or explain(check)")
        return explain_points(check, [others], [gradient], argnums, mistakes, named)
    return _of_checks((check, *others), mistakes)


def _of_checks(checks: Sequence[GradientCheck], mistakes: int) -> Explained:
    asked = [_asked(each) for each in checks]
    if any(each.f is not asked[0].f or each.kind != asked[0].kind for each in asked):
        raise ArgumentError("these are checks of different functions: explain several points of one function at once")
    of = checks[0].of
    if all(each.ok for each in checks):
        return Explained("right", of)
    sheet = sheet_of(asked)
    return Explained("none", of) if sheet is None else explained(sheet, of, mistakes)


# -- gradients of a wrong shape --------------------------------------------------------------------------


def explain_points(
    f: Callable[..., Any],
    points: Sequence[Sequence[Any]],
    given: Sequence[Any],
    argnums: int | Sequence[int] | None = None,
    mistakes: int = 1,
    named: Mapping[str, Any] | None = None,
) -> Explained:
    """`explain` of gradients given at several points, or of one function at one, whatever shapes they have.

    Raises:
        ArgumentError: for a gradient that cannot be read as one
    """
    known = dict(named or {})

    def checks(read: Callable[[Any, Sequence[Any]], Any]) -> list[GradientCheck]:
        return [
            check_grad(f, *point, gradient=_as_read(each, read, point), argnums=argnums, **known)
            for point, each in zip(points, given, strict=True)
        ]

    try:
        return _of_checks(checks(lambda found, _: found), mistakes)
    except ArgumentError as error:
        at = At(f, points[0], known, argnums)
        first = given[0](*at.point, **known) if callable(given[0]) else given[0]
        every = ways(at, first, known)
        if not every:
            raise
        refused = str(error)
    found = [each for way in every if (each := _read(way, checks, mistakes)) is not None]
    return _of_ways(found) if any(found) else Explained("none", "the given gradient", refused=refused)


def _as_read(given: Any, read: Callable[[Any, Sequence[Any]], Any], point: Sequence[Any]) -> Any:
    return (lambda *at, **named: read(given(*at, **named), at)) if callable(given) else read(given, point)


def _read(way: Readings, checks: Callable[..., list[GradientCheck]], mistakes: int) -> Explained | None:
    """What there is to say of a gradient read in one way; None where it cannot be read so."""
    try:
        sheet = sheet_of([_asked(each) for each in checks(way.read)])
    except ArgumentError:
        return None
    if sheet is None:
        return None
    if not sheet.wrong.any():
        alone = Explanation(way.mistakes, way.cost)
        return Explained("found", "the given gradient", (alone,), len(sheet.points), trace=sheet.seen)
    found = explained(sheet, "the given gradient", mistakes)
    both = tuple(Explanation((*way.mistakes, *each.mistakes), way.cost + each.cost) for each in found.explanations)
    return replace(found, explanations=both)


def _of_ways(found: Sequence[Explained]) -> Explained:
    """All explanations together."""
    each = [one for one in found if one]
    listed = sorted((e for one in each for e in one.explanations), key=lambda e: e.cost)
    return replace(min(each, key=lambda one: one.explanations[0].cost), explanations=_told_once(listed))


def explain_deltas(output: Value, given: Mapping[Any, Any]) -> tuple[Explained, ...]:
    """Layer by layer, which change gives the δ = ∂output/∂node that were derived by hand.

    `given` holds for layers, in any order, nodes (a tuple of them, or one) and the numbers given for their δ.  Each
    layer is judged by the δ given for those above it, so that a mistake is told where it is made.

    >>> from autograd import Value, tanh
    >>> x = Value(0.5, name="x")
    >>> z = x * 2.0; z.name = "z"
    >>> a = tanh(z); a.name = "a"
    >>> J = a * a
    >>> found = explain_deltas(J, {a: 2 * a.data, z: 2 * a.data * (1 - a.data)})
    >>> found[0].status, found[1].explanations[0].mistakes[0].said
    ('right', '1 - a is written for 1 - a² at a = tanh(z)')

    Raises:
        ArgumentError: if a layer and its numbers differ in length, or a node is not in the graph
    """
    return tuple(_of_layer(sheet, name) for name, sheet in layers(output, given))


def _of_layer(sheet: CaseSheet, name: str) -> Explained:
    return explained(sheet, f"δ of {name}", 1) if sheet.wrong.any() else Explained("right", f"δ of {name}")


def _asked(check: GradientCheck) -> Inquiry:
    if check.asked is None:
        raise ArgumentError(f"{check.of} was pickled, and is without the function that was checked: check it anew")
    if check.asked.derivative is None:
        raise ArgumentError("the engine's own derivatives were checked: explain is of a gradient by hand, gradient=…")
    return check.asked


def explained(sheet: CaseSheet, of: str, mistakes: int = 1) -> Explained:
    """What explains a sheet."""
    sheet = _by_entry(sheet)
    wrong = tuple(place for place, off in zip(sheet.places, sheet.wrong.tolist(), strict=True) if off)
    for digits in (sheet.digits, *_digits_of(sheet)):
        there = sheet if digits == sheet.digits else replace(sheet, digits=digits)
        search = Search(there)
        found: list[Together] = [(each,) for each in sorted(_singles(there, search), key=_cost)]
        if found or there.clarity < CLEAR:
            break
    if not found and mistakes > 1:
        found = pairs(Search(sheet))
    points = len(sheet.points)
    if found:
        words = Words(sheet)
        listed = sorted((_explanation(words, each) for each in found[:LISTED]), key=lambda e: (e.cost, len(str(e))))
        return Explained("found", of, _told_once(listed), points, 0.0, (), wrong, sheet.seen)
    size = float(
        np.max(np.abs(sheet.off) / np.maximum(np.abs(sheet.true), sheet.floor * np.abs(sheet.true).max(0) + 1e-300))
    )
    if size <= ROUNDED:
        return Explained("rounded", of, (), points, float(-np.log10(max(size, 1e-17))), (), wrong, sheet.seen)
    return Explained("none", of, (), points, 0.0, _located(Search(sheet)), wrong, sheet.seen)


def _by_entry(sheet: CaseSheet) -> CaseSheet:
    """The sheet, by each entry's own size where what is off is little beside the largest, but not beside itself."""
    size = np.maximum(np.abs(sheet.true), np.abs(sheet.given))
    off = np.abs(sheet.off) > np.maximum(ROUNDED * size, FINEST * size.max(0))
    return replace(sheet, floor=FINEST) if sheet.clarity < CLEAR and off.any() else sheet


def _singles(sheet: CaseSheet, search: Search) -> list[Finding]:
    """All single changes; of those derivatives alone that are off, if of all of them none is small."""
    found = [*search.found(), *of_blocks(sheet)]
    if found and min(map(_cost, found)) <= SMALL:
        return found + skipped(search, sorted(found, key=_cost))
    part = _those_off(sheet)
    found += [] if part is None else _along(part, Search(part).found())
    found = found or _solved(search, part)
    return found + skipped(search, sorted(found, key=_cost))


def _solved(search: Search, part: CaseSheet | None) -> list[Finding]:
    """What fits of what is looked for last, of all derivatives, or of those that are off."""
    if search.sheet.clarity < CLEAR:
        return []
    return list(solved(search)) or ([] if part is None else _along(part, list(solved(Search(part)))))


def _those_off(sheet: CaseSheet) -> CaseSheet | None:
    """Who derives along one argument after another may be wrong at a step once, and right when he passes it again."""
    inputs, outputs = np.flatnonzero(sheet.wrong).tolist(), sheet.rows_wrong
    all_of_them = len(inputs) == len(sheet.inputs) and len(outputs) == sheet.mixed.shape[1]
    if all_of_them or not outputs or len(inputs) * sheet.cases < FEWEST or sheet.clarity < CLEAR:
        return None
    return sheet.part(inputs, outputs)


def _along(part: CaseSheet, found: Sequence[Finding]) -> list[Finding]:
    """Findings of some derivatives alone."""
    names = ", ".join(part.places[:NAMED]) + (f" and {len(part.places) - NAMED} more" * (len(part.places) > NAMED))
    return [each._replace(along=names, cost=each.cost + ALONE) for each in found]


def _cost(finding: Finding) -> float:
    return finding.cost


def _digits_of(sheet: CaseSheet) -> list[float]:
    """To how many digits the numbers may have been rounded, if they look so, as a relative error."""
    if len(sheet.points) * len(sheet.inputs) < 3:
        return []
    given = np.concatenate([point.given.ravel() for point in sheet.points])
    with np.errstate(over="ignore"):  # what is larger than any float32 is none
        single = given.astype(np.float32)
    if np.array_equal(given, single) and not (given == np.floor(given)).all():
        return [FLOAT32]
    for digits in range(FEWEST_DIGITS, MOST_DIGITS + 1):
        short = np.array([float(f"{g:.{digits}g}") for g in given])
        if np.array_equal(short, given) or _has_decimals(given, digits):
            return [10.0 ** (1 - digits)] if digits >= FEWEST_DIGITS + 1 else []
    return []


def _has_decimals(given: Any, digits: int) -> bool:
    with np.errstate(over="ignore"):
        return np.array_equal(np.round(given, digits), given)


def _told_once(explanations: Sequence[Explanation]) -> tuple[Explanation, ...]:
    """Without those that read as one before them."""
    kept: dict[str, Explanation] = {}
    for each in explanations:
        kept.setdefault(str(each), each)
    return tuple(kept.values())


def _explanation(words: Words, together: Together) -> Explanation:
    return Explanation(tuple(_mistake(words, each) for each in together), round(cost_of(together), 2))


def _mistake(words: Words, finding: Finding) -> Mistake:
    alike = tuple(_mistake(words, other) for other in finding.alike)
    if not finding.place.edges:
        name = finding.place.kind.removeprefix("block ")
        return Mistake(words.said(finding), finding.kind, name, "", "", "", "", alike=alike)
    step = words.step(finding.place.edges, finding)
    return Mistake(
        words.said(finding), finding.kind, step.node, step.operand, step.line, words.rule(finding),
        words.corrected(finding), (*finding.place.edges, *(finding.quantity.edges if finding.quantity else ())), alike,
    )  # fmt: skip


def _located(search: Search) -> tuple[str, ...]:
    """The nodes below which all that is off lies, in the proportions in which it depends on them."""
    sheet = search.sheet
    if int(sheet.wrong.sum()) < 2 or sheet.clarity < CLEAR:
        return ()
    edges, _ = search.solved()
    tails = dict.fromkeys(int(sheet.tail[edge]) for edge in edges.tolist())
    return tuple(sheet.names.called(tail) for tail in list(tails)[:MOST_LOCATED] if support(sheet, tail) > 1)
