"""What holds of every program, said once: asked of what a file holds, and in tests of what every pass writes."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autograd.ops.primitive import lookup
from autograd.program.graph import COLUMNS, Graph, Operation
from autograd.program.loops import Column, Element, Final, Loop, Stack, Step

MOST = 2**31  # operands of an instruction
_AT_ONCE = 2**18  # instructions


class Senseless(ValueError):
    """What is wrong with a program, in a few words."""


def require(holds: object, otherwise: str) -> None:
    """Raise Senseless unless it holds."""
    if not holds:
        raise Senseless(otherwise)


def verify(program: Graph) -> None:
    """Nothing points outside of the program or forwards, and every operation has the operands that its row takes.

    The inputs have names, the operations are there once each, the columns have their types; every code, operand and
    output is one that stands before it; the operand that chooses among others is a constant, and there is what it
    chooses; words are of results.  It looks at a few arrays, at a million instructions in a twentieth of a second.

    Raises:
        Senseless: with the first thing that is wrong
    """
    n, starts = len(program), program.starts
    require(all(isinstance(name, str) for name in program.inputs), "its inputs have no names")
    require(len(set(program.operations)) == len(program.operations), "it lists an operation twice")
    for name, kind in COLUMNS.items():
        column = getattr(program, name)
        require(column.ndim == 1 and column.dtype == kind, f"its {name} are not a flat array of {np.dtype(kind).name}s")
    require(
        len(starts) == n + 1 and starts[0] == 0 and starts[-1] == len(program.operands), "its instructions are cut off"
    )
    require(_within(program.outputs, program.first + n), "an output is no number of it")
    require(all(program.first <= number < program.first + n for number in program.words), "its words are of no result")
    operations = program.operations
    rules = _Rules(*(np.array([_rule(operation)[i] for operation in operations], np.int64) for i in range(3)))
    for begin in range(0, n, _AT_ONCE):  # so that the checks need little beside the program
        _check_instructions(program, range(begin, min(n, begin + _AT_ONCE)), rules)
    if program.has_loops:
        _check_loops(program)


def check_slot(operation: Operation) -> None:
    """A slope is along an operand that its row has."""
    row, slot = operation
    arity = lookup(row).arity
    fits = slot is None or (type(slot) is int and 0 <= slot < (MOST if arity is None else arity))
    require(fits, f"{lookup(row).title} has no slope {slot!r:.40}")


class _Rules(NamedTuple):
    """What holds of the operands of each operation: how many there are at least and at most, and which is the index."""

    least: Any
    most: Any
    index: Any  # where the operand stands that chooses among those behind it; -1 if none does


def _rule(operation: Operation | Step) -> tuple[int, int, int]:
    if not isinstance(operation, Operation):
        count = len(operation.body.inputs) + operation.counted if isinstance(operation, Loop) else 1
        return count, MOST if isinstance(operation, Stack) else count, -1
    row, slope = lookup(operation.row), operation.slot is not None
    index = int(slope) if row.has_index else -1  # y of a slope stands before it
    if row.arity is not None:
        return row.arity + slope, row.arity + slope, index
    return max(len(row.operands), (operation.slot or 0) + 1) + slope, MOST, index


def _check_instructions(program: Graph, lines: range, rules: _Rules) -> None:
    """The same of some instructions."""
    here = slice(lines.start, lines.stop)
    starts, code = program.starts[lines.start : lines.stop + 1], program.code[here]
    lengths = np.diff(starts)
    require((lengths >= 0).all() and 0 <= starts[0] and starts[-1] <= len(program.operands), "its instructions overlap")
    require(_within(code, len(program.operations)), "an instruction has no operation")
    wrong = np.flatnonzero((lengths < rules.least[code]) | (lengths > rules.most[code]))
    if len(wrong):
        raise Senseless(f"{program.operations[code[wrong[0]]]} of {lengths[wrong[0]]} operands")
    operands = program.operands[starts[0] : starts[-1]]
    require((operands >= 0).all(), "an operand is no number of it")
    users = np.repeat(np.arange(lines.start, lines.stop, dtype=np.int64) + program.first, lengths)
    require((operands < users).all(), "an operand stands after its user")
    chooses = np.flatnonzero(rules.index[code] >= 0)
    _check_indices(program, code[chooses], starts[:-1][chooses], lengths[chooses], rules)


def _check_indices(program: Graph, code: Any, starts: Any, lengths: Any, rules: _Rules) -> None:
    """The operand that chooses is a constant, and there is what it chooses."""
    place = rules.index[code]
    chosen = program.operands[starts + place] - len(program.inputs)
    require(_within(chosen, len(program.constants)), "an index is no constant")
    index = program.constants[chosen]
    require(
        ((index == np.floor(index)) & (index >= 0) & (index < lengths - place - 1)).all(), "an index chooses nothing"
    )


def _check_loops(program: Graph) -> None:
    """Numbers, runs of loops and columns stand where such are read; bodies are programs that fit their loops."""
    kinds: list[Kind] = [None] * program.first
    for loop in program.operations:
        if isinstance(loop, Loop):
            _check_body(loop)
    for line in program:
        kinds.append(_kind_of(line.operation, [kinds[i] for i in line.operands]))
    require(all(kinds[i] is None for i in program.outputs.tolist()), "an output is no number")


def _check_body(loop: Loop) -> None:
    for program in loop.programs:
        verify(program)
    counts = (loop.carried, loop.shared, loop.length, loop.eaten, loop.yielded)
    require(all(type(count) is int and count >= 0 for count in counts), "the body of a loop does not fit it")
    if loop.solves:
        n = len(loop.solves.outputs)
        fits = n <= loop.carried and n <= len(loop.solves.inputs) <= n + loop.shared
        require(fits, "the equation of a loop does not fit it")


Kind: TypeAlias = int | Loop | None  # of a column its length, of a loop's run the loop, of a number None


def _kind_of(operation: Operation | Step, given: list[Kind]) -> Kind:
    """What an instruction makes of operands of these kinds."""
    match operation:
        case Loop():
            numbers = operation.carried + operation.shared
            wanted = [None] * (numbers + operation.counted) + [operation.length] * operation.eaten
            require(given == wanted, f"{operation} of other operands than numbers and columns of {operation.length}")
            return operation
        case Final(k):
            run = _run(given)
            require(k in range(run.carried + run.tested), f"{operation} is more than its loop has")
            return None
        case Column(k):
            run = _run(given)
            require(k in range(run.carried + run.yielded), f"{operation} is more than its loop has")
            return run.length
        case Element(step):
            require(isinstance(given[0], int) and step in range(given[0]), f"{operation} of no column that has it")
            return None
    require(all(kind is None for kind in given), f"{operation} of something else than numbers")
    return len(given) if isinstance(operation, Stack) else None


def _run(given: list[Kind]) -> Loop:
    if not isinstance(given[0], Loop):
        raise Senseless("what a loop made is read of something else")
    return given[0]


def _within(numbers: Any, count: int) -> bool:
    return bool(((numbers >= 0) & (numbers < count)).all())
