"""One word for the root, `output`, and one for the variable, `wrt`; the old words work a version longer."""

from __future__ import annotations

import inspect
import io
import warnings

import pytest

import viz
from autograd import Value, backward, compile, deltas, steps, tanh
from autograd.renamed import renamed

w = Value(0.5, name="w")
J = tanh(w * 2.0)
SILENT = io.StringIO()

# every function with a root, what it also takes, and the old words for its parameters
FUNCTIONS = [
    (backward, {}, {"root": J}), (deltas, {}, {"root": J}), (steps, {}, {"root": J}), (viz.trace, {}, {"root": J}),
    (viz.record, {}, {"root": J}), (viz.draw, {}, {"J": J}), (viz.to_dot, {}, {"J": J}), (viz.formula, {}, {"v": J}),
    (viz.derive, {"wrt": w}, {"J": J}), (viz.why, {}, {"J": J, "w": w}), (viz.anomaly, {}, {"J": J}),
    (viz.debug, {"commands": ["step"], "stdout": SILENT}, {"J": J}), (viz.explore, {}, {"J": J, "learn": w}),
    (viz.plots.plot_heatmaps, {"matrices": {"W": [[w]]}}, {"J": J}),
]  # fmt: skip
NEW = {"root": "output", "J": "output", "v": "output", "w": "wrt", "learn": "wrt"}


@pytest.mark.parametrize(("function", "others", "old"), FUNCTIONS, ids=lambda x: getattr(x, "__name__", ""))
def test_old_words_work_and_say_the_new(function, others, old):
    with pytest.warns(DeprecationWarning, match="the old word works") as warned:
        function(**others, **old)
    assert [str(each.message) for each in warned] == [
        f"{function.__name__}({word}=…) is {function.__name__}({NEW[word]}=…) now; "
        "the old word works in this version, not in the next" for word in old
    ]  # fmt: skip
    assert {each.filename for each in warned} == {__file__}
    with warnings.catch_warnings(action="error"):
        function(**others, **{NEW[word]: value for word, value in old.items()})


def test_no_public_function_has_an_old_word():
    places = [backward, deltas, steps, *(getattr(viz, name) for name in viz.__all__), viz.plots.plot_heatmaps]
    for function in filter(inspect.isfunction, places):
        assert not set(NEW) & set(inspect.signature(function).parameters), function


def test_both_words_are_refused_and_positions_stay():
    for given in (lambda: deltas(root=J, output=J), lambda: deltas(J, root=J), lambda: viz.draw(J, J=J)):
        with pytest.raises(TypeError, match="unexpected"):
            given()
    assert deltas(J) == deltas(output=J)
    with pytest.raises(TypeError, match="unexpected keyword"):
        deltas(J, nope=1)


def test_a_function_may_have_an_argument_of_an_old_name():
    p = compile(lambda x, v: x * v)
    assert str(viz.formula(p, 2.0, v=3.0)) == "x·v"
    assert viz.why(compile(lambda x, w: x * w), x=2.0, w=3.0, wrt="x").derivative == 3.0


def test_a_renamed_function_is_what_it_was():
    assert backward.__name__ == "backward" and "δ = seed" in (backward.__doc__ or "")

    @renamed(a="b")
    def f(b: int, c: int = 1) -> int:
        return b + c

    assert f(2) == f(b=2) == f(2, c=1) == 3
