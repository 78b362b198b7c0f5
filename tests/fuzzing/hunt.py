"""The hunt: draw a case, ask it in all ways, compare, count, and cut what differs down to a few lines."""

from __future__ import annotations

import contextlib
import math
import random
import re
import time
import traceback
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzzing import oracle, trees
from tests.fuzzing.forms import FEATURES
from tests.fuzzing.generate import Generator
from tests.fuzzing.oracle import Expected, Undefined
from tests.fuzzing.terms import Case
from tests.fuzzing.ways import Asker, Question, Way

HUGE = 1e100
CANCELLED = 1e-15  # of the largest number: what is left of slopes that add up to 0, by the last digits of their atoms
UNDERFLOW = 1e-280  # at the edges of arithmetic numbers below it are as good as 0: one order of products loses them


@dataclass
class Difference:
    """A way that answered something else than what is right."""

    question: Question
    way: Way
    got: str
    right: str

    @property
    def signature(self) -> str:
        """What differences with one cause have in common, as far as can be seen."""
        if self.got.startswith("raised"):
            return re.sub(r"[^a-zA-Z]+", " ", self.got)[:60]
        return f"{self.question.kind}, {self.way.name}"

    def __str__(self) -> str:
        heading = f"# {self.question.kind}, {self.way.name}\n# came:  {self.got}\n# right: {self.right}"
        return f"{heading}\n{self.question.case.program(self.way.text)}\n"


@dataclass
class Tally:
    """What was compared, what was not and why, and what differed."""

    compared: Counter[str] = field(default_factory=Counter)
    numbers: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    differing: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    cases: int = 0

    def add(self, found: Difference) -> None:
        """Count a difference, and keep the first two of a kind."""
        self.differing[found.signature] += 1
        if self.differing[found.signature] <= 2:
            self.differences.append(found)

    def __str__(self) -> str:
        kinds, ways = Counter[str](), Counter[str]()
        for key, count in self.compared.items():
            kind, way = key.split(" | ")
            kinds[kind] += count
            ways[way] += count
        lines = [f"{self.cases:,} programs, {self.compared.total():,} comparisons of {self.numbers:,} numbers, "
                 f"{self.differing.total():,} differences"]  # fmt: skip
        for title, counter in {
            "asked": kinds,
            "in the way": ways,
            "not compared": self.skipped,
            "differences": self.differing,
        }.items():
            lines += [f"{title}:", *(f"{count:9,}  {name}" for name, count in counter.most_common())] if counter else []
        return "\n".join(lines)


# -- the engine's answer ----------------------------------------------------------------------------


@cache
def engine_names() -> dict[str, Any]:
    """What a program may call, by name."""
    from tests.fuzzing import engine

    return {name: thing for name, thing in vars(engine).items() if not name.startswith("__")}


def answered(case: Case, text: str) -> Any:
    """What the engine answers."""
    names = {**engine_names(), **case.bindings()}
    exec(case.source, names)
    if "make(" not in text:
        names["f"] = names["make"](*map(names["Value"], case.captured.values()))
    return eval(text, names)


def said(error: BaseException) -> str:
    """An exception as one line."""
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    place = f"{Path(frame.f_code.co_filename).name}:{line}"
    return f"raised {type(error).__name__}: {' '.join(str(error).split())[:300]} ({place})"


# -- comparing --------------------------------------------------------------------------------------


def unlike(got: Any, right: Any, numbers: Iterator[tuple[float, float]], answers: str) -> str | None:
    """How an answer differs from what is right: in its structure, or in a number; None if it does not."""
    if isinstance(right, dict):
        if not isinstance(got, dict) or list(got) != list(right):
            return f"{type(got).__name__} instead of a dict with keys {list(right)}"
        return _first(unlike(got[key], part, numbers, answers) for key, part in right.items())
    if trees.is_container(right):
        if answers == "arrays" and trees.is_array(got):
            got = list(np.moveaxis(got, -1, 0))
        if (answers != "arrays" and type(got) is not type(right)) or len(got) != len(right):
            return f"{type(got).__name__} instead of {type(right).__name__} of {len(right)}"
        return _first(unlike(mine, part, numbers, answers) for mine, part in zip(got, right, strict=True))
    if trees.is_container(got) and np.size(right):
        return f"{type(got).__name__} instead of {'an array' if trees.is_array(right) else 'a number'}"
    if trees.is_array(right) and answers == "numbers" and not trees.is_array(got):
        return f"{type(got).__name__} instead of an array"
    if np.shape(got) != np.shape(right) and np.size(right):
        return f"shape {np.shape(got)} instead of {np.shape(right)}"
    return _first(_off(mine, *next(numbers), answers) for mine in np.asarray(got, object).flat)


