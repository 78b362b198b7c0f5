"""What the nodes of a trace are called in formulas: their names, else numbers, else new letters."""

from __future__ import annotations

from collections import Counter, defaultdict

from autograd.text import looks_like
from viz.formulas.identifiers import identifier, in_text, lowered, shortened
from viz.formulas.notation import Box, Identifier, Number
from viz.trace import Node, Trace


class Symbols:
    """The box that stands for a node.

    A named node is its name; nodes whose names are written alike, as x1, x_1 and x₁ are, are told apart by a
    number, x₁[1], x₁[2]; a constant or an unnamed leaf is its number; other nodes get a letter on request.
    """

    def __init__(self, trace: Trace) -> None:
        self._letters: dict[int, Box] = {}
        self._next: dict[str, int] = defaultdict(int)
        shown = {node.id: shortened(node.name) for node in trace.nodes if node.name}
        looks = {name: looks_like(in_text(identifier(name))) for name in shown.values()}
        count, seen = Counter(looks[name] for name in shown.values()), Counter[str]()
        self._taken = set(shown.values())
        self._named: dict[int, Identifier] = {}
        for i, name in shown.items():
            look = looks[name]
            seen[look] += 1
            self._named[i] = identifier(name, seen[look] if count[look] > 1 else 0)

    def known(self, node: Node) -> Box | None:
        """The node's name or number; None for an unnamed operation without a letter yet."""
        if node.id in self._named:
            return self._named[node.id]
        if node.id in self._letters:
            return self._letters[node.id]
        return None if node.op else Number(node.value)

    def letter(self, node: Node, letter: str = "t") -> Box:
        """The node's name, else a letter of its own that nobody uses: t₁, t₂, …"""
        if node.id in self._named:
            return self._named[node.id]
        if node.id not in self._letters:
            self._letters[node.id] = identifier(self._free(letter))
        return self._letters[node.id]

    def single(self, node: Node, letter: str) -> Box:
        """The node's name, else this letter alone if it is free."""
        if node.id not in self._named and node.id not in self._letters and letter not in self._taken:
            self._taken.add(letter)
            self._letters[node.id] = identifier(letter)
        return self.letter(node, letter)

    def _free(self, letter: str) -> str:
        while True:
            self._next[letter] += 1
            number = str(self._next[letter])
            wanted = letter + lowered(number)
            if not self._taken & {wanted, letter + number, f"{letter}_{number}"}:
                self._taken.add(wanted)
                return wanted
