"""Formulas: what the nodes of a trace compute, and how a derivative comes about, as it is written on paper.

``formula`` and ``derive`` are `viz.formula` and `viz.derive`.  A derivation finds the layers of a network (``stack``)
and writes them in matrices (``layers``, ``activations``), with slopes as a book has them (``slopes``).  All of it is
laid out in boxes (``notation``), as the table says (``textbook``), with names (``identifiers``), and
printed as text, LaTeX and MathML (``printers``).
"""
