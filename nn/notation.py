"""The lecture's names: superscript for the layer, subscript for the neuron, scopes for pictures.

Inputs are x₁, x₂, … in layer 1.  The first computed layer is layer 2; its neuron j has z²ⱼ, a²ⱼ and
the scope ``layer2.neuronj``.  W¹ leads from layer 1 to layer 2, W¹ᵢⱼ from input i to neuron j, so that
Z² = X·W¹; b¹ⱼ goes with it.
"""

from __future__ import annotations

from functools import lru_cache

from autograd.context import Label

_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
INPUT_SCOPE = "layer1"


def superscript(number: int) -> str:
    """12 as ¹²."""
    return str(number).translate(_SUPERSCRIPT)


def subscript(*indices: int) -> str:
    """(1, 2) as ₁₂; with a comma between where an index has two digits: (1, 12) as ₁,₁₂."""
    separator = "," if max(indices) > 9 else ""
    return separator.join(map(_below, indices))


@lru_cache(maxsize=4096)
def _below(index: int) -> str:
    return str(index).translate(_SUBSCRIPT)


@lru_cache(maxsize=64)
def input_labels(width: int) -> tuple[Label, ...]:
    """Labels x₁ … for the numbers that enter a network."""
    return tuple(Label(f"x{subscript(i)}", INPUT_SCOPE) for i in range(1, width + 1))


class NeuronNames:
    """What the nodes of one neuron are called.

    `layer` is the number of the neuron's layer (2 for the first computed one) and `neuron` its
    place in it, from 1; None where there is no such place: a lone neuron's nodes are w₁, b, z, a,
    a lone layer's W₁₂, b₂, z₂, a₂.
    """

    def __init__(self, layer: int | None = None, neuron: int | None = None) -> None:
        self.layer, self.neuron = layer, neuron
        above = "" if layer is None else superscript(layer)
        before = "" if layer is None else superscript(layer - 1)
        below = "" if neuron is None else subscript(neuron)
        self.scope = _scope(layer, neuron)
        self.z = Label(f"z{above}{below}", self.scope)
        self.a = Label(f"a{above}{below}", self.scope)
        self.bias = Label(f"b{before}{below}", self.scope)
        self.slope = Label(f"α{above}{below}", self.scope)
        self._before = before

    def weights(self, count: int) -> list[Label]:
        """The labels of the weights from so many inputs."""
        scope, sources = self.scope, range(1, count + 1)
        if self.neuron is None:
            return [Label(f"w{self._before}{_below(source)}", scope) for source in sources]
        before, neuron = f"W{self._before}", self.neuron
        return [Label(before + subscript(source, neuron), scope) for source in sources]


def _scope(layer: int | None, neuron: int | None) -> str:
    if neuron is None:
        return "neuron"
    return f"layer{'' if layer is None else layer}.neuron{neuron}"


def inside(surroundings: Label, label: Label) -> Label:
    """`label` under the scope and with the source line that recording gave the node."""
    outer = surroundings.scope
    return Label(label.name, f"{outer}.{label.scope}" if outer else label.scope, surroundings.source)
