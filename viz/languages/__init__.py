"""All words that are shown, one table a language, and how many of a thing are spoken of.

A table has the same keys in every language, and a text the same fields.  ``{n#number|numbers}`` chooses a word by the
count that fills n: English has two forms, Russian three.  What errors say is English in every language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import NamedTuple

from autograd.errors import ArgumentError
from autograd.iterations import Iteration, place_told
from autograd.text import quoted
from viz.languages import english, russian

_FIELD = re.compile(r"\{(\w+)(?:#([^{}]*))?\}")

Words = Mapping[str, str]


class Language(NamedTuple):
    """One language: its code, the words of everything that speaks, and its counting."""

    code: str
    page: Words
    picture: Words
    sheet: Words
    steps: Words  # templates of the sentences of steps, filled by `viz.wording`
    computed: Words  # the same for what a node is, by its operation
    operations: Words  # what operations are called, where that is not the function's own name
    board: Words  # the headings of derivations
    why: Words
    debugger: Words
    help: Words  # of the debugger's commands; empty where their methods' own is in this language
    film: Words
    anomaly: Words
    form: Callable[[int], int]  # of a count: which of the forms of a word goes with it
    thousands: str  # what stands between them

    def tell(self, text: str, **fields: object) -> str:
        """A text with its fields filled.

        >>> language("ru").tell("{n} {n#шаг|шага|шагов}", n=3)
        '3 шага'
        """

        def filled(field: re.Match[str]) -> str:
            value = fields[field[1]]
            if field[2] is None:
                return f"{value:,}".replace(",", self.thousands) if isinstance(value, int) else str(value)
            return field[2].split("|")[self.form(value if isinstance(value, int) else 0)]

        return _FIELD.sub(filled, text)

    def place(self, scope: str) -> str:
        """A scope in words where it lies in loops.

        >>> language("ru").place("euler × 10.step 3")
        'шаг 3 из 10, цикл euler'
        """
        return place_told(scope, self._iteration)

    def _iteration(self, each: Iteration) -> str:
        key = "iteration, at most" if each.is_bound else "iteration"
        loop = each.name or self.board["the loop"]
        return self.tell(self.board[key], step=each.step, length=each.length, loop=loop)


def _english(n: int) -> int:
    return int(n != 1)


def _russian(n: int) -> int:
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else 2


def _read(code: str, words: ModuleType, form: Callable[[int], int], thousands: str) -> Language:
    """The language whose tables stand in a module, each under its name."""
    tables = {name: getattr(words, name.upper()) for name in TABLES}
    return Language(code=code, form=form, thousands=thousands, **tables)


TABLES = tuple(name for name in Language._fields if name not in ("code", "form", "thousands"))
LANGUAGES = {"en": _read("en", english, _english, ","), "ru": _read("ru", russian, _russian, "\u00a0")}


def language(code: str) -> Language:
    """The language of a code, "en" or "ru".

    Raises:
        ArgumentError: for another code, with those that there are
    """
    if not isinstance(code, str) or code not in LANGUAGES:
        raise ArgumentError(f"lang is one of {', '.join(map(repr, LANGUAGES))}, got {quoted(code)}")
    return LANGUAGES[code]
