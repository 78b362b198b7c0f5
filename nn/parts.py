"""What a neuron and a layer have in common, for whoever reads them: files, and neighbours."""

from __future__ import annotations

from typing import Protocol

from nn.activations import Activation


class Part(Protocol):
    """A neuron or a layer."""

    training: bool
    activation: Activation

    @property
    def inputs(self) -> int: ...

    @property
    def outputs(self) -> int: ...
