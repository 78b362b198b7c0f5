"""Networks as ONNX: `model.to_onnx(path)`, for other languages, browsers and devices.

A layer becomes a Gemm (a MatMul without bias) and its activation.  The activations follow from the
table of primitives: a row's rule, read as an `Expression`, is written as ONNX operators, so a new row
needs no line here.  The arithmetic is in float64, and what ONNX Runtime has no operator for in float64,
such as erf, is put together here from what it has.  The package onnx is an extra.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, MissingExtra
from autograd.files import write_whole
from autograd.ops.expression import Expression, Term, variable
from autograd.ops.numbers import equal, where
from autograd.ops.primitive import TABLE, Atom
from autograd.ops.targets import cannot_write
from nn.activations import Activation, PReLU, RReLU
from nn.data.scales import Normalization, Standardization
from nn.neighbours.layer import LayerLike

OPSET, IR_VERSION = 17, 8  # of 2022: what is in use reads it

# Operators under our names; those with a row of its own stand for the whole function.
OPERATORS = {
    "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "power": "Pow", "negative": "Neg",
    "less": "Less", "less_equal": "LessOrEqual", "greater": "Greater", "greater_equal": "GreaterOrEqual",
    "equal": "Equal", "where": "Where", "abs": "Abs", "sqrt": "Sqrt", "exp": "Exp", "log": "Log", "sin": "Sin",
    "cos": "Cos", "tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu", "sign": "Sign",
    "softmax": "Softmax", "log_softmax": "LogSoftmax",
}  # fmt: skip


def _log1p(x: Term) -> Term:
    """W. Kahan's: the rounding error of 1 + x cancels between log and denominator."""
    u = 1.0 + x
    return where(equal(u, 1.0), x, x * (_apply("log", u) / (u - 1.0)))


def _expm1(x: Term) -> Term:
    """W. Kahan's, likewise; far out it is eˣ - 1 as it stands."""
    u = _apply("exp", x)
    near = (u - 1.0) * (x / _apply("log", u))
    return where(_apply("abs", x) < 0.5, where(equal(u, 1.0), x, near), u - 1.0)


def _asinh(x: Term) -> Term:
    size = _apply("abs", x)
    square = size * size
    near = _log1p(size + square / (1.0 + _apply("sqrt", 1.0 + square)))
    return _apply("sign", x) * where(size > 1e8, _apply("log", size) + math.log(2), near)


def _atan(x: Term) -> Term:
    """Turned to [0, 1], halved twice by atan u = 2·atan(u/(1 + √(1 + u²))), then the series."""
    size = _apply("abs", x)
    u = where(size > 1.0, 1.0 / size, size)
    for _ in range(2):
        u = u / (1.0 + _apply("sqrt", 1.0 + u * u))
    angle = 4.0 * u * _polynomial([(-1) ** n / (2 * n + 1) for n in range(13)], u * u)
    return _apply("sign", x) * where(size > 1.0, math.pi / 2 - angle, angle)


def _erf(x: Term) -> Term:
    """The series near 0, where 1 - erfc has few digits."""
    coefficients = [(-1) ** n * 2 / math.sqrt(math.pi) / math.factorial(n) / (2 * n + 1) for n in range(14)]
    return where(_apply("abs", x) < 0.5, x * _polynomial(coefficients, x * x), 1.0 - _erfc(x))


# Of ln(erfc(z)·e^(z²)/t) with t = 2/(2 + z), a smooth function of 4t - 2 in [-2, 2]: Chebyshev coefficients,
# found with mpmath by the discrete cosine sum at 60 nodes.
_ERFC = (
    -1.3026537197817094, 6.419697923564902e-1, 1.9476473204185837e-2, -9.561514786808632e-3, -9.465953444820369e-4,
    3.668394978527613e-4, 4.252332480690777e-5, -2.0278578112534242e-5, -1.6242900046470256e-6, 1.3036558355805231e-6,
    1.5626441722066142e-8, -8.523809591492654e-8, 6.529054439098851e-9, 5.059343495551469e-9, -9.913641564930331e-10,
    -2.2736512229318358e-10, 9.646791102015526e-11, 2.394038083039115e-12, -6.8860275264975534e-12,
    8.944879273090726e-13, 3.13092139934296e-13, -1.1270822361367253e-13, 3.810905255189232e-16, 7.106097613609237e-15,
    -1.5230282014571043e-15, -9.457494571291234e-17, 1.2102371892242790e-16, -2.816663087747177e-17,
)  # fmt: skip


