"""Programs in files; what is read is believed only after it was checked.

An archive (see `autograd.archive`) that holds

program     the names of the inputs, the operations, and of every row that occurs its revision and how many operands it
            takes (null: any number); whether it was simplified, within which width smoothed
constants, code, starts, operands, outputs    the program's arrays
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd.archive import Arrays, Content, Description, Format
from autograd.errors import FileFormatError, GraphError
from autograd.files import Place, name_of
from autograd.ops.primitive import TABLE, Primitive, lookup, titled
from autograd.program.graph import COLUMNS, Graph, Operation
from autograd.program.loops import Column, Element, Final, Loop, Stack, Step
from autograd.program.verify import Senseless, check_slot, require, verify
from autograd.text import quoted


class Meaning(NamedTuple):
    """What tells one meaning of a row's name from another."""

    revision: int
    operands: int | None  # None: any number
    rules: str = ""  # of a user's row the hash of its definition and of its rules as they were read

    def written(self) -> list[Any]:
        """As files have it."""
        return list(self) if self.rules else [self.revision, self.operands]

    def __str__(self) -> str:
        count = "any number of" if self.operands is None else f"{self.operands!r:.20}"
        return f"revision {self.revision!r:.20} with {count} operands"


def _without_hashes(description: Description, arrays: Arrays) -> Content:
    """Version 1 had hashes of definitions, which a word in one changed; every row was of the first revision."""
    listed = description.get("operations")
    entries = [entry for entry in listed if isinstance(entry, list) and entry] if isinstance(listed, list) else []
    names = {entry[0] for entry in entries if isinstance(entry[0], str) and entry[0] in TABLE}
    return {**description, "rows": {name: [1, lookup(name).arity] for name in names}}, arrays


FORMAT = Format("program", 2, COLUMNS, times=30, reads={1: _without_hashes})


def save_program(program: Graph, place: Place) -> None:
    """Write a program to a file, whole or not at all."""
    rows = [_of_a_file(operation) for operation in program.all_operations()]
    if len({row.title for row in rows}) < len(set(rows)):
        raise GraphError(
            "the program has two primitives of one name, from before and after it was written again, which a file "
            "could not tell apart: record the function again"
        )
    description: Description = {
        "inputs": list(program.inputs),
        "operations": [_entry(operation) for operation in program.operations],
        "rows": {row.title: _meaning(row).written() for row in rows},
    } | ({"simplified": True} if program.simplified else {})
    description |= {"smoothed": program.smoothed} if program.smoothed is not None else {}
    FORMAT.write(place, description, {name: getattr(program, name) for name in COLUMNS})


def read_program(place: Place) -> Graph:
    """The program that `save_program` wrote: see `load_program`."""
    description, arrays = FORMAT.read(place)
    try:
        return _checked(description, arrays)
    except Senseless as reason:
        raise FileFormatError(f"{name_of(place)} is not a program that can run here: {reason}") from None


def _meaning(row: Primitive) -> Meaning:
    """What a row means here."""
    rules = hashlib.sha256(repr((row.definition, row.said)).encode()).hexdigest() if row.is_own else ""
    return Meaning(row.revision, row.arity, rules)


def _of_a_file(operation: Operation) -> Primitive:
    row = lookup(operation.row)
    if row.by_hand:
        raise GraphError(
            f"{row.title} has a derivative that was written by hand, which no file can hold: save the program of what "
            "is beside it, or write it as a primitive(…)"
        )
    return row


def _checked(description: Description, arrays: Arrays) -> Graph:
    """A program of which nothing can point outside of it."""
    for name in COLUMNS:
        require(name in arrays, f"it has no {name}")
    inputs = description.get("inputs", ())
    require(isinstance(inputs, list) and all(isinstance(i, str) for i in inputs), "its inputs have no names")
    chosen: dict[str, Any] = {name: arrays[name] for name in COLUMNS}
    rows = description.get("rows")
    require(isinstance(rows, dict), "its operations are not listed")
    simplified = description.get("simplified", False)
    require(isinstance(simplified, bool), "it does not say whether it was simplified")
    smoothed = description.get("smoothed")
    require(smoothed is None or (isinstance(smoothed, float) and smoothed > 0), "it does not say how it was smoothed")
    operations = _operations(description.get("operations"), rows, DEEPEST)
    program = Graph(tuple(inputs), operations=operations, simplified=simplified, smoothed=smoothed, **chosen)
    verify(program)
    return program


def _operations(listed: Any, rows: Any, depth: int) -> tuple[Operation, ...]:
    require(isinstance(listed, list), "its operations are not listed")
    require(depth, f"its loops stand more than {DEEPEST} deep in each other")
    return tuple(_operation(entry, rows, depth) for entry in listed)


