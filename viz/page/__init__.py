"""The page: a graph stepped through in a browser, offline and in one file.

``explore`` is `viz.explore`, ``data`` what it hands to the page, ``javascript`` the table's rules in the page's
language. The rest runs in the browser: ``main.js`` begins, ``graph.js`` computes, ``player.js`` steps, ``words.js``
and ``math.js`` say it, ``picture.js`` with ``layout.js``, ``camera.js`` and ``tree.js`` draws, ``panels.js`` and
``guide.js`` are around it.
"""
