"""Cones of one shape, derived once: what the chain rule writes for one is written for all that are like it, by arrays.

Most rows of a large Jacobian are the same term, residual or defect on other numbers.  A cone's shape is what its
instructions compute and where in it, or beside it, their operands stand.  One cone of each shape is a program of its
own, on which the ordinary chain rule runs; the others take its instructions with their own numbers in place of that
cone's.  What was written before is found by fingerprints, and held against it, so the program is to the last line the
one that a walk through every cone writes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from autograd.ops.primitive import lookup
from autograd.program.builder import Builder
from autograd.program.graph import GUARD, POWER, TAKE, WHERE, Graph, Operation, plain
from autograd.program.lines import Lines, graph_of, ragged, ranges, starts_of
from autograd.program.passes.fingerprints import (
    Keys,
    KnownLines,
    SaidTwice,
    keys_of,
    keys_of_constants,
    keys_of_numbers,
)

Ids = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]

_FEWEST = 32  # cones for which it is worth the search for those that are alike
_SAMPLE = 256  # cones that are looked at first
_WORTH = 0.5  # of all numbers in cones; those of one cone of each shape are fewer where shapes pay
_KNOWN = 2**40  # what a constant that is part of a shape is known by starts here
_ACTIVE, _CONSTANT = 1, 2  # what is said of a number beside a cone; four ways in all
_NEW = np.iinfo(np.int64).max  # in place of a number that is not known yet


class ConeNumbers(NamedTuple):
    """The numbers in some cones of a program, one cone after the other.

    Attributes:
        members: ascending in each cone
        begins: (cones + 1,) where those of each begin
        active: (numbers of the program,) whether it depends on what is differentiated along
        asked: (numbers of the program,) whether its derivative is asked for, if it is in a cone
    """

    members: Ids
    begins: Ids
    active: Bools
    asked: Bools


class Piece(NamedTuple):
    """One cone as a program of its own, whose inputs are the cone's and behind them what it reads from elsewhere.

    Attributes:
        order: the cone's numbers in it, ascending
        active: for each of its numbers, whether it depends on what is differentiated along
        asked: those whose derivatives are asked for
    """

    program: Graph
    order: list[int]
    active: list[bool]
    asked: set[int]


class Derived(NamedTuple):
    """A piece and what the chain rule wrote behind it, all that it wrote; its outputs are derivatives.

    Attributes:
        of: for each output which number of `order` it is the derivative of, by its place
    """

    program: Graph
    of: list[int]


class Found(NamedTuple):
    """The derivatives in some cones that are not known to be 0.

    Attributes:
        cones: (derivatives,) in which cone
        members: (derivatives,) of which number, or along it
        finish: (which derivatives) → the program of these, and behind them 0
    """

    cones: Ids
    members: Ids
    finish: Callable[[Ids], Graph]


class _Unlike(Exception):
    """A cone would be derived in another way than the one whose shape it has."""


def derivatives(program: Graph, cones: ConeNumbers, derive: Callable[[Piece], Derived]) -> Found | None:
    """What `derive` writes for each cone of a program without loops; None where few are alike."""
    if len(cones.begins) <= _FEWEST:
        return None
    begins = cones.begins[: _SAMPLE + 1]
    sample = cones._replace(begins=begins, members=cones.members[: begins[-1]])
    for is_exact in (True, False):
        shapes = _shapes(program, cones, is_exact) if _pay(_shapes(program, sample, is_exact)) else None
        if shapes is not None and _pay(shapes):
            try:
                return _Instances(program, shapes, derive).found()
            except (_Unlike, SaidTwice):
                continue
    return None


# -- shapes -----------------------------------------------------------------------------------------


class _Shapes(NamedTuple):
    """Cones by their shapes, and what stands beside each.

    Attributes:
        same: for each shape, which cones have it
        operands: what the operands of all members are: a place in the cone; below 0 one beside it and what is said of
            that; from `_KNOWN` on a constant
        operand_begins: (cones + 1,) where those of each cone begin
        beside: the numbers beside the cones that their instructions read, in the order in which they do
        beside_begins: (cones + 1,) where those of each cone begin
    """

    cones: ConeNumbers
    same: list[Ids]
    operands: Ids
    operand_begins: Ids
    beside: Ids
    beside_begins: Ids


def _pay(shapes: _Shapes | None) -> bool:
    """Whether so many cones are alike that it is less work to derive one of each shape."""
    if shapes is None:
        return False
    sizes = np.diff(shapes.cones.begins)
    return bool(sum(sizes[same[0]] for same in shapes.same) <= _WORTH * sizes.sum())


def _shapes(program: Graph, cones: ConeNumbers, is_exact: bool) -> _Shapes | None:
    """The shapes of cones; unless `is_exact`, constants that no rule looks at may differ in cones of one shape."""
    fixed = _fixed_slots(program)
    if fixed is None and not is_exact:
        return None
    line = np.maximum(cones.members - program.first, -1)  # -1: an input, which computes nothing
    lengths = np.append(np.diff(program.starts), 0)[line]
    slots = ranges(program.starts[line], lengths)
    operands = program.operands[slots].astype(np.int64)
    is_constant = (operands >= len(program.inputs)) & (operands < program.first)
    is_known = is_constant.copy()
    if not is_exact and fixed is not None:
        is_known &= fixed[slots] | _is_special(program, operands)
    said = cones.active[operands] * _ACTIVE + is_constant * _CONSTANT
    tokens, beside, beside_begins = _placed(cones, lengths, operands, is_known, said)
    code = np.append(program.code, 0).astype(np.int64)[line]
    computes = np.where(line >= 0, code << 32 | lengths, -1) * 2 + cones.asked[cones.members]
    begins = np.concatenate([[0], np.cumsum(lengths)])[cones.begins]
    return _Shapes(cones, _grouped(computes, cones.begins, tokens, begins), tokens, begins, beside, beside_begins)


def _placed(cones: ConeNumbers, lengths: Ids, operands: Ids, is_known: Bools, said: Ids) -> tuple[Ids, Ids, Ids]:
    """(what operands are, the numbers beside cones, where those of each cone begin), as `_Shapes` has them."""
    count, total = len(cones.begins) - 1, len(cones.active)
    cone = np.repeat(np.arange(count), np.diff(cones.begins))
    owner = np.repeat(cone, lengths)
    keys, wanted = cone * total + cones.members, owner * total + operands
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    is_inside = keys[place] == wanted
    is_beside = ~is_inside & ~is_known
    met, at, which = np.unique(wanted[is_beside], return_index=True, return_inverse=True)
    by_first = np.argsort(at)
    rank = np.empty(len(met), np.int64)
    rank[by_first] = np.arange(len(met))
    begins = np.searchsorted(met[by_first] // total, np.arange(count + 1))
    tokens = np.where(is_inside, place - cones.begins[owner], _KNOWN + operands)
    tokens[is_beside] = ~((rank[which] - begins[owner[is_beside]]) * 4 + said[is_beside])
    return tokens, met[by_first] % total, begins


def _grouped(computes: Ids, begins: Ids, operands: Ids, operand_begins: Ids) -> list[Ids]:
    """Which cones are the same in what their members compute and of what."""
    found: dict[tuple[bytes, bytes], list[int]] = {}
    stretches = zip(pairwise(begins.tolist()), pairwise(operand_begins.tolist()), strict=True)
    for cone, ((start, stop), (first, last)) in enumerate(stretches):
        found.setdefault((computes[start:stop].tobytes(), operands[first:last].tobytes()), []).append(cone)
    return [np.array(same) for same in found.values()]


def _fixed_slots(program: Graph) -> Bools | None:
    """The operands that a rule looks at if they are constants; None where one may look at all, behind choices."""
    fixed = np.zeros(len(program.operands), bool)
    for code, operation in enumerate(program.operations):
        if operation in (WHERE, GUARD, TAKE):
            return None
        row = lookup(plain(operation).row)
        if row.opaque:
            return None
        if operation == POWER or row.leading or row.has_index:
            fixed[program.starts[:-1][program.code == code] + (operation == POWER)] = True
    return fixed


def _is_special(program: Graph, operands: Ids) -> Bools:
    """Whether constants are such that products with them are not written as others are."""
    constants = np.append(program.constants, 0.0)
    special = ~np.isfinite(constants) | (constants == 0.0) | (np.abs(constants) == 1.0)
    place = operands - len(program.inputs)
    found: Bools = special[np.where((place >= 0) & (place < len(program.constants)), place, -1)]
    return found


def _piece(program: Graph, shapes: _Shapes, cone: int) -> Piece:
    """One cone as a program of its own."""
    cones = shapes.cones
    members = cones.members[cones.begins[cone] : cones.begins[cone + 1]]
    tokens = shapes.operands[shapes.operand_begins[cone] : shapes.operand_begins[cone + 1]]
    inside = int((members < program.first).sum())
    width = inside + int(shapes.beside_begins[cone + 1] - shapes.beside_begins[cone])
    constants = np.unique(tokens[tokens >= _KNOWN])
    first = width + len(constants)
    places = np.concatenate([np.arange(inside), np.arange(first, first + len(members) - inside)])
    is_place = (tokens >= 0) & (tokens < _KNOWN)
    operands = np.where(tokens < 0, inside + (~tokens >> 2), width + np.searchsorted(constants, tokens))
    operands[is_place] = places[tokens[is_place]]
    active = np.ones(first + len(members) - inside, bool)
    active[inside:first] = False
    active[operands[tokens < 0]] = ~tokens[tokens < 0] & _ACTIVE
    lines = members[inside:] - program.first
    piece = Graph(
        inputs=tuple(f"x{i}" for i in range(width)),
        constants=program.constants[constants - _KNOWN - len(program.inputs)],
        operations=program.operations,
        code=program.code[lines],
        starts=starts_of(np.diff(program.starts)[lines]),
        operands=operands.astype(np.int32),
        outputs=np.zeros(0, np.int32),
    )
    return Piece(piece, places.tolist(), active.tolist(), set(places[cones.asked[members]].tolist()))


# -- all of a shape ---------------------------------------------------------------------------------


class _Family(NamedTuple):
    """The cones of one shape: what one of them was derived to, and the numbers of all of them.

    Attributes:
        cones: (cones,) which they are
        written: the first of the instructions that the chain rule wrote
        known: of each number before that, which number of the whole program it is in each cone; a constant once
        is_constant: of these, whether it is one in every cone
    """

    cones: Ids
    derived: Derived
    written: int
    known: list[Ids]
    is_constant: list[bool]

    def lines(self) -> list[tuple[int, list[int]]]:
        """(code, operands) of each instruction that was written."""
        program = self.derived.program
        line = self.written - program.first
        starts, operands = program.starts.tolist(), program.operands.tolist()
        return [
            (code, operands[start:stop])
            for code, (start, stop) in zip(program.code[line:].tolist(), pairwise(starts[line:]), strict=True)
        ]


class _Constants:
    """Numbers that are known: those of a program are called as there, others ~0, ~1, …, each once."""

    def __init__(self, program: Graph) -> None:
        self._first = len(program.inputs)
        self._given = program.constants
        self.added: list[float] = []
        bits = program.constants.view(np.uint64).tolist()
        self._number = dict(zip(bits, range(self._first, program.first), strict=True))

    def number(self, value: float) -> int:
        """What a constant is called."""
        bits = int(np.float64(value).view(np.uint64))
        found = self._number.get(bits)
        if found is None:
            found = self._number[bits] = ~len(self.added)
            self.added.append(value)
        return found

    @property
    def all(self) -> list[float]:
        """All of them: those of the program, then the others."""
        return [*self._given.tolist(), *self.added]

    def as_in_lines(self, numbers: Ids) -> Ids:
        """What numbers are called in `Lines`, where results follow the inputs, and all constants are negative."""
        is_given = (numbers >= self._first) & (numbers < self._first + len(self._given))
        others = np.where((numbers >= 0) & (numbers < self._first), numbers, numbers - len(self._given))
        return np.where(is_given, ~(numbers - self._first), others)

    def values(self, numbers: Ids) -> np.ndarray[Any, np.dtype[np.float64]]:
        """What constants are."""
        every = np.concatenate([self._given, self.added[::-1]])
        found: np.ndarray[Any, np.dtype[np.float64]] = every[np.where(numbers < 0, numbers, numbers - self._first)]
        return found

    def folded(self, operation: Operation, operands: Sequence[Ids]) -> Ids:
        """An operation on constants, in every cone.

        Raises:
            _Unlike: if one comes out with which products are not written as with others
        """
        table = np.stack(np.broadcast_arrays(*operands), axis=1)
        each, which = np.unique(table, axis=0, return_inverse=True)
        builder = Builder(())
        results = []
        for values in self.values(each).tolist():
            folded = builder.value_of(builder.emit(operation, tuple([builder.constant(v) for v in values])))
            if folded is None or abs(folded) == 1.0:
                raise _Unlike
            results.append(self.number(folded))
        return np.array(results, np.int64)[which.reshape(-1)]


class _Instances:
    """The derivatives of all cones, written from those of one of each shape."""

    def __init__(self, program: Graph, shapes: _Shapes, derive: Callable[[Piece], Derived]) -> None:
        self._program, self._shapes = program, shapes
        self._total = program.first + len(program)
        self._constants = _Constants(program)
        self._codes: dict[Any, int] = {operation: code for code, operation in enumerate(program.operations)}
        self._families = [self._family(same, derive) for same in shapes.same]
        self._lines = [family.lines() for family in self._families]
        self._code_of = [
            [self._codes.setdefault(o, len(self._codes)) for o in family.derived.program.operations]
            for family in self._families
        ]
        counts = np.zeros(len(shapes.cones.begins) - 1, np.int64)
        for family, lines in zip(self._families, self._lines, strict=True):
            counts[family.cones] = len(lines)
        self._row = np.cumsum(counts) - counts  # of each cone the first of its instructions among those of all
        self._keys = np.zeros(int(counts.sum()), np.uint64)
        self._number = np.full(len(self._keys), _NEW)

    def _family(self, same: Ids, derive: Callable[[Piece], Derived]) -> _Family:
        program, shapes, cones = self._program, self._shapes, self._shapes.cones
        piece = _piece(program, shapes, int(same[0]))
        derived = derive(piece)
        inside = sum(number < piece.program.first for number in piece.order)
        beside = len(piece.program.inputs) - inside
        members = [cones.members[cones.begins[same] + i] for i in range(len(piece.order))]
        others = [shapes.beside[shapes.beside_begins[same] + i] for i in range(beside)]
        constants = [np.array([self._constants.number(c)]) for c in derived.program.constants.tolist()]
        known = [*members[:inside], *others, *constants, *members[inside:]]
        first_beside = [int(other[0]) for other in others]
        are_constant = [len(program.inputs) <= number < program.first for number in first_beside]
        is_constant = [*[False] * inside, *are_constant, *[True] * len(constants), *[False] * len(members[inside:])]
        return _Family(same, derived, len(known), known, is_constant)

    def found(self) -> Found:
        """The program of the derivatives."""
        self._fingerprint()
        first_rows = self._numbered()
        code, starts, operands = self._rows()
        self._check(first_rows, code, starts, operands)
        parts = [(family, place, numbers) for family in self._families for place, numbers in self._outputs(family)]
        cones = np.concatenate([family.cones for family, _, _ in parts])
        begins = self._shapes.cones.begins
        members = np.concatenate([self._shapes.cones.members[begins[f.cones] + place] for f, place, _ in parts])
        outputs = np.concatenate([np.broadcast_to(numbers, len(family.cones)) for family, _, numbers in parts])
        kept = np.flatnonzero(~self._is_zero(outputs))
        begins, at = ragged(starts, first_rows)
        program = self._program
        lines = Lines(
            len(program.inputs), program.code.astype(np.int64), program.starts, program.operands.astype(np.int64)
        )
        lines = lines.followed_by(lines._replace(code=code[first_rows], starts=begins, operands=operands[at]))
        lines = lines._replace(operands=self._constants.as_in_lines(lines.operands))

        def finish(which: Ids) -> Graph:
            wanted = self._constants.as_in_lines(np.append(outputs[kept[which]], self._constants.number(0.0)))
            return graph_of(lines, program.inputs, self._constants.all, tuple(self._codes), wanted.tolist(), {})

        return Found(cones[kept], members[kept], finish)

    def _is_zero(self, numbers: Ids) -> Bools:
        """Which numbers are known to be 0."""
        inputs, first = len(self._program.inputs), self._program.first
        found: Bools = (numbers < 0) | ((numbers >= inputs) & (numbers < first))
        found[found] = self._constants.values(numbers[found]) == 0.0
        return found

    def _outputs(self, family: _Family) -> list[tuple[int, Ids]]:
        """(place in the cone, number of the derivative in each cone) of what is asked for."""
        outputs = family.derived.program.outputs.tolist()
        return [(place, self._numbers_of(family, o)) for place, o in zip(family.derived.of, outputs, strict=True)]

    def _numbers_of(self, family: _Family, number: int) -> Ids:
        """What a number of a piece is in each cone."""
        if number < family.written:
            return family.known[number]
        found: Ids = self._number[self._row[family.cones] + (number - family.written)]
        return found

    # -- what was written before --------------------------------------------------------------------

    def _fingerprint(self) -> None:
        """Give each instruction a key that tells what it computes of what; and its number, where that is known."""
        program = self._program
        keys = keys_of_numbers(program)
        before = KnownLines(program, keys)
        for family, lines, codes in zip(self._families, self._lines, self._code_of, strict=True):
            known = [self._keys_of(numbers, keys) for numbers in family.known]
            constant = list(family.is_constant)
            for t, (code, operands) in enumerate(lines):
                rows = self._row[family.cones] + t
                constant.append(bool(operands) and all(constant[o] for o in operands))
                if constant[-1]:
                    given = [np.broadcast_to(self._numbers_of(family, o), len(rows)) for o in operands]
                    operation = plain(family.derived.program.operations[code])
                    self._number[rows] = self._constants.folded(operation, given)
                    known.append(self._keys_of(self._number[rows], keys))
                else:
                    self._keys[rows] = found = keys_of(codes[code], [known[o] for o in operands], len(rows))
                    numbers = before.numbers(found)
                    is_known = numbers >= 0
                    self._number[rows[is_known]] = numbers[is_known]
                    known.append(np.where(is_known, keys[numbers], found))

    def _keys_of(self, numbers: Ids, keys: Keys) -> Keys:
        """The keys of numbers of the program, and of constants."""
        found = keys[numbers]
        added = numbers < 0
        if added.any():
            found[added] = keys_of_constants(self._constants.values(numbers[added]))
        return found

    def _numbered(self) -> Ids:
        """Number what is new, as it is first met; the rows of these."""
        rows = np.flatnonzero(self._number == _NEW)
        _, at, which = np.unique(self._keys[rows], return_index=True, return_inverse=True)
        by_first = np.argsort(at)
        rank = np.empty(len(at), np.int64)
        rank[by_first] = np.arange(len(at))
        self._number[rows] = self._total + rank[which]
        found: Ids = rows[at[by_first]]
        return found

    def _rows(self) -> tuple[Ids, Ids, Ids]:
        """(code, starts, operands) of every instruction that was written, in the numbers of the whole."""
        code, lengths = np.zeros((2, len(self._keys)), np.int64)
        for family, lines, codes in zip(self._families, self._lines, self._code_of, strict=True):
            for t, (which, given) in enumerate(lines):
                code[self._row[family.cones] + t], lengths[self._row[family.cones] + t] = codes[which], len(given)
        starts = starts_of(lengths)
        operands = np.zeros(starts[-1], np.int64)
        for family, lines in zip(self._families, self._lines, strict=True):
            for t, (_, given) in enumerate(lines):
                begin = starts[self._row[family.cones] + t]
                for slot, operand in enumerate(given):
                    operands[begin + slot] = self._numbers_of(family, operand)
        return code, starts, operands

    def _check(self, first_rows: Ids, code: Ids, starts: Ids, operands: Ids) -> None:
        """Raise _Unlike unless all instructions of one number are the same, as their keys said."""
        program, lengths = self._program, np.diff(starts)
        as_new = np.flatnonzero((self._number >= self._total) & (self._number != _NEW))
        as_before = np.flatnonzero((self._number >= program.first) & (self._number < self._total))
        first = first_rows[self._number[as_new] - self._total]
        line = self._number[as_before] - program.first
        for rows, others, of, begins, numbers in (
            (as_new, first, code, starts, operands),
            (as_before, line, program.code, program.starts, program.operands),
        ):
            if not (code[rows] == of[others]).all() or not (lengths[rows] == np.diff(begins)[others]).all():
                raise _Unlike
            theirs = numbers[ranges(begins[others], lengths[rows])]
            if not (operands[ranges(starts[rows], lengths[rows])] == theirs).all():
                raise _Unlike
