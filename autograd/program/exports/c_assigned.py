"""What goes into results and columns, in as few lines as say it; and lines without what nothing reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import TypeAlias

Pairs: TypeAlias = Sequence[tuple[str, str]]  # what is assigned to, and the number


def assigned(pairs: Pairs) -> list[str]:
    """Each target gets its number; numbers that stand side by side in columns, or are known, by loops."""
    rest = sorted((pair for pair in pairs if pair[0] != pair[1]), key=lambda pair: _place_in_work(pair[1]))
    lines, at = list[str](), 0
    while at < len(rest):
        length, said = _together(rest[at : at + _MANY])
        if length:
            length, said = _together(rest[at:])
        else:
            length, said = 1, f"{rest[at][0]} = {rest[at][1]};"
        lines.append(said)
        at += length
    return lines


def zeros_first(results: Sequence[tuple[str, int]], pairs: Pairs) -> tuple[list[str], Pairs]:
    """Of derivatives most are often 0: all of a result get that before anything else, and these need nothing more.

    `results` are names and sizes of what is assigned to.
    """
    lines = []
    for name, size in results:
        own = [source for target, source in pairs if target.startswith(f"{name}[")]
        if own.count(ZERO) >= _MANY:
            lines.append(f"for (int k = 0; k < {size}; k++) {name}[k] = {ZERO};")
            pairs = [pair for pair in pairs if pair[1] != ZERO or not pair[0].startswith(f"{name}[")]
    return lines, pairs


def _together(pairs: Pairs) -> tuple[int, str]:
    """How many of the first one loop assigns, and that loop; 0 if none does."""
    return max(_copied(pairs), _zeroed(pairs), _listed(pairs))


def _copied(pairs: Pairs) -> tuple[int, str]:
    """How many of the first are copied between places that are equally far apart, and the loop that does so."""
    length = _run_of([target for target, _ in pairs])
    length = min(length, _run_of([source for _, source in pairs[:length]]))
    return (length, _for_each(pairs, length, _at_k(pairs[0][1], pairs[1][1]))) if length >= _FEW else (0, "")


def _zeroed(pairs: Pairs) -> tuple[int, str]:
    """The same of zeros."""
    length = _run_of([target for target, _ in takewhile(lambda pair: pair[1] == ZERO, pairs)])
    return (length, _for_each(pairs, length, ZERO)) if length >= _FEW else (0, "")


def _listed(pairs: Pairs) -> tuple[int, str]:
    """The same of numbers that are known, from a table."""
    numbers = [source for _, source in takewhile(lambda pair: KNOWN.fullmatch(pair[1]), pairs)]
    length = _run_of([target for target, _ in pairs[: len(numbers)]])
    if length < _MANY:
        return 0, ""
    listed = ", ".join(numbers[:length])
    return length, f"{{ static const double each[] = {{{listed}}}; {_for_each(pairs, length, 'each[k]')} }}"


def _run_of(places: Sequence[str]) -> int:
    """How many of the first stand in one array, equally far apart."""
    found = [_ELEMENT.fullmatch(place) for place in places[:2]]
    if len(found) < 2 or found[0] is None or found[1] is None or found[0][1] != found[1][1]:
        return 0
    start, stride = int(found[0][2]), int(found[1][2]) - int(found[0][2])
    fits = (place == f"{found[0][1]}[{start + i * stride}]" for i, place in enumerate(places))
    return sum(1 for _ in takewhile(bool, fits))


def _for_each(pairs: Pairs, length: int, source: str) -> str:
    target = _at_k(pairs[0][0], pairs[1][0])
    return f"for (int k = 0; k < {length}; k++) {target} = {source};"


def _at_k(first: str, second: str) -> str:
    """The k-th place, of which these are the first two."""
    start, stride = _index(first), _index(second) - _index(first)
    steps = "k" if abs(stride) == 1 else f"{abs(stride)} * k"
    return f"{first.partition('[')[0]}[{start} {'+' if stride >= 0 else '-'} {steps}]"


def _place_in_work(source: str) -> int:
    """By which numbers of columns are sorted; those of a step, and others, stay where they are."""
    found = _ELEMENT.fullmatch(source)
    return int(found[2]) if found and found[1] == "work" else -1


def _index(place: str) -> int:
    return int(place.partition("[")[2][:-1])


_ELEMENT = re.compile(r"(\w+)\[(\d+)\]")
KNOWN = re.compile(r"-?\d[\w.+-]*|-?INFINITY|NAN")
ZERO = "0.0"
_FEW, _MANY = (
    8,
    32,
)  # numbers that are assigned one by one; zeros for which a result is first made 0, numbers in a table


_MADE = re.compile(r" *(?:const )?(?:double )?([tcsnv]\d+(?:_\d+)?)(?:\[\])? \+?= (.*)")


def without_unread(lines: list[str]) -> list[str]:
    """Lines without what loops make and nothing reads, of which compilers warn."""
    made = [_MADE.fullmatch(line) for line in lines]
    read = set(re.findall(r"\w+", "\n".join(m[2] if m else line for m, line in zip(made, lines, strict=True))))
    kept = [line for m, line in zip(made, lines, strict=True) if m is None or m[1] in read]
    return kept if len(kept) == len(lines) else without_unread(kept)
