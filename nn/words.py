"""What other libraries' words are called here: names of PyTorch and Keras, and keywords of a training."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from autograd.errors import ArgumentError
from autograd.renamed import synonyms

P = ParamSpec("P")
Answer = TypeVar("Answer")

_LINEAR = 'a layer is Layer(inputs, outputs, "linear"), several MLP(inputs, [sizes])'
_ACTIVATION = 'an activation is a name, as in Layer(2, 3, "{}")'
_WHOLE = "networks here are of scalars and fully connected: Layer, Sequential, MLP, or a Module of your own"
NAMES = {
    "Linear": _LINEAR, "Dense": _LINEAR, "LazyLinear": _LINEAR, "Value": "it is autograd.Value",
    "MLPRegressor": f"it is {__package__}.sklearn.MLPRegressor",
    "MLPClassifier": f"it is {__package__}.sklearn.MLPClassifier",
    **{name: _ACTIVATION.format(ours) for name, ours in (
        ("ReLU", "relu"), ("Tanh", "tanh"), ("Sigmoid", "sigmoid"), ("Softmax", "softmax"), ("GELU", "gelu"),
        ("LeakyReLU", "leaky_relu"), ("ELU", "elu"), ("SELU", "selu"), ("SiLU", "silu"), ("Softplus", "softplus"),
        ("Mish", "mish"), ("LogSoftmax", "log_softmax"), ("Identity", "linear"), ("Hardtanh", "hardtanh"))},
    **{name: f"the loss is the function {__package__}.{ours}" for name, ours in (
        ("MSELoss", "mean_squared_error"), ("L1Loss", "absolute_error"), ("HuberLoss", "huber"),
        ("SmoothL1Loss", "huber"), ("CrossEntropyLoss", "cross_entropy"), ("BCELoss", "binary_cross_entropy"),
        ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits"), ("PoissonNLLLoss", "poisson"),
        ("MultiLabelSoftMarginLoss", "binary_cross_entropy_with_logits"), ("mse_loss", "mean_squared_error"),
        ("l1_loss", "absolute_error"))},
    "NLLLoss": "nn.cross_entropy takes logits, before any log_softmax", "Parameter": "a parameter is an autograd.Value",
    "Dropout": "dropout is a layer's: Layer(2, 3, dropout=0.5), or MLP(…, dropout=0.5) for hidden layers",
    "optim": "optimisers are here: nn.SGD, nn.Adam, nn.LBFGS, …",
    "functional": "losses are functions of nn, activations of autograd: nn.cross_entropy, autograd.relu",
    "utils": "nn.clip_by_norm and nn.clip_by_value clip, and optimisers do with clip_norm= and clip_value=",
    "init": "initialisers are in nn.initialise", "Optimizer": "it is nn.Optimiser", "RMSprop": "it is nn.RMSProp",
    "StepLR": "it is nn.StepDecay", "ExponentialLR": "it is nn.ExponentialDecay",
    "CosineAnnealingLR": "it is nn.CosineDecay", "ReduceLROnPlateau": "it is nn.ReduceOnPlateau",
    "ModelCheckpoint": "a callback is any function of an nn.Epoch: lambda epoch: epoch.model.save(path)",
    "ModuleList": "a list of modules as an attribute will do",
    "ParameterList": "a list of Values as an attribute will do",
    "ModuleDict": "a dict of modules as an attribute will do",
    **dict.fromkeys(("Conv1d", "Conv2d", "RNN", "LSTM", "GRU", "Embedding", "BatchNorm1d", "LayerNorm"), _WHOLE),
}  # fmt: skip

_RATE = "the rate is the optimiser's: optimiser=Adam(model.parameters(), learning_rate=0.01)"
_VALIDATION = "validation=(X, y), or a share such as validation=0.1"
KEYWORDS = {
    "lr": _RATE, "learning_rate": _RATE, "validation_data": _VALIDATION, "validation_split": _VALIDATION,
    "verbose": "progress=True or False", "criterion": "loss=", "n_epochs": "epochs=", "max_iter": "epochs=",
    "shuffle": "batches are shuffled, repeatably with seed=", "random_state": "seed=",
    "device": "all runs on processors",
}  # fmt: skip


def foreign(name: str) -> str | None:
    """What this is called here, where another library has it by that name."""
    return NAMES.get(name)


def worded(**others: str) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """A decorator for a training: takes `others` for its own words, and answers other libraries' with what to say."""

    def decorated(function: Callable[P, Answer]) -> Callable[P, Answer]:
        known, inner = inspect.signature(function).parameters, synonyms(**others)(function)

        @wraps(function)
        def call(*args: P.args, **keywords: P.kwargs) -> Answer:
            for name in keywords:
                if name not in known and name in KEYWORDS:
                    raise ArgumentError(f"{function.__name__} has no {name}=; {KEYWORDS[name]}")
            return inner(*args, **keywords)

        return call

    return decorated
