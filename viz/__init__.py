"""See it: pictures of a computation graph with every value, δ and local derivative.

>>> import viz
>>> from autograd import Value
>>> x = Value(3.0, name="x")
>>> viz.draw(x * x + 1)  # doctest: +ELLIPSIS
<drawing, ... characters of SVG; .save('graph.svg') writes it>

`trace` is the floor: frozen plain data, the only module that reads a graph.  `view` chooses what is
shown, `layout` places it with Graphviz, `svg` writes it.
"""

from viz.dot import to_dot
from viz.drawing import ConverterError, Drawing, draw
from viz.layout import LayoutError
from viz.trace import Edge, Node, Step, Trace, trace

__all__ = [
    "ConverterError",
    "Drawing",
    "Edge",
    "LayoutError",
    "Node",
    "Step",
    "Trace",
    "draw",
    "to_dot",
    "trace",
]
