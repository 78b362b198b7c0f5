"""`viz.pattern`: every entry stands where it is, says what it is and leads to what makes it."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import viz
from autograd import compile
from autograd.errors import ArgumentError, OperandError

SVG = "{http://www.w3.org/2000/svg}"


def f(x, a):
    return [x[0] * x[1], a * x[1] + 2 * x[2], x[2] ** 3]


AT = (np.array([2.0, 3.0, 5.0]), 7.0)


def titles(picture):
    """What each square says."""
    root = ElementTree.fromstring(picture.svg)
    return [title.text for square in root.iter(f"{SVG}rect") for title in square.iter(f"{SVG}title")]


def test_a_small_pattern_in_a_terminal():
    assert str(viz.pattern(compile(f).jacobian, *AT)).splitlines() == [
        "██·  f[0]", "·▒░  f[1]", "··█  f[2]", "3 × 3, 5 entries: █ varying, ▒ linear, ░ constant",
    ]  # fmt: skip


def test_squares_say_what_computes_them():
    said = titles(viz.pattern(compile(f).jacobian, *AT))
    assert said[2:4] == ["f[1] along x[1], linear: a", "f[1] along x[2], constant: 2"]
    assert said[4].startswith("f[2] along x[2], varying: 3·")
    long = compile(lambda x: [np.prod(x) * np.tanh(np.sum(x)) + x[0]])
    assert re.search(r"varying: \d+ instructions", titles(viz.pattern(long.jacobian, np.ones(9)))[0])


def test_a_picture_says_what_its_colours_are():
    svg = viz.pattern(compile(f).jacobian, *AT).svg
    root = ElementTree.fromstring(svg)
    squares = [each for each in root.iter(f"{SVG}rect") if each.get("class") in ("soft", "minus-tint", "plus-tint")]
    entries, legend = squares[:-3], squares[-3:]
    words = [each.text for each in root.iter(f"{SVG}text")]
    assert words == ["3 × 3, 5 entries", "varying", "linear", "constant"]
    assert {each.get("fill") for each in entries} == {each.get("fill") for each in legend}
    kinds = {each.get("fill"): each.find(f"{SVG}title").text.partition(", ")[2].partition(":")[0] for each in entries}
    assert [kinds[each.get("fill")] for each in legend] == words[1:]
    assert not set("░▒█") & set(svg)


def test_an_entry_leads_to_its_node():
    picture = viz.pattern(compile(f).jacobian, *AT)
    assert picture[2, 2].data == 75.0
    assert "75" in viz.draw(picture[2, 2]).svg
    assert str(viz.formula(viz.pattern(compile(lambda x: x**3).hessian, 2.0)[0, 0])) == "6·x"
    with pytest.raises(ArgumentError, match=r"row 0, column 2 is no entry of <pattern, 3 × 3, 5 entries>"):
        picture[0, 2]


def test_large_patterns_are_gathered_into_fields():
    p = compile(lambda x: sum(x[i] * x[i + 1] for i in range(999)))
    whole, lower = viz.pattern(p.hessian, np.ones(1000)), viz.pattern(p.hessian, np.ones(1000), lower=True)
    lines = str(whole).splitlines()
    assert (len(lines), len(lines[0])) == (39, 72)
    assert lines[-1] == "1,000 × 1,000, 1,998 entries, a field 27 × 14: ░ constant"
    assert "999 entries" in str(lower)
    assert len(titles(whole)) == len(set(zip(whole.pattern.rows // 7, whole.pattern.columns // 7, strict=True)))
    assert whole[1, 0].data == 1.0


@pytest.mark.parametrize("answer", [[], [1.0, 2.0]])
def test_without_entries(answer):
    picture = viz.pattern(compile(lambda x: answer).jacobian, np.ones(2))
    assert str(picture).splitlines()[-1] == f"{len(answer)} × 2, 0 entries"
    assert not titles(picture)


def test_names_are_only_text(tmp_path):
    p = compile(lambda x: {"<b>\x1b[2J": x["&"] ** 2})
    picture = viz.pattern(p.jacobian, {"&": 3.0})
    assert "\x1b" not in str(picture) + picture.svg
    ElementTree.fromstring(picture.save(tmp_path / "pattern.svg").read_text(encoding="utf-8"))
    assert picture._repr_svg_() == picture.svg
    assert repr(picture) == "<drawing of <pattern, 1 × 1, 1 entry>; print it, or .save('pattern.svg')>"


def test_what_is_no_matrix_is_refused():
    p = compile(lambda x: x * x)
    for wrong in (p, p.grad, 3.0):
        with pytest.raises(OperandError, match=r"shows the entries of p\.jacobian or p\.hessian"):
            viz.pattern(wrong, 1.0)
