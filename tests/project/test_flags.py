"""What is True or False takes nothing else: every flag of the public functions, by what their signatures say."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
import viz
from autograd import Value
from autograd.errors import ArgumentError

XY = [[0.0], [1.0]], [1.0, 3.0]
NOT_ASKED = {  # what the project itself calls, or makes, and hands the flag to
    "Activation.apply", "Compiled.taken", "Epoch", "Neuron.name_output", "PReLU.apply", "Program", "RReLU.apply",
}  # fmt: skip


def square(x: Any) -> Any:
    return x * x, x


def graph() -> Value:
    return Value(2.0, name="x") * 3.0


def program() -> Any:
    compiled = ag.compile(lambda x: x * x)
    compiled(2.0)
    return compiled.program


def model() -> nn.MLP:
    return nn.MLP(1, [1], "linear", seed=0)


CALLS: dict[str, Callable[..., Any]] = {
    "compile": lambda **flag: ag.compile(square, **flag),
    "compile_graph": lambda **flag: ag.compile_graph(*(lambda x: (x * x, [x]))(Value(2.0)), **flag),
    "grad": lambda **flag: ag.grad(square, **flag),
    "gradient": lambda **flag: ag.gradient(graph(), Value(1.0), **flag),
    "hessian": lambda **flag: ag.hessian(square, **flag),
    "hvp": lambda **flag: ag.hvp(square, (2.0,), (1.0,), **flag),
    "jacobian": lambda **flag: ag.jacobian(square, **flag),
    "jvp": lambda **flag: ag.jvp(square, (2.0,), (1.0,), **flag),
    "logsumexp": lambda **flag: ag.logsumexp([1.0, 2.0], **flag),
    "rrelu": lambda **flag: ag.rrelu(Value(-1.0), **flag),
    "sum": lambda **flag: ag.sum([1.0, 2.0], **flag),
    "value_and_grad": lambda **flag: ag.value_and_grad(square, **flag),
    "value_and_jacobian": lambda **flag: ag.value_and_jacobian(square, **flag),
    "vjp": lambda **flag: ag.vjp(square, 2.0, **flag),
    "Program.to_c": lambda **flag: program().to_c(**flag),
    "Program.to_c_header": lambda **flag: program().to_c_header(**flag),
    "Activation": lambda **flag: nn.Activation("own", abs, **{"plain": True, **flag}),
    "EarlyStopping": nn.EarlyStopping,
    "Layer": lambda **flag: nn.Layer(1, 1, **flag),
    "MLP": lambda **flag: nn.MLP(1, [1], **flag),
    "Neuron": lambda **flag: nn.Neuron(1, **flag),
    "Module.fit": lambda **flag: model().fit(*XY, epochs=1, **flag),
    "Module.to_c": lambda **flag: model().to_c(None, **flag),
    "Module.train": lambda **flag: model().train(**flag),
    "SGD": lambda **flag: nn.SGD(model().parameters(), 0.1, momentum=0.9, **flag),
    "train": lambda **flag: nn.train(model(), *XY, epochs=1, **flag),
    "draw": lambda **flag: viz.draw(graph(), **flag),
    "formula": lambda **flag: viz.formula(graph(), **flag),
    "pattern": lambda **flag: viz.pattern(ag.compile(lambda x: [x[0] * x[1]]).hessian, [1.0, 2.0], **flag),
    "to_dot": lambda **flag: viz.to_dot(graph(), **flag),
}


def public() -> Iterator[tuple[str, Any]]:
    """Functions and classes of the packages, and the classes' methods."""
    for package in (ag, nn, viz):
        for name in package.__all__:
            thing = getattr(package, name)
            if callable(thing):
                yield name, thing
            for method, of in vars(thing).items() if inspect.isclass(thing) else ():
                if not method.startswith("_") and inspect.isfunction(of):
                    yield f"{name}.{method}", of


def flags() -> list[tuple[str, str]]:
    """Who takes which."""
    found = [("compile", "exact"), ("compile", "simplify"), ("compile", "has_aux")]  # which stand in its Options
    for name, thing in public():
        try:
            parameters = inspect.signature(thing).parameters
        except (TypeError, ValueError):
            continue
        found += [(name, p) for p, of in parameters.items() if of.annotation in ("bool", "bool | None", bool)]
    return [(name, parameter) for name, parameter in found if name not in NOT_ASKED]


@pytest.mark.parametrize(("name", "parameter"), flags())
@pytest.mark.parametrize("given", ["yes", 1, None, np.array([True, False])], ids=repr)
def test_a_flag_is_true_or_false(name: str, parameter: str, given: Any) -> None:
    if given is None and parameter == "progress":  # which may be left to the terminal
        given = "no"
    with pytest.raises(ArgumentError, match=f"{parameter} is True or False, got|sets the mode, True or False"):
        CALLS[name](**{parameter: given})


def test_numpy_s_own_are_flags_too() -> None:
    assert ag.sum([1.0, 2.0], keepdims=np.bool_(True)).shape == (1,)
    assert ag.grad(square, has_aux=np.bool_(True))(3.0) == (6.0, 3.0)
    assert ag.compile(lambda x: x * x, exact=np.bool_(True)).grad(3.0) == 6.0
