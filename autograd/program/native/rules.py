"""The table's rules as machine code: a row's value or slope, of numbers in registers.

What a rule says in terms of others is written out from the row itself.  Here are the atoms: by their own machine
code, by an instruction, by a function of C's.  An atom that has none of these and no portable rule either is a call
back into Python, which is as slow as it sounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from autograd.errors import ArgumentError
from autograd.ops import gamma, table
from autograd.ops.expression import COMPARISONS, WHERE, Expression, Term, variable, within
from autograd.ops.primitive import Primitive, lookup
from autograd.ops.quadrature import NODES, WEIGHTS, Integral, Sums
from autograd.ops.resolution import Target
from autograd.ops.special import halves
from autograd.program.graph import Operation
from autograd.program.libm import LIBM
from autograd.program.native import machine, mathematics
from autograd.program.native.callbacks import callback
from autograd.program.native.code import Code, Doubles, Lanes, bits_of
from autograd.program.native.routine import Mask, choose

Rule = Callable[..., Lanes]
Atom = Callable[[Code, Sequence[Lanes], bool], Lanes]  # what is written, and whether exactly as it stands

_QUESTIONS = {name: f"o{sign}" for name, sign in zip(COMPARISONS, ("eq", "lt", "le", "gt", "ge"), strict=True)}
_HIGHEST_WRITTEN = 16  # of the orders of polygamma
_LONG = 32  # terms from which a sum is added in several chains at once


def apply(code: Code, operation: Operation, operands: Sequence[Lanes], exact: bool = False) -> Lanes:
    """The number that an instruction of a program computes."""
    row = lookup(operation.row)
    if operation.slot is None:
        return value(code, row, operands, exact)
    return slope(code, row, operation.slot, operands[0], operands[1:])


def value(code: Code, row: Primitive, operands: Sequence[Lanes], exact: bool = False) -> Lanes:
    """The value of a row."""
    atom, term = TARGET.resolve(row, _named(operands, row.orders))
    if atom is not None:
        return atom(code, operands, exact)
    return _number(_write(code, term, {f"x{i}": o for i, o in enumerate(operands)}))


def _named(operands: Sequence[Lanes], knowable: int) -> list[Term]:
    """Names for operands; of so many, the first, the numbers where these are known."""
    return [variable(f"x{i}") if i >= knowable or o.known is None else o.known for i, o in enumerate(operands)]


def slope(code: Code, row: Primitive, slot: int, y: Lanes, operands: Sequence[Lanes]) -> Lanes:
    """The slope of a row along one operand; 0 where no derivative flows."""
    if row.opaque:
        asked = callback(_float_slope(row, slot), f"{row.name}.{slot}", 1 + len(operands))
        return code.scalar_function(asked, y, *operands, attributes="")
    if (row, slot) in _SLOPES:
        return _SLOPES[row, slot](y, *operands)
    term = row.slope_terms(_named(operands, len(operands) if row.variadic else row.orders))[slot]
    names = {"y": y, **{f"x{i}": o for i, o in enumerate(operands)}}
    return _number(_write(code, term, names))


def _float_slope(row: Primitive, slot: int) -> Callable[..., float]:
    """One function a slope, since callbacks are known by it; the row keeps it."""
    kept: dict[int, Callable[..., float]] = vars(row).setdefault("float_slope", {})
    return kept.setdefault(slot, lambda *operands: row.float_slopes(*operands)[slot] or 0.0)


def _number(written: Lanes | Mask) -> Lanes:
    if isinstance(written, Mask):
        code: Code = written.code
        return code.select(written, 1.0, 0.0)
    return written


def _write(code: Code, term: Term, names: Mapping[str, Lanes | Mask]) -> Lanes | Mask:
    """An Expression of `names`; None, no derivative, is 0."""
    written: dict[int, Lanes | Mask] = {}
    sums: dict[int, list[Lanes]] = {}

    def now(operand: Term) -> Lanes | Mask:
        if isinstance(operand, Expression):
            return written[id(operand)]
        return code.constant(0.0 if operand is None else float(operand))

    for part in within([term], _inside):
        if isinstance(part, Integral):
            if id(part.sums) not in sums:
                sums[id(part.sums)] = _summed(code, part.sums, list(map(now, part.sums.given)))
            written[id(part)] = sums[id(part.sums)][part.slot]
            continue
        written[id(part)] = _operation(part, list(map(now, part.operands))) if part.operands else names[part.name]
    return now(term)


def _inside(term: Expression) -> Sequence[Term]:
    return term.sums.given if isinstance(term, Integral) else term.operands


def _summed(code: Code, sums: Sums, given: Sequence[Lanes | Mask]) -> list[Lanes]:
    """Integrals, by a loop over their nodes."""
    listed = ", ".join(f"double 0x{bits_of(x):016X}" for x in (*NODES, *WEIGHTS))
    code.needs["quadrature_nodes"] = f"@quadrature_nodes = internal constant [{2 * len(NODES)} x double] [{listed}]"
    nodes, count = Doubles(code, "@quadrature_nodes"), len(NODES)
    letters = {f"g{i}": number for i, number in enumerate(given)}
    with code.scope():
        totals = [code.variable(code.constant(0.0)) for _ in sums.parts]
        with code.loop(count) as i:
            letters |= {"t": code.splat(nodes[i]), "w": code.splat(nodes[i + count])}
            for total, part in zip(totals, sums.parts, strict=True):
                total.set(total + _number(_write(code, part, letters)))
        return [code.number(total.name) for total in totals]


def _operation(term: Expression, operands: Sequence[Lanes | Mask]) -> Lanes | Mask:
    code: Code = operands[0].code
    if term.name == WHERE:
        condition = operands[0] if isinstance(operands[0], Mask) else operands[0].compare("une", 0.0)
        return code.select(condition, _number(operands[1]), _number(operands[2]))
    numbers = [_number(operand) for operand in operands]
    if term.name in COMPARISONS:
        return numbers[0].compare(_QUESTIONS[term.name], numbers[1])
    return value(code, lookup(term.name), numbers)


# -- atoms that are called --------------------------------------------------------------------------


def called(code: Code, row: Primitive, operands: Sequence[Lanes]) -> Lanes:
    """An atom by C's function, on whole vectors if there is one, else by the row's own in Python."""
    name, width = LIBM.get(row.name), machine.width()
    if name is not None:
        vector = machine.vector_symbol(name, len(operands)) if code.lanes >= width else None
        if vector:
            return code.vector_function(vector, width, *operands)
        if machine.has_symbol(name):
            return code.scalar_function(name, *operands)
    return code.scalar_function(callback(row.float, row.name, len(operands)), *operands, attributes="")


def _calling(row: Primitive) -> Atom:
    return lambda code, operands, exact: called(code, row, operands)


# -- atoms that are written -------------------------------------------------------------------------


def _power(a: Lanes, b: Lanes) -> Lanes:
    """aᵇ; small whole exponents by multiplication."""
    if b.known == 1.0:
        return a
    if b.known == 2.0:
        return a * a
    if b.known == 3.0:
        return a * a * a
    if b.known == 0.0:
        return a.code.constant(1.0)
    if b.known == -1.0:
        return 1.0 / a
    return called(a.code, table.power, (a, b))


def _polygamma(n: Lanes, x: Lanes) -> Lanes:
    """ψ⁽ⁿ⁾(x), written out for an order that is known and whose recurrence is not too long."""
    order = n.known
    if order is None or order not in range(_HIGHEST_WRITTEN + 1):
        return called(x.code, table.polygamma, (n, x))
    return _number(_write(x.code, gamma.polygamma_rule(int(order), variable("x")), {"x": x}))


def _fmod(a: Lanes, b: Lanes) -> Lanes:
    return a._operate("frem", a, b)


def _asking(question: str) -> Rule:
    return lambda a, b: a.code.select(a.compare(question, b), 1.0, 0.0)


def _intrinsic(name: str) -> Rule:
    return lambda *operands: operands[0].code.intrinsic(name, *operands)


_WRITTEN: dict[Primitive, Rule] = {
    table.add: lambda a, b: a + b,
    table.subtract: lambda a, b: a - b,
    table.multiply: lambda a, b: a * b,
    table.divide: lambda a, b: a / b,
    table.negative: lambda x: -x,
    table.where_: lambda condition, a, b: condition.code.select(condition.compare("une", 0.0), a, b),
    table.abs_: abs,
    table.sqrt: _intrinsic("sqrt"),
    table.floor: _intrinsic("floor"),
    table.ceil: _intrinsic("ceil"),
    table.trunc: _intrinsic("trunc"),
    table.round_: _intrinsic("rint"),
    table.power: _power,
    table.fmod: _fmod,
    table.exp: mathematics.exp,
    table.expm1: mathematics.expm1,
    table.tanh: mathematics.tanh,
    table.sech: mathematics.sech,
    table.log: mathematics.log,
    table.log1p: mathematics.log1p,
    table.sin: mathematics.sin,
    table.cos: mathematics.cos,
    table.erf: mathematics.erf,
    table.polygamma: _polygamma,
}

for _name, _question in _QUESTIONS.items():
    _WRITTEN[lookup(_name)] = _asking(_question)

# Slopes that share more with the value than the rule as it stands in the table lets them.
_SLOPES: dict[tuple[Primitive, int], Rule] = {
    (table.tanh, 0): mathematics.tanh_slope,
    (table.sigmoid, 0): lambda y, x: y * value(x.code, table.sigmoid, (-x,)),
}


# -- rows of any number of operands -----------------------------------------------------------------


def _sum(code: Code, operands: Sequence[Lanes], exact: bool) -> Lanes:
    return _added(operands, 1 if exact or len(operands) < _LONG else 4) if operands else code.constant(0.0)


def _added(operands: Sequence[Lanes], chains: int) -> Lanes:
    """The sum, in so many chains side by side."""
    totals = list(operands[:chains])
    for i, operand in enumerate(operands[chains:]):
        totals[i % chains] = totals[i % chains] + operand
    total = totals[0]
    for other in totals[1:]:
        total = total + other
    return total


def _dot(code: Code, operands: Sequence[Lanes], exact: bool) -> Lanes:
    """Σ wᵢxᵢ + c; each product is fused with its addition unless every rounding was asked for."""
    weights, inputs, bias = halves(operands)
    if exact:
        return _added([*(w * x for w, x in zip(weights, inputs, strict=True)), *bias], 1)
    totals: list[Lanes] = list(bias)
    chains = 1 if len(weights) < _LONG else 4
    for i, (w, x) in enumerate(zip(weights, inputs, strict=True)):
        if len(totals) < chains:
            totals.append(w * x)
        else:
            totals[i % chains] = code.fma(w, x, totals[i % chains])
    return _added(totals, 1) if totals else code.constant(0.0)


def _exponentials(code: Code, xs: Sequence[Lanes]) -> tuple[Lanes, list[Lanes], list[Mask]]:
    """(the largest x, exp(x - largest) for each, and for each whether it is that largest one, the first of equals)."""
    largest = xs[0]
    for x in xs[1:]:
        largest = code.select((x > largest) | x.compare("une", x), x, largest)
    found: Mask | None = None
    firsts = []
    for x in xs:
        here = x.compare("ueq", largest)
        firsts.append(here if found is None else here & ~found)
        found = here if found is None else found | here
    return largest, [mathematics.exp(x - largest) for x in xs], firsts


def _logsumexp(code: Code, operands: Sequence[Lanes], exact: bool) -> Lanes:
    """top + log1p(Σ of the others' exponentials)."""
    top, exponentials, firsts = _exponentials(code, operands)
    others = [code.select(first, 0.0, e) for e, first in zip(exponentials, firsts, strict=True)]
    finite = top + mathematics.log1p(_added(others, 1))
    return code.select(abs(top).compare("oeq", math.inf), top, finite)


def _softmax(code: Code, operands: Sequence[Lanes], exact: bool) -> Lanes:
    i, xs = _index(table.softmax, operands)
    _, exponentials, _ = _exponentials(code, xs)
    return exponentials[i] / _added(exponentials, 1)


def _log_softmax(code: Code, operands: Sequence[Lanes], exact: bool) -> Lanes:
    """-logsumexp of the differences to xᵢ."""
    i, xs = _index(table.log_softmax, operands)
    own = xs[i]
    finite = -_logsumexp(code, [x - own for x in xs], exact)
    nothing = own.compare("oeq", -math.inf)
    something = _logsumexp(code, xs, exact) > -math.inf
    return code.select(nothing, code.select(something, -math.inf, math.nan), finite)


def _index(row: Primitive, operands: Sequence[Lanes]) -> tuple[int, Sequence[Lanes]]:
    """The leading operand, which says which component is meant, and the vector."""
    known = operands[0].known
    if known is None:
        raise ArgumentError(
            f"{row.name}: which component is meant must be a constant of the program, not a number it computes"
        )
    return int(known), operands[1:]


def _take(code: Code, operands: Sequence[Lanes], exact: bool) -> Lanes:
    """The entry at an index: read from memory where all are known, else chosen one after the other."""
    i, *entries = operands
    known = _known(entries)
    if known is None:
        return _chosen_entry(code, i, entries)
    is_inside = (i >= 0.0) & (i < float(len(entries)))
    place = code.whole(code.select(is_inside, i, 0.0))
    return code.select(is_inside, code.listed(known).gathered(place), math.nan)


def _chosen_entry(code: Code, i: Lanes, entries: Sequence[Lanes]) -> Lanes:
    found = code.constant(math.nan)
    for place, entry in reversed(list(enumerate(entries, 1))):
        found = code.select(i < float(place), entry, found)
    return code.select(i < 0.0, math.nan, found)


def _locate(code: Code, operands: Sequence[Lanes], exact: bool) -> Lanes:
    """The interval that a number lies in: halved again and again where all knots are known, else by counting."""
    x, *knots = operands
    known = _known(knots)
    if known is None:
        return _counted(code, x, knots[1:-1])
    table, at, left = code.listed(known), code.splat(code.integer(0)), max(1, len(known) - 1)
    while left > 1:
        half = left // 2
        further = at + half
        at = choose(table.gathered(further) <= x, further, at)
        left -= half
    return code.select(x.compare("oeq", x), code.double(at), math.nan)


def _counted(code: Code, x: Lanes, knots: Sequence[Lanes]) -> Lanes:
    below = _added([code.select(knot <= x, 1.0, 0.0) for knot in knots], 1) if knots else code.constant(0.0)
    return code.select(x.compare("oeq", x), below, math.nan)


def _known(numbers: Sequence[Lanes]) -> tuple[float, ...] | None:
    """The numbers, if all are known."""
    known = [x.known for x in numbers]
    return None if None in known else tuple(known)  # type: ignore[arg-type]  # there is no None in it


_VECTORS: dict[Primitive, Atom] = {
    table.sum_: _sum,
    table.dot: _dot,
    table.logsumexp: _logsumexp,
    table.softmax: _softmax,
    table.log_softmax: _log_softmax,
    table.take: _take,
    table.locate: _locate,
}


def _of_numbers(rule: Rule) -> Atom:
    return lambda code, operands, exact: rule(*operands)


TARGET: Target[Atom] = Target(
    "machine code",
    {lookup(name): _calling(lookup(name)) for name in LIBM}
    | {row: _of_numbers(rule) for row, rule in _WRITTEN.items()}
    | _VECTORS,
    otherwise=_calling,
)
