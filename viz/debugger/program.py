"""Runs what a person wants to debug, a script or ``module:function``, and finds the node that it yields."""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeGuard

from autograd import Value, record_sources
from autograd.errors import AutogradError
from autograd.text import visible
from viz.debugger.mishaps import cut, place_of, said, text_of, traceback_of
from viz.variables import names_of_nodes

USUAL = ("J", "loss", "L", "root", "result")  # what the node of a script is called, in order of preference


class ProgramError(AutogradError):
    """What was to be debugged did not run, or left no node; `shown` is what Python would have said of it."""

    shown: Sequence[str] = ()


class Script(NamedTuple):
    """A file that runs as `__main__`: what was typed, where it lies, and its spec where it was found as a module."""

    typed: str
    path: str
    spec: ModuleSpec | None = None

    @property
    def first(self) -> str:
        """What it finds in sys.argv[0]."""
        return self.path if self.spec else self.typed

    @property
    def folder(self) -> str:
        """Where it imports from first."""
        return os.getcwd() if self.spec else os.path.dirname(os.path.realpath(self.path))


def node_of(
    target: str, arguments: Sequence[str] = (), name: str | None = None, sources: bool = False, module: bool = False
) -> Value:
    """The node that a script leaves in a variable, or that a function returns.

    `target` is a script's path, ``path:function`` or ``module:function``, or with `module` the name of a module that
    is run as ``python -m`` does; `name` the script's variable, where it is not J, loss, L, root or result, or the only
    node there is.  With `sources` every node remembers its line.

    While it runs it is `__main__`, with sys.argv and sys.path as Python would set them; afterwards these, and the
    working folder, are what they were.

    Raises:
        ProgramError: in one sentence, for whatever goes wrong
    """
    place, function = _parted(target)
    with _put_back(), record_sources() if sources else nullcontext():
        if function and not place.endswith(".py"):
            _begin("", [place, *arguments])
            return _value(f"{target}()", _returned(place, "", function, lambda: vars(importlib.import_module(place))))
        script = found(target, module)
        _begin(script.folder, [script.first, *arguments])
        if function:
            return _value(f"{target}()", _returned(place, script.path, function, lambda: _run(script)[0]))
        return _left_by(target, *_run(script), name)


def found(target: str, module: bool = False) -> Script:
    """The script that is meant; ProgramError if there is none, or nothing that can be read."""
    if not module:
        path = _parted(target)[0]
        _source(path)
        return Script(path, os.path.abspath(path))
    spec = _guarded(target, "", lambda: _spec(target))
    if spec is None or not isinstance(spec.loader, SourceFileLoader) or not spec.origin:
        raise ProgramError(f"{target} is no module that is written in Python and can be found from here")
    return Script(target, os.path.abspath(spec.origin), spec)


def is_script(target: str) -> bool:
    """Whether a file is meant, and not a function in a module that is imported."""
    place, function = _parted(target)
    return not function or place.endswith(".py")


def _parted(target: str) -> tuple[str, str]:
    """A file or a module, and the function in it if one is named."""
    path, _, function = target.rpartition(":")
    return (path, function) if path and function.isidentifier() and not os.path.exists(target) else (target, "")


def _spec(name: str) -> ModuleSpec | None:
    spec = importlib.util.find_spec(name)
    return importlib.util.find_spec(f"{name}.__main__") if spec and spec.submodule_search_locations else spec


# -- running ----------------------------------------------------------------------------------------


def _run(script: Script) -> tuple[dict[str, Any], str]:
    """Run a script as `python` would; its variables, also those of one that exits, and how it exited."""
    source = _source(script.path)
    main = ModuleType("__main__")
    main.__dict__.update(__file__=script.path, __builtins__=builtins, __cached__=None)
    if script.spec:
        spec = script.spec
        main.__dict__.update(__spec__=spec, __package__=spec.parent, __loader__=spec.loader, __cached__=spec.cached)
    else:
        main.__dict__.update(__loader__=SourceFileLoader("__main__", script.path))
    sys.modules["__main__"] = main
    try:
        _guarded(script.typed, script.path, lambda: _execute(source, script.path, vars(main)))
    except SystemExit as ended:
        return vars(main), _exit(ended.code)
    return vars(main), ""


