"""Instructions that hold a program: a loop, whose body is written once however often it runs, and what goes in and out.

Every other instruction makes one number.  A loop makes a *run*, from which `Final` reads a number that it carried, and
`Column` one number a step.  A column goes into other loops, one number a step, or is taken apart by `Element`; `Stack`
puts one together.  So a derivative of a loop is again a loop, which reads columns of the first.

`autograd.program.runs` says what each of them makes; executors and exports do the same in their languages.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from autograd.context import mode
from autograd.symbol import Symbol
from autograd.value import Value, by_themselves, new_node

if TYPE_CHECKING:
    from autograd.program.graph import Graph, Instruction


@dataclass(frozen=True, eq=False)
class Loop:
    """`body` run `length` times.  Its operands are as the body's inputs: first values, shared numbers, columns.

    The body's inputs are what is carried from step to step, `shared` numbers that stay the same, and one number of each
    column; its outputs are what is carried on, and what the step yields.  Backwards it runs from the last step to the
    first: a column's numbers belong to the same steps in either direction.

    If it is `tested`, the body's last output says of what is carried whether the step is done at all; the first that is
    not ends the loop, and `Final(carried)` is how many were.  If it is `counted`, so many are done, from step 0 on,
    as a number says that is the first of all operands.

    If it `solves` an equation f(x, θ) = 0, given as a program of f, the first numbers that it carries end as x, and θ
    are the first shared ones: derivatives are then those of the equation, and do not go through the steps.  The last
    number that it carries ends as `FOUND` where there is a solution, else as `why_lost` reads it.

    With `checkpoints` what it carried is kept at every `every`-th step alone, and from there computed anew for the
    loops that read it: less memory, the same bits.

    Where it was found in a program that had none, `rolled` says in place of how many instructions it stands.
    """

    body: Graph
    carried: int
    shared: int
    length: int
    backwards: bool = False
    tested: bool = False
    counted: bool = False
    solves: Graph | None = None
    checkpoints: bool = False
    rolled: int = 0

    def __str__(self) -> str:
        return f"loop {self.length}×{' backwards' * self.backwards}{' with checkpoints' * self.checkpoints}"

    title = property(__str__)  # as the rows of numbers have one

    @property
    def eaten(self) -> int:
        """How many columns it reads."""
        return len(self.body.inputs) - self.carried - self.shared

    @property
    def yielded(self) -> int:
        """How many numbers a step yields."""
        return len(self.body.outputs) - self.carried - self.tested

    def listing(self, prefix: str) -> list[str]:
        """The body, as `print` shows it below a loop."""
        body, c, s = self.body, self.carried, self.shared
        names, found = list(body.inputs), [body.name(i, prefix) for i in body.outputs.tolist()]
        groups = {"carries": names[:c], "shares": names[c : c + s], "eats": names[c + s :]}
        ends = {"carries on": found[:c], "yields": found[c : c + self.yielded], "while": found[c + self.yielded :]}
        first, last = (
            "; ".join(f"{what} {', '.join(some)}" for what, some in group.items() if some) for group in (groups, ends)
        )
        rolled = [f"rolled up from {self.rolled:,} instructions"] if self.rolled else []
        return [*rolled, first, *body.listing(0, len(body), prefix), last]

    @property
    def shift(self) -> int:
        """Two to this power is `every`: about as many steps as there are checkpoints."""
        return (self.length - 1).bit_length() // 2 if self.length else 0

    @property
    def every(self) -> int:
        """From checkpoint to checkpoint, in steps."""
        return 1 << self.shift

    @property
    def blocks(self) -> int:
        """How many checkpoints there are."""
        return -(-self.length // self.every)

    @property
    def said(self) -> dict[str, Any]:
        """All but its programs."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name not in ("body", "solves")}

    @property
    def programs(self) -> list[Graph]:
        """The body, and the equation if it solves one."""
        return [self.body, *([self.solves] if self.solves else [])]

    @property
    def stored(self) -> Loop:
        """The same loop, which keeps all that it carries."""
        return replace(self, checkpoints=False)

    @property
    def theta(self) -> range:
        """The slots of what the equation is about beside x, the first of those that are shared."""
        known = len(self.solves.inputs) - len(self.solves.outputs) if self.solves else 0
        return range(self.carried, self.carried + known)

    def input_of(self, slot: int) -> int:
        """Which input of the equation a number of θ is."""
        return slot - self.carried + (len(self.solves.outputs) if self.solves else 0)

    def with_programs(self, change: Callable[[Graph], Graph]) -> Loop:
        """The same loop of changed programs."""
        return replace(self, body=change(self.body), solves=change(self.solves) if self.solves else None)

    @property
    def steps(self) -> range:
        """The steps, in the order in which they run."""
        return range(self.length)[::-1] if self.backwards else range(self.length)


class _Alone:
    programs: ClassVar[tuple[Graph, ...]] = ()
    title = property(str)

    def listing(self, prefix: str) -> list[str]:
        """Nothing is shown below such a line."""
        return []


