"""The numpy executor: a program as array operations over blocks of samples that stay in cache."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import numpy as np

from autograd.forking import awaited_by_fork
from autograd.program.arrays.planning import Plan
from autograd.program.arrays.steps import ArrayStep, Call, Frame, view_of
from autograd.program.arrays.tape import Tape
from autograd.program.kernel import Floats, Kernel, Task
from autograd.threads import spread

CACHE = 384 * 1024  # bytes of rows in a block: most of a core's second-level cache
MEMORY = 2**30  # bytes of rows in a block at most; only programs of a million instructions ask for as much
FEWEST, WIDE, MOST = 256, 1024, 4096  # samples in a block where memory allows, at least (with a tape) and at most:
# with fewer, calling NumPy is what takes the time
AT_ONCE = 32  # blocks whose sums are kept before they are added
_ROWS_A_CALL = 8  # that follow each other on average, from which adding them up where they stand pays


class NumpyKernel(Kernel):
    """A task as steps of array operations."""

    backend = "numpy"
    columns = True

    def __init__(self, task: Task, faster: Callable[[ArrayStep], list[ArrayStep]] | None = None) -> None:
        """`faster` may put other steps in the place of one of a block."""
        super().__init__(task)
        self._plan = Plan(task)
        if faster is not None:
            self._plan.block = [part for step in self._plan.block for part in faster(step)]
        rows = max(1, self._plan.places.rows[1])
        fewest = WIDE if any(isinstance(step, Tape) for step in self._plan.block) else FEWEST
        largest = max(1, MEMORY // (8 * rows))
        self._width = min(largest, max(fewest, min(MOST, CACHE // (8 * rows) // 8 * 8)))
        self._free: dict[int, list[_Bound]] = {}  # frames that nobody uses now, by width

    def _run(self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int) -> None:
        starts = range(0, len(batch), self._width)
        total[:] = 0.0
        with np.errstate(all="ignore"):
            lead = self._take(min(self._width, max(1, len(batch))))
            lead.run_once(fixed)
            if self._plan.task.program.outputs.size:
                self._run_blocks(lead, starts, batch, each, total, threads)
            lead.add_multiples(total, len(batch))
        self._give_back(lead)

    def _run_blocks(
        self, lead: _Bound, starts: range, batch: Floats, each: Floats, total: Floats, threads: int
    ) -> None:
        def block(start: int, bound: _Bound | None = None) -> Floats:
            stop = min(start + self._width, len(batch))
            frame = bound if bound is not None and stop - start == bound.width else self._like(lead, stop - start)
            with np.errstate(all="ignore"):  # which is of a thread
                sums = frame.run_block(batch[start:stop], each[start:stop])
            if frame is not lead:
                sums = sums.copy()  # the frame may be used again before they are added
                self._give_back(frame)
            return sums

        if threads == 1 or len(starts) <= 1:
            for start in starts:
                total += block(start, lead)
            return
        for some in range(0, len(starts), AT_ONCE):
            for sums in spread(block, starts[some : some + AT_ONCE], threads):
                total += sums

    def _take(self, width: int) -> _Bound:
        try:
            return self._free[width].pop()  # in one step, so that two threads never get the same
        except LookupError:
            return _Bound(self._plan, width)

    def _give_back(self, frame: _Bound) -> None:
        self._free.setdefault(frame.width, []).append(frame)

    def _like(self, lead: _Bound, width: int) -> _Bound:
        """A frame of that width that knows the alike numbers of another."""
        frame = self._take(width)
        frame.share(lead)
        return frame


class _Bound:
    """A plan's steps bound to memory."""

    def __init__(self, plan: Plan, width: int) -> None:
        self.width = width
        self._plan = plan
        self._frame = Frame(plan.places.rows, width)
        self._once: list[Call] = []
        self._block: list[Call] = []
        self._sums: list[Call] = []
        self._total = np.zeros(sum(plan.task.summed))
        self._computing = awaited_by_fork(threading.RLock())  # a matrix product cut in half stops all to come
        self._frame.prepare = self._once  # what these steps gather was computed by those before them
        for step in plan.once:
            step.bind(self._frame, self._once)
        self._frame.prepare = []
        for step in plan.block:
            step.bind(self._frame, self._block)
        self._bind_products()
        self._bind_sums()

    def run_once(self, fixed: Floats) -> None:
        """Compute what is the same for all samples."""
        task, alike = self._plan.task, self._frame.alike[:, 0]
        alike[: len(fixed)] = fixed
        alike[len(fixed) : len(fixed) + len(task.program.constants)] = task.program.constants
        with self._computing:
            for call in self._once:
                call()
            self._prepare()

    def share(self, other: _Bound) -> None:
        """Take over what is the same for all samples."""
        np.copyto(self._frame.alike, other._frame.alike)
        self._prepare()

    def _prepare(self) -> None:
        for call in self._frame.prepare:
            call()

    def run_block(self, batch: Floats, each: Floats) -> Floats:
        """Compute one block; writes `each`, returns the sums."""
        rows, plan = self._frame.samples, self._plan
        rows[: batch.shape[1]] = batch.T
        with self._computing:
            for call in self._block:
                call()
            self._total[:] = 0.0
            for call in self._sums:
                call()
        at, which = plan.columns
        each[:, at] = rows[which].T
        at, which = plan.copies
        each[:, at] = self._frame.alike[which, 0]
        return self._total

    def add_multiples(self, total: Floats, samples: int) -> None:
        """Add the sums of what is the same for all samples."""
        at, which = self._plan.multiples
        total[at] = self._frame.alike[which, 0] * samples if samples else 0.0  # of infinity, too

    def _bind_sums(self) -> None:
        """Rows that follow each other are added up as they stand: to gather them first takes as long again."""
        rows, (at, which) = self._frame.samples, self._plan.sums
        order = np.argsort(which)
        at, which = at[order], which[order]
        cuts = np.flatnonzero(np.diff(which) != 1) + 1
        if not len(which):
            return
        if _ROWS_A_CALL * (len(cuts) + 1) > len(which):
            self._sums.append(lambda: self._total.__setitem__(at, rows[which].sum(axis=1)))
            return
        for places, run in zip(np.split(at, cuts), np.split(which, cuts), strict=True):
            part, room = rows[run[0] : run[-1] + 1], np.empty(len(run))
            self._sums.append(partial(np.add.reduce, part, 1, None, room))
            self._sums.append(partial(self._total.__setitem__, places, room))

    def _bind_products(self) -> None:
        count = np.bincount([], minlength=len(self._total))
        for _, _, at in self._plan.products:
            count += np.bincount(at.reshape(-1), minlength=len(self._total))
        for left, right, at in self._plan.products:
            a, b = (self._frame.view(operand, self._sums) for operand in (left, right))
            is_alone = bool((count[at] == 1).all())
            target = view_of(self._total, at) if is_alone or len(np.unique(at)) == at.size else None
            if target is not None and is_alone:
                self._sums.append(partial(np.matmul, a, b.T, target))
                continue
            room = np.empty((len(a), len(b)))
            self._sums.append(partial(np.matmul, a, b.T, room))
            if target is not None:
                self._sums.append(partial(np.add, target, room, target))
            else:
                self._sums.append(partial(np.add.at, self._total, at, room))