def _execute(source: bytes, path: str, variables: dict[str, Any]) -> None:
    exec(compile(source, path, "exec", dont_inherit=True), variables)  # with no __future__ of ours


def _source(path: str) -> bytes:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ProgramError(f"{visible(path)} is no script: it is a folder, a device or a pipe")
        source = Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise ProgramError(f"{visible(path)} cannot be read: {getattr(error, 'strerror', error)}") from None
    if b"\0" in source:
        raise ProgramError(f"{visible(path)} is no script: there are zero bytes in it")
    return source


def _exit(code: object) -> str:
    """How a script exited, in words, and none if all was well; a text goes where Python puts it."""
    if code is None or isinstance(code, int):
        return f"exited with status {int(code)}" if code else ""
    print(cut(visible(text_of(code))), file=sys.stderr)
    return "exited with status 1"


def _returned(program: str, path: str, name: str, load: Callable[[], dict[str, Any]]) -> Any:
    """What a program's function of that name returns; None if it exits."""

    def call() -> Any:
        function = load().get(name)
        if not callable(function):
            raise ProgramError(f"there is no function {name!r} in {program}")
        return function()

    try:
        return _guarded(program, path, call)
    except SystemExit as ended:
        _exit(ended.code)
        return None


@contextmanager
def _put_back() -> Iterator[None]:
    """What a program may change, for it or by it, is afterwards as it was."""
    argv, path, entries, main, folder = sys.argv, sys.path, sys.path[:], sys.modules["__main__"], _working_folder()
    try:
        yield
    finally:
        sys.argv, sys.path, sys.modules["__main__"] = argv, path, main
        path[:] = entries
        if folder is not None:
            with suppress(OSError):  # it is gone
                os.chdir(folder)


def _working_folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None


def _begin(folder: str, argv: list[str]) -> None:
    sys.argv = argv
    sys.path.insert(0, folder)


# -- what went wrong --------------------------------------------------------------------------------


def _guarded(program: str, path: str, run: Callable[[], Any]) -> Any:
    """What `run` returns; a ProgramError with the place for whatever it raises but an exit or an interruption."""
    try:
        return run()
    except (KeyboardInterrupt, SystemExit, ProgramError):
        raise
    except BaseException as error:
        wrong = ProgramError(f"{visible(program)} raised {said(error)}{place_of(error, __file__, path, program)}")
        wrong.shown = traceback_of(error, __file__)
        raise wrong from error


# -- the node ---------------------------------------------------------------------------------------


def _left_by(path: str, variables: dict[str, Any], ended: str, name: str | None) -> Value:
    """The node among a script's variables, as which nodes are called that have no name."""
    for node, called in names_of_nodes(variables).items():
        node.name = node.name or called
    nodes = {key: value for key, value in variables.items() if _is_node(value) and _is_public(key)}
    path = f"{path} {ended} and" if ended else path
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


def _is_node(thing: object) -> TypeGuard[Value]:
    return issubclass(type(thing), Value)  # not isinstance, which would ask the thing for its class


def _is_public(key: object) -> bool:
    return isinstance(key, str) and not key.startswith("_")  # globals() takes whatever is put into it


def _value(what: str, thing: Any) -> Value:
    if not _is_node(thing):
        raise ProgramError(
            f"{what} yields {_described(thing)}: a Value is needed, such as a loss before .data is taken"
        )
    return thing


def _described(thing: Any) -> str:
    if thing is None:
        return "nothing"
    if type(thing) is float or (isinstance(thing, int) and abs(thing) < 10**15):
        return f"the number {thing!r}"
    return "a large whole number" if type(thing) is int else f"a {visible(type(thing).__name__)}"