def _first(found: Iterator[str | None]) -> str | None:
    """The first that is there; goes through all, since the numbers are taken in order."""
    every = [one for one in found if one]
    return every[0] if every else None


def _off(got: Any, right: float, tolerance: float, answers: str) -> str | None:
    if hasattr(got, "_data"):
        if answers == "numbers":
            return f"a Value instead of the number {right!r}"
        got = got._data
    if isinstance(got, np.ndarray):
        got = got[()]
    if isinstance(got, complex):
        return f"{got!r} instead of {right!r}"
    near = (math.isnan(got) and math.isnan(right)) or got == right or abs(got - right) <= tolerance
    return None if near else f"{float(got)!r} instead of {right!r} (± {tolerance:.1g})"


REFUSED = "chose by a plain number"  # which `compile_graph` says of a graph that cannot choose again


class Hunter:
    """Asks and compares; the same seed asks the same."""

    def __init__(self, seed: int = 0, features: Collection[str] = FEATURES, neighbours: Collection[Any] = ()) -> None:
        self._dice = random.Random(seed)
        self._generator = Generator(self._dice, features)
        self._asker = Asker(self._dice, features, self._generator)
        self._neighbours = neighbours
        self._features = features
        self.tally = Tally()

    def hunt(self, seconds: float, cases: int = 10**9, echo: Any = None) -> Tally:
        """Go on for so long, or for so many cases."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.tally.cases < cases:
            before = len(self.tally.differences)
            self.case()
            for difference in self.tally.differences[before:]:
                if echo:
                    echo(str(difference))
        for neighbour in self._neighbours:
            neighbour.finish(self.tally)
        return self.tally

    def case(self) -> None:
        """One program, with all its questions."""
        with np.errstate(all="ignore"):
            case = self._generator.case()
            self.tally.cases += 1
            for question in self._asker.questions(case):
                self.question(question)
            if "special" in self._features and case.recordable and self._dice.random() < 0.3:
                for question in self._asker.special(case):
                    self.agreement(question)
            for question in self._asker.bits(self._generator.plain()):
                self.agreement(question)

    def question(self, question: Question) -> None:
        """What is right, and every way held against it."""
        try:
            right = expected(question)
        except Undefined as why:
            self.tally.skipped[str(why)] += 1
            return
        for way in question.ways:
            found = difference(question, way, right)
            if found and way.name == "graph" and REFUSED in found.got:
                self.tally.skipped[f"a graph that {REFUSED}"] += 1
                continue
            self._count(question, way, len(right.numbers))
            if found:
                self._found(found)
        for neighbour in self._neighbours:
            neighbour.compare(question, right, self.tally)

    def agreement(self, question: Question) -> None:
        """Every way held against the first."""
        for way in question.ways:
            self._count(question, way, 1)
            found = disagreement(question, way)
            if found:
                self._found(found)

    def _count(self, question: Question, way: Way, numbers: int) -> None:
        self.tally.compared[f"{question.kind} | {way.name}"] += 1
        self.tally.numbers += numbers

    def _found(self, found: Difference) -> None:
        is_new = self.tally.differing[found.signature] < 2
        self.tally.add(cut_down(found) if is_new else found)


def expected(question: Question) -> Expected:
    """What is right, by the oracle."""
    case = question.case
    return oracle.expected(case.source, question.text, case.bindings(), list(case.captured.values()))


def difference(question: Question, way: Way, right: Expected) -> Difference | None:
    """How a way's answer differs, if it does."""
    got, error = _tried(question.case, way.text)
    told = oracle_text(right)
    if error:
        return Difference(question, way, error, told)
    how = unlike(got, right.tree, iter(zip(right.numbers, right.tolerances, strict=True)), way.answers)
    return Difference(question, way, f"{how}, in {short(got)}", told) if how else None


def _tried(case: Case, text: str) -> tuple[Any, str]:
    try:
        return answered(case, text), ""
    except Exception as error:
        return None, said(error)


