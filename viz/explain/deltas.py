"""δ of a network, layer by layer: each layer is a derivative of the one above, with the δ given there as weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograd import Value
from autograd.errors import ArgumentError
from autograd.structure import flatten
from viz.explain.sheet import CaseSheet, InputArray, TracedPoint
from viz.trace import Trace, locate, trace


def layers(output: Value, given: Mapping[Any, Any]) -> Iterator[tuple[str, CaseSheet]]:
    """(what a layer is called, the sheet of its δ), from the output down."""
    seen = trace(output)
    found = [_layer(output, nodes, numbers) for nodes, numbers in given.items()]
    above: dict[int, float] = {}
    for ids, numbers in sorted(found, key=lambda each: -max(each[0])):
        sheet = _sheet(seen, ids, numbers, above)
        names = [sheet.names.called(i) for i in ids]
        yield names[0] if len(ids) == 1 else f"{names[0]} … {names[-1]}", sheet
        above.update(zip(ids, numbers.tolist(), strict=True))


def _layer(output: Value, nodes: Any, numbers: Any) -> tuple[list[int], Any]:
    values = [nodes] if isinstance(nodes, Value) else flatten(list(nodes), "a layer")[0]
    given = np.array([float(x) for x in flatten(numbers, "the δ of a layer")[0]])
    if len(values) != len(given) or not values:
        raise ArgumentError(f"a layer of {len(values)} nodes was given {len(given)} δ: give one for each")
    return locate(output, values), given


def _sheet(seen: Trace, ids: list[int], numbers: Any, above: Mapping[int, float]) -> CaseSheet:
    """A layer's δ as a derivative of the output, and of the nodes above where they are fed from it no more."""
    columns = seen.columns
    point = TracedPoint(seen, tuple(ids), (seen.root, *above), columns.value[ids], np.zeros((1 + len(above), len(ids))))
    mixed = np.array([[0.0 if seen.root in above else 1.0, *above.values()]])
    slope = np.where(columns.flows, columns.slope, 0.0)[:, None]
    names = tuple(seen.nodes[i].name or f"#{i}" for i in ids)
    block = InputArray("this layer", 0, len(ids), (len(ids),))
    return CaseSheet(
        (point,), names, (block,), columns.value[:, None], slope, mixed, cut=frozenset(above), stated=numbers
    )
