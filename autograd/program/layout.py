"""Where the numbers of a call stand: what differs from sample to sample, what is summed, how the answer is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.errors import ArgumentError
from autograd.program.batch import Arguments, axes_of
from autograd.program.derive import Answer, Question
from autograd.program.options import Options
from autograd.program.recording import Recording
from autograd.structure import check_length
from autograd.transforms import positions

Array = np.ndarray[Any, Any]  # of floats; of Values where an answer is made of them


def given_to(question: Question, args: Sequence[Any], options: Options) -> tuple[list[Any], tuple[int | None, ...]]:
    """(f's arguments and then the directions, one of each that `argnums` names; the axis of each)."""
    if not question.directed:
        return list(args), axes_of(options.in_axes, len(args))
    if not args:
        raise ArgumentError("hvp takes the function's arguments and then a direction, got nothing")
    *args_of_f, direction = args
    chosen = positions(options.argnums, len(args_of_f))
    axes = axes_of(options.in_axes, len(args_of_f))
    directions = [direction] if isinstance(options.argnums, int) else list(direction)
    check_length(directions, len(chosen), "hvp: a direction for each of argnums")
    return [*args_of_f, *directions], (*axes, *(axes[i] for i in chosen))


class Layout:
    """Where the numbers of a question stand.

    batched  (inputs,) whether an input of the program has a value for each sample, or one for all
    summed   (outputs,) whether an output is asked for as its sum over the samples, or sample by sample
    """

    def __init__(self, question: Question, recording: Recording, options: Options) -> None:
        axes = axes_of(options.in_axes, len(recording.arguments))
        sizes = [structure.size for structure in recording.arguments]
        batched = [axis is not None for axis, size in zip(axes, sizes, strict=True) for _ in range(size)]
        batched += [False] * len(recording.captured)
        if question.directed:
            wrt = positions(options.argnums, len(axes))
            batched += [axes[i] is not None for i in wrt for _ in range(sizes[i])]
        answer: Answer = question.answer(recording, options.argnums)
        self.structure = answer.structure
        self.batched = tuple(batched)
        self.summed = tuple(
            options.reduce is not None and all(axes[i] is None for i in arguments) for arguments in answer.depends
        )
        self.shared_arguments = sum(axis is None for axis in axes)  # the same for all samples
        self._reduce = options.reduce
        self._counts = (len(self.summed) - sum(self.summed), sum(self.summed))
        self._column = np.where(self.summed, np.cumsum(self.summed), np.cumsum(np.logical_not(self.summed))) - 1

    def fixed(self, taken: Arguments, captured: Array) -> Array:
        """The numbers that are the same for all samples, in the program's order."""
        parts, shared = taken.fixed, self.shared_arguments
        if len(captured):
            parts = [*parts[:shared], captured, *parts[shared:]]
        return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0), *parts])

    def room_each(self, samples: int | None) -> Array:
        """Room for the answers of each sample."""
        return np.empty((1 if samples is None else samples, self._counts[0]))

    def room_total(self) -> Array:
        """Room for the sums over all samples."""
        return np.empty(self._counts[1])

    @property
    def is_scaled(self) -> bool:
        """Whether `scale` does anything."""
        return self._reduce == "mean"

    def scale(self, samples: int | None, each: Array, total: Array) -> None:
        """Make means of sums, and derivatives of the mean of derivatives of the sum."""
        if self.is_scaled and samples is not None:
            with np.errstate(invalid="ignore"):  # the mean of no samples is nan
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
