"""Losses: how far predictions are from targets, as one Value to call backward on.

Predictions are Values (or numbers): one, a sequence, or an array; targets are of the same shape, where
a column n × 1 and a vector of n are the same.  Every loss takes ``reduction="sum"`` or ``"mean"``; the
mean is over all elements (samples, for `cross_entropy`).  The answer is named J, in the scope ``loss``.

Targets may be Symbols, so that `fit` records a loss once for all samples; that labels are valid cannot be
seen then, and `check_targets` says so of the numbers beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from autograd import functions as f
from autograd import scope
from autograd.array import RealArray
from autograd.errors import ArgumentError, OperandError
from autograd.symbol import Symbol
from autograd.text import quoted
from autograd.value import Number, Value, number

Term = Callable[[Any, Any], Any]
Values: TypeAlias = "Value | NDArray[np.object_] | Sequence[Value | Sequence[Value]]"
Numbers: TypeAlias = "Number | RealArray | Sequence[Number | Sequence[Number]]"


class NamedLoss(Protocol):
    """What type checkers are told of a loss: of Values it is a Value, of numbers alone a float."""

    @overload
    def __call__(self, predictions: Values, targets: Any, reduction: str = ...) -> Value: ...
    @overload
    def __call__(self, predictions: Numbers, targets: Numbers, reduction: str = ...) -> float: ...
    @overload
    def __call__(self, predictions: Any, targets: Any, reduction: str = ...) -> Value: ...


def _told(loss: Callable[[Any, Any, str], Any]) -> NamedLoss:
    """The function itself, as checkers know it."""
    told: NamedLoss = loss  # type: ignore[assignment]  # which of the two comes back, is up to the numbers
    return told


@_told
def half_squared_error(predictions: Any, targets: Any, reduction: str = "sum") -> Any:
    """The lecture's J = Σ ½(y - ŷ)².

    >>> round(half_squared_error(Value(0.2023543), 0.45).data, 7)
    0.0306642
    """
    return _loss(predictions, targets, reduction, lambda p, y: 0.5 * f.square(y - p))


@_told
def mean_squared_error(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """(1/n) Σ (y - ŷ)²."""
    return _loss(predictions, targets, reduction, lambda p, y: f.square(y - p))


@_told
def absolute_error(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """(1/n) Σ |y - ŷ|, with derivative 0 where they agree."""
    return _loss(predictions, targets, reduction, lambda p, y: f.abs(y - p))


@overload
def huber(predictions: Values, targets: Any, delta: float = ..., reduction: str = ...) -> Value: ...
@overload
def huber(predictions: Numbers, targets: Numbers, delta: float = ..., reduction: str = ...) -> float: ...
@overload
def huber(predictions: Any, targets: Any, delta: float = ..., reduction: str = ...) -> Value: ...
def huber(predictions: Any, targets: Any, delta: float = 1.0, reduction: str = "mean") -> Any:
    """½r² where |r| ≤ delta, else delta·(|r| - ½delta), with r = y - ŷ (Huber 1964).

    Raises:
        ArgumentError: unless delta > 0
    """
    if not delta > 0:
        raise ArgumentError(f"huber's delta is a positive number, got {delta}")

    def term(p: Any, y: Any) -> Any:
        r = y - p
        size = f.abs(r)
        return f.where(f.less_equal(size, delta), 0.5 * f.square(r), delta * (size - 0.5 * delta))

    return _loss(predictions, targets, reduction, term)


@overload
def quantile(predictions: Values, targets: Any, q: float = ..., reduction: str = ...) -> Value: ...
@overload
def quantile(predictions: Numbers, targets: Numbers, q: float = ..., reduction: str = ...) -> float: ...
@overload
def quantile(predictions: Any, targets: Any, q: float = ..., reduction: str = ...) -> Value: ...
def quantile(predictions: Any, targets: Any, q: float = 0.5, reduction: str = "mean") -> Any:
    """The pinball loss, (1/n) Σ q·max(0, r) + (1-q)·max(0, -r) with r = y - ŷ, which is least at the q-quantile.

    Koenker & Bassett 1978; half the absolute error for q = ½.

    Raises:
        ArgumentError: unless 0 < q < 1
    """
    if not 0 < q < 1:
        raise ArgumentError(f"a quantile lies between 0 and 1, got {q}")
    return _loss(predictions, targets, reduction, lambda p, y: q * f.relu(y - p) + (1.0 - q) * f.relu(p - y))


@_told
def poisson(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """(1/n) Σ e^z - y·z: -ln of the chance of counts y where e^z are expected, without what depends on y alone.

    Predictions are logarithms z of the expected counts, any numbers.

    Raises:
        ArgumentError: for a count below 0
    """
    check_targets(poisson, targets)
    return _loss(predictions, targets, reduction, lambda z, y: f.exp(z) - y * z)


@_told
def hinge(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """(1/n) Σ max(0, 1 - y·ŷ) for labels y of -1 and 1; ArgumentError for other labels."""
    check_targets(hinge, targets)
    return _loss(predictions, targets, reduction, lambda p, y: f.relu(1.0 - y * p))


@_told
def binary_cross_entropy(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """-(1/n) Σ y·ln p + (1-y)·ln(1-p) for probabilities p and labels y in [0, 1].

    At p = 0 or 1 it is 0 where the label agrees and inf where it does not.  Where p comes from a
    sigmoid, `binary_cross_entropy_with_logits` on z is exact everywhere.

    Raises:
        ArgumentError: for a p or a y outside [0, 1]
    """
    _check_labels(predictions, _is_fraction, "probabilities lie in [0, 1] (for logits: ..._with_logits)")
    check_targets(binary_cross_entropy, targets)
    return _loss(predictions, targets, reduction, _bernoulli)


@_told
def binary_cross_entropy_with_logits(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """`binary_cross_entropy` of p = σ(z), from z, without overflow or loss of digits.

    Of several outputs each answers its own yes or no: several labels a sample, as rows of 0 and 1.
    """
    check_targets(binary_cross_entropy_with_logits, targets)

    return _loss(predictions, targets, reduction, lambda z, y: _mixed(y, lambda: f.softplus(-z), lambda: f.softplus(z)))


@_told
def cross_entropy(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """-(1/n) Σ ln softmax(z)[class] from logits z: one sample of k, or n × k.

    Targets are class indices (0 to k-1: one, or n of them) or rows of probabilities, one-hot or soft,
    of the shape of z.

    Raises:
        ArgumentError: for a class out of range, probabilities that do not sum to 1, or other shapes
    """
    z = _array(predictions, "predictions")
    y = np.asarray(targets)
    if z.ndim not in (1, 2) or 0 in z.shape:
        raise ArgumentError(f"cross_entropy takes logits of shape (k,) or (n, k), got {z.shape}")
    _check_choice(z.shape[-1])
    rows = np.atleast_2d(z)
    if y.dtype == object:
        with scope("loss"):
            return _reduced(_recorded_classes(rows, y.reshape(len(rows), -1)), reduction)
    shares = _shares(y, z.shape, rows.shape)
    with scope("loss"):
        terms = []
        for row, share in zip(rows, shares, strict=True):
            logs = f.log_softmax(list(row))
            kept = [-log if s == 1.0 else -float(s) * log for s, log in zip(share, logs, strict=True) if s != 0.0]
            terms.append(kept[0] if len(kept) == 1 else f.sum(kept))
        return _reduced(terms, reduction)


def bare(loss: Callable[..., Any]) -> Callable[..., Any]:
    """The loss without what `partial` said beforehand."""
    return loss.func if isinstance(loss, partial) else loss


def summed(loss: Callable[..., Any]) -> bool:
    """Whether a loss from here is a sum over samples, which an update divides by n."""
    said: Any = loss.keywords.get("reduction") if isinstance(loss, partial) else None
    return bare(loss) in LOSSES and (said == "sum" if said else bare(loss) is half_squared_error)


def check_targets(loss: Callable[..., Any], targets: Any, outputs: int = 1) -> None:
    """Raise ArgumentError unless the targets of all samples are such as this loss takes.

    `outputs` is the number of classes.  Of a loss that is not from here nothing is known, and nothing said.
    """
    known = bare(loss)
    if known is cross_entropy:
        y = np.asarray(targets)
        _check_choice(outputs)
        _shares(y, (len(y), outputs), (len(y), outputs))
    elif known in _LABELS:
        _check_labels(targets, *_LABELS[known])


# -- the common part --------------------------------------------------------------------------------


def _loss(predictions: Any, targets: Any, reduction: str, term: Term) -> Any:
    p, y = paired(predictions, targets)
    with scope("loss"):
        return _reduced([term(a, b) for a, b in zip(p, y, strict=True)], reduction)


def _reduced(terms: Sequence[Any], reduction: str) -> Any:
    if reduction not in ("sum", "mean"):
        raise ArgumentError(f'reduction is "sum" or "mean", got {quoted(reduction)}')
    J = terms[0] if len(terms) == 1 else f.sum(terms)
    if reduction == "mean" and len(terms) > 1:
        J = J * (1.0 / len(terms))
    if isinstance(J, Value):
        J.name = "J"
        return J
    return J + 0.0  # never -0.0, as of -log(1.0)


def paired(predictions: Any, targets: Any) -> tuple[list[Any], list[Any]]:
    """Both flat, in step; ArgumentError if the shapes differ or are empty."""
    if isinstance(predictions, Value) and type(targets) is float:  # online, one sample: no arrays
        return [predictions], [targets]
    p, y = _array(predictions, "predictions"), _array(targets, "targets")
    if _column(p.shape) != _column(y.shape):
        raise ArgumentError(f"predictions have shape {p.shape} but targets {y.shape}; they must agree")
    if p.size == 0:
        raise ArgumentError("a loss of no predictions at all has no meaning; give at least one")
    return list(p.flat), list(y.flat)


def _column(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A column is the vector it holds, a vector of one its number."""
    while shape and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def _array(given: Any, what: str) -> Any:
    if isinstance(given, (list, tuple)) and all(type(x) in _PLAIN for x in given):
        return _vector(given)  # the usual case, which NumPy would take long to look through
    try:
        raw = np.asarray(given, dtype=object if isinstance(given, Value) else None)
    except ValueError:
        raise ArgumentError(f"{what} must have rows of equal length, got {quoted(given)}") from None
    if raw.dtype.kind not in "fiubO":
        raise OperandError(f"{what} are numbers or Values, got {quoted(given)}")
    return _vector([item if isinstance(item, Value) else number(item, what) for item in raw.flat]).reshape(raw.shape)


