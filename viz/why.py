"""Why is this derivative what it is: the paths from J to w that carry it, the largest first.

∂J/∂w is the sum, over all paths from J down to w, of the product of the slopes along the path.  There
may be exponentially many.  `why` finds the few largest without listing the others: one pass over the
graph gives every node its best way down to w, and each further path is the best one that leaves an
earlier path somewhere (Lawler 1972).  Products are taken in decimal arithmetic with 30 digits and no
limit of exponent, so that a path through 100,000 nodes neither overflows nor vanishes on the way.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from itertools import count, islice
from operator import truediv
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, overload

from autograd import Value
from autograd.errors import ArgumentError
from autograd.renamed import renamed
from autograd.text import preformatted, quoted
from viz.languages import LANGUAGES, Language, language
from viz.names import Names
from viz.numbers import DIGITS, checked_digits, equals, line, shown, signed
from viz.partials import Partials
from viz.reach import dependents, ways_back
from viz.subject import looked_at
from viz.trace import Edge, Node, Trace
from viz.wording import definition

if TYPE_CHECKING:
    from viz.subject import Runs, Subject, Wanted
    from viz.variables import Variables

EXACT = Context(prec=30, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])
ZERO, ONE = Decimal(0), Decimal(1)
# Only for ranking: a slope of 0 ranks below every product of others, inf and nan above.
RANK_OF_ZERO, RANK_OF_NONFINITE = Decimal("1e-10000000000"), Decimal("1e10000000000000000")
MOST_TOLD = 12  # nodes without a name whose computation is printed
ENDS = 5  # how many nodes of a long path are printed at either end


@dataclass(frozen=True)
class Path:
    """One way from J down to w.

    `nodes` begins with J and ends with w, `slopes[i]` is ∂nodes[i]/∂nodes[i+1] along operand
    `slots[i]`, and `contribution` is the product of the slopes: this path's term of ∂J/∂w.
    `names` are what the nodes are called.
    """

    nodes: tuple[Node, ...]
    slopes: tuple[float, ...]
    slots: tuple[int, ...]
    contribution: float
    names: tuple[str, ...]
    digits: int = DIGITS  # of the numbers where it is printed
    lang: str = "en"  # of its words

    def steepest(self, most: int = 3) -> list[int]:
        """Positions of the slopes that are largest in size (nan and inf first), the largest first."""
        sizes = [math.inf if math.isnan(slope) else abs(slope) for slope in self.slopes]
        return heapq.nlargest(most, range(len(sizes)), key=sizes.__getitem__)

    @property
    def _is_short(self) -> bool:
        return len(self.slopes) <= 2 * ENDS + 3

    @property
    def told(self) -> tuple[Node, ...]:
        """The nodes that are said where the path is printed: all, or those at its ends."""
        return self.nodes if self._is_short else (*self.nodes[: ENDS + 1], *self.nodes[-1 - ENDS :])

    def __str__(self) -> str:
        if self._is_short:
            return self.names[0] + self._links(0, len(self.slopes))
        skipped = EXACT.create_decimal(1)
        for slope in self.slopes[ENDS:-ENDS]:
            skipped = EXACT.multiply(skipped, Decimal(slope))
        words = LANGUAGES[self.lang]
        many, product = len(self.slopes) - 2 * ENDS, _large(skipped, self.digits)
        middle = f" ─…{words.tell(words.why['skipped'], n=many, x=product)}…─ {self.names[-1 - ENDS]}"
        ends = self._links(0, ENDS), self._links(len(self.slopes) - ENDS, len(self.slopes))
        return self.names[0] + ends[0] + middle + ends[1]

    def _links(self, first: int, last: int) -> str:
        return "".join(f" ─{shown(self.slopes[i], self.digits)}→ {self.names[i + 1]}" for i in range(first, last))


@dataclass(frozen=True, repr=False)
class Why:
    """What `why` found: ``derivative = Σ contributions of paths + residual``.

    `absolute` is Σ|contribution| over all `count` paths, those not shown included; `cancellation` is
    |Σ| / Σ|·|, from 1 (all contributions pull one way) to 0 (they cancel), nan if that has no meaning.
    """

    output: Node
    wrt: Node
    derivative: float
    paths: tuple[Path, ...]
    residual: float
    absolute: float
    cancellation: float
    count: int  # exact below 10³⁰, rounded to 30 digits above
    names: tuple[str, str]  # what the output and wrt are called
    where: tuple[str, ...] = ()  # how nodes in the paths were computed that nobody gave a name
    anew: str = ""  # one line that says so, where leaves have moved and all numbers are computed anew
    symbol: str = ""  # what the derivative is called: ∂J/∂w, dJ/dx
    digits: int = DIGITS  # of the numbers where it is printed
    lang: str = "en"  # of its words

    def __str__(self) -> str:
        return "\n".join(filter(None, (self.anew, *self._lines())))

    def _lines(self) -> list[str]:
        words = LANGUAGES[self.lang]
        tell, say = words.tell, words.why
        if not self.count:
            return [tell(say["nothing"], symbol=self.symbol)]
        lines = [self._first(words)]
        for place, path in enumerate(self.paths, 1):
            lines.append(f"{place:4}. {signed(path.contribution, self.digits):>11} {self._share(path):>8}   {path}")
        lines.append(tell(say["residual"], x=shown(self.residual, self.digits)))
        lines.append(tell(say["cancellation"], ratio=_ratio(self, words)))
        where = say["where"]
        return lines + [f"{' ' * len(where) if place else where} {line}" for place, line in enumerate(self.where)]

    def _first(self, words: Language) -> str:
        """What the derivative is, and how many paths carry it."""
        shown_all = len(self.paths) == self.count
        listed = "" if shown_all else words.tell(words.why["listed"], n=len(self.paths))
        key = "zero" if self.derivative == 0 == self.absolute else "carried"
        many = _large(Decimal(self.count), self.digits, words.thousands)
        facts = {"symbol": self.symbol, "derivative": equals(self.derivative, self.digits), "listed": listed}
        return words.tell(words.why[key], n=self.count, many=many, **facts)

    def _share(self, path: Path) -> str:
        if not 0 < self.absolute < math.inf or not math.isfinite(path.contribution):
            return ""
        return f"{100 * abs(path.contribution) / self.absolute:.3g}%"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return preformatted(str(self))


@overload
def why(
    output: Value, wrt: Wanted, top: int = 10, *, digits: int = DIGITS, lang: str = "en", names: Variables = None
) -> Why: ...
@overload
def why(
    output: Runs,
    *at: Any,
    wrt: Wanted,
    top: int = 10,
    digits: int = DIGITS,
    lang: str = "en",
    names: Variables = None,
    **named: Any,
) -> Why: ...


@renamed(J="output", w="wrt")
def why(
    output: Subject,
    *at: Any,
    wrt: Wanted | None = None,
    top: int = 10,
    digits: int = DIGITS,
    lang: str = "en",
    names: Variables = None,
    **named: Any,
) -> Why:
    """The paths from `output` to `wrt` that carry ∂output/∂wrt, largest |product of slopes| first, at most `top`.

    Paths along which the derivative is exactly 0 are counted and not listed.  `wrt` may be any node that the output
    was computed from, or its name.  The output may be a compiled function or a program, followed by its arguments
    (see `draw`, also for `names`).  Numbers have `digits` significant ones, and more where a line would not be true
    otherwise; ≈ says that some are cut.  `lang` is the language of the words, "en" or "ru".  No grad is read or
    changed.

    >>> x, w = Value(3.0, name="x"), Value(2.0, name="w")
    >>> print(why(x * w - w, w))
    ∂t₂/∂w = 2, carried by 2 paths:
       1.          +3      75%   t₂ ─1→ t₁ ─3→ w
       2.          -1      25%   t₂ ─-1→ w
    residual, what these paths leave unexplained: 0
    cancellation, |Σ| / Σ|·| = 2 / 4 = 0.5
    where t₁ = x·w = 6
          t₂ = t₁ - w = 4

    Raises:
        OperandError: if output or wrt is not a Value
        GraphError: if it was not computed from wrt
        ArgumentError: if `top` is not a whole number from 0 up, for digits that a number cannot have, and for another
            language
    """
    checked_digits(digits)
    language(lang)
    seen, wrt, top = looked_at(output, at, named, names, wrt, top)
    if isinstance(top, bool) or not isinstance(top, int) or top < 0:
        raise ArgumentError(f"top is how many paths to show, a whole number from 0 up, got {quoted(top)}")
    if wrt is None:
        raise ArgumentError("why(J, wrt=w) explains the derivative along one node: say which")
    return why_in(seen.trace, seen.names, seen.id_of(wrt), top, digits, lang)


def why_in(seen: Trace, names: Names, target: int, top: int = 10, digits: int = DIGITS, lang: str = "en") -> Why:
    """`why` of a trace that is already there, to the node with the id `target`."""
    ways = _ways_down(seen, target)
    found = islice(_largest_first(seen, names, target, ways, top), top)
    paths = tuple(replace(path, digits=digits, lang=lang) for path in found)
    derivative = seen.nodes[target].delta
    derivative = 0.0 if derivative is None else derivative
    absolute, number = _over_all_paths(seen, target, ways)
    return Why(
        output=seen.nodes[seen.root],
        wrt=seen.nodes[target],
        derivative=derivative,
        paths=paths,
        residual=_residual(derivative, paths),
        absolute=float(absolute),
        cancellation=_cancellation(derivative, absolute),
        count=int(number),
        names=(names.called(seen.root), names.called(target)),
        where=tuple(_where(seen, names, digits, lang, [seen.nodes[seen.root], *(n for p in paths for n in p.told)])),
        anew=LANGUAGES[lang].picture["anew"] if seen.anew else "",
        symbol=Partials(seen).whole_text(target, names.called),
        digits=digits,
        lang=lang,
    )


# -- the best ways down ------------------------------------------------------------------------------


class _Way(NamedTuple):
    """An edge out of a node towards w, and the rank of the best path to w that begins with it."""

    rank: Decimal
    edge: Edge


Ways: TypeAlias = Mapping[int, list[_Way]]  # of every node above w, the best first


def _ways_down(seen: Trace, target: int) -> Ways:
    """For every node above `target`, the edges that lead to it with a derivative, the best first."""
    best = {target: ONE}
    ways: dict[int, list[_Way]] = {}
    for node, edges in ways_back(seen, dependents(seen, [target], with_derivative=True)).items():
        found = [_Way(_ranked(edge, best[edge.operand]), edge) for edge in edges]
        found.sort(key=lambda way: way.rank, reverse=True)  # stable: ties keep the order of operands
        ways[node] = found
        best[node] = found[0].rank
    return ways


def _ranked(edge: Edge, below: Decimal) -> Decimal:
    slope = _slope(edge)
    if slope == 0:
        return EXACT.multiply(RANK_OF_ZERO, below)
    size = Decimal(abs(slope)) if math.isfinite(slope) else RANK_OF_NONFINITE
    return EXACT.multiply(size, below)


def _slope(edge: Edge) -> float:
    return 0.0 if edge.slope is None else edge.slope  # `_ways_down` keeps only edges with a slope


# -- one path after the other ------------------------------------------------------------------------


class _Candidate(NamedTuple):
    """The best path that goes along `parent` up to position `at` and there takes way number `choice`."""

    rank: Decimal  # negated, because a heap gives its smallest first
    age: int  # of equals the one found first
    parent: list[Edge]
    at: int
    choice: int


def _largest_first(seen: Trace, names: Names, target: int, ways: Ways, most: int) -> Iterator[Path]:
    """The paths by size, until only such with a contribution of 0 are left."""
    if seen.root == target:
        yield Path((seen.nodes[target],), (), (), 1.0, (names.called(target),))
        return
    if seen.root not in ways or not most:
        return
    ages = count()
    heap = [_Candidate(ways[seen.root][0].rank.copy_negate(), next(ages), [], 0, 0)]
    for found in count(1):
        if not heap:
            return
        candidate = heapq.heappop(heap)
        edges = _followed(candidate, seen.root, target, ways)
        product = _product(edges)
        if product == 0:
            return
        yield _path(seen, names, edges, product)
        branches = _branches(candidate, edges, ways, ages)
        for branch in heapq.nsmallest(most - found, branches):  # no more than these can still be shown
            heapq.heappush(heap, branch)


def _followed(candidate: _Candidate, root: int, target: int, ways: Ways) -> list[Edge]:
    """The whole path of a candidate: after its choice, always the best way."""
    edges = candidate.parent[: candidate.at]
    node = edges[-1].operand if edges else root
    choice = candidate.choice
    while node != target:
        edges.append(ways[node][choice].edge)
        node, choice = edges[-1].operand, 0
    return edges


def _branches(candidate: _Candidate, edges: list[Edge], ways: Ways, ages: Iterator[int]) -> Iterator[_Candidate]:
    """The best path that leaves this one at each position from its own choice on."""
    before = ONE  # the rank of what lies before the position
    for at, edge in enumerate(edges):
        if at >= candidate.at:
            choice = candidate.choice + 1 if at == candidate.at else 1
            if choice < len(ways[edge.node]):
                rank = EXACT.multiply(before, ways[edge.node][choice].rank)
                yield _Candidate(rank.copy_negate(), next(ages), edges, at, choice)
        before = _ranked(edge, before)


def _product(edges: list[Edge]) -> Decimal:
    product = ONE
    for edge in edges:
        product = EXACT.multiply(product, Decimal(_slope(edge)))
    return product


def _path(seen: Trace, names: Names, edges: list[Edge], product: Decimal) -> Path:
    ids = [edges[0].node, *(edge.operand for edge in edges)]
    nodes, called = tuple(seen.nodes[i] for i in ids), tuple(map(names.called, ids))
    return Path(nodes, tuple(map(_slope, edges)), tuple(edge.slot for edge in edges), float(product), called)


# -- all paths at once -------------------------------------------------------------------------------


def _over_all_paths(seen: Trace, target: int, ways: Ways) -> tuple[Decimal, Decimal]:
    """(Σ|product of slopes|, how many paths), each by one pass from w up to J."""
    sums, numbers = {target: ONE}, {target: ONE}
    for node, found in ways.items():  # operands come before what is computed from them
        total, number = ZERO, ZERO
        for _, edge in found:
            total = EXACT.fma(Decimal(abs(_slope(edge))), sums[edge.operand], total)
            number = EXACT.add(number, numbers[edge.operand])
        sums[node], numbers[node] = total, number
    return sums.get(seen.root, ZERO), numbers.get(seen.root, ZERO)


def _residual(derivative: float, paths: tuple[Path, ...]) -> float:
    """What the paths leave unexplained, rounded once; nan where infinities meet."""
    left = Decimal(derivative)
    for path in paths:
        left = EXACT.subtract(left, Decimal(path.contribution))
    return float(left)


def _cancellation(derivative: float, absolute: Decimal) -> float:
    if not math.isfinite(derivative) or not absolute.is_finite() or absolute == 0:
        return math.nan
    return float(EXACT.divide(Decimal(abs(derivative)), absolute))


# -- in words ----------------------------------------------------------------------------------------


def _where(seen: Trace, names: Names, digits: int, lang: str, nodes: Iterable[Node]) -> Iterator[str]:
    """What the nodes without a name are, in the order of computing, and that there are more."""
    unnamed = sorted({node.id for node in nodes if not node.name})
    for i in unnamed[:MOST_TOLD]:
        yield f"{definition(seen, names, i)} {equals(seen.nodes[i].value, digits)}"
    if len(unnamed) > MOST_TOLD:
        words = LANGUAGES[lang]
        yield words.tell(words.why["more"], n=len(unnamed) - MOST_TOLD)


def _large(number: Decimal, digits: int, thousands: str = ",") -> str:
    """A number of any exponent, short."""
    if number.is_finite() and number.adjusted() < 6 and number == number.to_integral_value():
        return f"{int(number):,}".replace(",", thousands)
    if -300 < number.adjusted() < 300 or not number.is_finite():
        return shown(float(number), digits)
    return f"{number:.{digits - 1}e}".replace("e+", "e")


def _ratio(found: Why, words: Language) -> str:
    """|Σ| / Σ|·| with its numbers, behind the sign that is true."""
    if not math.isnan(found.cancellation) and found.cancellation > 0.9999999:
        return words.why["nothing cancels"]
    terms = abs(found.derivative), found.absolute
    said = line(truediv, terms, found.cancellation, found.digits, truediv)
    quotient = f"{said.numbers} {' / '.join(shown(term, said.digits) for term in terms)}"
    if math.isnan(found.cancellation):
        return words.tell(words.why["no meaning"], ratio=quotient)
    return f"{quotient} {said.result} {shown(found.cancellation, found.digits)}"
