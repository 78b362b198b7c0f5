"""Neural networks made of autograd's nodes, every one named as in the lecture.

>>> from nn import MLP, train
>>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
>>> model = MLP(2, [4, 1], seed=1)
>>> history = train(model, X, y, epochs=20)
>>> history[-1] < history[0]
True
"""

from nn import engine  # noqa: F401  # isort: skip  (first of all: it says so where autograd is another)
from nn import initialise
from nn.activations import Activation, PReLU, RReLU, activation
from nn.data.scales import QuantileNormalization, Standardization
from nn.data.tables import with_ones
from nn.losses import (
    absolute_error,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    half_squared_error,
    hinge,
    huber,
    mean_squared_error,
    poisson,
    quantile,
)
from nn.metrics import accuracy
from nn.networks.layers import Layer, Neuron, Perceptron
from nn.networks.module import Module
from nn.networks.sequential import MLP, Sequential
from nn.saving import load
from nn.training.callbacks import Batch, Callback, EarlyStopping, Epoch
from nn.training.clipping import clip_by_norm, clip_by_value
from nn.training.fitting import DivergedError, TrainingError
from nn.training.flat import FlatObjective
from nn.training.groups import Group
from nn.training.history import History
from nn.training.loop import train
from nn.training.minimisers import LBFGS, LevenbergMarquardt
from nn.training.newton import Newton
from nn.training.optimisers import SGD, Adagrad, Adam, AdamW, GradientDescent, Optimiser, RMSProp
from nn.training.schedules import CosineDecay, ExponentialDecay, ReduceOnPlateau, StepDecay, Warmup

__all__ = [
    "LBFGS", "MLP", "SGD", "Activation", "Adagrad", "Adam", "AdamW", "Batch", "Callback", "CosineDecay",
    "DivergedError", "EarlyStopping", "Epoch", "ExponentialDecay", "FlatObjective",
    "GradientDescent", "Group", "History", "Layer", "LevenbergMarquardt", "Module", "Neuron", "Newton", "Optimiser",
    "PReLU", "Perceptron", "QuantileNormalization", "RMSProp", "RReLU", "ReduceOnPlateau", "Sequential",
    "Standardization", "StepDecay", "TrainingError", "Warmup",
    "absolute_error", "accuracy", "activation", "binary_cross_entropy", "binary_cross_entropy_with_logits",
    "clip_by_norm", "clip_by_value", "cross_entropy", "half_squared_error", "hinge", "huber",
    "initialise", "load", "mean_squared_error", "poisson", "quantile", "train", "with_ones",
]  # fmt: skip


def __getattr__(name: str) -> object:
    import sys

    from autograd.text import quoted
    from nn.words import foreign

    said = foreign(name)
    imported = (
        sys._getframe(1).f_code.co_name == "_handle_fromlist"
    )  # `from … import` drops what an AttributeError says
    raise (ImportError if said and imported else AttributeError)(
        f"{__name__} has no {quoted(name)}{': ' if said else ''}{said or ''}"
    )
