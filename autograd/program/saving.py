"""Programs in files; what is read is believed only after it was checked.

An archive (see `autograd.archive`) that holds

program     the names of the inputs, the operations, and of every row that occurs a fingerprint of its
            definition
constants, code, starts, operands, outputs    the program's arrays
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from autograd.archive import Arrays, Description, Format
from autograd.errors import FileFormatError
from autograd.files import Place, name_of
from autograd.ops.primitive import lookup
from autograd.program.graph import COLUMNS, Graph, Operation
from autograd.program.verify import Senseless, check_slot, require, verify
from autograd.text import quoted

FORMAT = Format("program", 1, COLUMNS, times=30)


def save_program(program: Graph, place: Place) -> None:
    """Write a program to a file, whole or not at all."""
    description = {
        "inputs": list(program.inputs),
        "operations": [list(operation) for operation in program.operations],
        "fingerprints": {operation.row: fingerprint(operation.row) for operation in program.operations},
    }
    FORMAT.write(place, description, {name: getattr(program, name) for name in COLUMNS})


def read_program(place: Place) -> Graph:
    """The program that `save_program` wrote: see `load_program`."""
    description, arrays = FORMAT.read(place)
    try:
        return _checked(description, arrays)
    except Senseless as reason:
        raise FileFormatError(f"{name_of(place)} is not a program that can run here: {reason}") from None


def fingerprint(row: str) -> str:
    """What tells one definition of a row from another."""
    found = lookup(row)
    return hashlib.sha256(repr((found.name, found.definition, found.operands, found.variadic)).encode()).hexdigest()


def _checked(description: Description, arrays: Arrays) -> Graph:
    """A program of which nothing can point outside of it."""
    for name in COLUMNS:
        require(name in arrays, f"it has no {name}")
    inputs = description.get("inputs", ())
    require(isinstance(inputs, list) and all(isinstance(i, str) for i in inputs), "its inputs have no names")
    chosen: dict[str, Any] = {name: arrays[name] for name in COLUMNS}
    program = Graph(tuple(inputs), operations=_operations(description), **chosen)
    verify(program)
    return program


def _operations(description: Description) -> tuple[Operation, ...]:
    listed, prints = description.get("operations"), description.get("fingerprints")
    if not isinstance(listed, list) or not isinstance(prints, dict):
        raise Senseless("its operations are not listed")
    return tuple(_operation(entry, prints) for entry in listed)


def _operation(entry: Any, prints: Mapping[str, Any]) -> Operation:
    """The operation that an entry of the list names, if the table defines it as the one who saved it did."""
    if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str)):
        raise Senseless(f"{quoted(entry)} is no operation")
    row, slot = entry
    try:
        known = fingerprint(row)
    except KeyError:
        raise Senseless(f"the table has no row {quoted(row)}") from None
    require(prints.get(row) == known, f"the table defines {row!r} otherwise than when it was saved")
    operation = Operation(row, slot)
    check_slot(operation)
    return operation
