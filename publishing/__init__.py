"""Makes what is published: the same source under one name, `glassgrad`, as an sdist and a wheel.

In a checkout the packages are called `autograd`, `nn` and `viz`, which is how one reads and teaches them.
HIPS autograd has the first of these names too, and whoever installs one over the other destroys both; so what
is published is called `glassgrad` alone.  `names` says how source and prose are renamed, `tree` which files
there are, `archives` writes them, `front` is the page that `import glassgrad` reads.

    python -m publishing              the sdist and the wheel, into dist/
    python -m publishing.check        they are reproducible, and the tests of the sdist pass with the wheel
    python -m publishing.neighbours   the wheel lives beside packages that need HIPS autograd
    python -m publishing.clash        where HIPS autograd and a checkout were installed over each other, they say so
    python -m publishing.notes        what CHANGELOG.md says of this version
"""
