"""What a classifier chooses: one class of two or more, or of several labels each with its own yes or no."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from autograd import functions as f
from autograd.errors import ArgumentError
from nn.data.tables import Array
from nn.losses import binary_cross_entropy_with_logits, cross_entropy
from nn.training.objective import Loss

_SUMMED = partial(binary_cross_entropy_with_logits, reduction="sum")  # over the labels of a sample


def check_labels(y: Any) -> Array:
    """One class a sample as a vector, or several labels a sample as rows of 0 and 1.

    Raises:
        ArgumentError: for a sparse matrix, and for rows of anything else
    """
    if issparse(y):
        raise ArgumentError("y is a sparse matrix, and labels are read from a dense one: give y.toarray()")
    check_classification_targets(y)
    if y.ndim == 1 or y.shape[1] == 1:
        classes: Array = column_or_1d(y, warn=True)
        return classes
    if y.dtype.kind not in "biuf" or not ((y == 0) | (y == 1)).all():
        raise ArgumentError(
            f"y with {y.shape[1]} columns says of each label 0 or 1, and it has other values; one class a sample "
            "is a vector, and of several choices each needs a classifier of its own"
        )
    rows: Array = y.astype(int)
    return rows


@dataclass(frozen=True, eq=False)
class Labels:
    """The classes, or with `several` the numbers of the labels, and what the outputs of a network say of them."""

    classes: Array
    several: bool

    @classmethod
    def of(cls, targets: Array, said: Any = None) -> Labels:
        """Those of a training that begins; `said` are classes of which y need not have all.

        Raises:
            ArgumentError: for fewer than two classes, and where others were said than there are labels
        """
        if targets.ndim == 2:
            found = cls(np.arange(targets.shape[1]), True)
            if said is not None and not np.array_equal(np.unique(said), found.classes):
                raise ArgumentError(f"y has {found}, so classes are 0 to {len(found.classes) - 1}, got {said}")
            return found
        found = cls(np.unique(targets if said is None else said), False)
        if len(found.classes) < 2:
            raise ArgumentError(f"a classifier needs at least 2 classes, y has only one class: {found.classes}")
        return found

    def check(self, targets: Array) -> None:
        """Raise ArgumentError unless these are the labels of y, or among its classes are no others."""
        given = f"{targets.shape[1]} labels a sample" if targets.ndim == 2 else "one class a sample"
        if given != str(self):
            raise ArgumentError(f"training began with {self}, y has {given}: fit a new one")
        unseen: Any = [] if self.several else np.setdiff1d(targets, self.classes)
        if len(unseen):
            raise ArgumentError(
                f"y has classes that training did not begin with: {unseen[:5]}; it knows {self.classes[:5]}"
            )

    def __str__(self) -> str:
        return f"{len(self.classes)} labels a sample" if self.several else "one class a sample"

    # -- the network ----------------------------------------------------------------------------

    @property
    def outputs(self) -> int:
        """One a label, or a class; two classes share one."""
        return len(self.classes) if self.several or len(self.classes) > 2 else 1

    @property
    def activation(self) -> str:
        """What makes probabilities of logits."""
        return "logistic" if self.several or self.outputs == 1 else "softmax"

    @property
    def loss(self) -> Loss:
        """The cross-entropy of a sample."""
        if self.several:
            return _SUMMED
        return binary_cross_entropy_with_logits if self.outputs == 1 else cross_entropy

    # -- there and back -------------------------------------------------------------------------

    def coded(self, targets: Array) -> Array:
        """Targets as the loss takes them."""
        return targets if self.several else np.searchsorted(self.classes, targets)

    def chosen(self, logits: Array) -> Array:
        """The likeliest, coded: what has one output of its own, a yes where that is above 0."""
        found: Array = logits.argmax(axis=1) if self.activation == "softmax" else (logits > 0).astype(int)
        return found

    def named(self, codes: Array) -> Array:
        """Codes as what was given."""
        found: Array = codes if self.several else self.classes[codes]
        return found

    def shares(self, logits: Array) -> Array:
        """The probability of each class, or of each label."""
        found: Array = f.sigmoid(logits) if self.several else np.exp(self.log_shares(logits))
        return found

    def log_shares(self, logits: Array) -> Array:
        """Its logarithm, which stays finite where the probability is too small for a float."""
        if self.several:
            alone: Array = f.log_sigmoid(logits)
            return alone
        if logits.ndim == 1:
            logits = np.column_stack([np.zeros(len(logits)), logits])
        below = logits - logits.max(axis=1, keepdims=True)
        found: Array = below - np.log(np.exp(below).sum(axis=1, keepdims=True))
        return found
