"""no_grad, scope and record_sources belong to the task that opened them, and nothing leaves them open."""

import asyncio
import contextlib
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograd import GraphError, Value, context, grad, is_recording, no_grad, record_sources, scope

w = Value(2.0, name="w")


def scope_now() -> str:
    return (w * w).scope


# -- tasks ------------------------------------------------------------------------------------------


def test_a_task_does_not_see_what_another_has_opened():
    seen = []

    async def evaluate():
        with no_grad():
            await asyncio.sleep(0.02)
            seen.append(("evaluate", is_recording()))

    async def report():
        await asyncio.sleep(0.01)
        with scope("report"):
            seen.append(("report", is_recording(), scope_now()))
            await asyncio.sleep(0.02)

    async def main():
        await asyncio.gather(evaluate(), report())

    asyncio.run(main())
    assert seen == [("report", True, "report"), ("evaluate", False)]
    assert is_recording()


def test_a_task_started_inside_a_block_is_inside():
    async def child():
        return is_recording()

    async def main():
        with no_grad():
            return await asyncio.gather(child(), asyncio.to_thread(is_recording))

    assert asyncio.run(main()) == [False, False]


def test_interleaved_scopes_put_nodes_where_they_belong():
    async def part(name):
        with scope(name):
            a = w * w
            await asyncio.sleep(0)
            b = a * w
            await asyncio.sleep(0)
            return {a.scope, b.scope}

    async def main():
        return await asyncio.gather(part("left"), part("right"))

    assert asyncio.run(main()) == [{"left"}, {"right"}]


def test_threads_do_not_see_each_other():
    with no_grad(), ThreadPoolExecutor(2) as pool:
        assert all(pool.map(lambda _: is_recording(), range(8)))
        assert not is_recording()


# -- generators -------------------------------------------------------------------------------------


def test_a_waiting_generator_keeps_its_block_to_itself():
    def evaluations():
        with no_grad(), scope("inside"):
            while True:
                yield is_recording(), (w * w).scope

    running = evaluations()
    assert next(running) == (False, "inside")
    assert is_recording()
    assert scope_now() == ""
    assert grad(lambda x: x * x)(3.0) == 6.0
    assert next(running) == (False, "inside")
    with scope("outer"):
        assert scope_now() == "outer"
        assert next(running) == (False, "inside")
    running.close()
    assert is_recording()


class Evaluating:
    """A context manager as a class, with a block of its own."""

    def __enter__(self):
        self.block = no_grad()
        self.block.__enter__()

    def __exit__(self, *raised):
        self.block.__exit__(*raised)


def test_a_block_that_an_object_opens_belongs_to_its_with():
    def evaluations():
        with Evaluating():
            yield is_recording()
            yield is_recording()

    running = evaluations()
    assert (next(running), is_recording()) == (False, True)
    assert (next(running), is_recording()) == (False, True)
    with contextlib.ExitStack() as stack:
        stack.enter_context(Evaluating())
        assert not is_recording()
    assert is_recording()


def test_a_dropped_generator_leaves_nothing_open():
    def halfway():
        with no_grad():
            yield

    running = halfway()
    next(running)
    del running
    assert is_recording()
    assert not context.unusual


def test_a_generator_inside_a_generator():
    def inner():
        with scope("inner"):
            yield scope_now()

    def outer():
        with scope("outer"):
            yield scope_now()
            yield from inner()
            yield scope_now()

    assert list(outer()) == ["outer", "outer.inner", "outer"]


def test_an_asynchronous_generator_too():
    async def evaluations():
        with no_grad():
            yield is_recording()
            await asyncio.sleep(0)
            yield is_recording()

    async def main():
        return [(inside, is_recording()) async for inside in evaluations()]

    assert asyncio.run(main()) == [(False, True), (False, True)]


def test_a_context_manager_made_of_a_generator_opens_for_its_with():
    @contextlib.contextmanager
    def evaluating():
        with no_grad(), scope("evaluating"):
            yield

    with evaluating():
        assert not is_recording()
        assert (w * w).is_detached
    assert is_recording()

    @contextlib.contextmanager
    def twice():
        with evaluating():
            yield

    def generator():
        with twice():
            yield is_recording()

    running = generator()
    assert next(running) is False
    assert is_recording()
    running.close()


def test_an_asynchronous_context_manager_too():
    @contextlib.asynccontextmanager
    async def evaluating():
        with no_grad():
            yield

    async def main():
        async with evaluating():
            await asyncio.sleep(0)
            inside = is_recording()
        return inside, is_recording()

    assert asyncio.run(main()) == (False, True)


def test_an_exit_stack():
    with contextlib.ExitStack() as stack:
        stack.enter_context(no_grad())
        stack.enter_context(scope("here"))
        assert not is_recording()
        assert scope_now() == "here"
    assert is_recording()


# -- blocks -----------------------------------------------------------------------------------------


def test_a_block_is_used_again_but_not_twice_at_once():
    block = scope("again")
    for _ in range(2):
        with block:
            assert scope_now() == "again"
        assert scope_now() == ""
    with block, pytest.raises(GraphError, match="open already"), block:
        pass
    assert scope_now() == ""


def test_a_block_that_was_left_counts_no_more_when_it_is_entered_elsewhere():
    block = no_grad()
    with block:
        pass
    entered, leave = threading.Event(), threading.Event()

    def other():
        with block:
            entered.set()
            leave.wait()

    thread = threading.Thread(target=other)
    thread.start()
    entered.wait()
    assert is_recording()
    leave.set()
    thread.join()


def test_blocks_nest_and_keep_what_is_around():
    with scope("a"), record_sources(), no_grad(), scope("b"):
        node = w * w
    assert (node.scope, node.is_detached) == ("a.b", True)
    assert node.source.startswith(__file__)
    assert not context.unusual or is_recording()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a moment in which it cannot be raised
def test_an_interrupt_at_any_moment_leaves_no_block_open():
    """Alarms at random moments of entering, recording and leaving."""
    caught, armed = 0, False

    def interrupt(*_):
        if armed:
            raise KeyboardInterrupt

    def enter_and_leave():  # a function: in Python 3.13 a jump at the end of a with leaves the try around it
        end = time.monotonic() + 0.1
        while time.monotonic() < end:  # Python drops what is raised while it frees something
            with no_grad(), scope("x"):
                pass
            with record_sources():
                w * w

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for delay in range(1, 601):
            try:
                armed = True
                signal.setitimer(signal.ITIMER_REAL, 2e-5 + delay * 3e-7)
                enter_and_leave()
                armed = False  # one that comes late does no harm
            except KeyboardInterrupt:
                caught, armed = caught + 1, False
            assert is_recording()
            assert context.current_label() is None
            assert not context.unusual
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert caught > 500
