"""Arguments nested in any way: a compiled function answers as the transforms do, sample by sample."""

import random

import numpy as np
import pytest

import autograd as ag

BACKENDS = ["auto", "interpreter", "numpy", "llvm"]


def random_argument(dice, numbers, depth=2):
    """A number, an array (perhaps empty), or lists, tuples and dicts of such."""
    kind = dice.choice(["number", "array", "list", "tuple", "dict"][: 5 if depth else 2])
    if kind == "number":
        return float(numbers.normal())
    if kind == "array":
        return numbers.normal(size=dice.choice([(3,), (2, 2), (1,), (0,)]))
    parts = [random_argument(dice, numbers, depth - 1) for _ in range(dice.randrange(1, 3))]
    return {"list": list, "tuple": tuple}[kind](parts) if kind != "dict" else dict(zip("ab", parts, strict=False))


def like(thing, numbers):
    """The same structure around other numbers."""
    if isinstance(thing, dict):
        return {key: like(part, numbers) for key, part in thing.items()}
    if isinstance(thing, (list, tuple)):
        return type(thing)(like(part, numbers) for part in thing)
    return numbers.normal(size=thing.shape) if isinstance(thing, np.ndarray) else float(numbers.normal())


def leaves(thing):
    if isinstance(thing, dict):
        return [leaf for part in thing.values() for leaf in leaves(part)]
    if isinstance(thing, (list, tuple)):
        return [leaf for part in thing for leaf in leaves(part)]
    return list(np.asarray(thing, dtype=object).flat)


def stacked(things):
    """The samples' things as one, with the samples along the first axis of every array in it."""
    first = things[0]
    if isinstance(first, dict):
        return {key: stacked([thing[key] for thing in things]) for key in first}
    if isinstance(first, (list, tuple)):
        return type(first)(stacked(list(parts)) for parts in zip(*things, strict=True))
    return np.stack([np.asarray(thing) for thing in things])


def near(got, expected):
    if isinstance(expected, dict):
        return list(got) == list(expected) and all(near(got[key], expected[key]) for key in expected)
    if isinstance(expected, (list, tuple)):
        return type(got) is type(expected) and len(got) == len(expected) and all(map(near, got, expected))
    return np.shape(got) == np.shape(expected) and np.allclose(got, expected, rtol=1e-11, atol=1e-13)


def f(*arguments):
    total = 0.3
    for i, x in enumerate(leaf for argument in arguments for leaf in leaves(argument)):
        total = ag.tanh(total * 0.7 + x * (i % 3 + 1) * 0.3) * 1.3 + (x * x * 0.1 if i % 2 else 0.0)
    return total * total


@pytest.mark.parametrize("seed", range(60))
def test_a_compiled_function_answers_as_the_transforms_do(seed):
    dice, numbers = random.Random(seed), np.random.default_rng(seed)
    count = dice.randrange(1, 4)
    arguments = [random_argument(dice, numbers) for _ in range(count)]
    argnums = dice.choice([0, tuple(range(count)), count - 1, -1])
    axes = [dice.choice([None, 0]) for _ in range(count)]
    axes[dice.randrange(count)] = 0
    point = ag.compile(f, argnums=argnums, backend=dice.choice(BACKENDS))
    assert near(point.value_and_grad(*arguments), ag.value_and_grad(f, argnums)(*arguments))
    if sum(len(leaves(argument)) for argument in arguments) < 12:
        assert near(point.hessian(*arguments), ag.hessian(f, argnums)(*arguments))
    samples = [
        [like(a, numbers) if axis == 0 else a for a, axis in zip(arguments, axes, strict=True)]
        for _ in range(dice.choice([1, 2, 9]))
    ]
    each = [ag.value_and_grad(f, argnums)(*sample) for sample in samples]
    batch = [stacked([s[i] for s in samples]) if axes[i] == 0 else arguments[i] for i in range(count)]
    compiled = ag.compile(f, argnums=argnums, in_axes=tuple(axes), backend=dice.choice(BACKENDS))
    values, slopes = compiled.value_and_grad(*batch)
    assert near(values, np.array([value for value, _ in each]))
    assert near(slopes, stacked([slope for _, slope in each]))