def _erfc(x: Term) -> Term:
    """t·e^(-z² + P(t)) for z = |x|, P by C. W. Clenshaw's recurrence; 2 less that for x < 0."""
    z = _apply("abs", x)
    t = 2.0 / (2.0 + z)
    s, high, higher = 4.0 * t - 2.0, 0.0, 0.0
    for coefficient in reversed(_ERFC[1:]):
        high, higher = s * high - higher + coefficient, high
    tail = t * _apply("exp", 0.5 * (_ERFC[0] + s * high) - higher - z * z)
    return where(x < 0.0, 2.0 - tail, tail)


def _polynomial(coefficients: Sequence[float], x: Term) -> Term:
    """Horner's scheme, the constant first."""
    return reduce(lambda total, c: total * x + c, reversed(coefficients[:-1]), coefficients[-1])


# Atoms of the table for which there is no operator in float64.
COMPOSED: dict[str, Callable[[Term], Term]] = {
    "log1p": _log1p, "expm1": _expm1, "asinh": _asinh, "atan": _atan, "erf": _erf, "erfc": _erfc,
    "sinc": lambda x: where(equal(x, 0.0), 1.0, _apply("sin", math.pi * x) / (math.pi * x)),
}  # fmt: skip


def _apply(name: str, *operands: Term) -> Expression:
    return Expression(name, *operands)


def to_onnx(
    layers: Sequence[LayerLike],
    input_scale: Normalization | None,
    target_scale: Normalization | None,
    path: str | os.PathLike[str] | None,
    dtype: Any,
) -> Any:
    """The onnx.ModelProto, written to `path` if that is given; see `Sequential.to_onnx`."""
    try:
        import onnx
    except ImportError:
        raise MissingExtra("to_onnx needs onnx, the extra `onnx`: pip install 'glassgrad[onnx]'") from None
    graph = _Graph(onnx, np.dtype(dtype))
    flowing = graph.standardised(input_scale, "x")
    for place, layer in enumerate(layers, 2):
        z = graph.weighted_sum(flowing, layer, place)
        flowing = graph.activated(z, layer, place)
    model = graph.finish(graph.original(target_scale, flowing), layers[0].inputs, layers[-1].outputs)
    if path is not None:
        write_whole(path, model.SerializeToString())
    return model


