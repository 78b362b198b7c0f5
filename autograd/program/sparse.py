"""Jacobians and Hessians as their entries alone: where they stand, their numbers, and the calls that compute them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograd.collector import collector_paused
from autograd.errors import ArgumentError, MissingExtra, OperandError
from autograd.lazy import lazy
from autograd.program import derive
from autograd.program.as_graph import inputs_of
from autograd.program.as_values import graph_of
from autograd.program.batch import Arguments
from autograd.program.call import Bound, Call, Ready, Recorded, Recordings
from autograd.program.derive import Answer, Asked, Question
from autograd.program.graph import Graph
from autograd.program.passes.adjoint import depends_on
from autograd.program.passes.cones import Entries
from autograd.structure import Structure, array_of
from autograd.text import quoted
from autograd.value import Value

Array = np.ndarray[Any, Any]


class Pattern:
    """Where a matrix has entries: everywhere else it is 0, whatever the arguments are.

    Attributes:
        rows: (entries,) row by row, columns ascending; read-only
        columns: (entries,) row by row, columns ascending; read-only
        shape: (rows, columns) of the matrix
        linear: (entries,) which do not change with what is differentiated along
        constant: (entries,) which are numbers that are known already

    >>> from autograd import compile
    >>> p = compile(lambda x: [x[0] * x[1], 3 * x[1], x[2]])
    >>> found = p.jacobian.pattern(np.zeros(3))
    >>> found.rows.tolist(), found.columns.tolist(), found.constant.tolist()
    ([0, 0, 1, 2], [0, 1, 1, 2], [False, False, True, True])
    """

    def __init__(self, entries: Entries, inputs: list[int], along: Structure | None = None) -> None:
        self.rows, self.columns, self.shape = _kept(entries.rows), _kept(entries.columns), entries.shape
        self._program, self._inputs = entries.alone(), inputs
        self._along = along  # how what is differentiated is made; None if rows are what columns are

    def __len__(self) -> int:
        return len(self.rows)

    @lazy
    def linear(self) -> Array:
        """Which entries do not change with what is differentiated along."""
        moves = np.frombuffer(depends_on(self._program, self._inputs), np.bool_)
        return _kept(~moves[self._program.outputs])

    @lazy
    def constant(self) -> Array:
        """Which entries are numbers that are known already."""
        program = self._program
        return _kept((program.outputs >= len(program.inputs)) & (program.outputs < program.first))

    @property
    def column_names(self) -> list[str]:
        """What the numbers are called along which a column is."""
        return [self._program.inputs[i] for i in self._inputs]

    @property
    def row_names(self) -> list[str]:
        """What the numbers are called of which a row is: as the columns, or the function's answer as f."""
        return self.column_names if self._along is None else self._along.places("f")

    def toarray(self) -> Array:
        """The matrix, True where there is an entry."""
        whole = np.zeros(self.shape, bool)
        whole[self.rows, self.columns] = True
        return whole

    def to_scipy(self) -> Any:
        """A sparse array of SciPy's, by rows, of ones: what its solvers call a sparsity structure."""
        return _csr(self, np.ones(len(self)))

    def __repr__(self) -> str:
        return f"<pattern, {_size(self)}>"


