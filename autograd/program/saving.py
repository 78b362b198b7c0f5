"""Programs in files; what is read is believed only after it was checked.

An archive (see `autograd.archive`) that holds

program     the names of the inputs, the operations, and of every row that occurs a fingerprint of its
            definition
constants, code, starts, operands, outputs    the program's arrays
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd.archive import Arrays, Description, Format
from autograd.errors import FileFormatError
from autograd.files import Place, name_of
from autograd.ops.primitive import lookup
from autograd.program.program import Operation, Program
from autograd.value import short

_ARRAYS: dict[str, type[np.generic]] = {
    "constants": np.float64, "code": np.int32, "starts": np.int64, "operands": np.int32, "outputs": np.int32
}  # fmt: skip
_MOST = 2**31  # operands
_AT_ONCE = 2**18  # instructions
FORMAT = Format("program", 1, _ARRAYS, times=30)


def save_program(program: Program, place: Place) -> None:
    """Write a program to a file, whole or not at all."""
    description = {
        "inputs": list(program.inputs),
        "operations": [list(operation) for operation in program.operations],
        "fingerprints": {operation.row: fingerprint(operation.row) for operation in program.operations},
    }
    FORMAT.write(place, description, {name: getattr(program, name) for name in _ARRAYS})


def read_program(place: Place) -> Program:
    """The program that `save_program` wrote: see `load_program`."""
    description, arrays = FORMAT.read(place)
    try:
        return _checked(description, arrays)
    except _Senseless as reason:
        raise FileFormatError(f"{name_of(place)} is not a program that can run here: {reason}") from None


def fingerprint(row: str) -> str:
    """What tells one definition of a row from another."""
    found = lookup(row)
    return hashlib.sha256(repr((found.name, found.definition, found.operands, found.variadic)).encode()).hexdigest()


class _Senseless(Exception):
    """What is wrong with a description or its arrays."""


def _require(holds: object, otherwise: str) -> None:
    if not holds:
        raise _Senseless(otherwise)


def _checked(description: Description, arrays: Arrays) -> Program:
    """A program of which nothing can point outside of it."""
    for name in _ARRAYS:
        _require(name in arrays, f"it has no {name}")
    inputs = description.get("inputs", ())
    _require(isinstance(inputs, list) and all(isinstance(i, str) for i in inputs), "its inputs have no names")
    chosen: dict[str, Any] = {name: arrays[name] for name in _ARRAYS}
    program = Program(tuple(inputs), operations=_operations(description), **chosen)
    _check_numbers(program)
    return program


def _operations(description: Description) -> tuple[Operation, ...]:
    listed, prints = description.get("operations"), description.get("fingerprints")
    if not isinstance(listed, list) or not isinstance(prints, dict):
        raise _Senseless("its operations are not listed")
    found = tuple(_operation(entry, prints) for entry in listed)
    _require(len(set(found)) == len(found), "it lists an operation twice")
    return found


def _operation(entry: Any, prints: Mapping[str, Any]) -> Operation:
    """The operation that an entry of the list names, if the table defines it as the one who saved it did."""
    if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str)):
        raise _Senseless(f"{short(entry)} is no operation")
    row, slot = entry
    try:
        known = fingerprint(row)
    except KeyError:
        raise _Senseless(f"the table has no row {short(row)}") from None
    _require(prints.get(row) == known, f"the table defines {row!r} otherwise than when it was saved")
    arity = lookup(row).arity
    fits = slot is None or (type(slot) is int and 0 <= slot < (_MOST if arity is None else arity))
    _require(fits, f"{row} has no slope {short(slot)}")
    return Operation(row, slot)


def _check_numbers(program: Program) -> None:
    """Every code, operand and output is one that stands before it, and every operation has its operands."""
    n, starts, operations = len(program), program.starts, program.operations
    _require(
        len(starts) == n + 1 and starts[0] == 0 and starts[-1] == len(program.operands), "its instructions are cut off"
    )
    _require(_within(program.outputs, program.first + n), "an output is no number of it")
    rules = _Rules(*(np.array([_rule(operation)[i] for operation in operations], np.int64) for i in range(3)))
    for begin in range(0, n, _AT_ONCE):  # so that the checks need little beside the program
        _check_instructions(program, range(begin, min(n, begin + _AT_ONCE)), rules)


class _Rules(NamedTuple):
    """What holds of the operands of each operation: how many there are at least and at most, and which is the index."""

    least: Any
    most: Any
    index: Any  # where the operand stands that chooses among those behind it; -1 if none does


def _rule(operation: Operation) -> tuple[int, int, int]:
    row, slope = lookup(operation.row), operation.slot is not None
    index = int(slope) if row.has_index else -1  # y of a slope stands before it
    if row.arity is not None:
        return row.arity + slope, row.arity + slope, index
    return max(len(row.operands), (operation.slot or 0) + 1) + slope, _MOST, index


def _check_instructions(program: Program, lines: range, rules: _Rules) -> None:
    """The same of some instructions."""
    here = slice(lines.start, lines.stop)
    starts, code = program.starts[lines.start : lines.stop + 1], program.code[here]
    lengths = np.diff(starts)
    _require(
        (lengths >= 0).all() and 0 <= starts[0] and starts[-1] <= len(program.operands), "its instructions overlap"
    )
    _require(_within(code, len(program.operations)), "an instruction has no operation")
    wrong = np.flatnonzero((lengths < rules.least[code]) | (lengths > rules.most[code]))
    if len(wrong):
        raise _Senseless(f"{program.operations[code[wrong[0]]]} of {lengths[wrong[0]]} operands")
    operands = program.operands[starts[0] : starts[-1]]
    _require((operands >= 0).all(), "an operand is no number of it")
    users = np.repeat(np.arange(lines.start, lines.stop, dtype=np.int64) + program.first, lengths)
    _require((operands < users).all(), "an operand stands after its user")
    chooses = np.flatnonzero(rules.index[code] >= 0)
    _check_indices(program, code[chooses], starts[:-1][chooses], lengths[chooses], rules)


def _check_indices(program: Program, code: Any, starts: Any, lengths: Any, rules: _Rules) -> None:
    """The operand that chooses is a constant, and there is what it chooses."""
    place = rules.index[code]
    chosen = program.operands[starts + place] - len(program.inputs)
    _require(_within(chosen, len(program.constants)), "an index is no constant")
    index = program.constants[chosen]
    _require(
        ((index == np.floor(index)) & (index >= 0) & (index < lengths - place - 1)).all(), "an index chooses nothing"
    )


def _within(numbers: Any, count: int) -> bool:
    return bool(((numbers >= 0) & (numbers < count)).all())
