"""A program as data: a term is a text with holes, and what fills them.  It prints as Python and can be cut smaller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from tests.fuzzing import trees

EAGER_ONLY = ("detach(", "frozen(", " if ")  # what needs a number while f runs, and so cannot be recorded


@dataclass(frozen=True)
class Term:
    """A text with holes {0}, {1}, …, and the terms in them.

    >>> print(Term("tanh({0} + {1})", (Term("x"), Term("0.5"))))
    tanh(x + 0.5)
    """

    form: str
    parts: tuple[Term, ...] = ()

    def __str__(self) -> str:
        return self.form.format(*self.parts)

    def smaller(self) -> Iterator[Term]:
        """The term cut down by one cut, the largest cuts first: a part for the whole, a number, a smaller part."""
        if self.parts:
            yield Term("0.5")
            yield from self.parts
        for i, part in enumerate(self.parts):
            for cut in part.smaller():
                yield replace(self, parts=(*self.parts[:i], cut, *self.parts[i + 1 :]))


@dataclass(frozen=True)
class Case:
    """A function, its arguments, and the Values that it uses without being handed them.

    body      (name, term): what is computed on the way
    answer    what is returned
    captured  Values from outside, by name
    args      one container an argument
    """

    parameters: tuple[str, ...]
    args: tuple[Any, ...]
    captured: dict[str, float]
    body: tuple[tuple[str, Term], ...]
    answer: Term
    is_number: bool  # whether it answers one number, so that it has a gradient
    extra: dict[str, Any] = field(default_factory=dict)  # directions, batches: what questions are asked with

    @cached_property
    def source(self) -> str:
        """`make`, which takes what is captured and answers the function."""
        lines = [f"    {name} = {term}" for name, term in self.body]
        function = [f"def f({', '.join(self.parameters)}):", *lines, f"    return {self.answer}"]
        made = [f"    {line}" for line in function]
        return "\n".join([f"def make({', '.join(self.captured)}):", *made, "    return f"])

    @property
    def recordable(self) -> bool:
        """Whether the function can be compiled."""
        return not any(mark in self.source for mark in EAGER_ONLY)

    @property
    def compiles(self) -> bool:
        """Whether it compiles something: Values from outside are numbers there, unless a transform waits for them."""
        return "compile(" in self.source

    @property
    def movable(self) -> bool:
        """Whether it may be recorded while what is captured is elsewhere: eager comparisons answer at once."""
        compares = re.search(r" (<|<=|>|>=|==|!=) ", self.source)
        return bool(self.captured) and not compares

    def smaller(self) -> Iterator[Case]:
        """The case cut down by one cut."""
        for i in reversed(range(len(self.body))):
            yield replace(self, body=self.body[:i] + self.body[i + 1 :])
        if self.is_number:
            for cut in self.answer.smaller():
                yield replace(self, answer=cut)
        else:
            for i, part in enumerate(self.answer.parts):
                for cut in part.smaller():
                    parts = (*self.answer.parts[:i], cut, *self.answer.parts[i + 1 :])
                    yield replace(self, answer=replace(self.answer, parts=parts))
        for i, (name, term) in enumerate(self.body):
            for cut in term.smaller():
                yield replace(self, body=(*self.body[:i], (name, cut), *self.body[i + 1 :]))

    def bindings(self) -> dict[str, Any]:
        """The names that a question may use, and their numbers."""
        return {"args": self.args, "ws": tuple(self.captured.values()), **self.extra}

    def program(self, text: str) -> str:
        """A Python program that asks the engine the question `text` and prints the answer."""
        bindings = [item for item in self.bindings().items() if re.search(rf"\b{item[0]}\b", text)]
        used = [f"{name} = {trees.literal(thing)}" for name, thing in bindings]
        values = ", ".join(f"Value({number!r})" for number in self.captured.values())
        made = [] if "make(" in text else [f"f = make({values})"]
        helpers = "from tests.fuzzing.engine import *  # autograd's names, np, and a few helpers"
        return "\n".join([helpers, self.source, *used, *made, f"print({text})"])
