"""Normalisation: data on a scale on which networks learn, with the way back.

    scale = Standardization().fit(X);  Z = scale.transform(X);  X = scale.inverse(Z)

Columns are features; fitted on a pandas frame, their names are remembered, and a frame with other
columns is refused.  What was fitted goes to and from a plain dict that JSON can hold.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from statistics import NormalDist
from typing import Any, TypeVar

import numpy as np

from autograd.errors import ArgumentError, GraphError
from autograd.functions import ndtr, ndtri
from autograd.splines import interp
from autograd.text import quoted
from autograd.value import Value
from nn.data.tables import ColumnNames, Table, Vector, check_names, table

Self = TypeVar("Self", bound="Normalization")


class Normalization(ABC):
    """Fitted on columns, then applied forth and back."""

    names: ColumnNames = None  # the columns' names, if it was fitted on a frame

    @abstractmethod
    def _fit(self, X: Vector) -> None: ...

    @abstractmethod
    def _transform(self, X: Vector) -> Vector: ...

    @abstractmethod
    def _inverse(self, Z: Vector) -> Vector: ...

    @abstractmethod
    def _of_values(self, xs: Sequence[Value]) -> list[Value]: ...

    @abstractmethod
    def _values_back(self, zs: Sequence[Value]) -> list[Value]: ...

    @property
    @abstractmethod
    def columns(self) -> int | None:
        """How many columns it was fitted on; None before."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """What was fitted, as plain data."""

    def fit(self: Self, X: Any) -> Self:
        """Learn from X (samples × columns, or a vector, one column); returns itself.

        Raises:
            ArgumentError: for an empty array
            NonFiniteError: naming row and column
        """
        array, names = _table(X)
        if len(array) == 0 or array.shape[1] == 0:
            raise ArgumentError(f"there is nothing to fit: X has shape {array.shape}")
        self._fit(array)
        self.names = names
        return self

    def transform(self, X: Any) -> Vector:
        """X on the new scale, in the shape it came in."""
        return self._apply(X, self._transform)

    def inverse(self, Z: Any) -> Vector:
        """Z back on the scale of the data."""
        return self._apply(Z, self._inverse)

    def fit_transform(self, X: Any) -> Vector:
        """`fit`, then `transform`."""
        return self.fit(X).transform(X)

    def of_values(self, xs: Sequence[Value]) -> list[Value]:
        """`transform` of one sample of Values, one a column."""
        self._check_fitted()
        return self._of_values(xs)

    def values_back(self, zs: Sequence[Value]) -> list[Value]:
        """`inverse` of one sample of Values, one a column."""
        self._check_fitted()
        return self._values_back(zs)

    def _check_fitted(self) -> None:
        if self.columns is None:
            raise GraphError(f"this {type(self).__name__} was not fitted: call fit(X) first")

    def _named(self) -> dict[str, Any]:
        return {} if self.names is None else {"names": list(self.names)}

    def _apply(self, X: Any, function: Any) -> Vector:
        self._check_fitted()
        array, names = _table(X)
        check_names(self.names, names, type(self).__name__)
        if array.shape[1] != self.columns:
            raise ArgumentError(f"{type(self).__name__} was fitted on {self.columns} columns, got {array.shape[1]}")
        answer: Vector = function(array).reshape(np.shape(X))
        return answer


class Standardization(Normalization):
    """(x - mean)/std, column by column; a column that is constant, or would be but for rounding, becomes x - mean.

    Shares that sum up to 1 ± 2e-16 are such: no rounding is blown up.  The standard deviation divides by n, as
    scikit-learn's StandardScaler.

    >>> scale = Standardization().fit([[1.0, 5.0], [3.0, 5.0]])
    >>> scale.transform([[1.0, 5.0]])
    array([[-1.,  0.]])
    """

    mean: Vector | None = None
    std: Vector | None = None  # 1 for a constant column

    @property
    def columns(self) -> int | None:
        """How many columns it was fitted on; None before."""
        return None if self.mean is None else len(self.mean)

    def _fit(self, X: Vector) -> None:
        size = np.abs(X).max(axis=0)
        unit = np.where(size > 0, size, 1.0)  # in which sums do not overflow
        mean = np.mean(X / unit, axis=0)
        spread = np.abs(X / unit - mean).max(axis=0)
        noise = len(X) * np.finfo(float).eps  # what rounding alone may leave of a mean of so many
        constant = spread <= noise * np.abs(mean)
        spread = np.where(constant, 1.0, spread)
        relative = ((X / unit - mean) / spread).std(axis=0)  # squares of 1e-200 would vanish
        self.mean = np.where(constant, X[0], mean * unit)
        self.std = np.where(constant, 1.0, relative * spread * unit)

    def _transform(self, X: Vector) -> Vector:
        mean, std = self._fitted()
        answer: Vector = (X - mean) / std
        return answer

    def _inverse(self, Z: Vector) -> Vector:
        mean, std = self._fitted()
        answer: Vector = Z * std + mean
        return answer

    def _of_values(self, xs: Sequence[Value]) -> list[Value]:
        return [(x - mean) / std for x, mean, std in self._by_column(xs)]

    def _values_back(self, zs: Sequence[Value]) -> list[Value]:
        return [z * std + mean for z, mean, std in self._by_column(zs)]

    def _by_column(self, xs: Sequence[Value]) -> Iterator[tuple[Value, float, float]]:
        mean, std = self._fitted()
        return zip(xs, mean.tolist(), std.tolist(), strict=True)

    def to_dict(self) -> dict[str, Any]:
        """Mean and standard deviation of every column."""
        mean, std = self._fitted()
        return {"mean": mean.tolist(), "std": std.tolist(), **self._named()}

    def _fitted(self) -> tuple[Vector, Vector]:
        if self.mean is None or self.std is None:
            raise GraphError("this Standardization was not fitted: call fit(X) first")
        return self.mean, self.std

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Standardization:
        """What `to_dict` gave; ArgumentError for anything else."""
        _check_keys(saved, {"mean", "std"}, cls.__name__)
        mean, std = _vector(saved["mean"], "mean"), _vector(saved["std"], "std")
        if mean.shape != std.shape or not (std > 0).all():
            raise ArgumentError("a Standardization has as many stds, all above 0, as means")
        made = cls()
        made.mean, made.std = mean, std
        made.names = _saved_names(saved, made.columns)
        return made


class QuantileNormalization(Normalization):
    """Every column onto one distribution by its ranks: uniform on [0, 1], or normal.

    A value goes to its place in the sorted column, the values between two known ones by a straight
    line, ties to the middle of their places; beyond the known range it goes to the end.  So the inverse
    gives back every value within the range.  With ``distribution="normal"`` the places p are kept
    within [1/2n, 1 - 1/2n], which keeps the ends finite.  A constant column becomes ½, or 0.

    Raises:
        ArgumentError: for another distribution
    """

    def __init__(self, distribution: str = "uniform") -> None:
        if distribution not in ("uniform", "normal"):
            raise ArgumentError(f'distribution is "uniform" or "normal", got {quoted(distribution)}')
        self.distribution = distribution
        self.values: list[Vector] | None = None  # the distinct values of each column, ascending
        self.places: list[Vector] = []  # where in [0, 1] each stands

    @property
    def columns(self) -> int | None:
        """How many columns it was fitted on; None before."""
        return None if self.values is None else len(self.values)

    def _fit(self, X: Vector) -> None:
        fitted = [self._places(column) for column in X.T]
        self.values, self.places = [v for v, _ in fitted], [p for _, p in fitted]

    def _places(self, column: Vector) -> tuple[Vector, Vector]:
        values, counts = np.unique(column, return_counts=True)
        n = len(column)
        if len(values) == 1:
            return values, np.array([0.5])
        middle = np.cumsum(counts) - (counts + 1) / 2  # mean rank, from 0
        low = 0.0 if self.distribution == "uniform" else 1 / (2 * n)
        return values, np.clip(middle / (n - 1), low, 1 - low)

    def _transform(self, X: Vector) -> Vector:
        placed = [np.interp(x, v, p) for x, v, p in self._by_column(X.T)]
        return np.stack(placed if self.distribution == "uniform" else [_normal(p) for p in placed], axis=1)

    def _inverse(self, Z: Vector) -> Vector:
        back = Z if self.distribution == "uniform" else _normal_place(Z)
        return np.stack([np.interp(z, p, v) for z, v, p in self._by_column(back.T)], axis=1)

    def _of_values(self, xs: Sequence[Value]) -> list[Value]:
        placed = [interp(x, v.tolist(), p.tolist()) for x, v, p in self._by_column(xs)]
        return placed if self.distribution == "uniform" else [ndtri(p) for p in placed]

    def _values_back(self, zs: Sequence[Value]) -> list[Value]:
        places = zs if self.distribution == "uniform" else [ndtr(z) for z in zs]
        return [interp(z, p.tolist(), v.tolist()) for z, v, p in self._by_column(places)]

    def _by_column(self, columns: Any) -> Any:
        return zip(columns, self.values or [], self.places, strict=True)

    def to_dict(self) -> dict[str, Any]:
        """The distribution, and every column's values and places."""
        if self.values is None:
            raise GraphError("this QuantileNormalization was not fitted: call fit(X) first")
        return {
            "distribution": self.distribution,
            "values": [v.tolist() for v in self.values],
            "places": [p.tolist() for p in self.places],
            **self._named(),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> QuantileNormalization:
        """What `to_dict` gave; ArgumentError for anything else."""
        _check_keys(saved, {"distribution", "values", "places"}, cls.__name__)
        made = cls(saved["distribution"])
        values = [_vector(v, "values") for v in saved["values"]]
        places = [_vector(p, "places") for p in saved["places"]]
        ascending = all((np.diff(x) > 0).all() for x in (*values, *places))
        if [len(v) for v in values] != [len(p) for p in places] or not values or not ascending:
            raise ArgumentError("a QuantileNormalization has as many places as values, both ascending, in every column")
        ends = np.array([[p[0], p[-1]] for p in places])
        if (ends < 0).any() or (ends > 1).any() or (made.distribution == "normal" and np.isin(ends, (0, 1)).any()):
            raise ArgumentError("places lie in [0, 1], and strictly between for the normal distribution")
        made.values, made.places = values, places
        made.names = _saved_names(saved, made.columns)
        return made


# -- the common part --------------------------------------------------------------------------------

_STANDARD = NormalDist()


def _normal(places: Vector) -> Vector:
    return np.array([_STANDARD.inv_cdf(p) for p in places.tolist()])


def _normal_place(Z: Vector) -> Vector:
    return np.array([[_STANDARD.cdf(z) for z in row] for row in Z.tolist()]).reshape(Z.shape)


def _table(X: Any) -> Table:
    """X as a finite table of samples × columns."""
    array, names = table(X, "the data")
    if array.ndim not in (1, 2):
        raise ArgumentError(f"data to normalise is samples × columns, got shape {array.shape}")
    return Table((array if array.ndim == 2 else array[:, None]).astype(float), names)


def _vector(given: Any, what: str) -> Vector:
    try:
        vector = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        vector = np.empty((0, 0))
    if vector.ndim != 1 or not len(vector) or not np.isfinite(vector).all():
        raise ArgumentError(f"{what} is a list of finite numbers, got {quoted(given)}")
    return vector


def _check_keys(saved: Mapping[str, Any], keys: set[str], what: str) -> None:
    if set(saved) - {"names"} != keys:
        raise ArgumentError(f"a {what} is saved as {sorted(keys)}, got {sorted(saved)}")


def _saved_names(saved: Mapping[str, Any], columns: int | None) -> ColumnNames:
    names = saved.get("names")
    if names is None:
        return None
    if not isinstance(names, (list, tuple)) or len(names) != columns or not all(isinstance(n, str) for n in names):
        raise ArgumentError(f"names are a list of {columns} names of columns, got {quoted(names)}")
    return tuple(names)
