"""Says so where the `autograd` that Python finds is not this project's: HIPS autograd has the same name."""

import autograd

if not hasattr(autograd, "ValueArray"):
    found = [autograd.__file__] if getattr(autograd, "__file__", None) else list(autograd.__path__)
    raise ImportError(
        f"{__package__} needs the autograd that it came with, and Python found another or what is left of both, in "
        f"{', '.join(map(str, found))}: HIPS autograd has the same name, and one was installed over the other or is "
        "found before it; uninstall both, then install HIPS autograd and the published wheel of this project, "
        "glassgrad, whose only name is its own",
        name=autograd.__name__,
    )