@dataclass(frozen=True, eq=False)
class Sparse:
    """A matrix by the entries of its pattern.

    Attributes:
        values: (entries,), or of a batch (samples, entries)
        pattern: where they stand

    >>> from autograd import compile
    >>> found = compile(lambda x: x[0] ** 2 * x[1] + x[2]).hessian.sparse(np.array([3.0, 5.0, 7.0]))
    >>> found.values, found.rows.tolist(), found.columns.tolist()
    (array([10.,  6.,  6.]), [0, 0, 1], [0, 1, 0])
    """

    values: Array
    pattern: Pattern

    @property
    def rows(self) -> Array:
        """(entries,) the row of each entry."""
        return self.pattern.rows

    @property
    def columns(self) -> Array:
        """(entries,) the column of each entry."""
        return self.pattern.columns

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of the matrix."""
        return self.pattern.shape

    def toarray(self) -> Array:
        """The matrix with its zeros; of a batch (samples, rows, columns)."""
        whole = np.zeros((*self.values.shape[:-1], *self.shape))
        whole[..., self.rows, self.columns] = self.values
        return whole

    def to_scipy(self) -> Any:
        """A `scipy.sparse.csr_array`; of a batch a list of them.

        Raises:
            MissingExtra: without SciPy
        """
        if self.values.ndim == 1:
            return _csr(self.pattern, self.values)
        return [_csr(self.pattern, values) for values in self.values]

    def __repr__(self) -> str:
        samples = f", {len(self.values):,} samples" if self.values.ndim > 1 else ""
        return f"<sparse, {_size(self.pattern)}{samples}>"


def _kept(array: Array) -> Array:
    """An array that several share, and none may change."""
    array.flags.writeable = False
    return array


def _size(pattern: Pattern) -> str:
    rows, columns = pattern.shape
    return f"{rows:,} × {columns:,}, {len(pattern):,} {'entry' if len(pattern) == 1 else 'entries'}"


def _csr(pattern: Pattern, values: Array) -> Any:
    try:
        from scipy.sparse import csr_array
    except ImportError:
        raise MissingExtra("to_scipy needs SciPy: pip install scipy, or use values, rows and columns") from None
    starts = np.searchsorted(pattern.rows, np.arange(pattern.shape[0] + 1))
    return csr_array((values, pattern.columns, starts), shape=pattern.shape, copy=True)


# -- the questions ----------------------------------------------------------------------------------


_ENTRIES: dict[Question, tuple[Callable[[Asked], Entries], ...]] = {
    derive.JACOBIAN: (lambda asked: asked.slopes,),
    derive.HESSIAN: (lambda asked: asked.curvatures, lambda asked: asked.lower_curvatures),
}  # of the whole matrix, and of its lower triangle if it is symmetric


def _is_symmetric(dense: Question) -> bool:
    return len(_ENTRIES[dense]) > 1


def _pattern_of(asked: Asked, dense: Question, lower: int) -> Pattern:
    rows = None if _is_symmetric(dense) else asked.main
    return Pattern(_ENTRIES[dense][lower](asked), asked.inputs, rows)


def _sparse(dense: Question, lower: int) -> Question:
    """The question `dense` with its entries, or those of its lower triangle, as the answer."""
    entries = _ENTRIES[dense][lower]

    def answer(asked: Asked) -> Answer:
        found, inputs = entries(asked), asked.inputs
        places = zip(found.rows.tolist(), found.columns.tolist(), strict=True)
        twice = _is_symmetric(dense)  # derivatives along rows too
        depends = tuple((inputs[i], inputs[j]) if twice else (inputs[j],) for i, j in places)
        return asked.beside(Answer(array_of((len(depends),)), depends))

    def reader(asked: Asked) -> Callable[[Any], Any]:
        pattern = _pattern_of(asked, dense, lower)
        if asked.aux is None:
            return lambda values: Sparse(values, pattern)
        return lambda both: (Sparse(both[0], pattern), both[1])

    def program(asked: Asked) -> Graph:
        return asked.with_aux(entries(asked).alone())

    return replace(dense, name=f"{dense.name}.sparse", answer=answer, program=program, reader=reader)


_SPARSE = {dense: [_sparse(dense, lower) for lower in range(len(ways))] for dense, ways in _ENTRIES.items()}


class MatrixCall(Call):
    """A question whose answer is a matrix: whole when it is called, or by `pattern` and `sparse` its entries alone."""

    def pattern(self, *args: Any, lower: bool = False, **named: Any) -> Pattern:
        """Where the matrix has entries for arguments made so, in the order of flattened structures.

        Known before any number is computed: of the arguments only their structure counts.  With `lower` of a
        Hessian's lower triangle.
        """
        recorded, _ = self._take(args, named)
        which = _which(self._question, lower)
        with self._compiled.lock, collector_paused():
            return _pattern_of(recorded.asked(self._compiled.options), self._question, which)

    @lazy
    def sparse(self) -> SparseCall:
        """The same question, answered by the entries alone: see `SparseCall`."""
        return SparseCall(self._compiled, self._question)


class SparseCall(Call):
    """A Jacobian or a Hessian as its entries: `Sparse` objects, of a batch with samples × values.

    Rows and columns count the numbers of the answer and of the arguments in the order of their structures.  With
    ``lower=True`` of a Hessian its lower triangle, as solvers want it.

    >>> from autograd import compile
    >>> p = compile(lambda x: (x[1] - x[0] ** 2) ** 2 + x[2])
    >>> p.hessian.sparse(np.array([1.0, 2.0, 3.0]), lower=True).toarray()
    array([[ 4.,  0.,  0.],
           [-4.,  2.,  0.],
           [ 0.,  0.,  0.]])
    """

    def __init__(self, compiled: Recordings, dense: Question, lower: bool = False) -> None:
        super().__init__(compiled, _SPARSE[dense][_which(dense, lower)])
        self._dense, self._entries = dense, _ENTRIES[dense][lower]

    def __call__(self, *args: Any, lower: bool = False, **named: Any) -> Any:
        """The entries at this point, or at every sample of a batch."""
        if "out" in named:
            raise ArgumentError(f"{self._question.name} answers with values of its own: bind fills the same ones again")
        return super(SparseCall, self._of(lower)).__call__(*args, **named)

    def bind(self, *args: Any, lower: bool = False, **named: Any) -> Bound:
        """This call on arrays of its own: `out` is a `Sparse` whose values every call fills in place."""
        return super(SparseCall, self._of(lower)).bind(*args, **named)

    def nodes(self, *args: Any, lower: bool = False, **named: Any) -> list[Value]:
        """The entries at one point as a graph: for each the node that computes it, in the order of the pattern.

        So what makes an entry can be looked at: ``viz.draw(p.hessian.sparse.nodes(x)[0])``.
        """
        recorded, given = self._compiled.at_one_point(args, named)
        with self._compiled.lock:
            found = self._of(lower)._entries(recorded.asked(self._compiled.options))
        nodes = graph_of(found.alone(), inputs_of(recorded.recording, given))
        return [node if isinstance(node, Value) else Value(node) for node in nodes]

    def _of(self, lower: bool) -> SparseCall:
        return self._of_the_triangle if _which(self._dense, lower) else self

    @lazy
    def _of_the_triangle(self) -> SparseCall:
        return SparseCall(self._compiled, self._dense, lower=True)

    def _ready(self, recorded: Recorded, taken: Arguments) -> Ready:
        ready = super()._ready(recorded, taken)
        if self._compiled.options.reduce is not None:
            count = len(self._entries(recorded.asked(self._compiled.options)).rows)
            if len(set(ready.layout.summed[:count])) > 1:
                raise ArgumentError(
                    f"{self._question.name}: with reduce some entries are sums over the samples and others have one "
                    "number a sample: ask along arguments of one kind, by argnums"
                )
        return ready

    def _on_values(self, recorded: Recorded, taken: Arguments, out: Any) -> Any:
        raise OperandError(
            f"{self._question.name} takes plain numbers, and here are Values, or it is part of what is computed around "
            f"it: ask {self._dense.name}, whose answer is a graph"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (getattr(self._compiled, self._dense.name), "sparse")


def _which(question: Question, lower: bool) -> int:
    if not isinstance(lower, (bool, np.bool_)):
        raise ArgumentError(
            f"{question.name}: lower is True or False, got {quoted(lower)}; an argument of the function's of this name "
            "is handed in by position"
        )
    if lower and not _is_symmetric(question):
        raise ArgumentError(f"lower=True is for a Hessian, which is symmetric: ask for the {question.name} without it")
    return int(lower)
