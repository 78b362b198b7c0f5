"""See it: pictures of a computation graph, the formula and derivation of every derivative, and why it is so.

>>> import viz
>>> from autograd import Value
>>> x = Value(3.0, name="x")
>>> viz.draw(x * x + 1)  # doctest: +ELLIPSIS
<drawing, ... characters of SVG; .save('graph.svg') writes it>
>>> print(viz.formula(x * x + 1))
x² + 1

`trace` is the floor: frozen plain data, the only module that reads a graph.  `pictures` chooses what is
shown, places it with Graphviz and writes it; `record` puts it into steps, which `debug` walks through in
the terminal and `explore` on a page, forwards and back; `formulas` say it in mathematics; `why`,
`accuracy` and `anomaly` look for what is large, what cancels, where digits go and what breaks; `plots`
draws curves and heat maps, and needs matplotlib when it is used.  Where leaves have moved since a graph was
recorded, as after a step of training, all of them show it computed anew, and say so in one line.
"""

from viz import engine  # noqa: F401  # isort: skip  (first of all: it says so where autograd is another)
from viz import plots
from viz.anomaly import Anomaly, Sound, anomaly
from viz.changes.report import Changed, changed
from viz.debugger import debug
from viz.digits.report import Accuracy, accuracy
from viz.explain import Explained, Explanation, Mistake, explain, explain_deltas
from viz.formulas.derive import Derivation, derive
from viz.formulas.formula import Formula, formula
from viz.kinks import Kinks, kinks
from viz.marking import Mark, Marks, mark
from viz.page.explore import Page, explore
from viz.pictures.animation import Animation, animate
from viz.pictures.dot import to_dot
from viz.pictures.drawing import ConverterError, Drawing, draw
from viz.pictures.geometry import LayoutError
from viz.pictures.pattern import PatternDrawing, pattern
from viz.recording import Recording, State, record
from viz.sheets import Sheet, Sheets, sheet
from viz.trace import Edge, Node, Step, Trace, trace
from viz.uncertainty.budget import Budget, uncertainty_budget
from viz.why import Why, why

__all__ = [
    "Accuracy",
    "Animation",
    "Anomaly",
    "Budget",
    "Changed",
    "ConverterError",
    "Derivation",
    "Drawing",
    "Edge",
    "Explained",
    "Explanation",
    "Formula",
    "Kinks",
    "LayoutError",
    "Mark",
    "Marks",
    "Mistake",
    "Node",
    "Page",
    "PatternDrawing",
    "Recording",
    "Sheet",
    "Sheets",
    "Sound",
    "State",
    "Step",
    "Trace",
    "Why",
    "accuracy",
    "animate",
    "anomaly",
    "changed",
    "debug",
    "derive",
    "draw",
    "explain",
    "explain_deltas",
    "explore",
    "formula",
    "mark",
    "kinks",
    "pattern",
    "plots",
    "record",
    "sheet",
    "to_dot",
    "trace",
    "uncertainty_budget",
    "why",
]
