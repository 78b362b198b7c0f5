"""`model.predict`: the outputs of a compiled network as numbers, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd.context import mode, now, writing_program
from autograd.program.compile import Compiled
from autograd.program.executors import Work
from autograd.program.options import Options
from autograd.program.program import Program
from autograd.program.reading import Times, computed_above, program_from
from autograd.program.recording import record_nodes
from autograd.transforms import running
from autograd.value import Value
from nn.data.tables import Array, check_count, table
from nn.notation import input_labels
from nn.training.model import Model
from nn.training.objective import symbols
from nn.training.programs import remembered
from nn.training.samples import check_samples


def predict(model: Model, X: Any, batch_size: int, backend: str, threads: int) -> Array:
    """See `Module.predict`."""
    samples, names = table(X, "X")
    check_samples(model, samples, names)
    size = check_count(batch_size, "samples in a batch")
    if model.input_scale is not None:
        samples = model.input_scale.transform(samples)
    network = remembered(model, "predict", (backend, threads), lambda: _compiled(model, backend, threads))
    network.expect(_work_so_far(model))
    parts = [network(samples[start : start + size].astype(float)) for start in range(0, len(samples), size)]
    found = np.concatenate(parts) if parts else np.empty((0, model.outputs))
    if model.target_scale is not None and len(found):
        found = model.target_scale.inverse(found)
    return found[:, 0] if model.outputs == 1 else found


def _work_so_far(model: Model) -> Work | None:
    """What training computed: what was not worth compiling for that is not for predictions either.

    It goes with the model into files, so that a model that was loaded predicts the same to the bit.
    """
    history = model.history
    return None if history is None else Work(len(history.training), history.samples)


def recorded(model: Model) -> Program:
    """What `predict` computes of one sample, scales and all, as a program whose parameters are constants."""
    xs: list[Value] = list(_inputs(model))
    with evaluating(model), running(xs), writing_program():
        given = xs if model.input_scale is None else model.input_scale.of_values(xs)
        outputs = model._run(list(given))
        found = outputs if model.target_scale is None else model.target_scale.values_back(outputs)
        made = mode().made
    return program_from(found, xs, computed_above(found, xs, Times(now(), made)))


def _compiled(model: Model, backend: str, threads: int) -> Compiled:
    """The network as a program, which reads the parameters itself."""
    xs = _inputs(model)
    with evaluating(model), running(xs), writing_program():
        found, made = model._run(list(xs)), mode().made
    outputs = np.empty(len(found), object)
    outputs[:] = found
    options = Options(in_axes=0, backend=backend, threads=threads)
    return Compiled(None, options, record_nodes(outputs, [xs], made))


def _inputs(model: Model) -> Array:
    """A sample of Symbols, named as the columns are where they have names."""
    names = model.columns or getattr(model.input_scale, "names", None)
    return symbols(names or [label.name or "x" for label in input_labels(model.inputs)])


@contextmanager
def evaluating(model: Model) -> Iterator[None]:
    """Without random draws."""
    before = [(part, part.training) for part in model._parts()]
    model.eval()
    try:
        yield
    finally:
        for part, training in before:
            part.training = training
