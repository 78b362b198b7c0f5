"""The formula of a program with loops: each loop as a recurrence with an index, from its body, never written out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from autograd.context import recording
from autograd.errors import ArgumentError
from autograd.functions import sum as sum_of
from autograd.ops.primitive import lookup
from autograd.order import reachable
from autograd.program.graph import Graph, Operation
from autograd.program.loops import Column, Element, Final, Loop
from autograd.program.runs import LoopOutcome, ran
from autograd.program.source import python_function
from autograd.recorder import RECORDERS, apply
from autograd.value import Value
from viz import notation as n
from viz.formulas.writer import Writer
from viz.identifiers import identifier
from viz.languages import LANGUAGES, Language
from viz.names import Names
from viz.notation import Box, Identifier
from viz.trace import trace

if TYPE_CHECKING:
    from viz.variables import Variables

INDICES = "kjilmn"  # of a loop, of one in it, …; deeper ones begin again
AUXILIARY = ("r", "g", "f")  # with a number, what is explained below and has no other letter
LETTERS = ("x", "y", "z", "u", "v", "s", "a", "b", "c", "d")  # of what has no name
IN_FULL = 4  # rows that are written out; of more the first and the last


def looped_formula(
    program: Graph,
    inputs: Sequence[Any],
    output: Callable[[list[Any]], Any],
    expand: bool,
    depth: int | None,
    names: Variables,
    digits: int,
    words: Language = LANGUAGES["en"],
) -> tuple[Box, tuple[tuple[Box, Box], ...]]:
    """(what `output` chooses among the program's outputs, of what its loops end with; what letters in it stand for).

    Raises:
        ArgumentError: for a depth, since numbers in a loop are of one step only
    """
    if depth is not None:
        raise ArgumentError("depth cuts a formula where a number can stand, and what a loop computes is no one number")
    if len(inputs) != len(program.inputs):
        raise ArgumentError(f"{program!r} takes {len(program.inputs)} numbers, got {len(inputs)}")
    with recording():
        given = [x if isinstance(x, Value) else Value(x, name) for x, name in zip(inputs, program.inputs, strict=True)]
        loops = _Loops([*(node.name for node in given if node.name), *_names_in(program)])
        root = output(loops.outputs(program, given))
        said = [root, *(x for line in loops.lines for x in (*line.rights, line.test) if isinstance(x, Value))]
        whole = sum_of(said)
    seen, ids = trace(whole, names), {node: i for i, node in enumerate(reachable(whole))}
    letters = {ids[node]: box for node, box in loops.letters.items() if node in ids}
    roots = [ids[node] for node in dict.fromkeys(said)]
    writer = _Writer(seen, Names(seen.columns), expand, None, roots, letters, digits, loops.free(AUXILIARY))
    _, where = writer.write()
    said_of = _said_by(writer, ids, loops.letters)
    lines = [(line.left, line.written(said_of, words)) for line in loops.lines]
    body = said_of(root, False)
    return body, _needed(body, [*lines, *where])


def _names_in(program: Graph) -> Iterator[str]:
    """The names of results, those in bodies too."""
    yield from (words.name for words in program.words.values() if words.name)
    for operation in program.operations:
        if isinstance(operation, Loop):
            yield from _names_in(operation.body)


class _Writer(Writer):
    """Calls what has no name r₁, r₂, …: the numbers of t₁, t₂, … are those of nodes of loops that are written out."""

    def __init__(self, *given: Any) -> None:
        self._auxiliary: Identifier = given[-1]
        self._numbers: dict[int, Identifier] = {}
        super().__init__(*given[:-1])

    def symbol(self, i: int) -> Box:
        """A node's name, or its letter here."""
        if self._names.given(i):
            return super().symbol(i)
        return self._numbers.setdefault(i, Identifier(self._auxiliary.name, "", str(len(self._numbers) + 1)))


def _needed(body: Box, lines: Sequence[tuple[Box, Box]]) -> tuple[tuple[Box, Box], ...]:
    """The lines about what the formula speaks of, or these lines do."""
    spoken, before = _spoken(body), None
    while spoken != before:
        before = set(spoken)
        for left, right in lines:
            if not spoken.isdisjoint(_spoken(left)):
                spoken |= _spoken(right)
    return tuple(line for line in lines if not spoken.isdisjoint(_spoken(line[0])))


def _spoken(part: Any) -> set[Identifier]:
    """The letters in a box, without their indices."""
    if isinstance(part, Identifier):
        return {part}
    if isinstance(part, n.Below) and isinstance(part.base, Identifier):
        return {part.base}
    if isinstance(part, tuple):
        return {letter for each in part for letter in _spoken(each)}
    return _spoken(tuple(getattr(part, each.name) for each in fields(part))) if is_dataclass(part) else set()


def _said_by(writer: Writer, ids: dict[Value, int], letters: dict[Value, Box]) -> Callable[[Any, bool], Box]:
    def said(number: Any, own: bool) -> Box:
        """A number's letter, if it has one and this is not where that is explained; else its formula."""
        if not isinstance(number, Value):
            return n.Number(float(number))
        return letters[number] if number in letters and not own else writer.composed(ids[number])

    return said


@dataclass
class _Line:
    """left = right, over a range of the index, as long as a test holds."""

    left: Box
    rights: Sequence[Any]  # nodes, numbers or boxes
    own: bool = False  # whether `left` is what the node on the right is called elsewhere
    over: n.Row | None = None
    test: Any = None
    solved: bool = False  # whether the right side is 0 where `left` is

    def written(self, said: Callable[[Any, bool], Box], words: Language) -> Box:
        """The right side and what goes with it."""
        rights = [said(x, self.own) if isinstance(x, (Value, float)) else x for x in self.rights]
        if self.solved:
            return n.row(n.Word(words.board["solution of"]), n.relation(rights[0], "=", n.ZERO), binds=n.ATOM)
        if self.over is None:
            return _together(rights)
        test = None if self.test is None else said(self.test, False)
        holds = [n.Word(words.board["while"]), _condition(test)] if test is not None else []
        return n.row(*rights, n.Word(","), *self.over.parts, *holds, binds=n.ATOM)


def _together(boxes: Sequence[Box]) -> Box:
    return n.row(n.listed(boxes), binds=n.ATOM) if len(boxes) > 1 else boxes[0]


def _condition(box: Box) -> Box:
    """A condition without the sign that makes a number of it."""
    return box.index if isinstance(box, n.Below) and box.base == n.ONE else n.relation(box, "≠", n.ZERO)


@dataclass
class _Rows:
    """A column of given numbers, and the letter that stands for one of them."""

    numbers: Sequence[Any]
    letter: Callable[[Box], Box]

    def floats(self) -> list[float]:
        return [x.data if isinstance(x, Value) else x for x in self.numbers]


@dataclass
class _Running:
    """A loop that was run on numbers, and what its numbers are called."""

    loops: _Loops
    ran: LoopOutcome
    steps: Sequence[int]
    backwards: bool
    inits: Sequence[Any]
    bases: list[Identifier]  # of what is carried, and then of what is yielded
    known: dict[Any, Value] = field(default_factory=dict)

    def final(self, k: int) -> Any:
        """The k-th carried number at the end; behind these how many steps were done."""
        if k == len(self.inits):
            return float(len(self.steps))
        if not self.steps:
            return self.inits[k]
        return self._node(k, _after(self.steps[-1], self.backwards), self.ran.finals[k])

    def column(self, k: int) -> _Column:
        """One number a step."""
        return _Column(self, k)

    def element(self, k: int, step: int) -> Value:
        """One of them."""
        return self._node(k, self._index(k, step), self.ran.columns[k][step])

    def _index(self, k: int, step: int) -> int:
        return _before(step, self.backwards) if k < len(self.inits) else step

    def _node(self, k: int, index: int, x: float) -> Value:
        if (k, index) not in self.known:
            self.known[k, index] = self.loops.called(Value(x), n.Below(self.bases[k], n.Number(float(index))))
        return self.known[k, index]


@dataclass
class _Column:
    """A column of a loop's run."""

    of: _Running
    k: int

    def letter(self, index: Box) -> Box:
        """What the number of a step is called."""
        is_later = self.of.backwards and self.k < len(self.of.inits)
        return n.Below(self.of.bases[self.k], _next(index) if is_later else index)

    def floats(self) -> list[float]:
        """Its numbers."""
        return list(self.of.ran.columns[self.k])


@dataclass
class _Solved:
    """What a loop ends with that solves an equation: its letters, and the numbers of how it went."""

    finals: Sequence[Any]

    def final(self, k: int) -> Any:
        """The k-th of them."""
        return self.finals[k]


def _before(step: int, backwards: bool) -> int:
    return step + 1 if backwards else step


def _after(step: int, backwards: bool) -> int:
    return step if backwards else step + 1


def _next(index: Box) -> Box:
    return n.row(index, n.Word("+"), n.ONE, binds=n.ATOM)


class _Loops:
    """Runs programs with the numbers of loops as leaves, and writes down how these come about."""

    def __init__(self, taken: Sequence[str]) -> None:
        self.letters: dict[Value, Box] = {}
        self.lines: list[_Line] = []
        given = [identifier(name) for name in taken]
        self._taken = {each.name for each in given}
        self._indexed = {each.name for each in given if each.below}  # x, where something is called x₁
        self._bases: set[Identifier] = set()

    def called(self, node: Value, box: Box) -> Value:
        """The node, called so from now on."""
        self.letters[node] = box
        return node

    def outputs(self, program: Graph, inputs: Sequence[Any], depth: int = 0) -> list[Any]:
        """The outputs as nodes; what is inside of loops stands for one step."""
        numbers: list[Any] = [*inputs, *program.constants.tolist()]
        for line in program:
            operands = tuple([numbers[i] for i in line.operands])
            match line.operation:
                case Operation(name, _):
                    row = lookup(name)
                    numbers.append(apply(row, operands) if row.variadic else RECORDERS[name](*operands))
                case Loop() as loop:
                    numbers.append(self._loop(loop, operands, depth))
                case Final(k):
                    numbers.append(operands[0].final(k))
                case Column(k):
                    numbers.append(operands[0].column(k))
                case Element(step):
                    (column,) = operands
                    is_of_loop = isinstance(column, _Column)
                    numbers.append(column.of.element(column.k, step) if is_of_loop else column.numbers[step])
                case _:
                    numbers.append(self._rows(operands))
        return [numbers[i] for i in program.outputs.tolist()]

    # -- a loop ---------------------------------------------------------------------------------

    def _loop(self, loop: Loop, operands: tuple[Any, ...], depth: int) -> _Running | _Solved:
        step = python_function(loop.body)
        done = ran(loop.stored, [_floats(x) for x in operands], lambda _, given: list(step(*given)))
        if loop.solves is not None:
            return self._solved(loop.solves, done.finals, [operands[slot] for slot in loop.theta], depth)
        many, operands = (_floats(operands[0]), operands[1:]) if loop.counted else (done.finals[-1], operands)
        steps = [step for step in range(loop.length) if step < many]
        inits = operands[: loop.carried]
        bases = [self._base(_name(x)) for x in inits] + [self._base(None) for _ in range(loop.yielded)]
        running = _Running(self, done, steps[::-1] if loop.backwards else steps, loop.backwards, inits, bases)
        if running.steps:
            self._write(loop, running, operands, depth)
        return running

    def _solved(self, equation: Graph, finals: Sequence[float], theta: Sequence[Any], depth: int) -> _Solved:
        """The solution by its letters, and the equation that it is of."""
        bases = [self._base(None) for _ in equation.outputs]
        x = [self.called(Value(number), base) for number, base in zip(finals, bases, strict=False)]
        place = len(self.lines)
        found = self.outputs(equation, [*x, *theta], depth)
        self.lines[place:place] = [
            _Line(base, [residual], solved=True) for base, residual in zip(bases, found, strict=True)
        ]
        return _Solved([*x, *finals[len(x) :]])

    def _write(self, loop: Loop, running: _Running, operands: tuple[Any, ...], depth: int) -> None:
        """The lines of a loop: what it starts with, and a step."""
        k, steps = Identifier(INDICES[depth % len(INDICES)]), running.steps
        before, after = (_next(k), k) if loop.backwards else (k, _next(k))
        first = n.Number(float(_before(steps[0], loop.backwards)))
        self.lines += [_Line(n.Below(base, first), [x]) for base, x in zip(running.bases, running.inits, strict=False)]
        over = _range(k, steps)
        given = [self.called(Value(running.ran.columns[i][steps[0]]), n.Below(base, before))
                 for i, base in enumerate(running.bases[: loop.carried])]  # fmt: skip
        rest = operands[loop.carried :]
        eaten = [self.called(Value(x.floats()[steps[0]]), x.letter(k)) for x in rest[loop.shared :]]
        place = len(self.lines)
        found = self.outputs(loop.body, [*given, *rest[: loop.shared], *eaten], depth + 1)
        lefts = [n.Below(base, after if i < loop.carried else k) for i, base in enumerate(running.bases)]
        test = found[-1] if loop.tested else None
        known = {*given, *eaten, *(x for x in rest if isinstance(x, Value)), *self.letters}
        lines = []
        for left, right in zip(lefts, found, strict=False):
            own = isinstance(right, Value) and not right.is_leaf and right not in known
            lines.append(_Line(left, [right], own, over, test))
            if own:
                known.add(self.called(right, left))
        self.lines[place:place] = lines

    def _rows(self, numbers: tuple[Any, ...]) -> _Rows:
        """Given numbers as a column, with a line that says what they are."""
        first = numbers[0].name if isinstance(numbers[0], Value) else None
        base = self._base(first.removesuffix("[0]") if first and first.endswith("[0]") else None)
        shown = range(len(numbers)) if len(numbers) <= IN_FULL else (0, 1, len(numbers) - 1)
        lefts: list[Any] = [n.Below(base, n.Number(float(i))) for i in shown]
        rights = [numbers[i] for i in shown]
        if len(numbers) > IN_FULL:
            lefts[-1:-1] = rights[-1:-1] = [n.Word("…")]
        self.lines.append(_Line(_together(lefts), rights))
        return _Rows(numbers, lambda index: n.Below(base, index))

    def _base(self, name: str | None) -> Identifier:
        """The letter of what is carried: the name of what it begins with, else one that is free."""
        base = identifier(name) if name else None
        if base is None or base.above or base.below or base in self._bases or base.name in self._indexed:
            return self.free(LETTERS)
        self._bases.add(base)
        return base

    def free(self, letters: Sequence[str]) -> Identifier:
        """The first of these letters that nothing is called."""
        base = next(x for x in _letters(letters) if x not in self._bases and x.name not in self._taken)
        self._bases.add(base)
        return base


def _range(k: Identifier, steps: Sequence[int]) -> n.Row:
    """k = 0, …, 9."""
    ends = [n.Number(float(step)) for step in dict.fromkeys((steps[0], steps[-1]))]
    return n.row(k, n.Word("="), n.listed([ends[0], n.Word("…"), ends[1]] if len(steps) > 2 else ends))


def _name(x: Any) -> str | None:
    return x.name if isinstance(x, Value) else None


def _letters(letters: Sequence[str]) -> Iterator[Identifier]:
    yield from (Identifier(letter + "′" * again) for again in count() for letter in letters)


def _floats(x: Any) -> Any:
    """A number, or the numbers of a column."""
    if isinstance(x, (_Rows, _Column)):
        return x.floats()
    return x.data if isinstance(x, Value) else x
