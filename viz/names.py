"""What the nodes of a trace are called in sentences, and which nodes a typed name means."""

from __future__ import annotations

import re
from collections import defaultdict
from difflib import get_close_matches
from itertools import islice
from unicodedata import normalize

import numpy as np

from autograd.errors import ArgumentError
from autograd.text import apart, looks_like, quoted, short
from viz.trace import Node, Trace

LONGEST = 40  # characters of a name in a sentence
REMEMBERED = 4096  # nodes whose names are put together once
SEARCHED = 20_000  # names among which a similar one is looked for

_NUMBERED = re.compile(r"[^#]*#(\d{1,18})")  # #12 or tanh#12
_COPY = re.compile(r"(.+)\[(\d{1,18})\]")  # z²₁[2]: the second node of that name


class Names:
    """The names in one trace.

    Nodes that share a name are told apart by a number, z²₁[1], z²₁[2], as in formulas.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.codes: dict[str, int] = {}  # of every name
        of_label = [self._code(label.name) for label in trace.columns.labels]
        self.column = np.array(of_label, np.int32)[trace.columns.label]  # every node's code, -1 if it has no name
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

    def called(self, node: int) -> str:
        """What a node is called: its name, with its number among those of the same, or its operation and number."""
        if node not in self._known:
            if len(self._known) == REMEMBERED:
                self._known.clear()
            self._known[node] = self._called(node)
        return self._known[node]

    def _called(self, node: int) -> str:
        said = called(self._trace.nodes[node])
        look = self._look.item(node)
        if look < 0 or self._counts[look] == 1:
            return said
        return f"{said}[{np.count_nonzero(self._look[:node] == look) + 1}]"

    def find(self, text: str) -> list[int]:
        """The nodes that a typed name means: ``z²₁`` or, without raised and lowered letters, ``z21``.

        ``z²₁[2]`` is the second of several of that name, ``#12`` or ``tanh#12`` the node with that number.
        Raises ArgumentError, with names that are similar, if there is none.
        """
        found = self._named(text)
        if not found and (numbered := _NUMBERED.fullmatch(text)):
            found = [int(numbered[1])] if int(numbered[1]) < len(self.column) else []
        elif not found and (copy := _COPY.fullmatch(text)):
            found = self._alike_to(copy[1])[int(copy[2]) - 1 : int(copy[2])]
        if not found:
            raise ArgumentError(f"no node is called {quoted(text)}{self._similar(text)}")
        return found

    def beginning(self, text: str, most: int = 100) -> list[str]:
        """Names that begin so, as they are or as typed plainly; for completion."""
        typed = plain(text)
        fits = (name for name in self.codes if name.startswith(text) or plain(name).startswith(typed))
        return list(islice(fits, most))

    def _alike_to(self, text: str) -> list[int]:
        """The nodes of a name and of those that look the same, which `called` numbers together."""
        look = self._looks.get(_look(text))
        if look is None:
            return self._named(text)
        found: list[int] = np.flatnonzero(self._look == look).tolist()
        return found

    def _named(self, text: str) -> list[int]:
        if text not in self.codes and _look(text) in self._looks:  # typed as it is shown
            return self._alike_to(text)
        codes = [self.codes[text]] if text in self.codes else self._plain.get(plain(text), [])
        if len(codes) > 1:
            known = [name for name, code in self.codes.items() if code in codes]
            raise ArgumentError(f"{short(text)} may be {' or '.join(apart(known[:4]))}: write it out")
        found: list[int] = np.flatnonzero(self.column == codes[0]).tolist() if codes else []
        return found

    def _similar(self, text: str) -> str:
        if len(self.codes) > SEARCHED:
            return f"; #0 to #{len(self.column) - 1} are their numbers"
        close = get_close_matches(plain(text), self._plain, n=3, cutoff=0.5)
        known = [name for name, code in self.codes.items() if any(code in self._plain[c] for c in close)]
        if known:
            return f"; did you mean {' or '.join(apart(known[:3]))}?"
        some = ", ".join(apart(list(self.codes)[-6:]))
        return f"; there are {some}" if some else "; no node has a name, so say its number, such as #0"


def _look(name: str) -> str:
    """The same for names that a reader cannot tell apart."""
    return looks_like(short(name, LONGEST))


def plain(name: str) -> str:
    """A name as any keyboard can type it: z²₁ as z21, case kept.

    >>> plain("W¹₂₃")
    'W123'
    """
    return normalize("NFKC", name).replace("_", "").replace("^", "")


def called(node: Node) -> str:
    """What a node is called in a sentence: its name, or its operation and number, as ``tanh#12``."""
    return short(node.name, LONGEST) if node.name else f"{node.symbol or node.kind}#{node.id}"
