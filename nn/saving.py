"""Models in files: `model.save(path)` and `load(path)`, whole or not at all, without pickle.

An archive (see `autograd.archive`) that holds

    model               the description: layers, activations, scales, …
    parameters          every parameter, in the order of `model.parameters()`
    optimiser.<slot>    what the optimiser keeps for each of them
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from autograd.archive import Arrays, Content, Description, Format
from autograd.collector import collector_paused
from autograd.errors import ArgumentError, AutogradError, FileFormatError
from autograd.files import Place, name_of
from autograd.text import quoted
from nn.activations import PRELU, RRELU, Activation, Dropout, PReLU, RReLU, activation
from nn.data.scales import Normalization, QuantileNormalization, Standardization
from nn.parts import Part
from nn.training import minimisers, newton, optimisers, schedules
from nn.training.groups import Group
from nn.training.history import History
from nn.training.model import Model
from nn.training.optimisers import Optimiser

_SENSELESS = (
    AutogradError, KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, RecursionError
)  # fmt: skip

MODELS: dict[str, type[Filed]] = {}  # by `filed`, which the networks, above this, put in
SCALES: dict[str, Any] = {kind.__name__: kind for kind in (Standardization, QuantileNormalization)}
OPTIMISERS = {kind.__name__: kind for kind in (
    optimisers.GradientDescent, optimisers.SGD, optimisers.Adagrad, optimisers.RMSProp, optimisers.Adam,
    optimisers.AdamW, minimisers.LBFGS, minimisers.LevenbergMarquardt, newton.Newton)}  # fmt: skip
SCHEDULES = {kind.__name__: kind for kind in (
    schedules.StepDecay, schedules.ExponentialDecay, schedules.CosineDecay, schedules.Warmup,
    schedules.ReduceOnPlateau)}  # fmt: skip


def _as_it_was(description: Description, arrays: Arrays) -> Content:
    """Version 1 had no dropout, metrics, groups and clipping, which are taken for none; its losses may be sums."""
    return description, arrays


_CLIPPING = tuple(optimisers.Clipping.__annotations__)
_SLOTS = {slot for kind in OPTIMISERS.values() for slot in kind.slots}
FORMAT = Format(
    "model", 2, {"parameters": np.float64, **{f"optimiser.{slot}": np.float64 for slot in sorted(_SLOTS)}}, times=1.1,
    reads={1: _as_it_was},
)  # fmt: skip  # a parameter takes some thirty times its eight bytes when it is a Value again


class Filed(Model, Protocol):
    """A model as files have it: a kind by its name, and one or several parts with weights."""

    @classmethod
    def _blank(cls, inputs: int, outputs: int, bias: bool, g: Activation) -> Any:
        """A part of this kind of model, with weights of 0."""

    @classmethod
    def _assembled(cls, parts: Sequence[Any]) -> Any:
        """The model of these parts."""


class FilePart(Part, Protocol):
    """A neuron or a layer that goes into a file."""

    @property
    def has_bias(self) -> bool: ...


Kind = TypeVar("Kind", bound="type[Filed]")


def filed(kind: Kind) -> Kind:
    """Makes a class of models one that files know, by its name."""
    MODELS[kind.__name__] = kind
    return kind


def save(model: Model, place: Place) -> None:
    """Write `model` to a file: see `Module.save`."""
    FORMAT.write(place, *describe(model))


def load(place: Place) -> Any:
    """The model that `Module.save` wrote to this path, or to this file, open for bytes.

    Its architecture, parameters, scales, optimiser and history.

    Raises:
        FileFormatError: for a file that is damaged, cut off, of a later version or something else
        OSError: where there is no file
    """
    description, vectors = FORMAT.read(place)
    try:
        with collector_paused():
            return restored(description, vectors)
    except _SENSELESS as error:
        raise FileFormatError(
            f"{name_of(place)} does not describe a whole model: {type(error).__name__}: {error!s:.200}"
        ) from None


# -- a model as plain data --------------------------------------------------------------------------


def describe(model: Model) -> tuple[Description, Arrays]:
    """All that a model is, as plain data and vectors.

    Raises:
        ArgumentError: for what cannot be written without pickle: a class, activation, optimiser or schedule of one's
            own
    """
    kind = _kind(model, MODELS, "a model")
    layers: Sequence[FilePart] = model._layers()
    activations = list({id(part.activation): part.activation for part in layers}.values())  # shared ones once
    optimiser, vectors = _optimiser(model)
    description = {
        "kind": kind,
        "layers": [
            {"inputs": part.inputs, "outputs": part.outputs, "bias": part.has_bias,
             "activation": activations.index(part.activation), "training": part.training,
             "dropout": _dropout(getattr(part, "dropout", None))}
            for part in layers
        ],
        "activations": [_activation(g) for g in activations],
        "training": model.training,
        "columns": None if model.columns is None else list(model.columns),
        "input_scale": _scale(model.input_scale),
        "target_scale": _scale(model.target_scale),
        "optimiser": optimiser,
        "history": None if model.history is None else model.history.to_dict(),
    }  # fmt: skip
    return description, {"parameters": np.array([p.data for p in model.parameters()]), **vectors}


def restored(saved: Mapping[str, Any], vectors: Mapping[str, Any]) -> Any:
    """The model again; any of many errors if the data is not what `describe` gives."""
    _check_sizes(saved["layers"], np.asarray(vectors["parameters"]))
    activations = [_restored_activation(g) for g in saved["activations"]]
    kind = MODELS[saved["kind"]]
    model = kind._assembled([_restored_part(kind, part, activations) for part in saved["layers"]])
    parameters, numbers = model.parameters(), vectors["parameters"]
    if len(numbers) != len(parameters):
        raise ArgumentError(f"{model!r} has {len(parameters)} parameters, the file holds {len(numbers)}")
    for parameter, x in zip(parameters, numbers.tolist(), strict=True):
        parameter.data = x
    model.training = bool(saved["training"])
    model.columns = None if saved["columns"] is None else tuple(map(str, saved["columns"]))
    model.input_scale, model.target_scale = (
        _restored_scale(saved["input_scale"]),
        _restored_scale(saved["target_scale"]),
    )
    model.optimiser = _restored_optimiser(saved["optimiser"], vectors, model)
    model.history = None if saved["history"] is None else History.from_dict(saved["history"])
    return model


def _check_sizes(layers: Sequence[Mapping[str, Any]], parameters: Any) -> None:
    """ArgumentError if the layers have more weights than there are parameters: before any is built."""
    room = len(parameters)
    for layer in layers:
        inputs, outputs, bias = layer["inputs"], layer["outputs"], layer["bias"]
        if not (type(inputs) is type(outputs) is int and type(bias) is bool and inputs > 0 and outputs > 0):
            raise ArgumentError(f"a layer from {quoted(inputs)} to {quoted(outputs)} numbers")
        room -= (inputs + bias) * outputs
        if room < 0:
            raise ArgumentError(
                f"its layers have more weights than the {len(parameters)} parameters that the file holds"
            )


def _kind(thing: Any, kinds: Mapping[str, type], what: str) -> str:
    name = type(thing).__name__
    if kinds.get(name) is not type(thing):
        raise ArgumentError(f"{what} of class {name} cannot be saved without pickle; there are {', '.join(kinds)}")
    return name


def _restored_part(kind: type[Filed], saved: Mapping[str, Any], activations: list[Activation]) -> Any:
    g = activations[saved["activation"]]
    part = kind._blank(saved["inputs"], saved["outputs"], saved["bias"], g)
    if saved.get("dropout") is not None:
        part.dropout = _restored_dropout(saved["dropout"])
    return part.train(bool(saved["training"]))


# -- activations ------------------------------------------------------------------------------------


def _activation(g: Activation) -> Description:
    if isinstance(g, RReLU):
        return {"name": g.name, "lower": g.lower, "upper": g.upper, "rng": _dice(g.rng)}
    if isinstance(g, PReLU):
        return {"name": g.name, "start": g.learned}
    if not g.plain:
        raise ArgumentError(f"the activation {g.name} is a function of your own, which cannot be saved without pickle")
    return {"name": g.name}


def _restored_activation(saved: Mapping[str, Any]) -> Activation:
    if saved["name"] == PRELU:
        return PReLU(saved["start"])
    if saved["name"] == RRELU:
        g = RReLU(saved["lower"], saved["upper"])
        _set_dice(g.rng, saved["rng"])
        return g
    return activation(saved["name"])


def _dropout(dropout: Dropout | None) -> Description | None:
    return None if dropout is None else {"rate": dropout.rate, "rng": _dice(dropout.rng)}


def _restored_dropout(saved: Mapping[str, Any]) -> Dropout:
    dropout = Dropout(saved["rate"])
    _set_dice(dropout.rng, saved["rng"])
    return dropout


def _dice(rng: random.Random) -> list[Any]:
    """The state of a generator as plain data."""
    version, numbers, gauss = rng.getstate()
    return [version, list(numbers), gauss]


def _set_dice(rng: random.Random, saved: Sequence[Any]) -> None:
    version, numbers, gauss = saved
    rng.setstate((version, tuple(numbers), gauss))


# -- scales -----------------------------------------------------------------------------------------


def _scale(scale: Normalization | None) -> Description | None:
    if scale is None:
        return None
    kind = _kind(scale, SCALES, "a normalisation")
    if scale.columns is not None:
        return {"kind": kind, "fitted": scale.to_dict()}
    return {"kind": kind, "settings": getattr(scale, "distribution", None)}


def _restored_scale(saved: Mapping[str, Any] | None) -> Any:
    if saved is None:
        return None
    kind = SCALES[saved["kind"]]
    if "fitted" in saved:
        return kind.from_dict(saved["fitted"])
    return kind() if saved["settings"] is None else kind(saved["settings"])


# -- optimisers -------------------------------------------------------------------------------------


def _optimiser(model: Model) -> tuple[Description | None, Arrays]:
    optimiser = model.optimiser
    if optimiser is None:
        return None, {}
    kind = _kind(optimiser, OPTIMISERS, "an optimiser")
    places = {id(parameter): i for i, parameter in enumerate(model.parameters())}
    moves = [places.get(id(parameter)) for parameter in optimiser.parameters]
    if None in moves:
        raise ArgumentError(f"{optimiser!r} moves parameters that are not those of {model!r}: save them apart")
    settings = {name: getattr(optimiser, name) for name in _settings(type(optimiser))}
    if "learning_rate" in settings:
        settings["learning_rate"] = _rate(optimiser.learning_rate)
    groups = [[len(group.parameters), _rate(group.learning_rate), group.weight_decay] for group in optimiser.groups]
    vectors = {f"optimiser.{slot}": vector for slot, vector in optimiser.state.items()}
    return {
        "kind": kind, "settings": settings, "steps": optimiser.steps, "moves": moves, "groups": groups
    }, vectors  # fmt: skip


def _restored_optimiser(saved: Mapping[str, Any] | None, vectors: Mapping[str, Any], model: Model) -> Optimiser | None:
    if saved is None:
        return None
    kind, parameters = OPTIMISERS[saved["kind"]], model.parameters()
    settings = {name: saved["settings"][name] for name in _settings(kind) if name not in _CLIPPING}
    settings |= {name: saved["settings"].get(name) for name in _settings(kind) if name in _CLIPPING}
    if "learning_rate" in settings:
        settings["learning_rate"] = _restored_rate(settings["learning_rate"])
    moved, groups = iter([parameters[i] for i in saved["moves"]]), []
    for count, rate, decay in saved.get("groups", [[len(saved["moves"]), None, None]]):
        groups.append(Group([next(moved) for _ in range(count)], _restored_rate(rate), decay))
    if next(moved, None) is not None:
        raise ArgumentError(f"the groups have fewer than the {len(saved['moves'])} parameters that move")
    optimiser = kind(groups, **settings)
    state = {slot: vectors[f"optimiser.{slot}"] for slot in kind.slots}
    optimiser.load_state_dict({"optimiser": saved["kind"], "steps": saved["steps"], "state": state})
    return optimiser


def _settings(kind: type[Optimiser]) -> list[str]:
    """What an optimiser is made with beside parameters: its attributes have the same names."""
    names = [name for name in inspect.signature(kind).parameters if name != "parameters"]
    return [*names[:-1], *_CLIPPING] if names[-1] == "clipping" else names


def _rate(rate: Any) -> Any:
    """A rate, or a schedule as plain data; a Warmup holds another rate."""
    if not callable(rate):
        return None if rate is None else float(rate)
    kind = _kind(rate, SCHEDULES, "a schedule")
    settings = {f.name: _as_pythons(getattr(rate, f.name)) for f in fields(rate)} if is_dataclass(rate) else {}
    if "then" in settings:
        settings["then"] = _rate(settings["then"])
    return {"kind": kind, **settings}


def _as_pythons(x: Any) -> Any:
    """NumPy's numbers as Python's, which JSON knows."""
    return x.item() if isinstance(x, np.generic) else x


def _restored_rate(saved: Any) -> Any:
    if not isinstance(saved, dict):
        return saved
    settings = {name: _restored_rate(value) for name, value in saved.items() if name != "kind"}
    return SCHEDULES[saved["kind"]](**settings)
