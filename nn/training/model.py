"""What training asks of a model: parameters, a forward pass, and room for what it leaves there.

The networks, which stand above, are such models, and so is a `Module` of your own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from autograd.files import Place
from autograd.value import Value
from nn.data.scales import Normalization
from nn.data.tables import Array, ColumnNames
from nn.training.history import History
from nn.training.optimisers import Optimiser


class Model(Protocol):
    """Something with parameters that maps numbers to Values; see `Module`, which says what each is."""

    training: bool
    columns: ColumnNames
    input_scale: Normalization | None
    target_scale: Normalization | None
    optimiser: Optimiser | None
    history: History | None

    @property
    def inputs(self) -> int: ...

    @property
    def outputs(self) -> int: ...

    def __call__(self, x: Any) -> Any: ...

    def forward(self, xs: Any) -> Any: ...

    def parameters(self) -> list[Value]: ...

    def named_parameters(self) -> Iterable[tuple[str, Value]]: ...

    def state_dict(self) -> dict[str, float]: ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None: ...

    def predict(self, X: Any, *, batch_size: int = ..., backend: str = ..., threads: int = ...) -> Array: ...

    def save(self, place: Place) -> None: ...

    def eval(self) -> Any: ...

    def _meet(self, width: int) -> None: ...

    def _run(self, xs: Sequence[Value]) -> list[Value]: ...

    def _parts(self) -> Iterator[Model]: ...

    def _layers(self) -> Sequence[Any]: ...
