"""Nothing grows: a short form of `python -m tests.walks.growth`, and faults that it must find."""

from __future__ import annotations

import gc
import os
import threading

import pytest

from autograd import Value
from tests.walks.growth import growth, walk

QUICK = (
    "backward", "with-blocks", "mistakes", "gradient, llvm", "error, numpy", "step",
)  # fmt: skip


def test_nothing_grows():
    chosen = walk(25, lambda name: name in QUICK)
    found = [(name, collector, grown.wrong) for name, collector, grown in chosen]
    assert len(found) == 2 * len(QUICK)
    assert [one for one in found if one[2]] == []


KEPT: list[object] = []
ENDED = threading.Event()  # until it is set, the threads that a test started wait


def cycle() -> None:
    x = Value(1.0)
    loop = [x]
    loop.append(loop)


def thread() -> None:
    threading.Thread(target=ENDED.wait, daemon=True).start()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("fault", "words"),
    [(lambda: KEPT.append(Value(1.0, name="kept")), "bytes a call, most at"), (cycle, "only the collector frees"),
     (thread, "threads"), (lambda: KEPT.append(os.dup(0)), "open files"), (lambda: Value(1.0) * 2, "")],
    ids=["kept", "cycle", "thread", "file", "none"],
)  # fmt: skip
def test_a_fault_is_found(fault, words):
    ENDED.clear()
    found = growth(fault, 150 if words != "threads" else 8, collector=fault is not cycle)
    try:
        assert words in found.wrong
        assert bool(words) == bool(found.wrong)
        assert gc.isenabled()
    finally:
        ENDED.set()
        for handle in KEPT:
            if isinstance(handle, int):
                os.close(handle)
        KEPT.clear()
