"""Networks to and from PyTorch: `model.to_torch()` and `Sequential.from_torch(module)`.

A layer becomes a Linear and the module of its activation.  Only what computes the same in both goes
over: the functions agree to a few units in the last place, as the tests hold.  PyTorch is an extra and
is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.errors import ArgumentError, MissingExtra, OperandError
from autograd.ops import table
from autograd.ops.primitive import Primitive
from nn.activations import PRELU, Activation, PReLU, RReLU, activation
from nn.data.scales import Normalization, Standardization
from nn.data.tables import Vector
from nn.initialise import Matrix
from nn.neighbours.layer import LayerLike, LayerNumbers

# Ours by PyTorch's, with its settings.  Softplus there switches to x above a threshold: at 40 that is exact.
_OF_ROWS: dict[Primitive, tuple[str, dict[str, Any]]] = {
    table.tanh: ("Tanh", {}), table.sigmoid: ("Sigmoid", {}), table.relu: ("ReLU", {}),
    table.elu: ("ELU", {"alpha": 1.0}), table.leaky_relu: ("LeakyReLU", {"negative_slope": 0.01}),
    table.selu: ("SELU", {}), table.celu: ("CELU", {"alpha": 1.0}), table.gelu: ("GELU", {"approximate": "none"}),
    table.gelu_tanh: ("GELU", {"approximate": "tanh"}), table.silu: ("SiLU", {}),
    table.softplus: ("Softplus", {"beta": 1.0, "threshold": 40.0}), table.mish: ("Mish", {}),
    table.hardtanh: ("Hardtanh", {"min_val": -1.0, "max_val": 1.0}), table.relu6: ("ReLU6", {}),
    table.hardsigmoid: ("Hardsigmoid", {}), table.hardswish: ("Hardswish", {}), table.softsign: ("Softsign", {}),
    table.logsigmoid: ("LogSigmoid", {}), table.softmax: ("Softmax", {"dim": -1}),
    table.log_softmax: ("LogSoftmax", {"dim": -1}),
}  # fmt: skip
MODULES = {row.name: module for row, module in _OF_ROWS.items()}
_IGNORED = {"Softplus": {"threshold"}, "Softmax": {"dim"}, "LogSoftmax": {"dim"}}  # no other function on vectors


def to_torch(
    layers: Sequence[LayerLike], input_scale: Normalization | None, target_scale: Normalization | None, dtype: Any
) -> Any:
    """A torch.nn.Sequential that computes the same; see `Sequential.to_torch`."""
    torch = _torch()
    dtype, parts = torch.float64 if dtype is None else dtype, []
    for layer, affine in zip(layers, _folded(layers, input_scale, target_scale), strict=True):
        linear = torch.nn.Linear(layer.inputs, layer.outputs, bias=affine.bias is not None, dtype=dtype)
        parts.append(_filled(torch, linear, weight=affine.weights.T, bias=affine.bias))
        activated = _module(torch, layer, dtype)
        if activated is not None:
            parts.append(activated)
    return torch.nn.Sequential(*parts)


class _Affine(NamedTuple):
    """x·W + b."""

    weights: Matrix  # inputs × outputs
    bias: Matrix | None

    def after(self, mean: Vector, std: Vector) -> _Affine:
        """The same of (x - mean)/std."""
        weights = self.weights / std[:, None]
        return _Affine(weights, (0.0 if self.bias is None else self.bias) - mean @ weights)

    def before(self, mean: Vector, std: Vector) -> _Affine:
        """The same times std, plus mean."""
        return _Affine(self.weights * std, (0.0 if self.bias is None else self.bias * std) + mean)


def _folded(
    layers: Sequence[LayerLike], input_scale: Normalization | None, target_scale: Normalization | None
) -> list[_Affine]:
    """The matrices of each layer, with the scales in the first and the last."""
    found = [_Affine(layer.weights, layer.bias) for layer in layers]
    if input_scale is not None:
        found[0] = found[0].after(*_of_scale(input_scale, "input_scale"))
    if target_scale is not None:
        if layers[-1].activation.function is not None:
            raise ArgumentError(
                f"a target_scale goes into a last layer that is linear, and this one's activation is "
                f"{layers[-1].activation.name}: set target_scale to None and scale the answers yourself"
            )
        found[-1] = found[-1].before(*_of_scale(target_scale, "target_scale"))
    return found


def _of_scale(scale: Normalization, what: str) -> tuple[Vector, Vector]:
    if not isinstance(scale, Standardization):
        raise ArgumentError(f"only a Standardization goes into a Linear, {what} is a {type(scale).__name__}")
    fitted = scale.to_dict()
    return np.array(fitted["mean"]), np.array(fitted["std"])


def layers_from(module: Any) -> list[LayerNumbers]:
    """The layers that a torch.nn.Sequential of Linear and activation modules stands for."""
    torch = _torch()
    if not isinstance(module, torch.nn.Sequential):
        raise OperandError(f"from_torch takes a torch.nn.Sequential, got {type(module).__name__}")
    groups: list[list[Any]] = []
    for part in _flat(torch, module):
        if isinstance(part, torch.nn.Linear):
            groups.append([part])
        elif groups and len(groups[-1]) == 1:
            groups[-1].append(part)
        else:
            before = "before the first Linear" if not groups else "after another activation"
            raise ArgumentError(f"each Linear is followed by one activation at most, got {part} {before}")
    return [_numbers_of(torch, *group) for group in groups]


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise MissingExtra("to_torch needs PyTorch, the extra `torch`: pip install 'glassgrad[torch]'") from None
    return torch


def _flat(torch: Any, module: Any) -> list[Any]:
    """The parts in a row; a Sequential within one is taken apart, an Identity left out."""
    parts, waiting = [], [module]
    while waiting:
        part = waiting.pop()
        if isinstance(part, torch.nn.Sequential):
            waiting.extend(reversed(list(part)))
        elif not isinstance(part, torch.nn.Identity):
            parts.append(part)
    return parts


# -- there ------------------------------------------------------------------------------------------


def _module(torch: Any, layer: LayerLike, dtype: Any) -> Any:
    """The module of a layer's activation; None for the linear one."""
    g = layer.activation
    if g.function is None:
        return None
    if isinstance(g, PReLU):
        slopes = np.array([neuron.slope.data for neuron in layer.neurons if neuron.slope is not None])
        return _filled(torch, torch.nn.PReLU(layer.outputs, dtype=dtype), weight=slopes)
    if isinstance(g, RReLU):
        return torch.nn.RReLU(g.lower, g.upper).train(layer.training)
    if not g.plain or g.name not in MODULES:
        raise ArgumentError(f"PyTorch has no module for the activation {g.name}; it has those of {', '.join(MODULES)}")
    name, settings = MODULES[g.name]
    return getattr(torch.nn, name)(**settings)


