"""What an export computes: the outputs of a program, and behind them its derivatives, entry by entry."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Any

from autograd.errors import ArgumentError
from autograd.ops.expression import ARITHMETIC, NEGATIVE, within
from autograd.ops.primitive import MOST_ROWS, lookup
from autograd.program.builder import Builder
from autograd.program.graph import Graph, Operation
from autograd.program.libm import LIBM
from autograd.program.loops import Loop
from autograd.program.passes.adjoint import copy_into, slope_terms, with_gradient
from autograd.program.passes.cones import jacobian_entries, triangle_entries
from autograd.program.passes.expand import expand_slopes
from autograd.program.passes.simplify import simplified
from autograd.text import quoted

VALUE, GRADIENT, JACOBIAN, HESSIAN = "value", "gradient", "jacobian", "hessian"
_PLAIN = frozenset({*ARITHMETIC, NEGATIVE, *LIBM} - {"power"})
Along = int | Sequence[int] | None


def along(program: Graph, argnums: Along) -> list[int]:
    """The inputs that derivatives are along: all, if none are named.

    Raises:
        ArgumentError: for what is no place of an input, and for one that is named twice
    """
    count = len(program.inputs)
    if argnums is None:
        return list(range(count))
    given = [argnums] if isinstance(argnums, int) else list(argnums)
    if not given or any(isinstance(i, bool) or not isinstance(i, int) or not -count <= i < count for i in given):
        raise ArgumentError(f"argnums are places of the program's {count} inputs, from 0, got {quoted(argnums)}")
    found = [i % count for i in given]
    if len(set(found)) < len(found):
        raise ArgumentError(f"argnums name each input once, got {quoted(argnums)}")
    return found


def with_derivatives(program: Graph, what: str, inputs: Sequence[int]) -> Graph:
    """The program whose outputs are those of `program` and then what is asked for along `inputs`.

    A Jacobian stands row by row, one output after the other; a Hessian behind the gradient, both of the one output.

    Raises:
        ArgumentError: for a gradient or a Hessian of several numbers
    """
    if what in (GRADIENT, HESSIAN) and len(program.outputs) != 1:
        raise ArgumentError(
            f"a {what} is of one number, the program has {len(program.outputs)} outputs: ask for what='jacobian'"
        )
    tidied = _tidied(program)
    if what == HESSIAN:
        return tidied(_shared(_with_hessian(program, inputs, tidied)))
    entries = jacobian_entries(program, inputs, program.outputs.tolist())
    matrix = entries.at([(row, column) for row in range(len(program.outputs)) for column in range(len(inputs))])
    return tidied(_shared(_beside(program, matrix)))


def _shared(program: Graph) -> Graph:
    """The program with slopes written out that are arithmetic, as -sin(x) is, which may stand there already."""
    return expand_slopes(program, _is_plain)


@lru_cache(MOST_ROWS)
def _is_plain(slope: Operation) -> bool:
    """Whether operators and functions that languages have say all of a slope."""
    row = lookup(slope.row)
    if row.variadic or row.opaque:
        return False
    terms = within([slope_terms(slope.row, len(row.operands))[slope.slot or 0]])
    return all(term.name in _PLAIN for term in terms if term.operands)


def with_common_terms(program: Graph, may: Callable[[str], bool]) -> Graph:
    """The program with the slopes of a node written out that have much in common, where no other node has its row.

    Functions of them would say it twice, and be called once each.  `may` says of which rows.
    """
    nodes: dict[str, set[tuple[int, ...]]] = {}
    slots: dict[str, set[int]] = {}
    for operation, operands in _slopes(program):
        nodes.setdefault(operation.row, set()).add(operands)
        slots.setdefault(operation.row, set()).add(operation.slot or 0)
    alone = [row for row, of in nodes.items() if len(of) == 1 and all(of)]
    chosen = {row for row in alone if may(row) and _have_terms(row, frozenset(slots[row]))}
    return expand_slopes(program, lambda slope: slope.row in chosen) if chosen else program


def _slopes(program: Graph) -> list[tuple[Operation, tuple[int, ...]]]:
    """All slopes, and their operands; none for those in the bodies of loops, where a function is called often."""
    lines = [(line.operation, line.operands) for line in program]
    inside = [body.all_operations() for step, _ in lines if isinstance(step, Loop) for body in step.programs]
    everywhere = [*lines, *((operation, tuple[int, ...]()) for operations in inside for operation in operations)]
    return [(each, of) for each, of in everywhere if isinstance(each, Operation) and each.slot is not None]


@lru_cache(MOST_ROWS)
def _have_terms(row: str, slots: frozenset[int]) -> bool:
    """Whether these slopes have more than a third in common."""
    if lookup(row).variadic or lookup(row).opaque or len(slots) < 2:
        return False
    return 3 * _length(row, slots) < 2 * sum(_length(row, {slot}) for slot in slots)


def _length(row: str, slots: Collection[int]) -> int:
    """How many operations say these slopes."""
    builder = Builder(["y", *lookup(row).operands])
    whole = tuple(range(1 + len(lookup(row).operands)))
    return len(expand_slopes(builder.finish([builder.emit(Operation(row, slot), whole) for slot in sorted(slots)])))


def with_jacobian(program: Graph) -> Graph:
    """The same of all outputs along all inputs."""
    return with_derivatives(program, JACOBIAN, range(len(program.inputs)))


def _tidied(program: Graph) -> Callable[[Graph], Graph]:
    """What is done to what is derived: a simplified program's derivatives are simplified too."""
    return (lambda derived: simplified(derived, exact=True)) if program.simplified else (lambda derived: derived)


def _with_hessian(program: Graph, inputs: Sequence[int], tidied: Callable[[Graph], Graph]) -> Graph:
    """Value, gradient, and the Hessian, each pair once where it is symmetric: of rows of one's own nobody knows."""
    gradient = tidied(expand_slopes(with_gradient(program, inputs, values=False)))
    places = [(row, column) for row in range(len(inputs)) for column in range(len(inputs))]
    if any(lookup(operation.row).is_own for operation in program.all_operations()):
        matrix = jacobian_entries(gradient, inputs, gradient.outputs.tolist()).at(places)
    else:
        matrix = triangle_entries(gradient, inputs).at([(max(pair), min(pair)) for pair in places])
    return _beside(program, gradient, matrix)


def _beside(*programs: Graph) -> Graph:
    """The outputs of several programs with the same inputs, one after the other."""
    builder, outputs = Builder(programs[0].inputs), list[Any]()
    for program in programs:
        numbers = copy_into(builder, program)
        outputs += [numbers[i] for i in program.outputs.tolist()]
    return builder.finish(outputs)