def _operation(entry: Any, rows: Mapping[str, Any], depth: int) -> Any:
    """The operation that an entry of the list names, if the row means what it meant to the one who saved it."""
    if isinstance(entry, dict):
        return _step(entry, rows, depth)
    if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str)):
        raise Senseless(f"{quoted(entry)} is no operation")
    title, slot = entry
    try:
        row = titled(title)
    except KeyError:
        raise Senseless(
            f"the table has no row {quoted(title)}; if it is a primitive(…) of yours, call that first"
        ) from None
    _check_same(title, rows.get(title), _meaning(row))
    operation = Operation(row.name, slot)
    check_slot(operation)
    return operation


# -- loops ------------------------------------------------------------------------------------------

DEEPEST = 20  # loops in each other's bodies
_READ: dict[str, type[Final | Column | Element]] = {"final": Final, "column": Column, "element": Element}


def _entry(operation: Operation | Step) -> Any:
    """An operation as files have it."""
    if isinstance(operation, Loop):
        return {"loop": operation.said, "programs": [_inner(program) for program in operation.programs]}
    if isinstance(operation, (Final, Column)):
        return {type(operation).__name__.lower(): operation.k}
    if isinstance(operation, Element):
        return {"element": operation.step}
    return {"stack": 0} if isinstance(operation, Stack) else [lookup(operation.row).title, operation.slot]


def _inner(program: Graph) -> dict[str, Any]:
    """A program that a loop holds."""
    columns = {name: getattr(program, name).tolist() for name in COLUMNS}
    constants = [x.hex() for x in columns.pop("constants")]  # JSON has no nan
    operations = [_entry(operation) for operation in program.operations]
    return {"inputs": list(program.inputs), "operations": operations, "constants": constants, **columns}


def _step(entry: dict[str, Any], rows: Mapping[str, Any], depth: int) -> Step:
    """What `_entry` made of an instruction of a loop's."""
    kind, about = next(iter(entry.items()), ("", 0))
    if kind == "loop":
        return _loop(entry, about, rows, depth)
    require(type(about) is int and about >= 0, f"{quoted(entry)} is no operation")
    if kind == "stack":
        return Stack()
    require(kind in _READ, f"{quoted(entry)} is no operation")
    return _READ[kind](about)


def _loop(entry: dict[str, Any], said: Any, rows: Mapping[str, Any], depth: int) -> Loop:
    """A loop with its programs, which `verify` looks at."""
    kinds = {name: type(default) for name, default in _SHAPE.said.items()}
    fits = isinstance(said, dict) and said.keys() == kinds.keys() and all(type(said[n]) is k for n, k in kinds.items())
    require(fits, "a loop does not say how it runs")
    programs = entry.get("programs")
    require(isinstance(programs, list) and len(programs) in (1, 2), "a loop has no body")
    body, *others = (_program(each, rows, depth) for each in programs or ())
    return Loop(body, **said, solves=others[0] if others else None)


_SHAPE = Loop(None, 0, 0, 0)  # type: ignore[arg-type]  # asked for the kinds of what it says


def _program(entry: Any, rows: Mapping[str, Any], depth: int) -> Graph:
    """What `_inner` made of a program."""
    require(isinstance(entry, dict), "what a loop holds is no program")
    inputs = entry.get("inputs")
    require(isinstance(inputs, list) and all(isinstance(i, str) for i in inputs), "a loop's inputs have no names")
    try:
        columns: dict[str, Any] = {
            name: np.array(entry[name], kind) for name, kind in COLUMNS.items() if name != "constants"
        }
        columns["constants"] = np.array([float.fromhex(x) for x in entry["constants"]], float)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Senseless("what a loop holds is no program") from None
    return Graph(tuple(inputs), operations=_operations(entry.get("operations"), rows, depth - 1), **columns)


def _check_same(row: str, saved: Any, here: Meaning) -> None:
    """Raise Senseless unless a row is that of the file."""
    if not (isinstance(saved, list) and len(saved) in (2, 3) and type(saved[0]) is int):
        raise Senseless(f"it does not say which revision of {quoted(row)} it means")
    there = Meaning(*saved)
    if there.rules != here.rules:
        raise Senseless(
            f"{quoted(row)} had other rules when it was saved: call primitive(…) as it was called then, or record it "
            "again"
        )
    if there != here:
        advice = "update the library" if there.revision > here.revision else "record it again"
        raise Senseless(f"{quoted(row)} was {there} when it was saved, and is {here}: {advice}")
