"""Runnable demonstrations, one idea each: ``python -m demos`` runs them all."""

from importlib.util import find_spec

from autograd.errors import MissingExtra

if find_spec("matplotlib") is None or find_spec("sklearn") is None:
    raise MissingExtra("the demos need matplotlib and scikit-learn, the extra `demos`: pip install 'glassgrad[demos]'")
