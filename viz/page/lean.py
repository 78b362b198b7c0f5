"""A page's script and style without what only their readers need: comments, spaces, most ends of lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

_COMMENTS = re.compile(r"^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/)$", re.MULTILINE)  # those on lines of their own
_PATTERN = r"(?<=[(,=:!&|?\s])/(?![/*\s])(?:\\.|\[[^\]]*\]|[^/\\\n\[])+/"
_CODE = re.compile(
    r"""(?P<comment>[ ]*//[^\n]*)|"""
    rf"""(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|{_PATTERN})|(?P<template>`)|(?P<brace>[{{}}])|[^"'`/{{}}]+|/"""
)
_TEMPLATE = re.compile(r"(?:\\.|[^`\\$]|\$(?!\{))*(?P<end>`|\$\{)", re.DOTALL)
_SPACES = re.compile(r" *([{}()\[\],;:=<>?&|!*]) *|(?<![-+]) ([-+]) (?![-+])")
_NEEDLESS_BREAK = re.compile(r"(?<=[{(\[,;])\n")  # where no statement can end
_SPACES_OF_STYLE = re.compile(r" *([{};,>]) *|(?<=:) ")


def lean_style(source: str) -> str:
    """A style sheet made short.

    >>> lean_style("a > b { color: red; }")
    'a>b{color:red;}'
    """
    return re.sub(r"(?<=[{};,])\n", "", _SPACES_OF_STYLE.sub(r"\1", _without_comments(source)))


def lean_script(source: str) -> str:
    """A script made short, in which texts, templates and patterns stay as they are.

    >>> lean_script("const a = x ? `${b + 1} = ${f(`n = ${n}`)}` : /[ =]/;  // a word")
    'const a=x?`${b+1} = ${f(`n = ${n}`)}`:/[ =]/;'
    """
    return "".join(
        _NEEDLESS_BREAK.sub("", _SPACES.sub(r"\1\2", part)) if is_code else part
        for is_code, part in _parts(_without_comments(source))
    )


def _without_comments(source: str) -> str:
    return re.sub(r"^\s+", "", _COMMENTS.sub("", source), flags=re.MULTILINE)


def _parts(source: str) -> Iterator[tuple[bool, str]]:
    """(whether it is code, each stretch) of a script."""
    open_braces: list[int | None] = [0]  # of the code we are in, and all that it is in; None in a template's text
    code, at = "", 0
    while at < len(source):
        if open_braces[-1] is None:
            part = _found(_TEMPLATE, source, at)
            yield False, part[0]
            open_braces.pop() if part["end"] == "`" else open_braces.append(0)
        else:
            part = _found(_CODE, source, at)
            if part["text"] or part["template"] or (part[0] == "}" and len(open_braces) > 1 and not open_braces[-1]):
                yield True, code
                yield False, part[0]
                code = ""
            elif not part["comment"]:
                code += part[0]
            _count(open_braces, part)
        at = part.end()
    yield True, code


def _found(pattern: re.Pattern[str], source: str, at: int) -> re.Match[str]:
    part = pattern.match(source, at)
    if part is None:
        raise ValueError(f"a text or a template is not closed: {source[at : at + 40]!r}")
    return part


def _count(open_braces: list[int | None], part: re.Match[str]) -> None:
    """Enter or leave a template or braces."""
    inside = open_braces[-1] or 0
    if part["template"]:
        open_braces.append(None)
    elif part["brace"] == "{":
        open_braces[-1] = inside + 1
    elif part["brace"] == "}" and (inside or len(open_braces) == 1):
        open_braces[-1] = inside - 1
    elif part["brace"]:
        open_braces.pop()
