"""Pictures: a view of a trace is chosen, laid out, and drawn.

``parts`` chooses nodes; ``view`` makes boxes and arrows of them (``dots`` writes sums out, ``fold`` and ``gather``
make pictures smaller); ``layout`` places them; ``svg`` and ``dot`` write them; ``drawing`` is `viz.draw`.
"""
