"""Random programs, and the containers of numbers that they are handed."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from tests.fuzzing import forms, oracle, trees
from tests.fuzzing.forms import Form
from tests.fuzzing.terms import Case, Term

SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-300, -1e-300, 1e300, -1e300, math.inf, -math.inf, math.nan, 710.0, -40.0)
ANSWERS = (
    "[{0}, {1}]", "({0}, {1})", "{{'b': {0}, 'a': {1}}}", "np.array([{0}, {1}])", "[{0}, [{1}, {0}]]", "[{0}, ()]",
    "np.array([[{0}], [{1}]])", "({0}, np.array([{1}, {0}]))", "{{'u': [{0}], 'v': ({1}, {2})}}",
)  # fmt: skip
KEYS = ("b", "a", "w", "c", "k")


class Generator:
    """Draws cases; the same seed draws the same ones."""

    def __init__(self, dice: random.Random, features: Collection[str]) -> None:
        self._dice, self._features = dice, features
        self._names = 0

    def plain(self) -> Case:
        """A function of nothing but sums, products and quotients, whose bits IEEE 754 leaves no choice of."""
        features, self._features = self._features, ("exact",)
        try:
            return self.case()
        finally:
            self._features = features

    def case(self) -> Case:
        """A function whose answer at its arguments is a number of ordinary size, with all that is asked with it."""
        dice = self._dice
        args = tuple(self._container(2) for _ in range(dice.choice((1, 1, 2, 2, 3))))
        names = ("w0", "w1")[: dice.choice((0, 0, 1, 2)) if "captured" in self._features else 0]
        captured = {name: self._number() for name in names}
        parameters = tuple(f"x{i}" for i in range(len(args)))
        known = {name: oracle.as_numbers(arg) for name, arg in zip(parameters, args, strict=True)}
        known |= {name: oracle.as_numbers(number) for name, number in captured.items()}
        atoms = [place for name, arg in zip(parameters, args, strict=True) for place in trees.places(name, arg)]
        atoms += list(captured) or ([] if atoms else ["0.75"])
        body = []
        for i in range(dice.randint(1, 4)):
            term = self._defined(atoms, known)
            known[f"t{i}"] = oracle.evaluated(str(term), known)
            body.append((f"t{i}", term))
            atoms += [f"t{i}"] * 3
        is_number = dice.random() < 0.7
        answer = self._defined(atoms, known) if is_number else self._several(atoms, known)
        return Case(parameters, args, captured, tuple(body), answer, is_number)

    # -- numbers and containers -----------------------------------------------------------------

    def _number(self) -> float:
        dice = self._dice
        size = dice.randint(1, 3) if dice.random() < 0.05 else round(dice.uniform(0.1, 2.0), 3)
        return dice.choice((-1, 1, 1)) * size

    def _array(self, *shape: int) -> Any:
        return np.array([self._number() for _ in range(int(np.prod(shape)))], float).reshape(shape)

    def _container(self, depth: int) -> Any:
        dice, number = self._dice, self._number
        kinds = ["number", "number", "array", "list", "tuple", "dict", "matrix", "row"]
        kind = dice.choice([*kinds, *(["empty"] if "empty" in self._features and dice.random() < 0.3 else [])])
        if kind == "number" or depth == 0:
            return number()
        if kind in ("array", "matrix", "row", "empty"):
            shape = {"array": (dice.randint(1, 3),), "matrix": (2, dice.randint(1, 2)), "row": (1, 2), "empty": (0,)}
            return self._array(*shape[kind])
        parts = [self._container(depth - 1 if dice.random() < 0.5 else 0) for _ in range(dice.randint(1, 2))]
        if kind == "dict":
            return dict(zip(dice.sample(KEYS, len(parts)), parts, strict=True))
        return parts if kind == "list" else tuple(parts)

    def shuffled(self, thing: Any) -> Any:
        """The same containers around other numbers, the keys of dicts in another order."""
        if isinstance(thing, dict):
            keys = self._dice.sample(list(thing), len(thing)) if "keys" in self._features else list(thing)
            return {key: self.shuffled(thing[key]) for key in keys}
        if trees.is_container(thing):
            return trees.mapped(self.shuffled, thing)
        return self._array(*thing.shape) if trees.is_array(thing) else self._number()

    def batch(self, args: Sequence[Any], axes: Sequence[int | None], samples: int) -> tuple[Any, ...]:
        """Arguments with so many samples along their axes, each a little beside the point."""
        pairs = zip(args, axes, strict=True)
        return tuple(arg if axis is None else self._samples(arg, axis, samples) for arg, axis in pairs)

    def _samples(self, thing: Any, axis: int, samples: int) -> Any:
        if trees.is_container(thing):
            return trees.mapped(lambda part: self._samples(part, axis, samples), thing)
        whole = np.array([np.asarray(thing) * self._dice.uniform(0.9, 1.1) for _ in range(samples)])
        return np.moveaxis(whole.reshape(samples, *np.shape(thing)), 0, axis)

    def special(self, thing: Any) -> Any:
        """The same containers with some of their numbers at the edges of arithmetic."""
        drawn = [self._dice.choice(SPECIAL) if self._dice.random() < 0.5 else x for x in trees.leaves(thing)]
        return _floats(trees.rebuilt(thing, drawn))

    # -- terms ----------------------------------------------------------------------------------

    def _defined(self, atoms: Sequence[str], known: dict[str, Any]) -> Term:
        """A term that is defined at the point and of ordinary size there."""
        for _ in range(8):
            term = self._term(atoms, self._dice.randint(1, 3), 2, False)
            try:
                size = abs(float(oracle._exact(oracle.evaluated(str(term), known))))
            except (oracle.Undefined, ArithmeticError, TypeError):  # of plain numbers in the text, too
                continue
            if 1e-3 < size < 1e3:
                return term
        return Term("({0} * {1})", (Term(self._dice.choice(atoms)), Term(self._dice.choice(atoms))))

    def _term(self, atoms: Sequence[str], depth: int, order: int, records: bool) -> Term:
        """A number made of `atoms`, with at most so many derivatives in it."""
        if depth == 0:
            return Term(self._dice.choice(atoms) if self._dice.random() < 0.85 else self._constant())
        form = self._form(order, records)
        text, names = form.text, ()
        if form.bodies:
            self._names += 1
            names = tuple(f"{name}{self._names}" for name in "ab")
            text = _named(text, names)
        inside = [*atoms, *[_named(place, names) for place in form.inside] * 3]
        parts = []
        for i in range(form.holes):
            if i < form.bodies:
                parts.append(self._body(names, inside, max(1, depth - 1), order - form.order, records or form.records))
            else:
                deep = 0 if text.count(f"{{{i}}}") > 1 else depth - 1  # a text that stands twice is short
                parts.append(self._term(atoms, deep, order - form.order, records))
        if "CONDITION" not in text:
            return Term(text, tuple(parts))
        return Term(text.replace("CONDITION", f"{{{len(parts)}}}"), (*parts, self._condition(atoms)))

    def _body(self, names: Sequence[str], inside: Sequence[str], depth: int, order: int, records: bool) -> Term:
        """What a lambda answers; nearly always it uses what it is handed."""
        for _ in range(4):
            term = self._term(inside, depth, order, records)
            if any(name in str(term) for name in names):
                break
        return term

    def _constant(self) -> str:
        return self._dice.choice(("0.5", "2", "-1.25", "1.0", "3", str(self._number())))

    def _condition(self, atoms: Sequence[str]) -> Term:
        form = self._dice.choice([form for form in forms.CONDITIONS if form.feature in self._features])
        names = sorted({*atoms, "0.5", "0.3", "-0.4"})
        return Term(form.text, tuple(map(Term, self._dice.sample(names, form.holes))))

    def _form(self, order: int, records: bool) -> Form:
        """Rows mostly; what is left out is what is switched off, too deep, or cannot stand in a recording."""
        if "exact" in self._features:
            return self._dice.choice(forms.EXACT)
        groups = [(30, forms.ROWS), (30, forms.ARITHMETIC), (12, forms.VECTORS), (8, forms.CHOICES), (3, forms.SCOPED),
                  (9, forms.LOOPS), (2, forms.SOLVED),
                  (3, forms.EAGER if not records else []), (8, forms.TRANSFORMS), (7, forms.COMPILED)]  # fmt: skip
        while True:
            (group,) = self._dice.choices([group for _, group in groups], [weight for weight, _ in groups])
            allowed = [form for form in group if form.feature in self._features and form.order <= order]
            if allowed:
                return self._dice.choice(allowed)

    def _several(self, atoms: Sequence[str], known: dict[str, Any]) -> Term:
        """An answer of several numbers."""
        text = self._dice.choice(ANSWERS)
        return Term(text, tuple(self._defined(atoms, known) for _ in range(Form(text).holes)))


def _named(text: str, names: Sequence[str]) -> str:
    """A text in which A and B stand for the parameters of a lambda, with their names."""
    return re.sub(r"\b([AB])\b", lambda found: names["AB".index(found[1])], text)


def _floats(thing: Any) -> Any:
    """Arrays of floats again, after their numbers went through lists."""
    if trees.is_container(thing):
        return trees.mapped(_floats, thing)
    return thing.astype(float) if trees.is_array(thing) else float(thing)
