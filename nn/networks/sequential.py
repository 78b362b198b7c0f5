"""Sequential and MLP: layers in a row, numbered and named as in the lecture."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from types import EllipsisType
from typing import Any, Self, TypeAlias

import numpy as np

from autograd.errors import ArgumentError, OperandError
from autograd.text import quoted
from autograd.value import Value
from nn.activations import Activation, ActivationLike, activation
from nn.data.seeds import Seed, generator
from nn.data.tables import check_count
from nn.initialise import Initialiser, Matrix
from nn.neighbours.onnx import to_onnx
from nn.neighbours.torch import layers_from, to_torch
from nn.networks.layers import Layer
from nn.networks.module import Module
from nn.saving import filed

Activations: TypeAlias = "ActivationLike | Sequence[ActivationLike | EllipsisType]"
RELU_THEN_LINEAR: Activations = ("relu", ..., "linear")


@filed
class Sequential(Module):
    """Layers in a row; the first is layer 2, since the inputs are layer 1.

    >>> model = Sequential(Layer(3, 2, "tanh"), Layer(2, 1, "linear"))
    >>> [name for name, _ in model.named_parameters()][:2]
    ['layer2.neuron1.W¹₁₁', 'layer2.neuron1.W¹₂₁']

    Raises:
        ArgumentError: if a layer's inputs are not the outputs of the one before, if a layer is given twice, or belongs
            to another network at another place
    """

    def __init__(self, *layers: Layer) -> None:
        check_layers(layers)
        self.layers = list(layers)
        for place, layer in enumerate(self.layers, 2):
            layer.take_number(place)

    @property
    def inputs(self) -> int:
        """How many numbers go in."""
        return self.layers[0].inputs

    @property
    def outputs(self) -> int:
        """How many Values come out."""
        return self.layers[-1].outputs

    def forward(self, xs: Sequence[Value]) -> list[Value]:
        """The last layer's outputs for one sample of Values."""
        for layer in self.layers:
            xs = layer.forward(xs)
        return list(xs)

    def _run(self, xs: Sequence[Value]) -> list[Value]:
        return self.forward(xs)

    def parameters(self) -> list[Value]:
        """Layer by layer, neuron by neuron."""
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def weight_parameters(self) -> list[Value]:
        """Layer by layer, neuron by neuron."""
        return [w for layer in self.layers for w in layer.weight_parameters()]

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """The same with their names."""
        for layer in self.layers:
            yield from layer.named_parameters()

    def _parts(self) -> Iterator[Module]:
        yield self
        for layer in self.layers:
            yield from layer._parts()

    def _layers(self) -> list[Layer]:
        return self.layers

    @classmethod
    def _blank(cls, inputs: int, outputs: int, bias: bool, g: Activation) -> Layer:
        return Layer._blank(inputs, outputs, bias, g)

    @classmethod
    def _assembled(cls, parts: Sequence[Layer]) -> Self:
        """A network of these layers, without the drawing of weights with which an MLP starts."""
        model = cls.__new__(cls)
        Sequential.__init__(model, *parts)
        return model

    # -- as matrices ----------------------------------------------------------------------------

    @property
    def weights(self) -> list[Matrix]:
        """[W¹, W², …] as numbers, each inputs × outputs; may be set."""
        return [layer.weights for layer in self.layers]

    @weights.setter
    def weights(self, matrices: Sequence[Any]) -> None:
        self.set_weights(matrices)

    @property
    def weight_gradients(self) -> list[Matrix]:
        """[∂J/∂W¹, ∂J/∂W², …] as the last backward left them."""
        return [layer.weight_gradients for layer in self.layers]

    @property
    def biases(self) -> list[Matrix | None]:
        """[b¹, b², …]; None for a layer without."""
        return [layer.bias for layer in self.layers]

    def set_weights(self, weights: Sequence[Any], biases: Sequence[Any] | None = None) -> None:
        """Set W¹, W², … and, if given, b¹, b², … (a number: the same for a whole layer; None: as it is).

        Everything is checked before anything is set.

        Raises:
            ArgumentError: for a wrong count or shape
        """
        given: Sequence[Any] = [None] * len(self.layers) if biases is None else biases
        for what, items in (("weights", weights), ("biases", given)):
            if len(items) != len(self.layers):
                raise ArgumentError(f"{self!r} has {len(self.layers)} layers, got {len(items)} {what}")
        matrices = [layer.check_weights(W) for layer, W in zip(self.layers, weights, strict=True)]
        vectors = [None if b is None else layer.check_bias(b) for layer, b in zip(self.layers, given, strict=True)]
        for layer, matrix, vector in zip(self.layers, matrices, vectors, strict=True):
            layer.weights = matrix
            if vector is not None:
                layer.bias = vector

    # -- the neighbours -------------------------------------------------------------------------

    def to_torch(self, dtype: Any = None) -> Any:
        """The same network as a torch.nn.Sequential of Linear and activation modules, by default in float64.

        It computes what `predict` does: a Standardization goes into the weights of the first and the last Linear.

        Raises:
            ArgumentError: for an activation that PyTorch has no module for, for scales other than Standardization, and
                for a target scale behind a last activation that is not linear
        """
        return to_torch(self.layers, self.input_scale, self.target_scale, dtype)

    @classmethod
    def from_torch(cls, module: Any) -> Sequential:
        """The network that a torch.nn.Sequential of Linear and activation modules stands for.

        Numbers in float32 and below keep their value.

        Raises:
            OperandError: for another kind of module
            ArgumentError: for a part that has no counterpart here
        """
        found = layers_from(module)
        layers = [Layer.from_weights(part.weights, part.bias, part.activation) for part in found]
        for layer, part in zip(layers, found, strict=True):
            if part.slopes is not None:
                layer.slopes = part.slopes
        return cls._assembled(layers)

    def to_onnx(
        self, path: str | os.PathLike[str] | None = None, dtype: Any = np.float64, opset: int | None = None
    ) -> Any:
        """What `predict` computes, as an onnx.ModelProto: input x, output y, samples × columns.

        It is written to `path` too if one is given.  Random activations take their mean.  ``dtype`` may be
        float32, for devices that have nothing else; ``opset`` is the version of ONNX's operators, from 13 up (17).

        Raises:
            ArgumentError: for an activation of your own, for scales other than Standardization, and for an opset that
                the installed onnx does not know
        """
        return to_onnx(self.layers, self.input_scale, self.target_scale, path, dtype, opset)

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"


