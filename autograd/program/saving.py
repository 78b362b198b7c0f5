"""Programs in files; what is read is believed only after it was checked.

An archive (see `autograd.archive`) that holds

program     the names of the inputs, the operations, and of every row that occurs a fingerprint of its
            definition
constants, code, starts, operands, outputs    the program's arrays
"""

from __future__ import annotations

import hashlib
import os
from typing import Any

import numpy as np

from autograd.archive import Arrays, Description, read_archive, write_archive
from autograd.errors import FileFormatError
from autograd.ops.primitive import lookup
from autograd.program.program import Operation, Program

VERSION = 1
_ARRAYS = {"constants": np.float64, "code": np.int32, "starts": np.int64, "operands": np.int32, "outputs": np.int32}


def save_program(program: Program, path: str | os.PathLike[str]) -> None:
    """Write a program to `path`, whole or not at all."""
    description = {
        "inputs": list(program.inputs),
        "operations": [list(operation) for operation in program.operations],
        "fingerprints": {operation.row: fingerprint(operation.row) for operation in program.operations},
    }
    write_archive(path, "program", VERSION, description, {name: getattr(program, name) for name in _ARRAYS})


def read_program(path: str | os.PathLike[str]) -> Program:
    """The program that `save_program` wrote: see `load_program`."""
    description, arrays = read_archive(path, "program", VERSION)
    try:
        return _checked(description, arrays)
    except _Senseless as reason:
        raise FileFormatError(f"{path} is not a program that can run here: {reason}") from None


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
    for name, dtype in _ARRAYS.items():
        _require(name in arrays, f"it has no {name}")
        _require(arrays[name].dtype == dtype and arrays[name].ndim == 1, f"its {name} are not an array of {dtype()!r}s")
    inputs = description.get("inputs", ())
    _require(isinstance(inputs, list) and all(isinstance(i, str) for i in inputs), "its inputs have no names")
    chosen = {name: arrays[name] for name in _ARRAYS}
    program = Program(tuple(inputs), operations=_operations(description), **chosen)
    _check_numbers(program)
    return program


def _operations(description: dict[str, Any]) -> tuple[Operation, ...]:
    listed, prints = description.get("operations"), description.get("fingerprints")
    _require(isinstance(listed, list) and isinstance(prints, dict), "its operations are not listed")
    found = []
    for entry in listed or ():
        _require(
            isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str), f"{entry!r} is no operation"
        )
        row, slot = entry
        try:
            known = fingerprint(row)
        except KeyError:
            raise _Senseless(f"the table has no row {row!r}") from None
        _require((prints or {}).get(row) == known, f"the table defines {row!r} otherwise than when it was saved")
        arity = lookup(row).arity
        fits = slot is None or (type(slot) is int and 0 <= slot and (arity is None or slot < arity))
        _require(fits, f"{row} has no slope {slot!r}")
        found.append(Operation(row, slot))
    return tuple(found)


def _check_numbers(program: Program) -> None:
    """Every code, operand and output is one that stands before it, and every operation has its operands."""
    n, first = len(program), program.first
    starts, operands = program.starts, program.operands
    _require(len(starts) == n + 1 and starts[0] == 0 and starts[-1] == len(operands), "its instructions are cut off")
    lengths = np.diff(starts)
    _require((lengths >= 0).all(), "its instructions overlap")
    _require(_within(program.code, len(program.operations)), "an instruction has no operation")
    _require(_within(program.outputs, first + n), "an output is no number of it")
    _require((operands >= 0).all(), "an operand is no number of it")
    _require((operands < np.repeat(first + np.arange(n), lengths)).all(), "an operand stands after its user")
    for code, operation in enumerate(program.operations):
        lines = np.flatnonzero(program.code == code)
        _check_counts(operation, np.unique(lengths[lines]).tolist())
        if lookup(operation.row).has_index:
            _check_index(program, operation, lines, lengths)


def _check_counts(operation: Operation, counts: list[int]) -> None:
    row, slope = lookup(operation.row), operation.slot is not None
    for count in counts:
        quantities = count - slope
        fits = quantities == row.arity if row.arity is not None else quantities >= len(row.operands)
        _require(fits, f"{operation} of {count} operands")
        _require(not slope or (operation.slot or 0) < quantities, f"{operation} of {count} operands")


def _check_index(program: Program, operation: Operation, lines: Any, lengths: Any) -> None:
    """The operand that chooses is a constant, and there is what it chooses."""
    leading = 1 + (operation.slot is not None)  # before the quantities: the index, and y of a slope
    chosen = program.operands[program.starts[lines] + leading - 1] - len(program.inputs)
    _require(_within(chosen, len(program.constants)), f"the index of {operation} is no constant")
    index = program.constants[chosen]
    fits = (index == np.floor(index)) & (index >= 0) & (index < lengths[lines] - leading)
    _require(fits.all(), f"the index of {operation} chooses nothing")


def _within(numbers: Any, count: int) -> bool:
    return bool(((numbers >= 0) & (numbers < count)).all())
