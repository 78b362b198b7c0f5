"""A graph whose leaves have moved since it was recorded: noticed, and computed anew beside it.

A node keeps the number and the slopes of the moment in which it was recorded, and `backward` relies on
that.  Whoever shows a graph shows leaves as they are now beside them, and after a step of training the
two no longer fit.  Here the whole graph is computed once more from its leaves, as new nodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import copysign
from typing import Any

from autograd.errors import GraphError
from autograd.ops import table
from autograd.text import quoted
from autograd.value import Operand, Value, made

# What every face says that shows a graph computed anew.
ANEW = "Leaves have moved since this graph was recorded: computed anew with the leaves as they are now"


def computed_anew(order: Sequence[Value]) -> Value:
    """The last node of `order` as a graph of its own with the leaves as they are now; itself if it is that.

    `order` lists a whole graph, operands first, as `reachable` does.  The leaves are shared, the computed
    nodes are new ones with the same labels, in the same order.  What Python's own `if` decided stays
    decided; a `where` on a recorded condition chooses anew.

    >>> from autograd.order import reachable
    >>> w, x = Value(0.5), Value(2.0)
    >>> z = w * x
    >>> computed_anew(reachable(z)) is z
    True
    >>> w.data = 3.0
    >>> computed_anew(reachable(z)).data, z.data
    (6.0, 1.0)

    Raises:
        GraphError: if leaves have moved and the graph has a `where` whose condition was a plain number
    """
    if all(map(follows, order)):
        return order[-1]
    copies: dict[Value, Value] = {}
    for node in order:
        if not node.is_leaf:
            _check_condition(node)
            copies[node] = _copy(node, tuple([copies.get(o, o) if isinstance(o, Value) else o for o in node.operands]))
    return copies[order[-1]]


def computed_at(order: Sequence[Value], numbers: Mapping[Value, float]) -> dict[Value, Value]:
    """A copy of every node of `order` in which leaves have other numbers, and what was computed from them too.

    `order` lists a whole graph, operands first; labels stay.  No node is changed.

    >>> from autograd.order import reachable
    >>> w, x = Value(0.5), Value(2.0)
    >>> z = w * x
    >>> computed_at(reachable(z), {w: 3.0})[z].data, z.data
    (6.0, 1.0)

    Raises:
        GraphError: if the graph has a `where` whose condition was a plain number
    """
    copies: dict[Value, Value] = {}
    for node in order:
        if node.is_leaf:
            copies[node] = leaf = Value(numbers.get(node, node.data))
            leaf._words = node._words
        else:
            _check_condition(node)
            copies[node] = _copy(node, tuple([copies[o] if isinstance(o, Value) else o for o in node.operands]))
    return copies


def follows(node: Value) -> bool:
    """Whether a node's number and slopes are those that its operands give now, to the bit.

    Both are asked, since slopes change where the number does not: those of 0·x, when x moves.  Only leaves
    can be set, so a node without one among its operands always does.
    """
    operands = node.operands
    for operand in operands:
        if type(operand) is not float and operand._a is None:  # type: ignore[union-attr]  # a Value, then
            break
    else:
        return True
    data, slopes = _computed(node, [o if type(o) is float else o._data for o in operands])  # type: ignore[union-attr]
    if data == node._data and slopes == node.slopes and data and 0.0 not in slopes:
        return True  # the common case, quickly
    return _same(data, node._data) and all(map(_same, slopes, node.slopes))


def _copy(node: Value, operands: tuple[Operand, ...]) -> Value:
    """The node as it would be if it were recorded now, from these operands."""
    data, slopes = _computed(node, [o._data if isinstance(o, Value) else o for o in operands])
    return made(data, node._row, operands, slopes, node._words)


def _computed(node: Any, numbers: Sequence[float]) -> tuple[float, tuple[float | None, ...]]:
    """What the node's row gives for these operands; along a constant no derivative flows."""
    data, slopes = node._row.value_and_slopes(*numbers)
    operands = node.operands
    for operand in operands:
        if type(operand) is float:
            return data, tuple([None if type(o) is float else s for o, s in zip(operands, slopes, strict=True)])
    return data, slopes


def _same(one: float | None, other: float | None) -> bool:
    """Equal to the bit; nan is nan, and None, no derivative, only None."""
    if one is None or other is None:
        return one is other
    if one == other:
        return one != 0.0 or copysign(1.0, one) == copysign(1.0, other)
    return one != one and other != other


def chose_for_good(node: Any) -> bool:
    """Whether this is a `where` on a plain number, of which nobody knows what it would choose with other leaves."""
    return node._row is table.where_ and type(node.operands[0]) is float


def _check_condition(node: Any) -> None:
    if chose_for_good(node):
        raise GraphError(
            f"leaves have moved since this graph was recorded, and {quoted(node)} chose by a plain number, not by a "
            "condition that is a node, so what it would choose now is not known: compute the expression again"
        )
