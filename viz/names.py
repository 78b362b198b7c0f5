"""What every node of a graph is called: one name, the same wherever it is shown, and which node a typed name means.

A node's name is the user's, else that of a variable (see `viz.variables`), else a letter and a number: t₁, t₂, … in
the order in which they were computed, v₁, v₂, … for what was given.  A constant is called by its number.  Numbers
are counted over the whole graph, so that a node has the same name in a part of it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cached_property
from itertools import chain, islice
from typing import Any
from unicodedata import normalize

import numpy as np

from autograd.errors import ArgumentError
from autograd.text import apart, looks_like, quoted, short
from viz.columns import CONSTANT, KINDS, OPERATION, Columns, Marks
from viz.identifiers import LONGEST, identifier, in_reading, in_text, lowered
from viz.notation import Identifier
from viz.numbers import MOST, shown
from viz.text import isolated

NARROW = 22  # characters of a name in a box of a picture
REMEMBERED = 4096  # nodes whose names are put together once
SEARCHED = 20_000  # names among which a similar one is looked for
LETTERS = GIVEN, COMPUTED = "v", "t"  # of nodes without a name

_LETTER = re.compile(rf"({COMPUTED}|{GIVEN})([1-9]\d{{0,17}})")
_PLACE = re.compile(r"[^#]*#(\d{1,18})")  # #12, and ×#12: the node at that place
_COPY = re.compile(r"(.+)\[([1-9]\d{0,17})\]", re.DOTALL)  # z²₁[2]: the second node of that name


class Names:
    """The names in one graph.

    Long names lose their middle.  Nodes whose names then look alike, as x1, x_1 and x₁ do in a formula, are told
    apart by a number, z²₁[1], z²₁[2]; a letter or a number that would look like a name that is there is left out.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self.codes: dict[str, int] = {}  # of every name that was given
        of_label = [self._code(label.name) for label in columns.labels]
        self.column = np.array(of_label, np.int32)[columns.label]  # every node's code, -1 if it has no name
        self._plain: dict[str, list[int]] = defaultdict(list)
        self._looks: dict[str, int] = {}  # one for names that look the same
        for name, code in self.codes.items():
            self._plain[plain(name)].append(code)
        looks = [self._looks.setdefault(_look(name), len(self._looks)) for name in self.codes]
        self._look = np.array([*looks, -1], np.int32)[self.column]  # every node's
        self._counts = np.bincount(self._look + 1, minlength=len(self._looks) + 1)[1:]
        self._known: dict[int, str] = {}  # not a cache of functools around a method, which would be a cycle

    def _code(self, name: str | None) -> int:
        return self.codes.setdefault(name, len(self.codes)) if name else -1

    # -- what a node is called ------------------------------------------------------------------

    def called(self, node: int) -> str:
        """What a node is called in a sentence: z²₁, z²₁[2], t₁₂; of a constant its number."""
        if node not in self._known:
            if len(self._known) == REMEMBERED:
                self._known.clear()
            self._known[node] = self._called(node, LONGEST)
        return self._known[node]

    def narrow(self, node: int) -> str:
        """The same where there is less room; what would then look like another name keeps its length."""
        said = self._called(node, NARROW)
        return said if not self.given(node) or self._narrow[_look(self.given(node), NARROW)] == 1 else self.called(node)

    def identifier(self, node: int) -> Identifier:
        """The same as a formula prints it; not of a constant, which is a number there."""
        name = self.given(node)
        return identifier(name, self._copy(node)) if name else identifier(self._lettered(node))

    def written(self, node: int) -> Identifier:
        """The same as a card has it, typeset where it is not cut; alpha is α there, and w_1 is w₁."""
        is_whole = self.narrow(node) == self.called(node) and len(self.given(node)) <= NARROW
        return self.identifier(node) if is_whole else Identifier(self.narrow(node))

    def on_card(self, node: int) -> str:
        """The same on one line."""
        return isolated(in_reading(self.written(node)))

    def read(self, node: int) -> str:
        """The same in a sentence for reading, on a page or in a picture, not for typing: α for alpha."""
        return isolated(in_reading(self.identifier(node))) if self.given(node) else self.called(node)

    def given(self, node: int) -> str:
        """The user's name, or the variable's, in full; empty if it has none."""
        return self._columns.labels[self._columns.label.item(node)].name or ""

    def is_constant(self, node: int) -> bool:
        """Whether it is a plain number of the program."""
        return KINDS[self._columns.kind.item(node)] == CONSTANT

    def _called(self, node: int, longest: int) -> str:
        name = self.given(node)
        if not name:
            return shown(self._columns.value.item(node), MOST) if self.is_constant(node) else self._lettered(node)
        copy = self._copy(node)
        return f"{short(name, longest)}[{copy}]" if copy else short(name, longest)

    def number(self, node: int) -> int:
        """The number behind the letter of a node without a name, negative if it was given; 0 of one with a name."""
        if self.given(node) or self.is_constant(node):
            return 0
        letter = LETTERS[self._groups[node]]
        found = _kept(self._places[node].item(), self._letters_taken[letter])
        return found if letter == COMPUTED else -found

    def _lettered(self, node: int) -> str:
        number = self.number(node)
        return (COMPUTED if number > 0 else GIVEN) + lowered(str(abs(number)))

    def _copy(self, node: int) -> int:
        """Which of several nodes of one look it is, from 1; 0 if it is the only one."""
        look = self._look.item(node)
        if self._counts[look] == 1:
            return 0
        return _kept(self._places[node].item(), self._copies_taken[look])

    @cached_property
    def _places(self) -> Any:
        """For every node its place among those of its look, or of its letter, from 1."""
        groups = self._groups
        order, sizes = np.argsort(groups, kind="stable"), np.bincount(groups)
        places = np.empty(len(groups), np.int64)
        places[order] = np.arange(1, len(groups) + 1) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return places

    @cached_property
    def _groups(self) -> Any:
        """Of every node which letter it has, as its place in LETTERS; else that it is a constant; else its look."""
        is_computed = self._columns.kind == KINDS.index(OPERATION)
        is_constant = self._columns.kind == KINDS.index(CONSTANT)
        return np.where(self._look >= 0, self._look + 3, np.where(is_constant, 2, is_computed))

    @cached_property
    def _narrow(self) -> Counter[str]:
        """How many looks become one where names are cut to the width of a box."""
        return Counter(look for look, _ in {(_look(name, NARROW), _look(name)) for name in self.codes})

    @cached_property
    def _letters_taken(self) -> dict[str, list[int]]:
        """The numbers behind a letter that look like a name that was given: t₁ beside a node called t_1."""
        taken: dict[str, list[int]] = {COMPUTED: [], GIVEN: []}
        for name in self.codes:
            if found := _LETTER.fullmatch(plain(name)):
                taken[found[1]].append(int(found[2]))
        return {letter: sorted(numbers) for letter, numbers in taken.items()}

    @cached_property
    def _copies_taken(self) -> dict[int, list[int]]:
        """The numbers of copies that look like a name that was given: x[2] beside two nodes called x."""
        taken: dict[int, set[int]] = defaultdict(set)
        for name in self.codes:
            found = _COPY.fullmatch(short(name, LONGEST))
            if found and _look(found[1]) in self._looks:
                taken[self._looks[_look(found[1])]].add(int(found[2]))
        return defaultdict(list, {look: sorted(numbers) for look, numbers in taken.items()})

    # -- which node is meant --------------------------------------------------------------------

    def find(self, text: str) -> list[int]:
        """The nodes that a typed name means: ``z²₁`` or, without raised and lowered letters, ``z21``.

        ``z²₁[2]`` is the second of several of that name, ``t12`` the node without a name that is called so, and
        ``#12`` the one at that place of the trace.

        Raises:
            ArgumentError: with similar names, if there is none
        """
        found = [] if text in self.codes else self._of_copy(text)
        found = found or self._named(text) or self._of_letter(text) or self._at_place(text)
        if not found:
            raise ArgumentError(f"no node is called {quoted(text)}{self._similar(text)}")
        return found

    def beginning(self, text: str, most: int = 100) -> list[str]:
        """Names that begin so, as they are or as typed plainly; for completion."""
        typed = plain(text)
        every = chain(self.codes, map(self.called, self._without_names()))
        return list(islice((name for name in every if name.startswith(text) or plain(name).startswith(typed)), most))

    def _without_names(self) -> Iterator[int]:
        yield from np.flatnonzero(self._groups < len(LETTERS)).tolist()

    def _of_letter(self, text: str) -> list[int]:
        typed = _LETTER.fullmatch(plain(text))
        if typed is None:
            return []
        letter, number, taken = typed[1], int(typed[2]), self._letters_taken[typed[1]]
        place = number - sum(each < number for each in taken)
        found = self._nodes(self._groups == LETTERS.index(letter))
        return [] if number in taken else found[place - 1 : place]

    def _at_place(self, text: str) -> list[int]:
        typed = _PLACE.fullmatch(text)
        return [int(typed[1])] if typed and int(typed[1]) < len(self.column) else []

    def _of_copy(self, text: str) -> list[int]:
        typed = _COPY.fullmatch(text)
        return [i for i in self._alike_to(typed[1]) if self._copy(i) == int(typed[2])] if typed else []

    def _nodes(self, marks: Marks) -> list[int]:
        found: list[int] = np.flatnonzero(marks).tolist()
        return found

    def _alike_to(self, text: str) -> list[int]:
        """The nodes of a name and of those that look the same, which `called` numbers together."""
        look = self._looks.get(_look(text))
        return self._named(text) if look is None else self._nodes(self._look == look)

    def _named(self, text: str) -> list[int]:
        if text in self.codes:
            return self._nodes(self.column == self.codes[text])
        known = [name for name, code in self.codes.items() if code in self._plain.get(plain(text), ())]
        looks = {_look(name) for name in known} or {_look(text)}  # or it is typed as it is shown
        if len(looks) > 1:
            raise ArgumentError(f"{short(text)} may be {' or '.join(apart(known[:4]))}: write it out")
        return self._nodes(self._look == self._looks.get(looks.pop(), -2))

    def _similar(self, text: str) -> str:
        if len(self.codes) > SEARCHED:
            return f"; #0 to #{len(self.column) - 1} are their places"
        close = get_close_matches(plain(text), self._plain, n=3, cutoff=0.5)
        known = [name for name, code in self.codes.items() if any(code in self._plain[c] for c in close)]
        if known:
            return f"; did you mean {' or '.join(apart(known[:3]))}?"
        some = apart(list(self.codes)[-6:]) or list(map(self.called, islice(self._without_names(), 6)))
        return f"; there are {', '.join(some)}"


def _kept(place: int, taken: list[int]) -> int:
    """The number at a place among the numbers from 1 that are not taken."""
    for number in taken:
        place += number <= place
    return place


def _look(name: str, longest: int = LONGEST) -> str:
    """The same for names that a reader of a formula cannot tell apart."""
    return looks_like(in_text(identifier(short(name, longest))))


def plain(name: str) -> str:
    """A name as any keyboard can type it: z²₁ as z21, case kept.

    >>> plain("W¹₂₃")
    'W123'
    """
    return normalize("NFKC", name).replace("_", "").replace("^", "")