@filed
class MLP(Sequential):
    """A fully connected network: `inputs` numbers, then layers of the given sizes.

    Hidden layers are relu and the last is linear, with weights that start as fits each (see `nn.initialise`):

    >>> MLP(2, [16, 16, 1])
    MLP(2, [16, 16, 1], ['relu', 'relu', 'linear'])

    `activation` is one for all layers, or a list with one per layer, in which ``...`` repeats the one before it as
    often as there is need: ``["tanh", ..., "sigmoid"]``.  The lecture's network, tanh throughout and without bias:

    >>> model = MLP(3, [3, 2, 1], activation="tanh", bias=False)
    >>> model
    MLP(3, [3, 2, 1], 'tanh', bias=False)
    >>> model([1.4, -1, 0.4]).name
    'a⁴₁'

    `dropout` leaves out outputs of hidden layers while training, each with that chance: see `Layer`.

    Raises:
        ArgumentError: for a count below 1, an unknown activation, a list that does not fit the layers, or a dropout
            outside [0, 1)
    """

    def __init__(
        self,
        inputs: int,
        sizes: Sequence[int],
        activation: Activations = RELU_THEN_LINEAR,
        *,
        bias: bool = True,
        init: str | Initialiser | None = None,
        seed: Seed = None,
        dropout: float = 0.0,
    ) -> None:
        widths = [check_count(inputs, "inputs"), *(check_count(size, "neurons") for size in _sizes(sizes))]
        rng = generator(seed)
        wanted = one_each(activation, len(widths) - 1, rng)
        chances = [dropout] * (len(wanted) - 1) + [0.0]
        super().__init__(
            *(
                Layer(before, after, g, bias=bias, init=init, seed=rng, dropout=chance)
                for (before, after), g, chance in zip(pairwise(widths), wanted, chances, strict=True)
            )
        )

    @classmethod
    def from_weights(
        cls,
        weights: Sequence[Any],
        biases: Sequence[Any] | None = None,
        activation: Activations = "tanh",
    ) -> MLP:
        """The network with W¹, W², … (each inputs × outputs) and b¹, b², … (None: no bias); tanh, as the lecture's."""
        given: Sequence[Any] = [None] * len(weights) if biases is None else biases
        if len(given) != len(weights):
            raise ArgumentError(f"{len(weights)} weight matrices need as many biases, got {len(given)}")
        wanted = one_each(activation, len(weights))
        return cls._assembled([Layer.from_weights(W, b, g) for W, b, g in zip(weights, given, wanted, strict=True)])

    def __repr__(self) -> str:
        names = [layer.activation.name for layer in self.layers]
        shown = quoted(names[0]) if len(set(names)) == 1 else f"[{', '.join(map(quoted, names))}]"
        bias = "" if any(layer.has_bias for layer in self.layers) else ", bias=False"
        rates = [layer.dropout.rate for layer in self.layers if layer.dropout]
        dropout = f", dropout={rates[0]}" if rates else ""
        return f"MLP({self.inputs}, {[layer.outputs for layer in self.layers]}, {shown}{bias}{dropout})"