_PLAIN = (Value, float)


def _vector(items: Sequence[Any]) -> Any:
    """Values and floats as a 1-d array of objects, none of them looked into."""
    vector = np.empty(len(items), object)
    for i, item in enumerate(items):
        vector[i] = item
    return vector


def _numbers(given: Any, what: str) -> Any:
    """Values and numbers alike as floats; Symbols, which have none yet, left out."""
    items = (x for x in _array(given, what).flat if not isinstance(x, Symbol))
    return np.array([x.data if isinstance(x, Value) else x for x in items], float)


def _check_labels(given: Any, allowed: Callable[[Any], Any], rule: str) -> None:
    numbers = _numbers(given, "labels")
    wrong = numbers[~(allowed(numbers) | np.isnan(numbers))]  # nan gives nan, as in all arithmetic here
    if wrong.size:
        raise ArgumentError(f"{rule}, got {wrong[0]}")


def _is_fraction(x: Any) -> Any:
    return (x >= 0.0) & (x <= 1.0)


def _bernoulli(p: Any, y: Any) -> Any:
    """In the part that counts nothing beside a label of 0 or 1, p stays within (0, 1): 0·∞ never arises."""

    def if_one() -> Any:
        return -f.log(_chosen(f.equal(y, 0.0), lambda: f.where(f.equal(p, 0.0), _ABOVE_ZERO, p), lambda: p))

    def if_zero() -> Any:
        return -f.log1p(-_chosen(f.equal(y, 1.0), lambda: f.where(f.equal(p, 1.0), _BELOW_ONE, p), lambda: p))

    return _mixed(y, if_one, if_zero)


