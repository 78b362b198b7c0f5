"""Tables of what one is used to and what it is called here: each cell of code is run, and both sides must agree.

A table takes part if one of its columns is headed *here*; a column headed by a neighbour's name, such as PyTorch, is
run where that package is installed.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from handbook.pages import PageError

HERE = "here"
NEIGHBOURS = {"micrograd": "micrograd", "PyTorch": "torch", "JAX": "jax"}  # heading: package
ROW = re.compile(r"^\|(.*)\|$")
CODE = re.compile(r"^`([^`]+)`$")


@dataclass(frozen=True)
class Habit:
    """A row of such a table: code by the heading of its column, and where it stands."""

    line: int
    code: dict[str, str]


def habits(text: str) -> Iterator[Habit]:
    """The rows of all tables of a page that have a column for here."""
    headings: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        row = ROW.match(line)
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row[1])] if row else []
        if not headings:
            headings = cells if HERE in cells else []
        elif not cells:
            headings = []
        else:
            found = {heading: code[1].replace("\\|", "|") for heading, code in _code(headings, cells)}
            if HERE in found:
                yield Habit(number, found)


def _code(headings: list[str], cells: list[str]) -> Iterator[tuple[str, re.Match[str]]]:
    for heading, cell in zip(headings, cells, strict=False):
        code = CODE.match(cell)
        if code:
            yield heading, code


def check_habits(text: str, name: str, namespace: dict[str, Any]) -> None:
    """Run every row; PageError if code raises, or if a neighbour's gives another number than ours."""
    for habit in habits(text):
        ours = _value(habit, HERE, name, namespace)
        for heading, package in NEIGHBOURS.items():
            if heading in habit.code and importlib.util.find_spec(package):
                theirs = _value(habit, heading, name, namespace)
                if not _agree(ours, theirs):
                    raise PageError(f"{name}:{habit.line}: {heading} gives {theirs!r}, here it is {ours!r}")


def _value(habit: Habit, heading: str, name: str, namespace: dict[str, Any]) -> Any:
    """What the code of a cell gives, in a namespace of its own; None of a statement."""
    code, own = habit.code[heading], dict(namespace)
    try:
        try:
            return eval(code, own)
        except SyntaxError:
            exec(code, own)
            return None
    except Exception as error:
        raise PageError(f"{name}:{habit.line}: {code} raised {type(error).__name__}: {error}") from error


def _agree(ours: Any, theirs: Any) -> bool:
    """Whether two answers are the same numbers; what is no number is not compared."""
    numbers = _numbers(ours), _numbers(theirs)
    if numbers[0] is None or numbers[1] is None:
        return True
    return np.allclose(*numbers, rtol=1e-5)  # JAX computes in single precision unless told otherwise


def _numbers(answer: Any) -> Any:
    plain = getattr(answer, "data", None) if hasattr(answer, "backward") else answer  # of a Value or a tensor
    if plain is None:
        return None
    try:
        return np.array(plain.tolist() if hasattr(plain, "tolist") else plain, dtype=float)
    except (TypeError, ValueError):
        return None