# -- checking ---------------------------------------------------------------------------------------


def check_layers(layers: Sequence[Any]) -> None:
    """Raise ArgumentError or OperandError unless these layers can stand in a row."""
    if not layers:
        raise ArgumentError("a network has at least one layer, got none")
    for place, layer in enumerate(layers, 2):
        if not isinstance(layer, Layer):
            raise OperandError(f"a network is made of Layers, got {type(layer).__name__} {quoted(layer)}")
        layer.check_number(place)
    if len({id(layer) for layer in layers}) != len(layers):
        raise ArgumentError("the same layer is given twice; make another with Layer.from_weights")
    for place, (before, after) in enumerate(pairwise(layers), 3):
        if before.outputs != after.inputs:
            raise ArgumentError(
                f"layer {place - 1} has {before.outputs} outputs but layer {place} takes {after.inputs} inputs"
            )


def one_each(wanted: Activations, layers: int, rng: np.random.Generator | None = None) -> list[Activation]:
    """The activation of each layer; ArgumentError if a list has another length."""
    if isinstance(wanted, (list, tuple)):
        each = _written_out(wanted, layers)
        if len(each) != layers:
            raise ArgumentError(f"there are {layers} layers, got {len(each)} activations")
        return [activation(g, rng) for g in each]
    return [activation(wanted, rng)] * layers  # type: ignore[arg-type]  # lists are gone


def _written_out(wanted: Sequence[Any], layers: int) -> list[Any]:
    """The list with its ``...`` replaced by as many of what stands before as make one per layer."""
    if Ellipsis not in wanted:
        return list(wanted)
    at = wanted.index(Ellipsis)
    before, after = wanted[:at], wanted[at + 1 :]
    if not before or Ellipsis in after:
        raise ArgumentError(f"... repeats the activation before it, once in a list, got {quoted(list(wanted))}")
    repeated = layers - len(after) - len(before) + 1
    return [*before[:-1], *[before[-1]] * repeated, *after]


def _sizes(sizes: Any) -> Sequence[int]:
    if isinstance(sizes, int) or not hasattr(sizes, "__len__") or len(sizes) == 0:
        raise ArgumentError(f"sizes is a list with the number of neurons of each layer, got {quoted(sizes)}")
    found: Sequence[int] = sizes
    return found
