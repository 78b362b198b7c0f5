"""Networks as ONNX: `model.to_onnx(path)`, for other languages, browsers and devices.

A layer becomes a Gemm (a MatMul without bias) and its activation.  The activations follow from the
table of primitives: a row's rule, or the portable rule of an atom, is written as ONNX operators, so a new
row needs no line here.  The arithmetic is in float64, and only what ONNX Runtime has an operator for in
float64 is one here.  The package onnx is an extra.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, MissingExtra
from autograd.files import write_whole
from autograd.ops import table
from autograd.ops.expression import COMPARISONS, WHERE, Expression, Term, variable
from autograd.ops.primitive import Primitive, lookup
from autograd.ops.resolution import Target
from autograd.text import quoted
from nn.activations import Activation, PReLU, RReLU
from nn.data.scales import Normalization, Standardization
from nn.neighbours.layer import LayerLike

OPSET, OLDEST_OPSET = 17, 13  # of 2022, which what is in use reads; and the first whose Softmax is of an axis

# (Sigmoid is left out: ONNX Runtime's has no digits in the tail, the row's rule has.)
OPERATORS = {
    table.add: "Add", table.subtract: "Sub", table.multiply: "Mul", table.divide: "Div", table.power: "Pow",
    table.negative: "Neg", table.less: "Less", table.less_equal: "LessOrEqual", table.greater: "Greater",
    table.greater_equal: "GreaterOrEqual", table.equal_: "Equal", table.where_: "Where", table.abs_: "Abs",
    table.sqrt: "Sqrt", table.exp: "Exp", table.log: "Log", table.sin: "Sin", table.cos: "Cos", table.floor: "Floor",
    table.round_: "Round", table.tanh: "Tanh", table.relu: "Relu", table.sign: "Sign",
    table.softmax: "Softmax", table.log_softmax: "LogSoftmax",
}  # fmt: skip
TARGET = Target("ONNX", OPERATORS)


def to_onnx(
    layers: Sequence[LayerLike],
    input_scale: Normalization | None,
    target_scale: Normalization | None,
    path: str | os.PathLike[str] | None,
    dtype: Any,
    opset: int | None,
    then: str | None = None,
) -> Any:
    """The onnx.ModelProto, written to `path` if that is given; see `Sequential.to_onnx`.

    `then` is an operator that the outputs go through at last.
    """
    graph = _Graph(_onnx(), np.dtype(dtype), opset)
    flowing = graph.original(target_scale, graph.network(layers, graph.standardised(input_scale, "x")))
    found = flowing if then is None else graph.node(then, flowing)
    return _written(graph.finish(layers[0].inputs, y=(found, graph.kind, [layers[-1].outputs])), path)


def classifier_to_onnx(
    layers: Sequence[LayerLike],
    classes: Any,
    path: str | os.PathLike[str] | None,
    dtype: Any,
    opset: int | None,
) -> Any:
    """A network whose outputs are logits, one a class (or for two classes one), with outputs label and probabilities.

    Raises:
        ArgumentError: for classes that are neither whole numbers nor strings
    """
    graph = _Graph(_onnx(), np.dtype(dtype), opset)
    logits = graph.network(layers, "x")
    if layers[-1].outputs == 1:  # softmax of (0, z): σ(z), and both probabilities have all their digits
        logits = graph.node("Concat", graph.node("Mul", logits, graph.term(0.0)), logits, axis=-1)
    place = graph.node("ArgMax", logits, axis=-1, keepdims=0)
    label = graph.node("Gather", graph.labels(classes), place)
    return _written(
        graph.finish(
            layers[0].inputs,
            label=(label, graph.kind_of_labels(classes), []),
            probabilities=(graph.node("Softmax", logits, axis=-1), graph.kind, [len(classes)]),
        ),
        path,
    )


def labels_to_onnx(
    layers: Sequence[LayerLike], path: str | os.PathLike[str] | None, dtype: Any, opset: int | None
) -> Any:
    """A network whose outputs are logits, one a label, with outputs label, of 0 and 1, and probabilities."""
    graph = _Graph(_onnx(), np.dtype(dtype), opset)
    logits, labels, whole = graph.network(layers, "x"), [layers[-1].outputs], graph.kind_of_labels([0, 1])
    label = graph.node("Cast", graph.node("Greater", logits, graph.term(0.0)), to=whole)
    probabilities = graph.term(Expression("sigmoid", variable(logits)))
    return _written(
        graph.finish(layers[0].inputs, label=(label, whole, labels), probabilities=(probabilities, graph.kind, labels)),
        path,
    )


def _onnx() -> Any:
    try:
        import onnx
    except ImportError:
        raise MissingExtra("to_onnx needs onnx, the extra `onnx`: pip install 'glassgrad[onnx]'") from None
    return onnx


def _written(model: Any, path: str | os.PathLike[str] | None) -> Any:
    if path is not None:
        write_whole(path, model.SerializeToString())
    return model


class _Graph:
    """An ONNX graph being written; what was written before is not written again."""

    def __init__(self, onnx: Any, dtype: np.dtype[Any], opset: int | None) -> None:
        if dtype not in (np.float64, np.float32):
            raise ArgumentError(f"an ONNX graph is written in float64 or float32, got {dtype}")
        newest = onnx.defs.onnx_opset_version()
        whole = isinstance(opset, (int, np.integer)) and not isinstance(opset, bool)
        if opset is not None and not (whole and OLDEST_OPSET <= opset <= newest):
            raise ArgumentError(f"opset is a whole number from {OLDEST_OPSET} to {newest}, got {quoted(opset)}")
        self._onnx, self._dtype, self._opset = onnx, dtype, OPSET if opset is None else int(opset)
        self.kind = onnx.helper.np_dtype_to_tensor_dtype(dtype)
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._written: dict[tuple[str, ...], str] = {}
        self._terms: dict[int, tuple[Term, str]] = {}  # by identity; the term is kept so that its id stays its own

    # -- layers ---------------------------------------------------------------------------------

    def network(self, layers: Sequence[LayerLike], x: str) -> str:
        """What the last layer says of x."""
        for place, layer in enumerate(layers, 2):
            x = self.activated(self.weighted_sum(x, layer, place), layer, place)
        return x

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
            return self.node(OPERATORS[lookup(g.name)], z, axis=-1)
        row = _row_of(g)
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
        operator, rule = TARGET.resolve(lookup(term.name), term.operands)
        if operator is None:
            return self.term(rule)
        if term.name == WHERE:
            return self.node(operator, self._truth(term.operands[0]), *map(self.term, term.operands[1:]))
        if term.name in COMPARISONS:
            return self.node(OPERATORS[table.where_], self._truth(term), self.term(1.0), self.term(0.0))
        return self.node(operator, *map(self.term, term.operands))

    def _truth(self, term: Term) -> str:
        """A comparison as a truth of ONNX's, which is no number; of other terms, whether they are not 0."""
        if isinstance(term, Expression) and term.name in COMPARISONS:
            return self.node(OPERATORS[lookup(term.name)], *map(self.term, term.operands))
        return self.node("Not", self.node(OPERATORS[table.equal_], self.term(term), self.term(0.0)))

    def constant(self, numbers: Any, name: str) -> str:
        """The name of an initializer; the same for the same numbers."""
        array = np.asarray(numbers, self._dtype)
        return self._initializer(array, name, ("constant", str(array.shape), array.tobytes().hex()))

    def labels(self, classes: Any) -> str:
        """The name of an initializer of whole numbers or strings."""
        whole = self.kind_of_labels(classes) == self._onnx.TensorProto.INT64
        array = np.asarray(classes, np.int64) if whole else np.asarray([str(c) for c in classes], object)
        return self._initializer(array, "classes", ("classes",))

    def kind_of_labels(self, classes: Any) -> int:
        """ONNX's number for what the labels are."""
        kinds = self._onnx.TensorProto
        if np.asarray(classes).dtype.kind in "iu":
            return int(kinds.INT64)
        if all(isinstance(c, str) for c in classes):
            return int(kinds.STRING)
        raise ArgumentError(f"labels in ONNX are whole numbers or strings, got {quoted(list(classes))}")

    def _initializer(self, array: Any, name: str, key: tuple[str, ...]) -> str:
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

    def finish(self, inputs: int, **outputs: tuple[str, int, list[int]]) -> Any:
        """The model, checked, its input x of samples × columns.

        Each output is called what it is given as: what computes it, of which kind, and its shape behind the samples.
        """
        helper = self._onnx.helper
        given = helper.make_tensor_value_info("x", self.kind, ["samples", inputs])
        found = []
        for name, (result, kind, shape) in outputs.items():
            self._nodes.append(helper.make_node("Identity", [result], [name], name))
            found.append(helper.make_tensor_value_info(name, kind, ["samples", *shape]))
        graph = helper.make_graph(self._nodes, "network", [given], found, list(self._constants.values()))
        opsets = [helper.make_opsetid("", self._opset)]
        model = helper.make_model(
            graph, producer_name="glassgrad", opset_imports=opsets,
            ir_version=helper.find_min_ir_version_for(opsets),
        )  # fmt: skip
        self._onnx.checker.check_model(model, full_check=True)
        return model


def _row_of(g: Activation) -> Primitive:
    if g.plain or isinstance(g, (PReLU, RReLU)):
        return lookup(g.name)
    row: Primitive | None = getattr(g.function, "row", None)
    if row is None or len(row.operands) != 1 + len(row.defaults):
        raise ArgumentError(f"the activation {g.name} is a function of your own, which ONNX has no operator for")
    return row
