"""Programs in files: NumPy's .npz, without pickle; what is read is believed only after it was checked.

program     JSON: the format and its version, the names of the inputs, the operations, and of every
            row that occurs a fingerprint of its definition
constants, code, starts, operands, outputs    the program's arrays
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from autograd.errors import FileFormatError
from autograd.files import write_whole
from autograd.ops.primitive import lookup
from autograd.program.program import Operation, Program

FORMAT, VERSION = "glassgrad program", 1
_ARRAYS = {"constants": np.float64, "code": np.int32, "starts": np.int64, "operands": np.int32, "outputs": np.int32}
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, KeyError, ValueError, NotImplementedError,
    RuntimeError, OverflowError, MemoryError, OSError,
)  # fmt: skip


def save_program(program: Program, path: str | os.PathLike[str]) -> None:
    """Write a program to `path`, whole or not at all."""
    description = {
        "format": FORMAT,
        "version": VERSION,
        "inputs": list(program.inputs),
        "operations": [list(operation) for operation in program.operations],
        "fingerprints": {operation.row: fingerprint(operation.row) for operation in program.operations},
    }
    content = io.BytesIO()
    arrays = {name: getattr(program, name) for name in _ARRAYS}
    np.savez_compressed(content, allow_pickle=False, program=np.array(json.dumps(description)), **arrays)
    write_whole(path, content.getvalue())


def read_program(path: str | os.PathLike[str]) -> Program:
    """The program that `save_program` wrote: see `load_program`."""
    with Path(path).open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                damaged = archive.testzip()
            if damaged is not None:
                raise FileFormatError(f"{path} is damaged in {damaged}; take another copy")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in (*_ARRAYS, "program")}
            description = json.loads(str(arrays.pop("program")))
        except FileFormatError:
            raise
        except _UNREADABLE as error:
            raise FileFormatError(
                f"{path} is not a saved program, or is damaged or cut off ({type(error).__name__}: {error})"
            ) from None
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


def _checked(description: Any, arrays: dict[str, Any]) -> Program:
    """A program of which nothing can point outside of it."""
    _require(isinstance(description, dict) and description.get("format") == FORMAT, "it holds something else")
    version = description.get("version")
    _require(version == VERSION, f"it has version {version!r} of the format, this reads version {VERSION}: update it")
    for name, dtype in _ARRAYS.items():
        _require(arrays[name].dtype == dtype and arrays[name].ndim == 1, f"its {name} are not an array of {dtype()!r}s")
    inputs = description.get("inputs")
    _require(isinstance(inputs, list) and all(isinstance(i, str) for i in inputs), "its inputs have no names")
    program = Program(tuple(inputs), operations=_operations(description), **arrays)
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