class _Graph:
    """An ONNX graph being written; what was written before is not written again."""

    def __init__(self, onnx: Any, dtype: np.dtype[Any]) -> None:
        if dtype not in (np.float64, np.float32):
            raise ArgumentError(f"an ONNX graph is written in float64 or float32, got {dtype}")
        self._onnx, self._dtype = onnx, dtype
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._written: dict[tuple[str, ...], str] = {}
        self._terms: dict[int, tuple[Term, str]] = {}  # by identity; the term is kept so that its id stays its own

    # -- layers ---------------------------------------------------------------------------------

    def weighted_sum(self, x: str, layer: LayerLike, place: int) -> str:
        """Z = X·W + b."""
        weights = self.constant(layer.weights, f"W{place - 1}")
        if layer.bias is None:
            return self.node("MatMul", x, weights)
        return self.node("Gemm", x, weights, self.constant(layer.bias, f"b{place - 1}"))

    def activated(self, z: str, layer: LayerLike, place: int) -> str:
        """A = g(Z)."""
        g = layer.activation
        if g.function is None:
            return z
        if g.whole_layer:
            return self.node(OPERATORS[g.name], z, axis=-1)
        row = TABLE[_row_of(g)]
        slopes = [neuron.slope.data for neuron in layer.neurons if neuron.slope is not None]
        if slopes:
            further: list[Term] = [variable(self.constant(np.array(slopes), f"slopes{place}"))]
        else:
            further = [(g.lower + g.upper) / 2] if isinstance(g, RReLU) else list(row.defaults.values())
        return self.term(Expression(row.name, variable(z), *further))

    def standardised(self, scale: Normalization | None, x: str) -> str:
        """(x - mean)/std."""
        if scale is None:
            return x
        mean, std = self._of_scale(scale, "input")
        return self.node("Div", self.node("Sub", x, mean), std)

    def original(self, scale: Normalization | None, y: str) -> str:
        """y·std + mean."""
        if scale is None:
            return y
        mean, std = self._of_scale(scale, "target")
        return self.node("Add", self.node("Mul", y, std), mean)

    def _of_scale(self, scale: Normalization, what: str) -> tuple[str, str]:
        if not isinstance(scale, Standardization):
            raise ArgumentError(f"only a Standardization goes into ONNX, {what}_scale is a {type(scale).__name__}")
        fitted = scale.to_dict()
        return self.constant(fitted["mean"], f"{what}_mean"), self.constant(fitted["std"], f"{what}_std")

    # -- terms ----------------------------------------------------------------------------------

    def term(self, term: Term) -> str:
        """The name of what an Expression gives; rows that ONNX has not are written out by their rule."""
        if not isinstance(term, Expression):
            return self.constant(float(term), f"c{len(self._constants)}")
        if not term.operands:
            return term.name
        if id(term) not in self._terms:  # a term that occurs twice is gone through once
            self._terms[id(term)] = term, self._compound(term)
        return self._terms[id(term)][1]

    def _compound(self, term: Expression) -> str:
        if term.name in OPERATORS:
            return self.node(OPERATORS[term.name], *map(self.term, term.operands))
        if term.name in COMPOSED:
            return self.term(COMPOSED[term.name](*term.operands))
        row = TABLE[term.name]
        if isinstance(row.rule, Atom):
            raise cannot_write(row, "ONNX")
        return self.term(row.value_term(term.operands))

    def constant(self, numbers: Any, name: str) -> str:
        """The name of an initializer; the same for the same numbers."""
        array = np.asarray(numbers, self._dtype)
        key = ("constant", str(array.shape), array.tobytes().hex())
        if key not in self._written:
            self._written[key] = name
            self._constants[name] = self._onnx.numpy_helper.from_array(array, name)
        return self._written[key]

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """The name of an operator's output."""
        key = (operator, *inputs)
        if key not in self._written:
            name = self._written[key] = f"t{len(self._nodes) + 1}"
            self._nodes.append(self._onnx.helper.make_node(operator, list(inputs), [name], name, **attributes))
        return self._written[key]

    # -- the end --------------------------------------------------------------------------------

    def finish(self, result: str, inputs: int, outputs: int) -> Any:
        """The model, checked, its input called x and its output y, samples × columns."""
        helper, kind = self._onnx.helper, self._onnx.helper.np_dtype_to_tensor_dtype(self._dtype)
        self._nodes.append(helper.make_node("Identity", [result], ["y"], "y"))
        given = helper.make_tensor_value_info("x", kind, ["samples", inputs])
        found = helper.make_tensor_value_info("y", kind, ["samples", outputs])
        graph = helper.make_graph(self._nodes, "network", [given], [found], list(self._constants.values()))
        model = helper.make_model(
            graph, producer_name="glassgrad", ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
        )
        self._onnx.checker.check_model(model, full_check=True)
        return model


def _row_of(g: Activation) -> str:
    if not (g.plain or isinstance(g, (PReLU, RReLU))):
        raise ArgumentError(f"the activation {g.name} is a function of your own, which ONNX has no operator for")
    return g.name
