"""Runs what a person wants to debug, a script or ``module:function``, and finds the node that it yields."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

from autograd import Value, record_sources
from autograd.errors import ArgumentError, AutogradError

USUAL = ("J", "loss", "L", "root", "result")  # what the node of a script is called, in order of preference


class ProgramError(AutogradError):
    """What was to be debugged did not run, or left no node."""


def node_of(target: str, arguments: Sequence[str] = (), name: str | None = None, sources: bool = False) -> Value:
    """The node that a script leaves in a variable, or that a function returns.

    `target` is a script's path, ``path:function`` or ``module:function``; `name` the script's variable,
    where it is not J, loss, L, root or result, or the only node there is.  With `sources` every node
    remembers its line.  Raises ProgramError, in one sentence, for whatever goes wrong.
    """
    path, _, function = target.rpartition(":") if ":" in target and not Path(target).exists() else (target, "", "")
    with _as_main(path, arguments), record_sources() if sources else nullcontext():
        if function:
            return _value(f"{target}()", _guarded(target, lambda: _call(path, function)))
        return _left_by(path, _run(path), name)


def _call(path: str, function: str) -> Any:
    namespace = _run(path) if path.endswith(".py") else vars(importlib.import_module(path))
    if not callable(namespace.get(function)):
        raise ArgumentError(f"there is no function {function!r} in {path}")
    return namespace[function]()


def _run(path: str) -> dict[str, Any]:
    """Run a script as `python` would and return its variables; also those of one that exits."""
    try:
        source = Path(path).read_bytes()
    except OSError as error:
        raise ProgramError(f"{path} cannot be read: {error.strerror}") from None
    module = ModuleType("__main__")
    module.__dict__.update(__file__=path, __name__="__main__", __builtins__=__builtins__)
    _guarded(path, lambda: exec(compile(source, path, "exec"), module.__dict__))
    return vars(module)


def _guarded(path: str, run: Callable[[], Any]) -> Any:
    """What `run` returns; a ProgramError with the place for whatever it raises, None if it exits."""
    try:
        return run()
    except SystemExit:
        return None
    except (KeyboardInterrupt, ProgramError):
        raise
    except BaseException as error:
        raise ProgramError(f"{path} raised {_said(error)}{_place(error)}") from error


def _said(error: BaseException) -> str:
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _place(error: BaseException) -> str:
    """The last line outside this file and the standard machinery."""
    if isinstance(error, SyntaxError):
        return ""
    ours = str(Path(__file__).resolve())
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename not in (ours, __file__)]
    frames = [f for f in frames if "importlib" not in f.filename]
    return f" (line {frames[-1].lineno} of {frames[-1].filename})" if frames else ""


def _left_by(path: str, variables: dict[str, Any], name: str | None) -> Value:
    """The node among a script's variables, whose names the nodes get that have none."""
    nodes = {key: value for key, value in variables.items() if isinstance(value, Value) and not key.startswith("_")}
    for key, node in nodes.items():
        node.name = node.name or key
    if name is not None:
        if name not in variables:
            raise ProgramError(f"{path} leaves no variable {name!r}")
        return _value(f"{name} of {path}", variables[name])
    usual = next((key for key in USUAL if key in nodes), None)
    if usual or len(nodes) == 1:
        return nodes[usual or next(iter(nodes))]
    if nodes:
        listed = ", ".join(list(nodes)[:6])
        raise ProgramError(f"{path} leaves {len(nodes)} nodes, {listed}: call the one J, or say which with --node NAME")
    given = next((f"; {key} is {_described(variables[key])}" for key in USUAL if key in variables), "")
    raise ProgramError(f"{path} yields no node{given}: leave a Value, such as a loss, in a variable J")


def _value(what: str, thing: Any) -> Value:
    if not isinstance(thing, Value):
        raise ProgramError(
            f"{what} yields {_described(thing)}: a Value is needed, such as a loss before .data is taken"
        )
    return thing


def _described(thing: Any) -> str:
    if thing is None:
        return "nothing"
    if isinstance(thing, (int, float)):
        return f"the number {thing!r}"
    return f"a {type(thing).__name__}"


@contextmanager
def _as_main(path: str, arguments: Sequence[str]) -> Iterator[None]:
    """sys.argv and sys.path as a script finds them."""
    argv, first = sys.argv, sys.path[:]
    sys.argv = [path, *arguments]
    sys.path.insert(0, str(Path(path).resolve().parent) if path.endswith(".py") else "")
    try:
        yield
    finally:
        sys.argv, sys.path[:] = argv, first
