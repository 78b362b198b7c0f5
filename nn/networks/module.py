"""What neurons, layers and networks have in common: calling, parameters, state.

A module computes in `forward`; its parameters are the Values and modules among its attributes, or what it
lists itself, and how many numbers go in and come out shows when it meets data, or it says so itself.  The
rest follows from that here.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Never, Self, overload

import numpy as np
from numpy.typing import NDArray

from autograd.errors import ArgumentError
from autograd.files import Place
from autograd.text import short
from autograd.value import Number, Value, number
from nn.data.scales import Normalization
from nn.data.seeds import Seed
from nn.data.tables import Array, ColumnNames, apart_together, listed
from nn.losses import half_squared_error
from nn.neighbours.c import to_c
from nn.networks.attributes import attributes
from nn.networks.calling import answer, outputs_of, values
from nn.saving import save
from nn.training.fitting import fit, objective
from nn.training.flat import FlatObjective
from nn.training.history import History
from nn.training.objective import Loss
from nn.training.optimisers import Optimiser
from nn.training.options import Callback, FitOptions, Metric, Validation
from nn.training.prediction import evaluating, predict, recorded
from nn.training.weights import ClassWeight
from nn.words import worded


class Module(ABC):
    """Something with parameters that maps numbers to Values.

    A model of one's own says in `forward` what it computes, of layers, other modules and Values that it has as
    attributes, and can all that networks can, but go into a file:

    >>> from autograd import Value, exp
    >>> class Decay(Module):
    ...     def __init__(self):
    ...         self.start, self.rate = Value(1.0), Value(0.1)
    ...     def forward(self, t):
    ...         return self.start * exp(-self.rate * t)
    >>> from nn import LBFGS
    >>> decay = Decay()
    >>> history = decay.fit([[0], [1], [2]], [8, 4, 2], optimiser=LBFGS(decay.parameters()), epochs=50)
    >>> round(decay.start.data, 6), round(decay.rate.data, 6)
    (8.0, 0.693147)
    """

    training: bool = True
    columns: ColumnNames = None  # the names of the inputs, once the model was trained on a frame
    input_scale: Normalization | None = None  # through which `fit` and `predict` pass X
    target_scale: Normalization | None = None  # and y, back to its own units
    optimiser: Optimiser | None = None  # with which `fit` last trained and goes on
    history: History | None = None  # of all that `fit` did

    _width: int | None = None  # of the first data that a model of one's own met,
    _height: int | None = None  # and of what it answered

    @property
    def inputs(self) -> int:
        """How many numbers go in: of a model of one's own, as many as the first data that it met has.

        Raises:
            ArgumentError: where it met none
        """
        if self._width is None:
            raise ArgumentError(f"how many numbers {self!r} takes is known once it is called with some, or trained")
        return self._width

    @property
    def outputs(self) -> int:
        """How many Values come out."""
        if self._height is None:
            with evaluating(self):
                self._height = len(self._run([Value(0.0) for _ in range(self.inputs)]))
        return self._height

    @abstractmethod
    def forward(self, xs: Any) -> Any:
        """The outputs for one sample, an array of Values: a Value, or several in a list or array."""

    def parameters(self) -> list[Value]:
        """Every weight, bias and learned slope, in a fixed order."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Every parameter with its scope and name, such as ``layer2.neuron1.W¹₁₁``, once."""
        met: set[Value] = set()
        for name, part in attributes(self):
            for inner, parameter in [("", part)] if isinstance(part, Value) else part.named_parameters():
                if parameter not in met:
                    met.add(parameter)
                    yield f"{name}.{inner}" if inner else name, parameter

    def weight_parameters(self) -> list[Value]:
        """The weights alone, which multiply what comes in: what is to decay, where biases are not."""
        return [w for _, part in attributes(self) if isinstance(part, Module) for w in part.weight_parameters()]

    def _meet(self, width: int) -> None:
        """Data of so many columns come: a model that does not know its inputs knows now."""
        if type(self).inputs is Module.inputs and self._width is None:
            self._width = width

    def _run(self, xs: Sequence[Value]) -> list[Value]:
        """The outputs for one sample as a list."""
        return outputs_of(self.forward(values(xs)), repr(self))

    @overload
    def __call__(self, x: Sequence[Sequence[Any]]) -> NDArray[np.object_]: ...
    @overload
    def __call__(self, x: Sequence[Number | Value]) -> Value | list[Value]: ...
    @overload
    def __call__(self, x: Any) -> Any: ...  # an array or a frame, of one sample or of many
    def __call__(self, x: Any) -> Any:
        """The output for one sample or for a batch.

        One sample is a sequence or 1-d array of numbers or Values; the answer is a list of Values, or
        the Value alone where there is one output.  A batch is a 2-d array, a pandas frame or a list of
        samples; the answer is an object array, samples × outputs.  Plain numbers become Values named
        x₁, x₂, ….

        Raises:
            ArgumentError: if the width differs from `inputs`
            OperandError: for what is not numbers
        """
        return answer(self, x)

    # -- parameters -----------------------------------------------------------------------------

    def zero_grad(self) -> None:
        """Set every parameter's grad to 0, as is due before each backward pass."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """Every parameter's number by name: plain data that JSON can hold."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take every parameter's number from `state`; all of them or, on an error, none.

        Raises:
            ArgumentError: that lists missing and unexpected names
            OperandError: for a value that is not one real number
        """
        own = dict(self.named_parameters())
        missing, unexpected = [n for n in own if n not in state], [n for n in state if n not in own]
        if missing or unexpected:
            missing, unexpected = apart_together(missing, unexpected)
            raise ArgumentError(
                f"this state does not fit {self!r}: missing {listed(missing)}; unexpected {listed(unexpected)}"
            )
        numbers = {name: number(state[name], f"parameter {short(name)}") for name in own}
        for name, parameter in own.items():
            parameter.data = numbers[name]

    # -- training -------------------------------------------------------------------------------

    @worded(optimizer="optimiser")
    def fit(
        self,
        X: Any,
        y: Any,
        *,
        loss: Loss = half_squared_error,
        optimiser: Optimiser | None = None,
        epochs: int = 100,
        batch_size: int | None = None,
        validation: Validation = None,
        callbacks: Sequence[Callback] = (),
        seed: Seed = None,
        progress: bool | None = None,
        backend: str = "auto",
        threads: int = 1,
        sample_weight: Any = None,
        class_weight: ClassWeight = None,
        metrics: Sequence[Metric] | Mapping[str, Metric] = (),
    ) -> History:
        """Train on X (samples × inputs) and y (one target a sample) by a compiled program.

        What happens is what `nn.train` does, which is written to be read: `loss` takes a batch of outputs
        and the targets (class indices for `cross_entropy`), its gradient is divided by the number of
        samples, `batch_size` splits each epoch into shuffled parts, and `seed` makes a run repeatable to
        the bit.  Here the loss is recorded on one sample, so it has to be a mean (or, for
        `half_squared_error`, a sum) over samples; one of your own is tried on two, and refused if it is not.

        Args:
            validation: (X, y), or (X, y, weights), to measure the loss on after each epoch, or the share of samples to
                keep for it
            callbacks: functions of an `Epoch`, called after each, or a `Callback`, such as `EarlyStopping()`
            progress: a bar with loss and samples per second; None: in a terminal or a notebook only
            backend: as for `autograd.compile`; "auto" compiles machine code where that pays for the epochs and samples
                of this call, so name one to have the same bits however a training is divided into calls
            threads: as for `autograd.compile`
            sample_weight: how much each sample counts: 2 is as if it were there twice.  Losses and gradients are then
                weighted means
            class_weight: how much each class counts, as a dict or "balanced": samples / (classes · samples of it)
            metrics: functions of predictions and targets, as numbers in their own units, such as `accuracy`, or a dict
                of them; what they say after each epoch is in the history

        `input_scale` and `target_scale` are fitted on the first data they meet, and passed through.
        Without an optimiser training goes on with that of the last time, else with
        `GradientDescent`; the history, which is returned, goes on too.  Ctrl-C ends training quietly.

        >>> from nn import MLP, Adam
        >>> model = MLP(2, [4, 1], seed=1)
        >>> history = model.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], epochs=20)
        >>> history["training"][-1] < history["training"][0]
        True

        It warns where the last activation cannot reach what the loss wants, such as targets of 30 with tanh.  After an
        error everything is as it was before.

        Raises:
            ArgumentError: for arguments and data that do not fit
            OperandError: for arguments and data that do not fit
            NonFiniteError: for arguments and data that do not fit
            DivergedError: which names the node, for nan and inf on the way
            TrainingError: for a callback that raises
        """
        return fit(self, X, y, FitOptions(
            loss=loss, optimiser=optimiser, epochs=epochs, batch_size=batch_size, validation=validation,
            callbacks=callbacks, seed=seed, progress=progress, backend=backend, threads=threads,
            sample_weight=sample_weight, class_weight=class_weight, metrics=metrics,
        ))  # fmt: skip

    def objective(
        self,
        X: Any,
        y: Any,
        loss: Loss = half_squared_error,
        *,
        sample_weight: Any = None,
        backend: str = "auto",
        threads: int = 1,
    ) -> FlatObjective:
        """The mean loss on X and y as a function of all parameters in a row, with exact derivatives, for minimisers.

        ``minimize(f.fun, f.start, jac=f.jac, hess=f.hess)`` of SciPy, then ``f.write(found.x)``.

        Raises:
            ArgumentError: for arguments and data that do not fit
            OperandError: for arguments and data that do not fit
            NonFiniteError: for nan and inf in the data
        """
        return objective(self, X, y, loss, sample_weight, backend, threads)

    def predict(self, X: Any, *, batch_size: int = 8192, backend: str = "auto", threads: int = 1) -> Array:
        """The outputs for X (samples × inputs) as numbers: samples × outputs, or a vector of one output each.

        X goes through `input_scale` and the outputs back through `target_scale`.  Random activations take
        their mean.

        Raises:
            ArgumentError: for another shape
            OperandError: for what is no number
            NonFiniteError: for what is no number
        """
        return predict(self, X, batch_size, backend, threads)

    def __getstate__(self) -> dict[str, Any]:
        """All but the programs, which belong to this model's own nodes."""
        return {name: value for name, value in vars(self).items() if name != "_programs"}

    # -- files and neighbours -----------------------------------------------------------------------

    def save(self, place: Place) -> None:
        """Write the model to a path or an open file, whole or not at all; `nn.load` gives it back.

        With it go its activations (learned slopes and the state of random ones too), scales, optimiser
        and history, so that training goes on where it stopped.  The file is NumPy's .npz, without pickle.

        Raises:
            ArgumentError: with nothing written, for what has no plain form: an activation, a schedule or an optimiser
                of your own
        """
        save(self, place)

    def to_c(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        name: str = "network",
        dtype: object = "float64",
        header: bool = True,
        what: str = "value",
    ) -> str:
        """What `predict` computes of a sample as one file of C or C++, weights and scales inside; its text.

        ``network(x, y)`` reads x[inputs] and writes y[outputs]; ``network_batch`` does so for many samples.  Nothing is
        allocated, the weights are constant tables, and the first lines say what stands on the stack.  Random
        activations take their mean.

        Args:
            path: where the file is written, and beside it, with the ending .h, its header; None: nowhere
            name: what the function is called
            dtype: "float64", or "float32" for float instead of double
            header: whether there is a header
            what: "value"; "gradient", "jacobian" or "hessian" for a second function of derivatives along x, as
                `Program.to_c` has them

        >>> from nn import MLP
        >>> source = MLP(2, [3, 1], seed=0).to_c(name="price", dtype="float32")
        >>> print(source[source.index("void price") :].split(";")[0])
        void price(const float *x, float *y)

        Raises:
            ArgumentError: for what `Program.to_c` refuses
            GraphError: for an activation of your own that C cannot have
        """
        return to_c(recorded(self), path, name, dtype, header, what)

    # -- mode -----------------------------------------------------------------------------------

    def train(self, mode: bool = True, *data: Never, **options: Never) -> Self:
        """Training mode, in which rrelu draws its slopes; returns the model.

        Raises:
            ArgumentError: for data: `fit`, or `nn.train`, trains on it
        """
        if data or options or not isinstance(mode, bool):
            raise ArgumentError(
                "model.train() sets the mode, True or False, and takes no data: to train on it call model.fit(X, y, …) "
                "or nn.train(model, X, y, …)"
            )
        for part in self._parts():
            part.training = mode
        return self

    def eval(self) -> Self:
        """Evaluation mode, in which a forward pass is deterministic; returns the model."""
        return self.train(False)

    def _parts(self) -> Iterator[Module]:
        yield self
        for _, part in attributes(self):
            if isinstance(part, Module):
                yield from part._parts()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.parameters())} parameters)"

    def _layers(self) -> Sequence[Any]:
        """What is in a row: the layers of a network, else the module itself."""
        return [self]

    @classmethod
    def _assembled(cls, parts: Sequence[Any]) -> Any:
        (only,) = parts
        return only
