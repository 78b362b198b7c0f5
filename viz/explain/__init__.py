"""Find the mistake: which step of a derivation by hand is wrong.

sheet     a function at several points, and the derivatives given for it there, as arrays
forms     what may stand in a derivation for the right slope
places    where: an edge, all that say the same, all that comes back to a node
search    which single change gives exactly the numbers given
blocks    what may have happened to derivatives after they were right
pairs     two mistakes at once
shapes    derivatives of the wrong shape
deltas    δ of a network, layer by layer
wording   what was found, in words
answer    the answer, which shows itself
picture   the graph with the edges of an explanation lit
ask       explain, explain_deltas
"""

from viz.explain.answer import Explained, Explanation, Mistake
from viz.explain.ask import explain, explain_deltas

__all__ = ["Explained", "Explanation", "Mistake", "explain", "explain_deltas"]
