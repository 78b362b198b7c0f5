"""A layer as its neighbours know it: matrices and an activation, there and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from autograd.value import Value
from nn.activations import Activation
from nn.initialise import Matrix
from nn.parts import Part


class NeuronLike(Protocol):
    """A neuron, of which the matrices do not have the learned slope."""

    slope: Value | None


class LayerLike(Part, Protocol):
    """A layer that goes to a neighbour."""

    @property
    def weights(self) -> Matrix: ...

    @property
    def bias(self) -> Matrix | None: ...

    @property
    def neurons(self) -> Sequence[NeuronLike]: ...


class LayerNumbers(NamedTuple):
    """A layer that comes from a neighbour: what it is made of."""

    weights: Matrix  # inputs × outputs
    bias: Matrix | None
    activation: Activation
    slopes: Matrix | None = None  # that were learned, one a neuron
