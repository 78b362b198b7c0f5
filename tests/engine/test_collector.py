"""The collector is paused while any block is open, and afterwards as the user had it."""

from __future__ import annotations

import gc
import threading

import pytest

import nn
from autograd import Value, collector_paused, compile
from autograd.symbol import Symbol


@pytest.fixture(params=[True, False], ids=["on", "off"])
def was_on(request):
    """The user's own choice, put back after the test."""
    before = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if before else gc.disable)()


def test_blocks_nest_and_put_back_what_the_user_had(was_on):
    with collector_paused():
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled() is was_on


def test_an_exception_puts_it_back_too(was_on):
    with pytest.raises(ZeroDivisionError), collector_paused():
        1 / 0  # noqa: B018
    assert gc.isenabled() is was_on


def test_blocks_of_threads_overlap_in_any_order(was_on):
    opened, close = threading.Event(), threading.Event()

    def other():
        with collector_paused():
            opened.set()
            close.wait(10)

    thread = threading.Thread(target=other)
    with collector_paused():
        thread.start()
        opened.wait(10)
    assert not gc.isenabled()  # the other block is still open
    close.set()
    thread.join()
    assert gc.isenabled() is was_on


def test_training_pauses_it(was_on):
    seen = []

    def loss(outputs, targets):
        seen.append(gc.isenabled())
        return nn.half_squared_error(outputs, targets)

    nn.train(nn.MLP(1, [1], seed=1), [[1.0], [2.0]], [0.0, 1.0], loss=loss, epochs=2)
    assert seen == [False, False]
    assert gc.isenabled() is was_on


def test_graphs_are_freed_while_it_is_paused():
    import weakref

    class Watched(Value):
        pass

    with collector_paused():
        x = Watched(2.0)
        gone = weakref.ref(x)
        (x * x + x).backward()
        del x
        assert gone() is None


def test_nothing_of_a_recording_is_left_to_go_through():
    def symbols():
        return sum(type(thing) is Symbol for thing in gc.get_objects())

    def chain(x):
        for _ in range(2000):
            x = x * 1.001
        return x

    before = symbols()
    assert compile(chain)(2.0) == pytest.approx(2.0 * 1.001**2000)
    assert symbols() <= before