def _mixed(y: Any, if_one: Callable[[], Any], if_zero: Callable[[], Any]) -> Any:
    """y·if_one + (1-y)·if_zero; of a label that is the number 0 or 1 its own part only."""
    if not isinstance(y, Value) and y in (0.0, 1.0):
        return if_one() if y else if_zero()
    return y * if_one() + (1.0 - y) * if_zero()


def _chosen(condition: Any, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    """One of two: now where the condition is a number, and by the program, sample by sample, where it is recorded."""
    if isinstance(condition, Value):
        return f.where(condition, then(), otherwise())
    return then() if condition else otherwise()


_LABELS: dict[Any, tuple[Callable[[Any], Any], str]] = {
    hinge: (lambda y: np.isin(y, (-1.0, 1.0)), "hinge's labels are -1 or 1"),
    binary_cross_entropy: (_is_fraction, "labels lie in [0, 1]"),
    binary_cross_entropy_with_logits: (_is_fraction, "labels lie in [0, 1]"),
    poisson: (lambda y: y >= 0.0, "counts are numbers from 0 up"),
}
LOGITS, PROBABILITIES, LIKE_TARGETS = "logits", "probabilities", "numbers like the targets"
LOSSES: dict[Any, str] = {  # what the predictions of each are
    half_squared_error: LIKE_TARGETS, mean_squared_error: LIKE_TARGETS, absolute_error: LIKE_TARGETS,
    huber: LIKE_TARGETS, quantile: LIKE_TARGETS, hinge: LIKE_TARGETS, binary_cross_entropy: PROBABILITIES,
    binary_cross_entropy_with_logits: LOGITS, cross_entropy: LOGITS, poisson: LOGITS,
}  # fmt: skip
SQUARES = (half_squared_error, mean_squared_error)


_ABOVE_ZERO, _BELOW_ONE = 2.0**-126, 1.0 - 2.0**-24  # which float32 has too, as in JAX
_HUGE = 1e300  # e^(z - this) is 0 for any logit z


def _recorded_classes(rows: Any, targets: Any) -> list[Any]:
    """Cross-entropy of targets that are Values: one column of class indices, or k of probabilities."""
    if targets.shape[1] not in (1, rows.shape[1]):
        raise ArgumentError(f"logits of shape {rows.shape} need class indices or probabilities, got {targets.shape}")
    by_index = targets.shape[1] == 1 and rows.shape[1] > 1
    return [(_of_class(z, y[0]) if by_index else _of_shares(z, y)) for z, y in zip(rows, targets, strict=True)]


def _of_class(z: Any, label: Any) -> Any:
    """ln(1 + Σ e^(zⱼ - z of the class)) over the other classes: small losses keep their digits.

    It is -log_softmax(z)[class] in other words: those would make the k·k slopes of all k logarithms where one is asked,
    and a program would take nearly twice as long.
    """
    chosen = [f.equal(label, float(j)) for j in range(len(z))]
    own = f.dot(chosen, list(z))
    return f.softplus(f.logsumexp([zj - own - _HUGE * c for c, zj in zip(chosen, z, strict=True)]))


def _of_shares(z: Any, shares: Any) -> Any:
    """ln Σ e^(zⱼ - z̄) where z̄ is the mean of z under the shares, which sum to 1."""
    mean = f.dot(list(shares), list(z))
    return f.logsumexp([zj - mean for zj in z])


def _check_choice(outputs: int) -> None:
    if outputs < 2:
        raise ArgumentError(
            "cross_entropy chooses between outputs, one a class, and there is one: for two classes with one "
            "output use binary_cross_entropy_with_logits"
        )


def _shares(y: Any, given: tuple[int, ...], shape: tuple[int, int]) -> Any:
    """Targets as rows of probabilities, n × k."""
    n, k = shape
    if y.dtype.kind == "f" and y.shape != given and np.all(y == np.round(y)):
        y = y.astype(int)
    if y.dtype.kind in "iu" and y.shape == given[:-1]:
        classes = np.atleast_1d(y)
        if classes.min() < 0 or classes.max() >= k:
            raise ArgumentError(f"of {k} outputs the classes are 0 to {k - 1}, got {classes.min()} to {classes.max()}")
        return np.eye(k)[classes]
    if y.shape != given or y.dtype.kind not in "fiub":
        raise ArgumentError(
            f"logits of shape {given} need {n} class indices or probabilities of the same shape, got shape {y.shape}"
        )
    rows = np.atleast_2d(y).astype(float)
    if not np.allclose(rows.sum(axis=1), 1.0) or (rows < 0).any():
        raise ArgumentError("each row of target probabilities must be at least 0 and sum to 1")
    return rows
