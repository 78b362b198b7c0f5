"""The version, and what this package is called where it runs: `autograd`, or a part of what is published."""

import os

__version__ = "0.1.0"

HOME = __name__.rpartition(".")[0]

if os.path.exists(os.path.join(os.path.dirname(__file__), "tracer.py")):  # a file of HIPS autograd, none of ours
    raise ImportError(
        f"two packages called {HOME} were installed over each other in {os.path.dirname(__file__)}, this one and "
        "HIPS autograd, and neither can be relied on: uninstall both, then install HIPS autograd and the published "
        "wheel of this project, glassgrad, whose only name is its own",
        name=HOME,
    )
