"""Where the numbers of a call stand: what differs from sample to sample, what is summed, how the answer is read."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from autograd.program.batch import Arguments, axes_of, has_samples, spread
from autograd.program.derive import Answer, Asked, Question
from autograd.program.options import Options
from autograd.structure import Structure

Array = np.ndarray[Any, Any]  # of floats; of Values where an answer is made of them


class Extra(NamedTuple):
    """One thing that a question takes after the function's arguments: what it is, how it is made, its axis."""

    what: str
    structure: Structure
    axis: Any


def extras(question: Question, asked: Asked, options: Options) -> list[Extra]:
    """What a question takes after the function's arguments."""
    if not question.takes:
        return []
    recording = asked.recording
    axes = axes_of(options.in_axes, recording.by_position, recording.keywords)
    if question.takes == "weights":
        each = options.reduce is None and any(map(has_samples, axes))
        return [Extra("the weights", asked.main, 0 if each else None)]
    return [Extra(f"the direction along argument {i}", recording.arguments[i], axes[i]) for i in asked.chosen]


class Layout:
    """Where the numbers of a question stand.

    Attributes:
        batched: (inputs,) whether an input of the program has a value for each sample, or one for all
        summed: (outputs,) whether an output is asked for as its sum over the samples, or sample by sample
    """

    def __init__(self, question: Question, asked: Asked, options: Options) -> None:
        recording = asked.recording
        axes = axes_of(options.in_axes, recording.by_position, recording.keywords)
        batched = [mark for argument in zip(axes, recording.arguments, strict=True) for mark in _marks(*argument)]
        self.shared = len(batched) - sum(batched)  # how many numbers of the arguments are the same for all samples
        of_arguments = tuple(batched)
        batched += [False] * len(recording.captured)
        for extra in extras(question, asked, options):
            batched += _marks(extra.axis, extra.structure)
        answer: Answer = question.answer(asked)
        self.structure = answer.structure
        self.batched = tuple(batched)
        self.summed = tuple(
            options.reduce is not None and not any(of_arguments[i] for i in inputs) for inputs in answer.depends
        )
        self._reduce = options.reduce
        self._counts = (len(self.summed) - sum(self.summed), sum(self.summed))
        self._column = np.where(self.summed, np.cumsum(self.summed), np.cumsum(np.logical_not(self.summed))) - 1

    def fixed(self, taken: Arguments, captured: Array) -> Array:
        """The numbers that are the same for all samples, in the program's order."""
        parts = taken.fixed
        numbers = parts[0] if len(parts) == 1 else np.concatenate([np.empty(0), *parts])
        if not len(captured):
            return numbers
        return np.concatenate([numbers[: self.shared], captured, numbers[self.shared :]])

    def room_each(self, samples: int | None, order: Literal["C", "F"] = "C") -> Array:
        """Room for the answers of each sample."""
        return np.empty((1 if samples is None else samples, self._counts[0]), order=order)

    def room_total(self) -> Array:
        """Room for the sums over all samples."""
        return np.empty(self._counts[1])

    @property
    def is_reduced(self) -> bool:
        """Whether what does not differ from sample to sample is asked for once, of all samples together."""
        return self._reduce is not None

    @property
    def is_scaled(self) -> bool:
        """Whether `scale` does anything."""
        return self._reduce == "mean"

    def scale(self, samples: int | None, each: Array, total: Array) -> None:
        """Make means of sums, and derivatives of the mean of derivatives of the sum."""
        if self.is_scaled and samples is not None:
            with np.errstate(invalid="ignore", divide="ignore"):  # the mean of no samples is nan
                total /= samples
                each /= max(samples, 1)

    def read(self, each: Array, total: Array, samples: int | None, views: bool = False) -> Any:
        """The answer around the numbers in `each` and `total`."""
        columns = each[0] if samples is None else each

        def numbers(start: int, stop: int) -> Array:
            if start == stop:
                return (columns if self._reduce is None else total)[..., :0]
            first = int(self._column[start])
            return (total if self.summed[start] else columns)[..., first : first + stop - start]

        return self.structure.read(numbers, views=views)


def _marks(axis: Any, structure: Structure) -> list[bool]:
    """Of each number of an argument whether it has a value for each sample."""
    return [batched for batched, size in spread(axis, structure) for _ in range(size)]
