"""Work on other threads: what it makes, how it fails, and Ctrl-C in the middle."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from autograd.program.native.loader import UnknownObject
from autograd.threads import elsewhere, spread
from tests.walks.interrupts import alarms


def test_elsewhere_is_another_thread_unless_this_is_one():
    found = elsewhere(threading.current_thread)
    assert found is not threading.main_thread()
    assert elsewhere(lambda: elsewhere(threading.current_thread) is threading.current_thread())


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_spread_keeps_the_order(threads):
    assert spread(lambda i: (time.sleep((7 - i) / 1000), i * i)[1], range(7), threads) == [i * i for i in range(7)]


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_comes_out_as_itself_and_ends_what_is_left(threads):
    begun = []

    def run(i):
        begun.append(i)
        time.sleep(0.001)
        return 1 / (i - 3)

    with pytest.raises(ZeroDivisionError):
        spread(run, range(500), threads)
    assert len(begun) < 450


def test_without_another_thread_to_be_had_the_first_one_works(monkeypatch):
    def refused(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    assert elsewhere(lambda: 42) == 42


def interrupted(after, act):
    signal.setitimer(signal.ITIMER_REAL, after)
    act()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers on this system")
@pytest.mark.parametrize("after", [0.0001, 0.0003, 0.001, 0.01, 0.05])
def test_an_interrupt_comes_out_once_nothing_runs_any_more(after):
    running: set[int] = set()

    def run(i):
        running.add(i)
        time.sleep(0.002)
        running.discard(i)

    with alarms(), pytest.raises(KeyboardInterrupt):
        interrupted(after, lambda: spread(run, range(200), 2))
    assert not running
    time.sleep(0.01)
    assert not running


def by_llvm(*_):
    raise UnknownObject("as on other systems")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers on this system")
def test_without_a_way_to_stop_an_interrupt_does_not_wait():
    free = threading.Event()
    with alarms(), pytest.raises(KeyboardInterrupt):
        interrupted(0.01, lambda: elsewhere(lambda: free.wait(5)))
    assert not free.is_set()
    free.set()


def test_machine_code_is_freed_after_its_library(monkeypatch):
    machine = pytest.importorskip("autograd.program.native.machine")
    pytest.importorskip("llvmlite")
    monkeypatch.setattr(machine, "Loaded", by_llvm)
    text = "define double @one() {\n  ret double 1.0\n}\n"
    library = machine.Library(machine.compiled(text))
    address = library.address("one")
    assert address
    known = len(machine._ENGINES)
    del library
    give_up = time.monotonic() + 5
    while not machine._DEAD:  # the thread that made it has it for a moment
        assert time.monotonic() < give_up
        time.sleep(0.001)
    machine.Library(machine.compiled(text)).address("one")  # which looks after the dead
    assert len(machine._ENGINES) <= known
