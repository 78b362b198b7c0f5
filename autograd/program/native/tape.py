"""Large programs as a tape: written by array operations, so that a million instructions take a second or two.

Instructions are put into runs of one operation within windows of the program, so that memory is used in
nearly the same order as before; registers are given out again when their number is not needed any more.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd.ops import table
from autograd.ops.primitive import TABLE
from autograd.program.graph import DOT, SUM, Graph, Operation, plain
from autograd.program.kernel import Floats, Task
from autograd.program.native import entrance
from autograd.program.native.driver import driver, levels, places
from autograd.program.native.handlers import COUNTED, LOAD, STORE, TOTAL, RunKind

_SHORT, _MANY = 12, 1000  # operands of a dot or sum, and how many of them, from which one is written out
WINDOW = 1024  # instructions that may change places with each other
# Rows of which an operand is better known, and which one.
_KNOWN = {table.power.name: 1} | dict.fromkeys([row.name for row in TABLE.values() if row.orders or row.has_index], 0)

Array = np.ndarray[Any, Any]


class MachineTape(NamedTuple):
    """A task written for the tape's machine."""

    words: Array  # the tape; places count registers
    is_place: Array  # (words,) whether a word is the place of a register
    kinds: list[RunKind]  # the operations that its runs speak of
    uniform: int  # registers of what is the same for all samples: inputs, then constants
    registers: int  # in all
    constants: Floats

    def with_blocks(self, blocks: int) -> Array:
        """The words where a register that is not uniform has so many vectors."""
        longer = self.is_place & (self.words >= self.uniform)
        return np.where(longer, (self.words - self.uniform) * blocks + self.uniform, self.words).astype(np.int32)


class _Lines(NamedTuple):
    """Instructions as arrays."""

    kind: Array  # (n,) which kind
    group: Array  # (n,) those with the same number do not depend on each other
    starts: Array  # (n + 1,) of their operands
    operands: Array  # numbers of the program
    results: Array  # (n,) numbers of the program; below 0: ~column of an output

    def ordered(self, order: Array) -> _Lines:
        """The same instructions in another order."""
        lengths = np.diff(self.starts)[order]
        starts = _starts(lengths)
        at = np.repeat(self.starts[:-1][order] - starts[:-1], lengths) + np.arange(starts[-1])
        return _Lines(self.kind[order], self.group[order], starts, self.operands[at], self.results[order])


def _starts(lengths: Array) -> Array:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])


def tape_of(task: Task, single: bool) -> MachineTape:
    """The tape of a task, for a single sample (a register is a double) or for blocks of samples."""
    lines, kinds = _lines(task, single)
    lines, kinds = _only_used(_with_ends(_in_runs(lines, task.program.first), task, kinds, single), kinds)
    place, registers, uniform = _placed(lines, task, single)
    words, is_place = _words(lines, kinds, place)
    return MachineTape(words, is_place, kinds, uniform, registers, task.program.constants)


# -- what instructions compute ----------------------------------------------------------------------


def _lines(task: Task, single: bool) -> tuple[_Lines, list[RunKind]]:
    """The program's instructions and the kinds that occur, without the operands that a kind knows."""
    program, kinds = task.program, dict[RunKind, int]()
    lengths, kept = np.diff(program.starts), np.ones(len(program.operands), bool)
    kind = np.empty(len(program), np.int64)
    for code, operation in enumerate(map(plain, program.operations)):
        mine = np.flatnonzero(program.code == code)
        if operation in COUNTED:
            kind[mine] = kinds.setdefault(RunKind(operation, exact=task.exact), len(kinds))
            short = np.bincount(lengths[mine], minlength=_SHORT)[:_SHORT] if single and operation in (DOT, SUM) else [0]
            for length in np.flatnonzero(np.array(short) >= _MANY).tolist():
                special = RunKind(operation, length, exact=task.exact)
                kind[mine[lengths[mine] == length]] = kinds.setdefault(special, len(kinds))
        elif operation.row in _KNOWN:
            for i in mine.tolist():
                special = _special(program, i, operation)
                kind[i] = kinds.setdefault(special, len(kinds))
                kept[[program.starts[i] + place for place, _ in special.known]] = False
        else:
            for length in np.unique(lengths[mine]).tolist():
                kind[mine[lengths[mine] == length]] = kinds.setdefault(RunKind(operation, length), len(kinds))
    starts = _starts(kept)[program.starts]
    results = np.arange(program.first, program.first + len(program), dtype=np.int32)
    return _Lines(kind, np.zeros(len(kind), np.int64), starts, program.operands[kept], results), list(kinds)


def _special(program: Graph, i: int, operation: Operation) -> RunKind:
    """The kind of an instruction of which an operand is known if that is a constant."""
    start, end = program.starts[i : i + 2].tolist()
    place = _KNOWN[operation.row] + (operation.slot is not None)
    constant = int(program.operands[start + place]) - len(program.inputs)
    if 0 <= constant < len(program.constants):
        return RunKind(operation, end - start, ((place, float(program.constants[constant])),))
    return RunKind(operation, end - start)


# -- order ------------------------------------------------------------------------------------------


