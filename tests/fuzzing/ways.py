"""The questions, and all the ways to ask each; a question's own text says what is meant, all ways must answer that."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tests.fuzzing import trees
from tests.fuzzing.generate import Generator
from tests.fuzzing.terms import Case, Term

BACKENDS = ("interpreter", "numpy", "llvm")
FIRST, SECOND = ("grad", "value_and_grad", "jacobian"), ("hessian",)


@dataclass(frozen=True)
class Way:
    """One way to ask.

    name      of the kind of way, under which it is counted
    text      the Python that asks
    answers   "numbers"; "any" where they may be Values, too; "arrays" where sequences of numbers come as arrays
    """

    name: str
    text: str
    answers: str = "numbers"


@dataclass(frozen=True)
class Question:
    """What is asked of a case: the kind it is counted under, the text that says it, and ways to ask."""

    kind: str
    text: str
    case: Case
    ways: tuple[Way, ...]

    def loosened(self) -> Question:
        """An eager answer that depends on a captured Value is a Value, which numbers depend on what the answer is."""
        if not self.case.captured:
            return self
        eager = ("eager", "eager, by name", "in no_grad", "in a scope", "in a thread", "of compiled")
        ways = (replace(way, answers="any") if way.name in eager else way for way in self.ways)
        return replace(self, ways=tuple(ways))


class Asker:
    """Draws questions about cases."""

    def __init__(self, dice: random.Random, features: Collection[str], generator: Generator) -> None:
        self._dice, self._features, self._generator = dice, features, generator

    def questions(self, case: Case) -> Iterator[Question]:
        """Some questions about a case."""
        dice = self._dice
        yield self._value(case)
        drawn = dice.sample(["first", "second", "push", "pull"], 2)
        if "first" in drawn or (case.is_number and dice.random() < 0.5):
            yield self._derivative(case, dice.choice(FIRST if case.is_number else ("jacobian",)))
        if "second" in drawn and case.is_number and len(trees.leaves(case.args)) <= 5:
            yield dice.choice((self._derivative, self._hvp))(case, "hessian")
        if "push" in drawn:
            yield self._push(case)
        if "pull" in drawn:
            yield self._pull(case)
        if case.captured and case.is_number:
            yield from self._captured(case)
        if case.recordable and dice.random() < 0.5 and len(trees.leaves(case.args)):
            yield self._batched(case)
            if "seams" in self._features:
                yield self._through(case)

    def special(self, case: Case) -> Iterator[Question]:
        """The same function at the edges of arithmetic, where all ways must agree."""
        changed = replace(case, args=tuple(self._generator.special(arg) for arg in case.args))
        for ask in ("value", "value_and_grad", "hessian") if case.is_number else ("value", "jacobian"):
            at = tuple(range(len(case.args)))  # with Values everywhere: Python's own 2.0**1e300 raises, and is not ours
            eager = Way("eager", f"{ask}(f, {at})(*args)" if ask != "value" else "f(*lifted(args))")
            ways = [
                Way(f"{b}, exact", f"compile(f, argnums={at}, backend='{b}', exact=True).{ask}(*args)")
                for b in BACKENDS
            ]
            yield Question(f"special {ask}", ways[0].text, changed, (*ways[1:], eager))

    def bits(self, case: Case) -> Iterator[Question]:
        """The value of a function without rounded atoms, which with `exact` is the eager one to the bit."""
        if case.recordable:
            ways = [Way(f"{b}, exact", f"compile(f, backend='{b}', exact=True)(*args)") for b in BACKENDS]
            yield Question("bits value", "f(*args)", case, tuple(ways))

    # -- parts of ways --------------------------------------------------------------------------

    def _argnums(self, case: Case) -> Any:
        """An argument, perhaps counted from the end, or several in any order."""
        count, dice = len(case.args), self._dice
        if dice.random() < 0.5:
            return dice.randrange(-count, count)
        return tuple(i - dice.choice((0, count)) for i in dice.sample(range(count), dice.randint(1, count)))

    def _some(self, ways: list[Way], needs: dict[str, str], count: int) -> tuple[Way, ...]:
        """So many of the ways, of those that are switched on."""
        allowed = [way for way in ways if needs.get(way.name, "rows") in self._features]
        return tuple(self._dice.sample(allowed, min(count, len(allowed))))

    def _compiled(self, f: str, ask: str, args: str, options: str = "", part: str = "") -> list[Way]:
        """The executors, exact or not, called and bound; `part` of what they answer."""
        ways = []
        for backend in BACKENDS:
            for exact in (False, True):
                made = f"compile({f}, {options}backend='{backend}', exact={exact})"
                ways.append(Way(f"{backend}{', exact' * exact}", f"{made}.{ask}(*{args}){part}"))
                ways.append(Way(f"{backend}, bound", f"{made}.{ask}.bind(*{args})(){part}", "arrays"))
        made = f"compile({f}, {options[:-2]})"
        return [*ways, Way("auto", f"{made}.{ask}(*{args}){part}"),
                Way("columns", f"{made}.{ask}(*strided({args})){part}")]  # fmt: skip

    def _around(self, text: str) -> list[Way]:
        """A question asked in other surroundings."""
        return [Way("in no_grad", f"frozen(lambda: {text})"), Way("in a scope", f"scoped(lambda: {text})"),
                Way("in a thread", f"threaded(lambda: {text})")]  # fmt: skip

    # -- questions ------------------------------------------------------------------------------

    _NEEDS = {
        "columns": "layouts", "in no_grad": "seams", "of compiled": "seams", "compiled on Values": "seams",
        "recorded question": "seams", "batch on Values": "seams", "recorded batch": "seams", "in a thread": "rows",
    }  # fmt: skip

    def _value(self, case: Case) -> Question:
        eager = [Way("on Values", "f(*lifted(args))", "any"), *self._around("f(*args)")]
        compiled = [
            *self._compiled("f", "value", "args"),
            Way("compiled on Values", "compile(f)(*lifted(args))", "any"),
            Way("recorded question", "compile(lambda *a: compile(f)(*a))(*args)"),
            Way("by name", f"compile(f)({_by_name(case)})"),
            *[Way("graph", "graph(f, args)(*args)")] * (not case.compiles),
            *[Way("moved", "moved(lambda *w: compile(make(*w)), ws)(*args)")] * case.movable,
        ]
        ways = [*self._some(eager, self._NEEDS, 2), *self._some(compiled * case.recordable, self._NEEDS, 5)]
        return Question("value", "f(*args)", case, (Way("eager", "f(*args)"), *ways)).loosened()

    def _derivative(self, case: Case, ask: str) -> Question:
        at = self._argnums(case)
        text = f"{ask}(f, {at})(*args)"
        eager = [*self._around(text), Way("on Values", f"{ask}(f, {at})(*lifted(args))", "any")]
        eager += [Way("on detached Values", f"{ask}(f, {at})(*detached(args))", "any")]
        eager += [Way("eager, by name", f"{ask}(f, argnum={at})({_by_name(case)})")]
        compiled = [
            *self._compiled("f", ask, "args", f"argnums={at}, "),
            Way("of compiled", f"{ask}(compile(f), {at})(*args)"),
            Way("recorded transform", f"compile({ask}(f, {at}))(*args)"),
            Way("recorded question", f"compile(lambda *a: compile(f, argnums={at}).{ask}(*a))(*args)"),
            Way("by name", f"compile(f, argnums={at}).{ask}({_by_name(case)})"),
            Way("compiled on Values", f"compile(f, argnums={at}).{ask}(*lifted(args))", "any"),
            *[Way("graph", f"graph(f, args, argnums={at}).{ask}(*args)")] * (not case.compiles),
            *[Way("moved", f"moved(lambda *w: compile(make(*w), argnums={at}).{ask}, ws)(*args)")] * case.movable,
        ]
        ways = [*self._some(eager, self._NEEDS, 2), *self._some(compiled * case.recordable, self._NEEDS, 9)]
        return Question(ask, text, case, (Way("eager", text), *ways)).loosened()

    def _push(self, case: Case) -> Question:
        asked = replace(case, extra={"along": self._generator.shuffled(case.args)})
        every = tuple(range(len(case.args)))
        text, one = "jvp(f, args, along)", f"compile(f, argnums={every}).jvp"
        compiled = [*self._compiled("f", "jvp", "(*args, along)", f"argnums={every}, "),
                    Way("of compiled", "jvp(compile(f), args, along)"),
                    Way("recorded transform", "compile(lambda *a: jvp(f, a, along))(*args)"),
                    Way("recorded question", f"compile(lambda *a: {one}(*a, along))(*args)"),
                    Way("compiled on Values", f"{one}(*lifted(args), along)", "any")]  # fmt: skip
        ways = [
            *self._some(self._around(text), self._NEEDS, 1),
            *self._some(compiled * case.recordable, self._NEEDS, 6),
        ]
        return Question("jvp", text, asked, (Way("eager", text), *ways)).loosened()

    def _pull(self, case: Case) -> Question:
        text = "vjp(f, *args)[1](weights)"
        asked = replace(case, extra={"weights": self._weights(case)})
        every = tuple(range(len(case.args)))
        one = f"compile(f, argnums={every}).vjp"
        compiled = [*self._compiled("f", "vjp", "(*args, weights)", f"argnums={every}, ", "[1]"),
                    Way("of compiled", "vjp(compile(f), *args)[1](weights)"),
                    Way("recorded transform", "compile(lambda *a: vjp(f, *a)[1](weights))(*args)"),
                    Way("recorded question", f"compile(lambda *a: {one}(*a, weights)[1])(*args)"),
                    Way("compiled on Values", f"{one}(*lifted(args), weights)[1]", "any")]  # fmt: skip
        ways = [
            *self._some(self._around(text), self._NEEDS, 1),
            *self._some(compiled * case.recordable, self._NEEDS, 6),
        ]
        return Question("vjp", text, asked, (Way("eager", text), *ways)).loosened()

    def _weights(self, case: Case) -> Any:
        """Something like the answer."""
        return 0.7 if case.is_number else self._generator.shuffled(_answer_of(case))

    def _hvp(self, case: Case, _: str) -> Question:
        asked = replace(case, extra={"along": self._generator.shuffled(case.args)})
        every = tuple(range(len(case.args)))
        text = "hvp(f, args, along)"
        compiled = [
            *self._compiled("f", "hvp", "(*args, along)", f"argnums={every}, "),
            Way("of compiled", "hvp(compile(f), args, along)"),
            Way("of compiled", f"jvp(grad(compile(f), {every}), args, along)[1]"),
            Way("recorded transform", "compile(lambda *a: hvp(f, a, along))(*args)"),
            Way("recorded question", f"compile(lambda *a: compile(f, argnums={every}).hvp(*a, along))(*args)"),
        ]
        eager = [Way("eager", f"jvp(grad(f, {every}), args, along)[1]"), *self._around(text)]
        ways = [*self._some(eager, self._NEEDS, 2), *self._some(compiled * case.recordable, self._NEEDS, 8)]
        return Question("hvp", text, asked, (Way("eager", text), *ways)).loosened()

    def _captured(self, case: Case) -> Iterator[Question]:
        """Derivatives along what is captured: by backward, and from outside of other transforms."""
        every = tuple(range(len(case.captured)))
        text = f"grad(lambda *w: make(*w)(*args), {every})(*ws)"
        backward = Way("backward", "(lambda w: backwards(lambda: make(*w)(*args), w))(lifted(ws))")
        ways = [Way("eager", text), *[backward] * (not case.compiles)]
        if case.recordable:
            ways += [Way("recorded transform", f"compile(lambda *w: make(*w)(*args), argnums={every}).grad(*ws)")]
        if case.recordable and "seams" in self._features:
            through = f"grad(lambda *w: compile(make(*w))(*args), {every})(*ws)"
            ways += [Way("through a compiled closure", through)]
        yield Question("captured", text, case, tuple(ways))
        if "penalty" in self._features and len(trees.leaves(case.args)):
            at = self._argnums(case)
            inner = f"total(grad(make(*w), {at})(*args))"
            text = f"grad(lambda *w: {inner}, {every})(*ws)"
            backward = Way("backward", f"(lambda w: backwards(lambda: {inner}, w))(lifted(ws))")
            ways = [Way("eager", text), *[backward] * (not case.compiles)]
            if case.recordable:
                compiled = f"total(compile(make(*w), argnums={at}).grad(*args))"
                ways += [
                    Way("through a compiled closure", f"grad(lambda *w: {compiled}, {every})(*ws)"),
                    Way("recorded transform", f"compile(lambda *w: {inner}, argnums={every}).grad(*ws)"),
                ]
            yield Question("penalty", text, case, tuple(ways))

    def _batched(self, case: Case) -> Question:
        """A question over the samples of some arguments, with every pattern of axes, reduction and size."""
        dice = self._dice
        axes = self._axes(case)
        some = (*(FIRST + SECOND if case.is_number else ("jacobian",)), "value_and_jacobian", "jvp", "vjp")
        ask = dice.choice(("value", *some))
        samples = dice.choice((0, 1, 3) if ask == "hessian" else (0, 1, 3, 3, 17))
        reduce = dice.choice((None, "sum", "mean"))
        at = self._argnums(case)
        written = axes[0] if len(set(axes)) == 1 and dice.random() < 0.5 else axes
        options = f"argnums={at}, in_axes={written}, reduce={reduce!r}, "
        asked = replace(case, extra={"many": self._generator.batch(case.args, axes, samples)})
        asked.extra.update(self._last(case, ask, axes, None if reduce else 0, samples, at))
        call, last = "" if ask == "value" else f".{ask}", ", last" * ("last" in asked.extra)
        text = f"compile(f, {options[:-2]}){call}(*many{last})"
        ways = [
            *self._compiled("f", ask, f"(*many{last or ','})", options),
            Way("threads", f"compile(f, {options}threads=2).{ask}(*many{last})"),
            Way("recorded batch", f"compile(lambda *a: {text.replace('*many', '*a')})(*many)"),
            Way("batch on Values", f"compile(f, {options[:-2]}).{ask}(*lifted(many){last})", "any"),
        ]
        return Question(f"batch {ask}", text, asked, (Way("auto", text), *self._some(ways, self._NEEDS, 9)))

    def _last(
        self, case: Case, ask: str, axes: tuple[int | None, ...], each: int | None, samples: int, argnums: Any
    ) -> dict[str, Any]:
        """The directions or the weights that stand behind the arguments, with samples where these have them."""
        if ask == "vjp":
            return {"last": self._generator.batch((self._weights(case),), (each,), samples)[0]}
        if ask != "jvp":
            return {}
        along = self._generator.batch(self._generator.shuffled(case.args), axes, samples)
        return {"last": tuple(along[i] for i in argnums) if isinstance(argnums, tuple) else along[argnums]}

    def _through(self, case: Case) -> Question:
        """Derivatives through a batch: of the squares of what a compiled function answers for all samples."""
        axes, at = self._axes(case), self._argnums(case)
        asked = replace(case, extra={"many": self._generator.batch(case.args, axes, self._dice.choice((1, 2, 3)))})
        inner = f"lambda *a: total(compile(f, in_axes={axes}, reduce={self._dice.choice((None, 'sum', 'mean'))!r})(*a))"
        text = f"grad({inner}, {at})(*many)"
        ways = (Way("eager", text), Way("recorded transform", f"compile({inner}, argnums={at}).grad(*many)"))
        return Question("through a batch", text, asked, ways).loosened()

    def _axes(self, case: Case) -> tuple[int | None, ...]:
        """Which arguments have samples, and along which axis; at least one."""
        axes: list[int | None] = []
        for arg in case.args:
            scalar = any(not trees.is_array(leaf) for leaf in _ends(arg)) or not _ends(arg)
            axes.append(self._dice.choice((None, 0, 0, -1) if scalar else (None, 0, 1, -1)) if _ends(arg) else None)
        if all(axis is None for axis in axes):
            some = self._dice.choice([i for i, arg in enumerate(case.args) if _ends(arg)])
            axes[some] = 0
        return tuple(axes)


def _by_name(case: Case) -> str:
    """The arguments by their names, the last first."""
    return ", ".join(f"{name}=args[{i}]" for i, name in reversed(list(enumerate(case.parameters))))


def _ends(thing: Any) -> list[Any]:
    """The numbers and arrays in a container."""
    if trees.is_container(thing):
        parts = thing.values() if isinstance(thing, dict) else thing
        return [end for part in parts for end in _ends(part)]
    return [thing]


def _answer_of(case: Case) -> Any:
    """A container like the answer, around numbers that are drawn anew."""
    numbers = tuple(Term("0.5") for _ in case.answer.parts)
    return eval(str(replace(case.answer, parts=numbers)), {"np": np})
