"""Copies and pickles keep the numbers, the names and what is shared."""

import copy
import gc
import io
import pickle

import pytest

from autograd import Value, gradient, no_grad, scope, tanh
from autograd import value as value_module
from tests.support.comparisons import place_of, same_nodes

PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)


def slowly(thing, protocol):
    """Pickled by the pickler written in Python."""
    stream = io.BytesIO()
    pickle._Pickler(stream, protocol).dump(thing)
    return stream.getvalue()


def left_over():
    """The nodes that a pickle has listed and not written."""
    gc.collect()  # the traceback of a failure may hold the pickler in a cycle
    flat = value_module._pickling.current()
    return flat is not None and flat.unfinished


PICKLERS = pytest.mark.parametrize("dumps", [pickle.dumps, slowly], ids=["C", "Python"])


def graph():
    x, w = Value(2.0, name="x"), Value(0.5, name="w")
    with scope("layer1"):
        h = tanh(w * x)
        h.name = "h"
    J = (h - 0.3) ** 2 + h * x
    J.backward()
    return x, w, h, J


@PICKLERS
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_round_trip_keeps_everything(dumps, protocol):
    _, _, h, J = graph()
    h2, J2 = pickle.loads(dumps([h, J], protocol))
    assert (h2.name, h2.scope, h2.data, h2.grad, h2.op) == ("h", "layer1", h.data, h.grad, h.op)
    assert (J2.data, J2.grad, J2.slopes, J2.op) == (J.data, J.grad, J.slopes, J.op)
    w2, x2 = h2.operands[0].operands
    assert (w2.name, x2.name) == ("w", "x")
    w2.grad = x2.grad = 0
    J2.backward()
    assert [w2.grad, x2.grad] == gradient(J, list(h.operands[0].operands))


@PICKLERS
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_sharing_is_kept_in_either_order(dumps, protocol):
    x, w, h, J = graph()
    for things in ([h, J], [J, h], [x, J, h, w, J], {"J": J, "parts": (h, [x])}):
        back = pickle.loads(dumps(things, protocol))
        if isinstance(things, dict):
            J2, h2 = back["J"], back["parts"][0]
        else:
            J2, h2 = back[place_of(J, things)], back[place_of(h, things)]
        assert J2.operands[1].operands[0] is h2
        assert J2.operands[0].operands[0].operands[0] is h2
    x2, J2, h2, w2, same = pickle.loads(dumps([x, J, h, w, J], protocol))
    assert same is J2
    assert same_nodes(h2.operands[0].operands, (w2, x2))


@PICKLERS
def test_nothing_is_remembered_after_success(dumps):
    _, _, h, J = graph()
    for things in (J, [h, J], [J, h], [h, h, J, J]):
        dumps(things, 5)
        assert not left_over()


@PICKLERS
def test_a_deep_graph_after_one_that_shared_its_nodes(dumps):
    node = Value(1.0)
    for _ in range(5_000):
        node = node * 1.5
    dumps([node, node + 1], 5)
    assert pickle.loads(dumps(node, 5)).data == node.data


class _Unpicklable:
    def __reduce__(self):
        raise RuntimeError("not to be pickled")


@PICKLERS
@pytest.mark.parametrize(
    "broken", [lambda J: [J, _Unpicklable()], lambda J: [_Unpicklable(), J]], ids=["after a graph", "before a graph"]
)
def test_a_failed_pickle_leaves_nothing_behind(dumps, broken):
    _, _, h, J = graph()
    with pytest.raises(RuntimeError):
        dumps(broken(J), 5)
    assert not left_over()
    h2, J2 = pickle.loads(dumps([h, J], 5))
    assert J2.operands[1].operands[0] is h2


class _FullDisk(io.RawIOBase):
    """Refuses to write more than some bytes, so that pickling stops in the middle of a graph."""

    def __init__(self, room):
        self.room = room

    def write(self, data):
        self.room -= len(data)
        if self.room < 0:
            raise OSError("disk full")
        return len(data)


@pytest.mark.parametrize(("depth", "room"), [(20_000, 0), (20_000, 10), (20_000, 70_000), (20_000, 200_000), (10, 150)])
@pytest.mark.parametrize("pickler", [pickle.Pickler, pickle._Pickler], ids=["C", "Python"])
def test_a_pickle_stopped_midway_leaves_nothing_behind(pickler, depth, room):
    node = Value(1.0)
    for _ in range(depth):
        node = node * 1.5
    with pytest.raises(OSError, match="disk full"):
        pickler(_FullDisk(room), 5).dump(node)
    assert not left_over()
    assert pickle.loads(pickle.dumps(node)).data == node.data


def test_deepcopy_is_a_graph_of_its_own():
    x, w, h, J = graph()
    both = copy.deepcopy({"J": J, "h": h, "x": x})
    J2, h2, x2 = both["J"], both["h"], both["x"]
    assert same_nodes(J2.operands[1].operands, (h2, x2))
    assert (h2.name, h2.scope, J2.grad) == ("h", "layer1", 1.0)
    before = x.grad, w.grad
    J2.backward()
    assert (x.grad, w.grad) == before
    assert x2.grad == pytest.approx(2 * x.grad, rel=1e-15)  # added to what was there, term after term


def test_a_shallow_copy_shares_its_operands():
    *_, J = graph()
    J2 = copy.copy(J)
    assert J2 is not J
    assert all(ours is theirs for ours, theirs in zip(J2.operands, J.operands, strict=True))
    assert (J2.data, J2.grad, J2.op) == (J.data, J.grad, J.op)


def test_detached_stays_detached():
    with no_grad():
        y = Value(2.0) * 3
    for twin in (pickle.loads(pickle.dumps(y)), copy.deepcopy(y), copy.copy(y)):
        assert twin.is_detached
        assert twin.data == 6.0


# -- classes made of Value ----------------------------------------------------------------------------


class Weight(Value):
    def __init__(self, data, unit):
        super().__init__(data, name="w")
        self.unit = unit


class Slotted(Value):
    __slots__ = ("__own", "unit")

    def __init__(self, data, unit):
        super().__init__(data)
        self.unit, self.__own = [unit], 1

    @property
    def own(self):
        return self.__own


@pytest.mark.parametrize("kind", [Weight, Slotted])
@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_a_subclass_stays_what_it_is(kind, how):
    w = kind(3.0, "kg")
    w.grad = 2.0
    again = how(w)
    assert (type(again), again.data, again.grad, again.name, again.unit) == (kind, 3.0, 2.0, w.name, w.unit)
    assert kind is not Slotted or again.own == 1
    if how is copy.deepcopy and kind is Slotted:
        assert again.unit is not w.unit
    J = how(w * w + 1.0)
    assert type(J) is Value
    assert how is copy.copy or type(J.operands[0].operands[0]) is kind