def _in_runs(lines: _Lines, first: int) -> _Lines:
    """The instructions by window, in it by level, and on a level by what they compute and how long they are."""
    n = len(lines.kind)
    level = np.empty(n, np.int32)
    entrance.alone(driver(), levels)(n, first, WINDOW, *(a.ctypes.data for a in (lines.starts, lines.operands, level)))
    group = (np.arange(n) // WINDOW << 11) | level
    key = (group << 24) | (lines.kind << 8) | np.minimum(np.diff(lines.starts), 255)
    return lines._replace(group=group).ordered(np.argsort(key, kind="stable"))


def _with_ends(lines: _Lines, task: Task, kinds: list[RunKind], single: bool) -> _Lines:
    """Instructions that load inputs in front, and those that write outputs at the end of their window."""
    program, summed = task.program, np.array(task.summed, bool)
    loads = np.empty(0, np.int64) if single else np.flatnonzero(task.batched)
    outputs, n, base = program.outputs, len(lines.kind), len(kinds)
    kinds += [RunKind(LOAD), RunKind(STORE), RunKind(TOTAL)]
    window = np.full(program.first + n, -1, np.int64)
    window[lines.results] = lines.group >> 11
    column = np.where(summed, np.cumsum(summed), np.cumsum(~summed)) - 1
    none = np.zeros(len(loads), np.int64)
    together = _Lines(
        np.concatenate([none + base, lines.kind, base + 1 + summed]),
        np.concatenate([none - 1, lines.group, window[outputs] << 11]),
        _starts(np.concatenate([none, np.diff(lines.starts), np.ones(len(outputs), np.int64)])),
        np.concatenate([lines.operands, outputs]),
        np.concatenate([loads, lines.results, ~column]).astype(np.int32),
    )
    return together.ordered(np.argsort(together.group >> 11, kind="stable"))


def _only_used(lines: _Lines, kinds: list[RunKind]) -> tuple[_Lines, list[RunKind]]:
    """The kinds that occur, renumbered."""
    used = np.bincount(lines.kind, minlength=len(kinds)) > 0
    renumbered = lines._replace(kind=(np.cumsum(used) - 1)[lines.kind])
    return renumbered, [kind for kind, is_used in zip(kinds, used.tolist(), strict=True) if is_used]


# -- registers --------------------------------------------------------------------------------------


def _placed(lines: _Lines, task: Task, single: bool) -> tuple[Array, int, int]:
    """(the register of every number, how many registers, how many of them uniform)."""
    program, batched = task.program, np.array(task.batched, bool)
    place = np.full(program.first + len(program), -1, np.int32)
    inputs = np.flatnonzero(~batched)
    if single:
        inputs = np.concatenate([inputs, np.flatnonzero(batched)])
    place[inputs] = np.arange(len(inputs))
    place[len(program.inputs) : program.first] = len(inputs) + np.arange(len(program.constants))
    uniform = len(inputs) + len(program.constants)
    last = np.full(len(place), -1, np.int64)  # the last instruction that reads a number
    last[lines.operands] = np.repeat(np.arange(len(lines.kind)), np.diff(lines.starts))
    last[place >= 0] = -1  # what is uniform stays
    free = np.empty(len(place) + 1, np.int32)
    arrays = (lines.starts, lines.operands, lines.results, last, place, free)
    give_out = entrance.alone(driver(), places)
    registers: int = give_out(len(lines.kind), *(a.ctypes.data for a in arrays), uniform)
    return place, registers, uniform


# -- words ------------------------------------------------------------------------------------------


def _words(lines: _Lines, kinds: list[RunKind], place: Array) -> tuple[Array, Array]:
    """(the tape, which of its words are places): a head in front of every run, places instead of numbers."""
    counted = np.array([kind.is_counted for kind in kinds])[lines.kind]
    is_load = np.array([kind.operation == LOAD for kind in kinds])[lines.kind]
    lengths = np.diff(lines.starts)
    begins = np.ones(len(lines.kind), bool)
    begins[1:] = (np.diff(lines.kind) != 0) | (np.diff(lines.group) != 0)
    ends = np.cumsum(1 + counted + is_load + lengths + 2 * begins)
    words, is_place = (
        np.empty(int(ends[-1]) if len(ends) else 0, np.int32),
        np.zeros(ends[-1] if len(ends) else 0, bool),
    )
    at = ends - lengths - is_load - 1  # of the results
    runs = np.flatnonzero(begins)
    heads = at[runs] - counted[runs] - 2
    words[heads], words[heads + 1] = lines.kind[runs], np.diff(np.append(runs, len(begins)))
    words[at[counted] - 1] = lengths[counted]
    has_register = lines.results >= 0
    words[at] = np.where(has_register, place[np.maximum(lines.results, 0)], ~lines.results)
    is_place[at] = has_register
    words[at[is_load] + 1] = np.arange(np.count_nonzero(is_load))
    operands = np.repeat(at + 1, lengths) + _order_of_operands(lines, kinds, lengths)
    words[operands], is_place[operands] = place[lines.operands], True
    return words, is_place


def _order_of_operands(lines: _Lines, kinds: list[RunKind], lengths: Array) -> Array:
    """How far every operand stands from the first one: the factors of a dot in pairs."""
    nth = np.arange(lines.starts[-1]) - np.repeat(lines.starts[:-1], lengths)
    is_dot = np.repeat(np.array([kind.operation == DOT for kind in kinds])[lines.kind], lengths)
    half = np.repeat(lengths // 2, lengths)
    paired = np.where(nth < half, 2 * nth, np.where(nth < 2 * half, 2 * (nth - half) + 1, nth))
    order: Array = np.where(is_dot, paired, nth)
    return order