def oracle_text(right: Expected) -> str:
    """The right answer, in the digits of a double."""
    return short(trees.rebuilt(right.tree, right.numbers))


def short(thing: Any) -> str:
    """A thing in at most so many letters."""
    text = " ".join(repr(thing).split())
    return text if len(text) < 500 else text[:500] + "…"


# -- at the edges of arithmetic, and to the bit ------------------------------------------------------


def disagreement(question: Question, way: Way) -> Difference | None:
    """How a way differs from the first: of "bits" in anything; of "special" in a nan, an infinity, or the ninth digit.

    Where derivatives are taken twice, or through a compiled function, slopes may add up to 0, and what is left
    of them depends on the last digits of their atoms.  There eager and recorded code may also differ in which
    are nan: they add in another order, and one multiplies by the 0 of a slope that is the same everywhere while
    the other leaves it out.  Nor are their digits compared where an argument is huge, since what then cancels
    takes everything else with it.
    """
    right, failed = _tried(question.case, question.text)
    got, error = _tried(question.case, way.text)
    if failed or error:
        return Difference(question, way, error or short(got), failed or short(right)) if error != failed else None
    mine, theirs = _plain(right), _plain(got)
    if question.kind.startswith("bits"):
        same = repr(mine) == repr(theirs)
    else:
        twice = _order(question) >= 2
        lenient, left = way.name == "eager" and twice, CANCELLED * _largest(mine) if twice else UNDERFLOW
        same = len(mine) == len(theirs) and all(_alike(a, b, lenient, left) for a, b in zip(mine, theirs, strict=True))
        same = same or _is_unsure(question, mine) or (lenient and _has_huge(question) and len(mine) == len(theirs))
    return None if same else Difference(question, way, short(got), short(right))


def _order(question: Question) -> int:
    """How many times derivatives are taken, with a compiled function counted as one."""
    inside = re.findall(r"\b(grad|jacobian|jvp|vjp|compile)\(|\b(hessian|hvp)\(", question.case.source)
    asked = {"value": 0, "hessian": 2}.get(question.kind.split()[1], 1)
    return asked + sum(1 if once else 2 for once, _ in inside)


def _has_huge(question: Question) -> bool:
    return any(HUGE < abs(x) < math.inf for x in trees.leaves(question.case.args))


def _plain(thing: Any) -> list[float]:
    return [float(getattr(x, "_data", x)) for x in trees.leaves(thing)]


def _largest(numbers: Sequence[float]) -> float:
    return max((abs(x) for x in numbers if math.isfinite(x)), default=0.0)


def _alike(a: float, b: float, lenient: bool = False, left: float = UNDERFLOW) -> bool:
    """Equal as far as can be asked, `left` aside; a lenient look passes over what is nan for one alone."""
    if math.isnan(a) or math.isnan(b):
        return lenient or (math.isnan(a) and math.isnan(b))
    return a == b or abs(a - b) <= 1e-9 * max(abs(a), abs(b)) + max(left, UNDERFLOW)


def _is_unsure(question: Question, numbers: list[float]) -> bool:
    """Whether the eager answer itself changes when an argument moves by its last digit."""
    for towards in (-math.inf, math.inf):
        numbers_there = trees.leaves(question.case.args)
        moved = [float(np.nextafter(x, towards)) if x and math.isfinite(x) else x for x in numbers_there]
        args = trees.rebuilt(question.case.args, moved)
        beside, error = _tried(replace(question.case, args=args), question.text)
        if error or not all(_alike(a, b) for a, b in zip(numbers, _plain(beside), strict=True)):
            return True
    return False


# -- cutting down -----------------------------------------------------------------------------------


def cut_down(found: Difference, seconds: float = 8.0) -> Difference:
    """The smallest case near this one that the same way still answers wrongly in the same manner."""
    end = time.monotonic() + seconds
    progress = True
    while progress and time.monotonic() < end:
        progress = False
        for case in found.question.case.smaller():
            if time.monotonic() > end:
                break
            smaller = _still(found, case)
            if smaller:
                found, progress = smaller, True
                break
    return found


def _still(found: Difference, case: Case) -> Difference | None:
    question = replace(found.question, case=case)
    with contextlib.suppress(Exception):
        if question.kind.startswith(("special", "bits")):
            again = disagreement(question, found.way)
        else:
            again = difference(question, found.way, expected(question))
        if again and again.signature == found.signature and "NameError" not in again.got:
            return again
    return None
