"""What a page's learner works with: which leaves move, the samples, and the plane of two inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError
from autograd.text import quoted
from viz.columns import KINDS, LEAF

if TYPE_CHECKING:
    from viz.page.data import ExplorableGraph
    from viz.subject import Seen, Wanted


@dataclass(frozen=True)
class Lesson:
    """Learning on a page: ids of leaves, and numbers for some of them."""

    learn: list[int]
    rate: float
    leaves: list[int]  # those that differ from sample to sample
    rows: list[list[float]]  # a sample each
    says: int | None = None  # what is drawn over the plane
    plane: tuple[int, int] | None = None  # the inputs that are its axes
    aim: int | None = None  # the leaf that holds what should be said

    def columns(self, graph: ExplorableGraph) -> dict[str, Any]:
        """What the page reads of it."""
        samples = {"leaves": self.leaves, "rows": self.rows} if self.leaves else None
        learning = {"learn": self.learn, "rate": self.rate, "samples": samples}
        return {**learning, "says": self.says, "plane": self.plane, "aim": self.aim}


def lesson(
    seen: Seen,
    wanted: list[int] | None,
    rate: float,
    samples: Mapping[Wanted, Sequence[float]] | None,
    says: Wanted | None,
) -> Lesson:
    """What is learnt of a graph.

    Raises:
        ArgumentError: for leaves to learn that were computed, for samples that are not numbers of one length, and for a
            plane of other than two inputs
    """
    leaves, rows = _rows(seen, samples or {})
    learn = _learn(seen, wanted, leaves)
    if says is None:
        return Lesson(learn, rate, leaves, rows)
    said = seen.id_of(says)
    below = _below(seen, said)
    inputs = [i for i in leaves if i in below]
    if len(inputs) != 2:
        raise ArgumentError(
            f"says= draws {seen.called(said)} over the plane of the two samples' leaves that it is computed from, and "
            f"of these there are {len(inputs)}: give it samples of two inputs"
        )
    aims = [i for i in leaves if i not in below]
    return Lesson(learn, rate, leaves, rows, said, (inputs[0], inputs[1]), aims[0] if len(aims) == 1 else None)


def _learn(seen: Seen, wanted: list[int] | None, given: list[int]) -> list[int]:
    """The leaves that learning moves: those that are wanted, else all that no sample sets."""
    if wanted is None:
        return [i for i in range(_first_computed(seen)) if _is_leaf(seen, i) and i not in given]
    for i in wanted:
        if not _is_leaf(seen, i):
            raise ArgumentError(f"learning moves leaves, but {seen.called(i)} was computed: pass what it came from")
    return wanted


def _rows(seen: Seen, samples: Mapping[Wanted, Sequence[float]]) -> tuple[list[int], list[list[float]]]:
    """The leaves that samples set, and the numbers of each sample."""
    leaves = [seen.id_of(leaf) for leaf in samples]
    for i in leaves:
        if not _is_leaf(seen, i):
            raise ArgumentError(f"samples set leaves, but {seen.called(i)} was computed: give what it came from")
    columns = [[float(x) for x in numbers] for numbers in samples.values()]
    lengths = sorted({len(column) for column in columns})
    if len(lengths) > 1 or lengths == [0]:
        raise ArgumentError(f"samples give every leaf as many numbers, at least one, got {lengths}")
    for column in columns:
        for x in column:
            if not math.isfinite(x):
                raise ArgumentError(f"samples are finite numbers, got {quoted(x)}")
    return leaves, [list(row) for row in zip(*columns, strict=True)]


def _is_leaf(seen: Seen, i: int) -> bool:
    return KINDS[seen.trace.columns.kind.item(i)] == LEAF


def _first_computed(seen: Seen) -> int:
    return seen.trace.root + 1 - len(seen.trace.forward)


def _below(seen: Seen, node: int) -> set[int]:
    """The node and all that it was computed from."""
    columns = seen.trace.columns
    found, pending = {node}, [node]
    while pending:
        i = pending.pop()
        for operand in columns.operands[columns.starts.item(i) : columns.starts.item(i + 1)].tolist():
            if operand not in found:
                found.add(operand)
                pending.append(operand)
    return found
