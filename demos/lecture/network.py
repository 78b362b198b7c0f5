"""The lecture's network, written with matrices of Values: Ŷ = tanh(tanh(tanh(X·W¹)·W²)·W³)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from autograd import Value, deltas, matmul, tanh
from demos.lecture import slides
from demos.lecture.slides import Matrix
from nn import half_squared_error, with_ones

Nodes: TypeAlias = "np.ndarray[Any, Any]"  # an object array of Values

X = slides.numbers(slides.X)
Y = slides.numbers(slides.Y)
WEIGHTS = [slides.numbers(slides.W1), slides.numbers(slides.W2), slides.numbers(slides.W3)]
BIAS = float(slides.BIAS_ROW[0])


@dataclass(frozen=True, eq=False)
class Pass:
    """One forward pass: the nodes of W¹ W² W³, Z² Z³ Z⁴ and A¹ (which is X) A² A³ A⁴ = Ŷ."""

    weights: list[Nodes]
    Z: list[Nodes]
    A: list[Nodes]

    @property
    def output(self) -> Nodes:
        """Ŷ, samples × 1."""
        return self.A[-1]

    def loss(self, y: Matrix) -> Value:
        """J = Σ ½(y - ŷ)²."""
        J: Value = half_squared_error(self.output, y)
        return J


def forward(inputs: Matrix, weights: Sequence[Matrix], ones: Sequence[bool] = (False, False, False)) -> Pass:
    """The network on `inputs` (samples × 3); `ones[l]` says whether layer l's input gets a column of 1s."""
    W = [as_nodes(matrix, f"W{'¹²³'[layer]}") for layer, matrix in enumerate(weights)]
    Z: list[Nodes] = []
    A: list[Nodes] = [inputs]
    for matrix, has_ones in zip(W, ones, strict=True):
        Z.append(matmul(with_ones(A[-1]) if has_ones else A[-1], matrix))
        A.append(tanh(Z[-1]))
    return Pass(W, Z, A)


def with_bias_rows(weights: Sequence[Matrix], rows: int) -> list[Matrix]:
    """The first `rows` weight matrices with the lecture's row of 0.1 under them, the others as they are."""
    return [np.vstack([W, np.full(W.shape[1], BIAS)]) if layer < rows else W for layer, W in enumerate(weights)]


def forward_with_bias(inputs: Matrix, rows: int) -> Pass:
    """The lecture's network with the bias row in the first `rows` of its three layers."""
    return forward(inputs, with_bias_rows(WEIGHTS, rows), [layer < rows for layer in range(3)])


def as_nodes(matrix: Matrix, name: str) -> Nodes:
    """Every number as a leaf, named like W¹₂₃."""
    nodes = np.empty(matrix.shape, object)
    for i, j in np.ndindex(*matrix.shape):
        nodes[i, j] = Value(float(matrix[i, j]), name=name + "₁₂₃₄"[i] + "₁₂₃₄"[j])
    return nodes


def data(nodes: Nodes) -> Matrix:
    """The numbers in an array of Values."""
    return np.array([node.data for node in nodes.flat]).reshape(nodes.shape)


def delta(J: Value, nodes: Nodes) -> Matrix:
    """δ = ∂J/∂node of every node in an array, out of the graph."""
    found = deltas(J)
    return np.array([found[node] for node in nodes.flat]).reshape(nodes.shape)


# -- the corrected matrix formulas, in NumPy alone --------------------------------------------------


@dataclass(frozen=True)
class Formulas:
    """δ⁴, δ³, δ² and ∂J/∂W³, ∂J/∂W², ∂J/∂W¹ by the corrected formulas, with no graph."""

    delta4: Matrix
    delta3: Matrix
    delta2: Matrix
    dW3: Matrix
    dW2: Matrix
    dW1: Matrix


def corrected_formulas(inputs: Matrix, y: Matrix, weights: Sequence[Matrix]) -> Formulas:
    """What the backward slides should say: rows are samples, * is elementwise, @ the matrix product."""
    W1, W2, W3 = weights
    A2 = np.tanh(inputs @ W1)
    A3 = np.tanh(A2 @ W2)
    A4 = np.tanh(A3 @ W3)
    delta4 = -(y - A4) * (1 - A4**2)
    delta3 = (delta4 @ W3.T) * (1 - A3**2)
    delta2 = (delta3 @ W2.T) * (1 - A2**2)
    return Formulas(delta4, delta3, delta2, A3.T @ delta4, A2.T @ delta3, inputs.T @ delta2)
