"""The estimators for skl2onnx, which turns a pipeline of scikit-learn's into one ONNX model.

    register_converters()
    onnx_model = skl2onnx.to_onnx(pipeline, X)

A step's graph is that of `to_onnx`, put in the place that skl2onnx has for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import MissingExtra
from nn.sklearn.estimators import MLPClassifier, MLPRegressor

_ZIPMAP = {"zipmap": [True, False, "columns"], "nocl": [True, False], "output_class_labels": [False, True]}


def register_converters() -> None:
    """Tell skl2onnx how `MLPRegressor` and `MLPClassifier` are written, in float32 and, for inputs in it, float64.

    In float64 a `SimpleImputer` of nan is written as IsNaN and Where too, since ONNX Runtime's own operator for it has
    float32 alone; so does its ZipMap: for a classifier in float64 say ``options={"zipmap": False}``.

    Raises:
        MissingExtra: without skl2onnx
    """
    try:
        from skl2onnx import update_registered_converter
        from skl2onnx.common._registration import register_converter
    except ImportError:
        raise MissingExtra("register_converters needs skl2onnx: pip install skl2onnx") from None
    update_registered_converter(MLPRegressor, "GlassgradMLPRegressor", _regressor_shapes, _convert)
    update_registered_converter(
        MLPClassifier, "GlassgradMLPClassifier", _classifier_shapes, _convert, options=_ZIPMAP
    )  # fmt: skip
    register_converter("SklearnSimpleImputer", _convert_imputer, overwrite=True)


def _regressor_shapes(operator: Any) -> None:
    from skl2onnx.common.utils import check_input_and_output_numbers

    check_input_and_output_numbers(operator, input_count_range=1, output_count_range=1)
    model = operator.raw_operator.model_
    operator.outputs[0].type = _numbers(operator)([operator.inputs[0].get_first_dimension(), model.outputs])


def _classifier_shapes(operator: Any) -> None:
    from skl2onnx.common.data_types import Int64TensorType, StringTensorType

    classes, samples = operator.raw_operator.classes_, operator.inputs[0].get_first_dimension()
    labels = Int64TensorType if classes.dtype.kind in "iu" else StringTensorType
    each = [len(classes)] if operator.raw_operator._labels.several else []
    operator.outputs[0].type = labels([samples, *each])
    operator.outputs[1].type = _numbers(operator)([samples, len(classes)])


def _numbers(operator: Any) -> Any:
    """The type of what goes in, which what comes out has too."""
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

    return DoubleTensorType if isinstance(operator.inputs[0].type, DoubleTensorType) else FloatTensorType


def _convert(scope: Any, operator: Any, container: Any) -> None:
    """Put the graph of the estimator into the container, whose names are its own."""
    dtype = np.float64 if _numbers(operator).__name__ == "DoubleTensorType" else np.float32
    graph = operator.raw_operator.to_onnx(dtype=dtype, opset=container.target_opset).graph
    names = {"x": _cast(scope, operator, container, graph.input[0])}
    names |= {ours.name: theirs.full_name for ours, theirs in zip(graph.output, operator.outputs, strict=True)}
    for node in [*graph.initializer, *graph.node]:
        for name in getattr(node, "output", [node.name]):
            names.setdefault(name, scope.get_unique_variable_name(name))
    for tensor in graph.initializer:
        tensor.name = names[tensor.name]
        container.initializers.append(tensor)
    for node in graph.node:
        attributes = {a.name: _value(a) for a in node.attribute}
        inputs, outputs = [names[name] for name in node.input], [names[name] for name in node.output]
        name = scope.get_unique_operator_name(node.op_type)
        container.add_node(
            node.op_type, inputs, outputs, name=name, op_version=container.target_opset, **attributes
        )  # fmt: skip


def _convert_imputer(scope: Any, operator: Any, container: Any) -> None:
    """What skl2onnx writes, but in float64 what ONNX Runtime runs."""
    from skl2onnx.operator_converters.imputer_op import convert_sklearn_imputer

    imputer, given = operator.raw_operator, operator.inputs
    statistics = np.asarray(imputer.statistics_)
    double = len(given) == 1 and _numbers(operator).__name__ == "DoubleTensorType" and statistics.dtype.kind == "f"
    if not double or imputer.add_indicator or not np.isnan(imputer.missing_values) or np.isnan(statistics).any():
        convert_sklearn_imputer(scope, operator, container)
        return
    missing, filling = scope.get_unique_variable_name("missing"), scope.get_unique_variable_name("statistics")
    container.initializers.append(_tensor(statistics, filling))
    name = scope.get_unique_operator_name
    container.add_node("IsNaN", [given[0].full_name], [missing], name=name("IsNaN"), op_version=13)
    container.add_node(
        "Where", [missing, filling, given[0].full_name], [operator.outputs[0].full_name],
        name=name("Where"), op_version=9,
    )  # fmt: skip


def _tensor(numbers: Any, name: str) -> Any:
    import onnx

    return onnx.numpy_helper.from_array(np.asarray(numbers, np.float64), name)


def _cast(scope: Any, operator: Any, container: Any, wanted: Any) -> str:
    """The input in the numbers that the graph wants: what comes in may be whole numbers."""
    given, kind = operator.inputs[0], wanted.type.tensor_type.elem_type
    found: str = given.full_name
    if given.type.to_onnx_type().tensor_type.elem_type == kind:
        return found
    cast: str = scope.get_unique_variable_name("cast")
    container.add_node("Cast", [found], [cast], name=scope.get_unique_operator_name("Cast"), to=kind, op_version=13)
    return cast


def _value(attribute: Any) -> Any:
    import onnx

    return onnx.helper.get_attribute_value(attribute)
