"""A program on Values or Symbols: run as a graph, sample by sample, so that it can be part of a larger one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import numpy as np

from autograd.array import ValueArray
from autograd.context import mode
from autograd.functions import sum as sum_of
from autograd.program.as_values import graph_of, run
from autograd.program.batch import Arguments
from autograd.program.derive import Asked, Question
from autograd.program.layout import Array, Layout
from autograd.program.options import Options
from autograd.program.recording import RecordedProgram
from autograd.structure import flatten, leaves_like
from autograd.transforms import positions
from autograd.value import RUNNING, Operand, Value


def is_part_of_more(recording: RecordedProgram) -> bool:
    """Whether an answer must stay a graph though the arguments are numbers, because of what was captured."""
    if not recording.captured:
        return False
    return mode().program > 0 or not (RUNNING.isdisjoint(recording.captured) and RUNNING.isdisjoint(recording.passing))


def answer(question: Question, recording: RecordedProgram, taken: Arguments, options: Options) -> Any:
    """The answer to a question about a function of Values, whose program runs once a sample."""
    layout = Layout(question, Asked(recording, options), options)
    at = positions(options.argnums, recording.by_position)
    wrt = at[0] if isinstance(options.argnums, int) else at
    asked = question.transform(function_of(recording), wrt, options.has_aux)
    takes = len(recording.arguments)
    each, total = [], []
    for args in _arguments(taken):
        if question.takes == "a direction" and not isinstance(options.argnums, int):
            args = [*args[:takes], tuple(args[takes:])]  # several directions stand in a tuple
        found, _ = flatten(asked(*args), "an answer", flags=True)
        each.append([x for x, is_summed in zip(found, layout.summed, strict=True) if not is_summed])
        total.append([x for x, is_summed in zip(found, layout.summed, strict=True) if is_summed])
    return _combined(layout, taken.samples, each, total)


def function_of(recording: RecordedProgram) -> Callable[..., Any]:
    """The recorded function again, on numbers of any kind, by its program; all its arguments come by position."""
    flowing = frozenset() if recording.is_over else recording.flowing
    captured = [_number_of(node, flowing) for node in recording.captured]

    def f(*args: Any) -> Any:
        given = zip(args, recording.arguments, strict=True)  # which know what is no number, though it be an int
        leaves = [x for thing, structure in given for x in leaves_like(thing, structure, "an argument")]
        return recording.answer.build(run(recording.program, [*leaves, *captured]))

    return f


def _number_of(node: Value, flowing: Collection[Value]) -> Operand:
    """What a captured node counts as: itself in a program and while it is of an input of what runs, else its number."""
    return node if mode().program or node in RUNNING or node in flowing else node._data


def graph_of_recording(recording: RecordedProgram, args: Sequence[Any]) -> Any:
    """`graph_of` a recording's program at these arguments, in the structure of the function's answer."""
    return recording.answer.build(graph_of(recording.program, inputs_of(recording, args)))


def inputs_of(recording: RecordedProgram, args: Sequence[Any]) -> list[Any]:
    """What the inputs of a recording's program are at these arguments: their numbers, and the captured nodes."""
    given = zip(args, recording.arguments, strict=True)
    leaves = [x for thing, structure in given for x in leaves_like(thing, structure, "an argument")]
    return [*leaves, *recording.captured]


def _arguments(taken: Arguments) -> Iterator[list[Any]]:
    """The arguments of each sample in turn."""
    fixed = np.concatenate([np.empty(0), *taken.fixed]).tolist()
    for row in taken.batch.tolist():
        numbers = {False: fixed, True: row}
        yield [
            structure.build([x for batched, begin, size in runs for x in numbers[batched][begin : begin + size]])
            for structure, runs in taken.places()
        ]


def _combined(layout: Layout, samples: int | None, each: list[list[Any]], total: list[list[Any]]) -> Any:
    columns = layout.room_each(samples).astype(object)
    for i, found in enumerate(each):
        columns[i] = found
    sums = np.zeros(layout.room_total().shape, object)
    for j in range(len(sums)):
        sums[j] = sum_of([found[j] for found in total]) if samples is not None else total[0][j]
    columns, sums = _plain(columns), _plain(sums)
    layout.scale(samples, columns, sums)
    return layout.read(columns, sums, samples)


def _plain(numbers: Array) -> Array:
    """An array of floats, if no Value is among the numbers, else a ValueArray."""
    return numbers.view(ValueArray) if any(isinstance(x, Value) for x in numbers.flat) else numbers.astype(float)
