"""Neuron, Perceptron and Layer: the parts of which networks are composed.

A neuron is a = g(dot(w, x, b)): two nodes, z and a, so that δ of z is exactly ∂J/∂z.  With the linear
activation a and z are the same number, and the one node is named z.

Made from sizes, both are relu unless they are told otherwise, as the hidden units of a network are: which layer is
the last only the network knows.  Made from weights they are tanh, the lecture's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from autograd.errors import ArgumentError, NonFiniteError
from autograd.functions import dot
from autograd.given import flag
from autograd.text import quoted
from autograd.value import Number, Value, number
from nn.activations import Activation, ActivationLike, Dropout, activation
from nn.data.seeds import Seed, generator
from nn.data.tables import check_count
from nn.initialise import Initialiser, Matrix, fitting, initialiser
from nn.networks.module import Module
from nn.notation import NeuronNames, inside
from nn.saving import filed


@filed
class Neuron(Module):
    """a = g(Σ wᵢxᵢ + b).

    `w` is the list of weights and `b` the bias, as Values (None with ``bias=False``).  Made from a number of inputs
    it is relu, with weights as fit the activation (see `nn.initialise`); made from weights it is tanh.

    >>> n = Neuron.from_weights([1.8], b=0.5, activation="tanh")
    >>> round(n([0.7]).data, 4)
    0.9425

    Raises:
        ArgumentError: unless inputs ≥ 1, and for an unknown activation or initialiser
    """

    def __init__(
        self,
        inputs: int,
        activation: ActivationLike = "relu",
        *,
        bias: bool = True,
        init: str | Initialiser | None = None,
        seed: Seed = None,
    ) -> None:
        count, rng = check_count(inputs, "inputs"), generator(seed)
        g = _checked(activation, rng)
        self._set_up(draw(init, count, 1, g, rng)[:, 0], 0.0 if flag(bias, "bias") else None, g)

    @classmethod
    def from_weights(cls, w: Any, b: Any = None, activation: ActivationLike = "tanh") -> Neuron:
        """A neuron with these weights and bias (None: no bias)."""
        weights = np.asarray([number(x, "a weight") for x in w])
        check_count(len(weights), "weights")
        neuron = cls.__new__(cls)
        neuron._set_up(weights, None if b is None else number(b, "a bias"), _checked(activation))
        return neuron

    if TYPE_CHECKING:  # one output: of a sample a Value

        @overload
        def __call__(self, x: Sequence[Sequence[Any]]) -> NDArray[np.object_]: ...
        @overload
        def __call__(self, x: Sequence[Number | Value]) -> Value: ...
        @overload
        def __call__(self, x: Any) -> Any: ...
        def __call__(self, x: Any) -> Any: ...

    def _set_up(
        self, w: Sequence[float] | Matrix, b: float | None, g: Activation, names: NeuronNames | None = None
    ) -> None:
        if g.whole_layer and names is None:
            raise ArgumentError(f"{g.name} needs a whole layer: use Layer(inputs, outputs, {quoted(g.name)})")
        self.w = [Value(x) for x in np.asarray(w, float).tolist()]
        self.b = None if b is None else Value(b)
        self.slope = None if g.learned is None else Value(g.learned)
        self.activation = g
        self.take_names(names or NeuronNames())

    def take_names(self, names: NeuronNames) -> None:
        """Name the parameters, and from now on the nodes of every forward pass."""
        self.names, self._z, self._a = names, names.z, names.a
        for weight, label in zip(self.w, names.weights(len(self.w)), strict=True):
            weight._words = label
        if self.b is not None:
            self.b._words = names.bias
        if self.slope is not None:
            self.slope._words = names.slope

    @property
    def inputs(self) -> int:
        """How many numbers go in."""
        return len(self.w)

    @property
    def outputs(self) -> int:
        """1."""
        return 1

    @property
    def has_bias(self) -> bool:
        """Whether a bias is added."""
        return self.b is not None

    def forward(self, xs: Sequence[Value]) -> list[Value]:
        """[a] for one sample of Values."""
        return [self.output(xs)]

    def weighted_sum(self, xs: Sequence[Value]) -> Value:
        """z = Σ wᵢxᵢ + b, one node."""
        z: Value = dot(self.w, xs, self.b)
        z._words = self._z if z._words is None else inside(z._words, self._z)
        return z

    def output(self, xs: Sequence[Value]) -> Value:
        """a = g(z); z itself where g is linear."""
        z = self.weighted_sum(xs)
        g = self.activation
        if g.function is None:
            return z
        if g.plain:
            a: Value = g.function(z)
            a._words = self._a if a._words is None else inside(a._words, self._a)
            return a
        a = g.apply(z, self.slope, self.training, self.names.scope)
        if a is not z and a.name is None:  # a function of one's own may hand back what has a name
            self.name_output(a, plain=False)
        return a

    def name_output(self, a: Value, plain: bool = True) -> None:
        """Name a; a function of one's own ran in the neuron's scope already."""
        if not plain and a._words is not None and a._words.scope.endswith(self.names.scope):
            a.name = self._a.name
        else:
            a._words = self._a if a._words is None else inside(a._words, self._a)

    def name_left(self, left: Value) -> None:
        """Name what dropout leaves of a: d with the place of a."""
        label = self._a._replace(name="d" + (self._a.name or "a")[1:])
        left._words = label if left._words is None else inside(left._words, label)

    def weight_parameters(self) -> list[Value]:
        """The weights alone."""
        return list(self.w)

    def _run(self, xs: Sequence[Value]) -> list[Value]:
        return self.forward(xs)

    def parameters(self) -> list[Value]:
        """The weights, the bias and the learned slope."""
        return [p for p in (*self.w, self.b, self.slope) if p is not None]

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """The same with their names, which do not change when a node is renamed for a picture."""
        names = self.names
        labels = (*names.weights(len(self.w)), names.bias, names.slope)
        for label, parameter in zip(labels, (*self.w, self.b, self.slope), strict=True):
            if parameter is not None:
                yield f"{label.scope}.{label.name}", parameter

    def __repr__(self) -> str:
        bias = "" if self.has_bias else ", bias=False"
        return f"{type(self).__name__}({self.inputs}, {quoted(self.activation.name)}{bias})"

    @classmethod
    def _blank(cls, inputs: int, outputs: int, bias: bool, g: Activation) -> Neuron:
        return cls(inputs, g, bias=bias, init="zeros")


@filed
class Perceptron(Neuron):
    """The threshold unit: 0 if Σ wᵢxᵢ ≤ threshold, else 1.

    It is a neuron with the step function and the bias -threshold.  Its derivative is 0 everywhere,
    which is why it cannot learn by gradients.

    >>> picnic = Perceptron([6, 2, 3], threshold=7)
    >>> picnic([1, 0, 1]).data == 1, picnic([0, 1, 1]).data == 0
    (True, True)

    Raises:
        NonFiniteError: for a threshold that is not finite
    """

    def __init__(self, weights: Any, threshold: float) -> None:
        limit = number(threshold, "a threshold")
        if not np.isfinite(limit):
            raise NonFiniteError(f"a threshold is a finite number, got {limit}")
        w = [number(x, "a weight") for x in weights]
        check_count(len(w), "weights")
        self._set_up(w, 0.0 - limit, activation("step"))

    @property
    def threshold(self) -> float:
        """What Σ wᵢxᵢ must exceed for the output to be 1."""
        return 0.0 if self.b is None else 0.0 - self.b.data

    @classmethod
    def _blank(cls, inputs: int, outputs: int, bias: bool, g: Activation) -> Perceptron:
        return cls([0.0] * inputs, 0.0)

    def __repr__(self) -> str:
        return f"Perceptron({[w.data for w in self.w]}, threshold={self.threshold})"


@filed
class Layer(Module):
    """Neurons side by side on the same inputs: A = g(X·W + b).

    `neurons` is the list; `weights` and `bias` are the numbers as W (inputs × outputs) and b.  Made from sizes its
    neurons are relu, with weights as fit the activation (see `nn.initialise`), also where it is the last of a
    `Sequential`; made from weights they are tanh.  With `dropout`, a share, each output is left out with that chance
    while training, and the others are divided by what is left (Srivastava et al. 2014).

    >>> layer = Layer.from_weights([[0.01, 0.05], [0.20, 0.041]], activation="tanh")
    >>> layer.weights.shape
    (2, 2)

    Raises:
        ArgumentError: for counts below 1 and for an unknown activation or initialiser
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        activation: ActivationLike = "relu",
        *,
        bias: bool = True,
        init: str | Initialiser | None = None,
        seed: Seed = None,
        dropout: float = 0.0,
    ) -> None:
        counts = check_count(inputs, "inputs"), check_count(outputs, "outputs")
        rng = generator(seed)
        g = _checked(activation, rng)
        self._set_up(draw(init, *counts, g, rng), np.zeros(outputs) if flag(bias, "bias") else None, g)
        Dropout(dropout)  # complains of what is no share, also where nothing is drawn for it
        self.dropout = Dropout(dropout, int(rng.integers(2**63))) if dropout else None

    @classmethod
    def from_weights(cls, W: Any, b: Any = None, activation: ActivationLike = "tanh") -> Layer:
        """A layer with W (inputs × outputs) and b (None: no bias; a number: the same for every neuron)."""
        matrix = as_matrix(W, "W")
        layer = cls.__new__(cls)
        layer._set_up(matrix, None if b is None else as_vector(b, matrix.shape[1], "b"), _checked(activation))
        return layer

    dropout: Dropout | None = None

    def _set_up(self, W: Matrix, b: Matrix | None, g: Activation) -> None:
        self.activation = g
        self.number: int | None = None
        self.neurons: list[Neuron] = []
        for j in range(W.shape[1]):
            neuron = Neuron.__new__(Neuron)
            neuron._set_up(W[:, j], None if b is None else float(b[j]), g, NeuronNames(None, j + 1))
            self.neurons.append(neuron)

    def take_number(self, layer: int) -> None:
        """Be layer `layer` of a network (2 is the first computed one): every name follows.

        Raises:
            ArgumentError: if the layer has another number already, since it would lose its names
        """
        self.check_number(layer)
        self.number = layer
        for j, neuron in enumerate(self.neurons, 1):
            neuron.take_names(NeuronNames(layer, j))

    def check_number(self, layer: int) -> None:
        """Raise ArgumentError if the layer belongs elsewhere."""
        if self.number not in (None, layer):
            raise ArgumentError(
                f"{self!r} is layer {self.number} of a network already and cannot be layer {layer} too: "
                "make another with Layer.from_weights(layer.weights, layer.bias, layer.activation)"
            )

    @property
    def inputs(self) -> int:
        """How many numbers go in."""
        return self.neurons[0].inputs

    @property
    def outputs(self) -> int:
        """How many neurons there are."""
        return len(self.neurons)

    @property
    def has_bias(self) -> bool:
        """Whether a bias is added."""
        return self.neurons[0].has_bias

    def forward(self, xs: Sequence[Value]) -> list[Value]:
        """The a of every neuron for one sample of Values."""
        outputs = self._activated(xs)
        if self.dropout is None or not self.training:
            return outputs
        left = [self.dropout.apply(a) for a in outputs]
        for neuron, a in zip(self.neurons, left, strict=True):
            neuron.name_left(a)
        return left

    def _activated(self, xs: Sequence[Value]) -> list[Value]:
        """Before any dropout."""
        if not self.activation.whole_layer:
            return [neuron.output(xs) for neuron in self.neurons]
        activated = self.activation.apply_layer([neuron.weighted_sum(xs) for neuron in self.neurons])
        for neuron, a in zip(self.neurons, activated, strict=True):
            neuron.name_output(a)
        return activated

    def weight_parameters(self) -> list[Value]:
        """Neuron by neuron."""
        return [w for neuron in self.neurons for w in neuron.w]

    def _run(self, xs: Sequence[Value]) -> list[Value]:
        return self.forward(xs)

    def parameters(self) -> list[Value]:
        """Neuron by neuron: weights, bias, learned slope."""
        return [parameter for neuron in self.neurons for parameter in neuron.parameters()]

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """The same with their names."""
        for neuron in self.neurons:
            yield from neuron.named_parameters()

    def _parts(self) -> Iterator[Module]:
        yield self
        yield from self.neurons

    @classmethod
    def _blank(cls, inputs: int, outputs: int, bias: bool, g: Activation) -> Layer:
        return cls(inputs, outputs, g, bias=bias, init="zeros")

    # -- as matrices ----------------------------------------------------------------------------

    @property
    def weights(self) -> Matrix:
        """W, inputs × outputs, as numbers; may be set to a matrix of the same shape."""
        return np.array([[w.data for w in neuron.w] for neuron in self.neurons]).T

    @weights.setter
    def weights(self, W: Any) -> None:
        matrix = self.check_weights(W)
        for j, neuron in enumerate(self.neurons):
            for i, weight in enumerate(neuron.w):
                weight.data = float(matrix[i, j])

    def check_weights(self, W: Any) -> Matrix:
        """W as a matrix of this layer's shape, or ArgumentError."""
        matrix, shape = as_matrix(W, "W"), (self.inputs, self.outputs)
        if matrix.shape != shape:
            raise ArgumentError(f"W of {self!r} has shape {shape} (inputs × outputs), got {matrix.shape}")
        return matrix

    @property
    def weight_gradients(self) -> Matrix:
        """∂J/∂W, inputs × outputs, as the last backward left it."""
        return np.array([[w.grad for w in neuron.w] for neuron in self.neurons]).T

    @property
    def bias(self) -> Matrix | None:
        """b, one number a neuron, or None; may be set to a vector, or a number for all."""
        found = [neuron.b.data for neuron in self.neurons if neuron.b is not None]
        return np.array(found) if found else None

    @bias.setter
    def bias(self, b: Any) -> None:
        for neuron, x in zip(self.neurons, self.check_bias(b), strict=True):
            if neuron.b is not None:
                neuron.b.data = float(x)

    def check_bias(self, b: Any) -> Matrix:
        """b as one number a neuron, or ArgumentError."""
        if not self.has_bias:
            raise ArgumentError(f"{self!r} has no bias to set: make the layer with bias=True")
        return as_vector(b, self.outputs, "b")

    @property
    def slopes(self) -> Matrix | None:
        """The slopes that are learned, one a neuron, or None; may be set to a vector, or a number for all."""
        found = [neuron.slope.data for neuron in self.neurons if neuron.slope is not None]
        return np.array(found) if found else None

    @slopes.setter
    def slopes(self, slopes: Any) -> None:
        if self.activation.learned is None:
            raise ArgumentError(f"{self!r} learns no slopes: its activation would have to be 'prelu'")
        for neuron, x in zip(self.neurons, as_vector(slopes, self.outputs, "slopes"), strict=True):
            if neuron.slope is not None:
                neuron.slope.data = float(x)

    @property
    def bias_gradients(self) -> Matrix | None:
        """∂J/∂b, one number a neuron, or None."""
        found = [neuron.b.grad for neuron in self.neurons if neuron.b is not None]
        return np.array(found) if found else None

    def __repr__(self) -> str:
        bias = "" if self.has_bias else ", bias=False"
        dropout = f", dropout={self.dropout.rate}" if self.dropout else ""
        return f"{type(self).__name__}({self.inputs}, {self.outputs}, {quoted(self.activation.name)}{bias}{dropout})"


