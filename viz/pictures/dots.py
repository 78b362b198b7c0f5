"""Every dot of a graph written out as its products and their sum."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from autograd.ops import table
from viz.columns import Marks
from viz.pictures.boxes import Edges, Nodes
from viz.trace import OPERATION, Edge, Node, Trace


def products_in(trace: Trace, shown: Marks) -> int:
    """How many products `expanded` would write out of the nodes that are shown."""
    columns = trace.columns
    is_dot = np.array([name == table.dot.name for name, _ in columns.operations])
    dots = shown & is_dot[columns.code]
    return int((np.diff(columns.starts)[dots] // 2).sum())


def expanded(nodes: Nodes, edges: Edges) -> tuple[list[Node], list[Edge]]:
    """The same graph with every dot drawn as its products and their sum."""
    by_id = {node.id: node for node in nodes}
    slots: dict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        slots[edge.node].append(edge)
    grown, drawn, next_id = list(nodes), list[Edge](), max(by_id, default=0) + 1
    for i, node in enumerate(nodes):
        mine = slots.get(node.id, [])
        pairs = len(mine) // 2
        if node.op != table.dot.name or not pairs or [e.slot for e in mine] != list(range(len(mine))):
            drawn += mine
            continue
        grown[i] = node._replace(op=table.sum_.name, symbol="+")
        for k in range(pairs):
            factors = mine[k], mine[k + pairs]
            flows = node.delta is not None and any(f.slope is not None for f in factors)
            a, b = (by_id[f.operand].value for f in factors)
            delta = node.delta if flows else None
            grown.append(
                Node(next_id, OPERATION, None, table.multiply.name, "×", a * b, delta, node.scope, node.source)
            )
            drawn += [Edge(f.operand, next_id, s, f.slope) for s, f in enumerate(factors)]
            drawn.append(Edge(next_id, node.id, k, 1.0 if flows or node.delta is None else None))
            next_id += 1
        drawn += [edge._replace(slot=pairs) for edge in mine[2 * pairs :]]
    return grown, drawn