def _filled(torch: Any, module: Any, **numbers: Any) -> Any:
    with torch.no_grad():
        for name, values in numbers.items():
            if values is not None:
                getattr(module, name).copy_(torch.from_numpy(np.ascontiguousarray(values)))
    return module


# -- and back ---------------------------------------------------------------------------------------


def _numbers_of(torch: Any, linear: Any, module: Any = None) -> LayerNumbers:
    weights, bias = _numbers(linear.weight).T, None if linear.bias is None else _numbers(linear.bias)
    g = activation(_activation(torch, module))
    slopes = None if g.learned is None else np.broadcast_to(_numbers(module.weight), weights.shape[1:])
    return LayerNumbers(weights, bias, g, slopes)


def _numbers(parameter: Any) -> Any:
    return parameter.detach().cpu().double().numpy()


def _activation(torch: Any, module: Any) -> Activation | str | None:
    if module is None:
        return None
    if isinstance(module, torch.nn.PReLU):
        return PRELU
    if isinstance(module, torch.nn.RReLU):
        return RReLU(module.lower, module.upper)
    for ours, (name, settings) in MODULES.items():
        wanted = {key: value for key, value in settings.items() if key not in _IGNORED.get(name, ())}
        if type(module) is getattr(torch.nn, name) and all(getattr(module, k) == v for k, v in wanted.items()):
            return ours
    raise ArgumentError(
        f"there is no activation for PyTorch's {module}; there are Linear, PReLU, RReLU, Identity and "
        f"{', '.join(name for name, _ in MODULES.values())}, with their usual settings"
    )