# -- checking ---------------------------------------------------------------------------------------


def as_matrix(W: Any, what: str) -> Matrix:
    """W as a 2-d array of floats, at least 1 × 1, or ArgumentError."""
    try:
        matrix = np.asarray(W, dtype=float)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"{what} is a matrix of numbers with rows of equal length: {error}") from None
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ArgumentError(f"{what} is a matrix of inputs × outputs, got shape {matrix.shape}")
    return matrix


def as_vector(given: Any, outputs: int, what: str) -> Matrix:
    """One float a neuron; a single number serves for all."""
    try:
        vector = np.asarray(given, dtype=float)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"{what} is one number per neuron: {error}") from None
    if vector.ndim == 0:
        return np.full(outputs, float(vector))
    if vector.shape != (outputs,):
        raise ArgumentError(f"{what} has one number for each of {outputs} neurons, got shape {vector.shape}")
    return vector


def draw(init: str | Initialiser | None, inputs: int, outputs: int, g: Activation, rng: np.random.Generator) -> Matrix:
    """Weights from an initialiser, whose answer is checked: it may be the user's own.  None is what fits g."""
    wanted = fitting(g.kind) if init is None else initialiser(init)
    drawn = as_matrix(wanted(inputs, outputs, rng), "an initialiser's answer")
    if drawn.shape != (inputs, outputs):
        raise ArgumentError(f"an initialiser answers with shape {(inputs, outputs)}, got {drawn.shape}")
    return drawn


_checked = activation  # under the name that the parameters `activation` do not hide