@dataclass(frozen=True)
class Final(_Alone):
    """Of a loop's run: the k-th carried number after the last step."""

    k: int

    def __str__(self) -> str:
        return f"final {self.k + 1}"


@dataclass(frozen=True)
class Column(_Alone):
    """Of a loop's run, one number a step: the k-th carried number before the step; behind these, what it yields."""

    k: int

    def __str__(self) -> str:
        return f"column {self.k + 1}"


@dataclass(frozen=True)
class Element(_Alone):
    """Of a column: its number at a step."""

    step: int

    def __str__(self) -> str:
        return f"element {self.step + 1}"


@dataclass(frozen=True)
class Stack(_Alone):
    """A column of these numbers."""

    def __str__(self) -> str:
        return "stack"


STACK = Stack()
SEARCHING, FOUND, STUCK, SINGULAR = 0.0, 1.0, 2.0, 3.0  # how a search for a solution stands
LOST, GOES_ON = "no solution", "goes on after max_steps="  # in what a nan is called that stands for what was not found
Step: TypeAlias = Loop | Final | Column | Element | Stack  # an instruction of this module
STEPS = (Loop, Final, Column, Element, Stack)


def why_lost(status: float, steps: int) -> str:
    """Why a search came to its end without a solution, after so many steps, of which the first looks at the guess."""
    if status == SEARCHING:
        return f"the search did not end in max_steps={steps}"
    if status == SINGULAR:
        why = "the slopes have no inverse"
    else:
        why = "f has no value" if steps == 1 else "no part of the next step makes things better"
    return f"the search ended {'at the guess' if steps == 1 else f'after {steps} steps'}, where {why}"


def step_of(node: Value) -> Step | None:
    """Which instruction of this module a recorded node is, if it is one."""
    row: object = node._row
    return row if isinstance(row, STEPS) else None


def without_unused(loop: Loop, operands: tuple[int, ...]) -> tuple[Loop, tuple[int, ...]]:
    """The same loop without shared numbers and columns that its body does not use, and its operands."""
    body, n = loop.body, len(loop.body.inputs)
    lead, operands = (operands[:1], operands[1:]) if loop.counted else ((), operands)
    used = np.zeros(body.first + len(body), bool)
    used[body.operands] = used[body.outputs] = True
    used[: loop.carried] = True
    if used[:n].all() or loop.solves:
        return loop, (*lead, *operands)
    used[n:] = True
    table = (np.cumsum(used) - 1).astype(np.int32)
    shared = int(used[loop.carried : loop.carried + loop.shared].sum())
    kept = replace(
        body,
        inputs=tuple(name for name, is_used in zip(body.inputs, used[:n], strict=True) if is_used),
        operands=table[body.operands],
        outputs=table[body.outputs],
        words={int(table[i]): words for i, words in body.words.items()},
    )
    given = tuple(o for o, is_used in zip(operands, used[:n], strict=True) if is_used)
    return replace(loop, body=kept, shared=shared), (*lead, *given)


def doubles_of(lines: Iterable[Instruction]) -> int:
    """How many numbers stand in columns while these instructions run, in each lane."""
    lines = list(lines)
    made = {line.id: line for line in lines}
    total = 0
    for line in lines:
        if isinstance(line.operation, Stack):
            total += len(line.operands)
        elif isinstance(line.operation, Loop):
            total += _kept(line.operation, columns_read(lines, line.id)) + doubles_of(line.operation.body)
            total += sum(doubles_of(loop.body) for loop in _recomputed(line, made))
    return total


def _kept(loop: Loop, read: Collection[int]) -> int:
    """How many numbers of a loop's columns are kept: of what it carried perhaps at checkpoints, and a block's."""
    carried = sum(k < loop.carried for k in read)
    if not loop.checkpoints or not carried:
        return loop.length * len(read)
    return loop.length * (len(read) - carried) + loop.blocks * loop.carried + loop.every * carried


def _recomputed(line: Instruction, made: Mapping[int, Instruction]) -> set[Loop]:
    """The loops whose steps are done again for this one, which reads what they carried."""
    columns = [made[o] for o in line.operands if o in made and isinstance(made[o].operation, Column)]
    runs = {made[column.operands[0]].operation for column in columns}
    return {loop for loop in runs if isinstance(loop, Loop) and loop.checkpoints}


def columns_read(lines: Iterable[Instruction], run: int) -> set[int]:
    """Which columns of a loop's run are read."""
    return {line.operation.k for line in lines if isinstance(line.operation, Column) and line.operands[0] == run}


def node_of(operation: Step, operands: tuple[Any, ...]) -> Symbol:
    """The node that stands for an instruction of a loop's."""
    node: Symbol = new_node(Symbol)
    node._row = operation  # type: ignore[assignment]  # where nodes of numbers have a row
    node._a, node._b = by_themselves(operands) if 0 < len(operands) < 3 else (operands, None)
    node._words = mode().label()
    return node


def named(node: Symbol, name: str | None) -> Symbol:
    """A loop's node, called as its body is."""
    if name is not None:
        node.name = name
    return node
