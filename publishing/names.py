"""Renames our modules in source and prose: what is imported as `autograd` here is a part of `glassgrad` there.

Only what Python itself takes for the name of a module is renamed:

    from autograd.chain import steps    an import statement, wherever it stands: code, strings, docstrings, pages
    python -m viz                       a module to run; in code, a "viz" that follows a "-m"
    "autograd.chain"                    a string that is nothing but a module's name, or what is in a module
    ../autograd/ops/table.py            a file of ours
    ::: autograd.chain.steps            on pages, an instruction of the reference

`import viz` becomes `from glassgrad import viz`, so `viz.draw` after it, in code and in prose, is as it was.  A
string that names a module in any other way raises RefusedError: better to write it another way than to guess.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

FRONT = "glassgrad"
SOURCES = f"src/{FRONT}"
PACKAGES = ("autograd", "nn", "viz")

_NAME = "|".join(PACKAGES)
_WORD = r"(?:\b|(?<=\\n))"  # in source, what begins a line may follow an \n
_FROM = re.compile(rf"{_WORD}from (?P<module>(?:{_NAME})\b[\w.]*) import(?P<names> \([^)]*\)|[ \w,*]*)")
_IMPORT = re.compile(
    rf"{_WORD}import (?P<names>(?:{_NAME})(?: as \w+)?(?:, (?:{_NAME})(?: as \w+)?)*)(?![\w,]|\.\w| as)"
)
_IMPORT_AS = re.compile(rf"{_WORD}import (?P<module>(?:{_NAME})\.[\w.]+ as )")
_OTHER_IMPORT = re.compile(rf"{_WORD}import (?:[\w., ]+, )?(?:{_NAME})(?![\w/-])")
_RUN = re.compile(rf"(?<=-m )(?={_NAME}\b)")
_FILE = re.compile(rf"(?<![\w./])(?P<up>(?:\.\./)*)(?P<file>(?:{_NAME})/)(?=[\w)`])")
_FOLDER = re.compile(rf"(?<=\]\()(?P<up>(?:\.\./)*)(?P<file>{_NAME})(?=\))")
_INSTRUCTION = re.compile(rf"(?:^::: |<!-- reference: )(?={_NAME}\b)", re.MULTILINE)
_DOTTED = re.compile(rf"(?:{_NAME})(?:\.\w+)+")
_MENTION = re.compile(rf"(?<![\w./-])(?P<package>{_NAME})\.(?P<name>\w*)")
_SENTENCE = re.compile(r"\s|$")


class RefusedError(Exception):
    """A string that names one of our modules in a form that is not known."""


@dataclass(frozen=True)
class Names:
    """What our modules are called, and which names each package has for everyone."""

    modules: frozenset[str]
    public: dict[str, frozenset[str]] = field(default_factory=dict)

    def module_in(self, dotted: str) -> bool:
        """Whether a dotted name is a module below a package, or something in one."""
        parts = dotted.split(".")
        return any(".".join(parts[:n]) in self.modules for n in range(2, len(parts) + 1))

    def knows(self, mention: re.Match[str]) -> bool:
        """Whether a dotted mention in a string is right in both forms: a public name, or the end of a sentence."""
        if mention["name"]:
            return mention["name"] in self.public.get(mention["package"], ())
        return bool(_SENTENCE.match(mention.string, mention.end())) and mention.end() < len(mention.string)


# -- text -----------------------------------------------------------------------------------------------


def text(old: str, names: Names, where: str = "text") -> str:
    """Prose, or the inside of a string, with the statements and commands in it renamed."""
    new = _FROM.sub(lambda found: _from(found, names), old)
    new = _IMPORT.sub(lambda found: found[0] if _of_another(found) else f"from {FRONT} {found[0]}", new)
    new = _IMPORT_AS.sub(rf"import {FRONT}.\g<module>", new)
    left = next((found for found in _OTHER_IMPORT.finditer(new) if not _of_another(found)), None)
    if left is not None:
        raise RefusedError(f"{where}: {left[0]!r} binds a name that is another one when published; import from it")
    new = _RUN.sub(f"{FRONT}.", new)
    return _FILE.sub(rf"\g<up>{SOURCES}/\g<file>", new)


def markdown(old: str, names: Names, where: str = "page") -> str:
    """A page with its prose, its blocks and the instructions of its reference renamed."""
    new = _FOLDER.sub(rf"\g<up>{SOURCES}/\g<file>", text(old, names, where))
    return _INSTRUCTION.sub(rf"\g<0>{FRONT}.", new)


def _of_another(found: re.Match[str]) -> bool:
    """Whether an import is the end of `from somewhere import …`."""
    return bool(re.search(rf"{_WORD}from [\w.]+ $", found.string[: found.start()]))


def _from(found: re.Match[str], names: Names) -> str:
    """The engine's public names are the front's; its modules are not."""
    module, imported = found["module"], found["names"]
    if module == PACKAGES[0] and not any(f"{module}.{name}" in names.modules for name in re.findall(r"\w+", imported)):
        return f"from {FRONT} import{imported}"
    return f"from {FRONT}.{module} import{imported}"


# -- Python ---------------------------------------------------------------------------------------------


def python(source: str, names: Names, where: str = "module", inside: bool = False) -> str:
    """A module's source renamed, its layout and comments as they were; `inside` if it is one of the packages'.

    Raises RefusedError for a string that names a module in a form that is not known.
    """
    written = source.encode()
    starts = [0]
    for line in written.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for start, end, new in sorted(_edits(ast.parse(source), written, starts, names, where, inside), reverse=True):
        written = written[:start] + new.encode() + written[end:]
    return written.decode()


def _edits(
    tree: ast.Module, written: bytes, starts: list[int], names: Names, where: str, inside: bool
) -> Iterator[tuple[int, int, str]]:
    """What is to be written where, in bytes from the start."""
    for node, kind in _statements_and_strings(tree):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        old, place = written[start:end].decode(), f"{where}:{node.lineno}"
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            new = _statement(node, old, names, place, inside)
        elif isinstance(node, ast.JoinedStr):
            new = _checked(_literals(node), text(old, names, place), names, place)
        elif kind == "docstring":
            new = text(old, names, place)
        elif kind == "run":
            new = old.replace(_value(node), f"{FRONT}.{_value(node)}")
        else:
            new = _string(_value(node), old, names, place)
        if new != old:
            yield start, end, new


Found = ast.Import | ast.ImportFrom | ast.JoinedStr | ast.Constant


def _statements_and_strings(tree: ast.Module) -> Iterator[tuple[Found, str]]:
    """Every import and every string, an f-string as one; and whether it is a docstring, or what a list runs."""
    kinds: dict[ast.AST, str] = {}
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            kinds.update(dict.fromkeys(_docstring(node), "docstring"))
        elif isinstance(node, (ast.List, ast.Tuple)):
            kinds.update(dict.fromkeys(_run(node), "run"))
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.Import, ast.ImportFrom, ast.JoinedStr)):
                yield child, ""
            elif not isinstance(child, ast.Constant):
                waiting.append(child)
            elif isinstance(child.value, str):
                yield child, kinds.get(child, kinds.get(node, ""))


def _docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.AST]:
    """The statement that is a docstring."""
    return [first for first in node.body[:1] if isinstance(first, ast.Expr)]


def _run(node: ast.List | ast.Tuple) -> Iterator[ast.AST]:
    """Names of packages that follow a "-m" in a list."""
    for before, after in pairwise(node.elts):
        words = [part.value for part in (before, after) if isinstance(part, ast.Constant)]
        if len(words) == 2 and words[0] == "-m" and words[1] in PACKAGES:
            yield after


def _statement(node: ast.Import | ast.ImportFrom, old: str, names: Names, place: str, inside: bool) -> str:
    """An import; inside of the packages everything comes from where it is made."""
    if inside and isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PACKAGES:
        return old.replace(f"from {node.module} import", f"from {FRONT}.{node.module} import", 1)
    return text(old, names, place)


def _literals(node: ast.JoinedStr) -> list[str]:
    return [_value(part) for part in node.values if isinstance(part, ast.Constant)]


def _value(node: ast.Constant) -> str:
    return cast(str, node.value)


def _string(value: str, old: str, names: Names, place: str) -> str:
    if _DOTTED.fullmatch(value) and names.module_in(value):
        if old.count(value) != 1:
            raise RefusedError(f"{place}: the name of the module {value} is written in pieces")
        return old.replace(value, f"{FRONT}.{value}")
    new = text(old, names, place)
    if ast.literal_eval(f"({new})") != text(value, names, place):
        raise RefusedError(f"{place}: what {value!r} says of our modules cannot be read in its source")
    return _checked([value], new, names, place)


def _checked(values: list[str], new: str, names: Names, place: str) -> str:
    """What a string becomes, if all that it says of our modules is known."""
    for value in values:
        if value in PACKAGES:
            raise RefusedError(f"{place}: {value!r} may or may not be a module: say which, such as by {value}.__name__")
        for mention in _MENTION.finditer(text(value, names, place)):
            if not names.knows(mention):
                raise RefusedError(
                    f"{place}: {value!r} names what is no public name of {mention['package']}: "
                    "take it from __name__ or __package__, or from autograd.home.HOME"
                )
    return new
