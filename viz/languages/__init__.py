"""The words of pages and pictures, one table a language, and how many of a thing are spoken of.

A table has the same keys in every language, and a text the same fields.  ``{n#number|numbers}`` chooses a word by the
count that fills n: English has two forms, Russian three.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from autograd.errors import ArgumentError
from autograd.text import quoted
from viz.languages import english, russian
from viz.wording import TEMPLATES

_FIELD = re.compile(r"\{(\w+)(?:#([^{}]*))?\}")


class Language(NamedTuple):
    """One language: its code, the words of a page, a picture and a sheet, the templates of steps, and its counting."""

    code: str
    page: Mapping[str, str]
    picture: Mapping[str, str]
    sheet: Mapping[str, str]
    steps: Mapping[str, str]
    operations: Mapping[str, str]  # what operations are called, where that is not the function's own name
    form: Callable[[int], int]  # of a count: which of the forms of a word goes with it
    thousands: str = ","  # what stands between them

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


def _english(n: int) -> int:
    return int(n != 1)


def _russian(n: int) -> int:
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else 2


LANGUAGES = {
    "en": Language("en", english.PAGE, english.PICTURE, english.SHEET, TEMPLATES, {}, _english),
    "ru": Language(
        "ru", russian.PAGE, russian.PICTURE, russian.SHEET, russian.STEPS, russian.OPERATIONS, _russian, "\u00a0"
    ),
}


def language(code: str) -> Language:
    """The language of a code, "en" or "ru".

    Raises:
        ArgumentError: for another code, with those that there are
    """
    if code not in LANGUAGES:
        raise ArgumentError(f"lang is one of {', '.join(map(repr, LANGUAGES))}, got {quoted(code)}")
    return LANGUAGES[code]
