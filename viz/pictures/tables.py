"""Tables of constants in pictures: no box an entry, but a line on the box of what looks up in them."""

from __future__ import annotations

import numpy as np

from autograd.ops.primitive import lookup
from viz.columns import CONSTANT, KINDS, Columns, Indices, Marks
from viz.languages import LANGUAGES, Language
from viz.pictures.boxes import View
from viz.trace import Trace

MOST = 8  # constants that each have a box


def in_tables(trace: Trace) -> Marks:
    """The constants that are entries of a long table."""
    columns = trace.columns
    marks = np.zeros(len(columns.kind), bool)
    for node in _lookups(columns).tolist():
        entries = columns.operands[columns.starts[node] + 1 : columns.starts[node + 1]]
        marks[entries] = columns.kind[entries] == KINDS.index(CONSTANT)
    return marks


def with_tables(view: View, trace: Trace, words: Language = LANGUAGES["en"]) -> View:
    """The picture in which what looks up in a long table says how long that is."""
    columns = trace.columns
    lengths = {f"n{i}": columns.starts.item(i + 1) - columns.starts.item(i) - 1 for i in _lookups(columns).tolist()}
    if not lengths:
        return view
    boxes = [
        box._replace(counts=(*box.counts, words.tell(words.picture["table"], n=lengths[box.id])))
        if box.id in lengths
        else box
        for box in view.boxes
    ]
    return view._replace(boxes=tuple(boxes))


def _lookups(columns: Columns) -> Indices:
    """The nodes that look up in a long table."""
    reads = np.array([bool(name) and lookup(name).reads_table for name, _ in columns.operations], bool)
    return np.flatnonzero(reads[columns.code] & (np.diff(columns.starts) > 1 + MOST)).astype(np.int32)
