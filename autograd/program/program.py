"""A program as people meet it: a graph that runs, that shows itself, and that goes into files and other languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Unpack

from autograd.files import Place
from autograd.program.graph import Graph

if TYPE_CHECKING:
    from autograd.program.exports.c import CForm


class Program(Graph):
    """A recorded function: instructions in topological order; `print` shows them, of many the first and the last.

    It is a `Graph`, whose columns are its data; `text()` is the whole listing.
    """

    _with_loops: Program | None = None

    @property
    def with_loops(self) -> Program:
        """The same program with the plain loops of its function found again; itself, if there are none."""
        return self._with_loops or self

    def __str__(self) -> str:
        if self._with_loops is None:
            return super().__str__()
        count = len(self.with_loops)
        return f"{super().__str__()}\nwith loops it has {count:,} lines, which print(program.with_loops) shows"

    def beside(self, with_loops: Program | None) -> Program:
        """This program, which knows the same one with loops."""
        object.__setattr__(self, "_with_loops", with_loops)
        return self

    @classmethod
    def of(cls, graph: Graph) -> Program:
        """A graph as a program, on the same arrays."""
        return cls(**{column.name: getattr(graph, column.name) for column in fields(graph)})

    def graph(self, *numbers: Any) -> list[Any]:
        """The outputs at these inputs as a graph of Values, an instruction a node, to be looked at or derived from.

        Numbers become leaves with the inputs' names; Values stay what they are.  Nodes have the names, scopes and
        source lines that the program knows.

        >>> from autograd.program.reading import program_from
        >>> from autograd.value import Value
        >>> x = Value(2.0, name="x")
        >>> (y,) = program_from([x * x + 1]).graph(3.0)
        >>> y.data, y.operands[0].operands[0].name
        (10.0, 'x')

        Raises:
            ArgumentError: for another count of numbers
        """
        from autograd.program.as_values import graph_of

        return graph_of(self, numbers)

    @property
    def source(self) -> str:
        """The program as a Python function; `function` is it, and can be stepped into."""
        from autograd.program.source import python_source

        return python_source(self)

    @property
    def function(self) -> Callable[..., tuple[Any, ...]]:
        """The function of `source`: of floats or arrays, to a tuple of the outputs."""
        from autograd.program.source import python_function

        return python_function(self)

    def save(self, place: Place) -> None:
        """Write the program to a path or an open file, whole or not at all; `load_program` reads it."""
        from autograd.program.saving import save_program

        save_program(self, place)

    def to_c(self, name: str = "f", gradient: bool = True, **wanted: Unpack[CForm]) -> str:
        """One self-contained file of C or C++: see `autograd.program.exports.c.to_c`."""
        from autograd.program.exports.c import to_c  # which reads programs

        return to_c(self, name, gradient, **wanted)

    def to_c_header(self, name: str = "f", gradient: bool = True, **wanted: Unpack[CForm]) -> str:
        """The header of that file: see `autograd.program.exports.c.to_c_header`."""
        from autograd.program.exports.c import to_c_header  # which reads programs

        return to_c_header(self, name, gradient, **wanted)

    def to_jax(self) -> Callable[[Any], Any]:
        """A function for JAX: see `autograd.program.exports.jax.to_jax`."""
        from autograd.program.exports.jax import to_jax  # needs the extra `jax`

        return to_jax(self)


def load_program(place: Place) -> Program:
    """The program that `Program.save` wrote to this path, or to this file, open for bytes.

    Raises:
        FileFormatError: for a file that is damaged, cut off, of a later version, something else, or speaks of rows that
            the table has not or defines otherwise
        OSError: where there is no file
    """
    from autograd.program.saving import read_program

    return Program.of(read_program(place))
