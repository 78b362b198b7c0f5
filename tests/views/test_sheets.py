"""Worksheets: blanks that hide what they ask, numbers that are new on every sheet, and keys that mpmath agrees with."""

import math
import re
from xml.etree import ElementTree

import mpmath
import pytest

import viz
from autograd import Value, errors, log, sin, sqrt, tanh
from viz.sheets import _key_columns, _key_lines, _moodle, _pages

LABELS = re.compile(r"<text[^>]*>([^<]*)</text>")


def squashed(w=0.5, x=2.0, b=0.25):
    w, x, b = Value(w, name="w"), Value(x, name="x"), Value(b, name="b")
    y = tanh(w * x + b) * x
    y.name = "y"
    return y


def squashed_by_hand(w, x, b):
    return mpmath.tanh(mpmath.mpf(w) * x + b) * x


def texts(drawing):
    return LABELS.findall(drawing.svg)


# -- blanks in a drawing ----------------------------------------------------------------------------


def test_what_is_hidden_stands_nowhere_in_the_picture_and_what_follows_from_it_neither():
    y = squashed()
    whole = viz.draw(y)
    values, slopes, deltas = ({"1.25", "0.8483", "1.697"}, {"0.2804"}, {"+1", "δ +1", "δ +0.5608", "δ +1.129"})
    assert values | slopes | (deltas - {"+1"}) <= set(texts(whole))
    for hide, gone in [("value", values | slopes | deltas), ("slope", slopes | deltas), ("delta", deltas)]:
        drawn = viz.draw(y, hide=hide)
        assert not gone & set(texts(drawn))
        for number in gone - {"+1", "δ +1"}:
            assert number.removeprefix("δ ").removeprefix("+")[:5] not in re.sub(r'"[^"]*"', "", drawn.svg)
    assert {"0.5", "2", "0.25"} <= set(texts(viz.draw(y, hide="value")))  # what was given stays


def test_there_are_as_many_blanks_as_numbers_that_are_asked():
    y = squashed()
    blanks = [sum("________" in text for text in texts(viz.draw(y, hide=hide))) for hide in ("value", "slope", "delta")]
    assert blanks == [4, 7, 7]
    assert sum("________" in text for text in texts(viz.draw(y, hide=("value", "slope", "delta")))) == sum(blanks)


def test_a_hidden_sign_shows_in_no_colour_and_no_width():
    positive, negative = viz.draw(squashed(), hide="delta"), viz.draw(squashed(b=-4.0), hide="delta")
    for drawn in (positive, negative):
        assert not re.search(r'class="(plus|minus)', drawn.svg)
        assert len(set(re.findall(r'stroke-width="([\d.]+)" stroke-opacity', drawn.svg))) == 1
    assert positive.svg != negative.svg


def test_only_kinds_of_numbers_can_be_hidden():
    with pytest.raises(errors.ArgumentError, match="hide is 'value', 'slope', 'delta', or several of them, got 'name'"):
        viz.draw(squashed(), hide="name")


# -- sheets -----------------------------------------------------------------------------------------


def test_every_answer_is_mpmaths():
    made = viz.sheet(squashed(), n=12, seed=3, hide=("value", "slope", "delta"))
    for one in made.sheets:
        at = [one.given[name] for name in "wxb"]
        for slot, name in enumerate("wxb"):
            order = tuple(int(slot == i) for i in range(3))
            expected = float(mpmath.diff(squashed_by_hand, at, order))
            assert math.isclose(one.answers[f"δ({name})"], expected, rel_tol=1e-12)
        assert math.isclose(one.answers["y"], float(squashed_by_hand(*at)), rel_tol=1e-14)
        a = float(mpmath.tanh(at[0] * at[1] + at[2]))
        slope = [value for name, value in one.answers.items() if name.startswith("∂t₃/∂")]
        assert math.isclose(slope[0], 1 - a * a, rel_tol=1e-12)


def test_no_two_sheets_are_alike_and_a_seed_gives_the_same_ones():
    y = squashed()
    made = viz.sheet(y, n=30, seed=1)
    assert len({tuple(one.given.values()) for one in made.sheets}) == 30
    assert [one.given for one in viz.sheet(y, n=30, seed=1).sheets] == [one.given for one in made.sheets]
    assert [one.given for one in viz.sheet(y, n=30, seed=2).sheets] != [one.given for one in made.sheets]
    assert (y.data, [leaf.data for leaf in (y.operands[1],)]) == (squashed().data, [2.0])  # nothing has moved


def test_numbers_stay_where_functions_are_defined():
    x = Value(2.0, name="x")
    made = viz.sheet(log(x) * sqrt(x + 1), n=20, seed=1)
    assert all(one.given["x"] > 0 for one in made.sheets)
    assert all(0.01 <= abs(answer) <= 1e3 for one in made.sheets for answer in one.answers.values() if answer)


def test_both_slopes_of_a_square_are_asked():
    x = Value(3.0, name="x")
    (one,) = viz.sheet(x * x, n=1, hide="slope").sheets
    assert list(one.answers) == ["∂₁t₁", "∂₂t₁"]


def test_slopes_are_called_as_on_the_board():
    x, w = Value(3.0, name="x"), Value(2.0, name="w")
    (one,) = viz.sheet(tanh(x) * x + w, n=1, hide="slope").sheets
    assert "(∂t₃/∂x)|t₁" not in one.answers and {"∂t₂/∂x", "∂t₂/∂t₁", "∂t₁/∂x", "∂t₃/∂w"} <= set(one.answers)
    (one,) = viz.sheet(tanh(x) * x, n=1, hide="slope").sheets
    assert "∂t₂/∂x" in one.answers
    (one,) = viz.sheet(tanh(x) * x + w * x, n=1, hide="slope").sheets
    assert all(name in one.solution.svg for name in one.answers)


def test_the_pdf_has_a_page_a_sheet_and_the_key(tmp_path):
    pypdf = pytest.importorskip("pypdf")
    made = viz.sheet(squashed(), n=3, seed=1, title="Derivatives")
    pages = pypdf.PdfReader(made.save(tmp_path / "sheets.pdf")).pages
    said = [page.extract_text() for page in pages]
    assert len(said) == 4
    assert "Sheet 2 of 3 (seed 1)" in said[1]
    assert "Key" in said[3]
    answer = viz.numbers.shown(made.sheets[1].answers["δ(w)"])
    assert answer in said[3]
    assert answer not in said[1]


def test_the_answers_of_a_sheet_stand_together():
    made = viz.sheet(squashed(), n=40, seed=1)
    for deep in (3, 7, 40):
        columns = _key_columns(made, deep)
        assert max(map(len, columns)) <= deep
        starts = [column[0][0] for column in columns]
        long = any(len(list(_key_lines(made, one))) > deep for one in made.sheets)
        assert long or all(start.startswith("Sheet") for start in starts)
        assert [line for column in columns for line in column] == [
            line for one in made.sheets for line in _key_lines(made, one)
        ]


def test_a_name_begins_no_field_in_moodle(tmp_path):
    x = Value(3.0, name="{1:NUMERICAL:=7:0}")
    text = viz.sheet(tanh(x) * x, n=1).save(tmp_path / "quiz.xml").read_text("utf-8")
    assert text.count("{1:NUMERICAL:") == 3


def test_moodle_marks_what_is_right_and_not_what_is_wrong(tmp_path):
    made = viz.sheet(squashed(), n=4, seed=1)
    quiz = ElementTree.parse(made.save(tmp_path / "quiz.xml")).getroot()
    questions = [question for question in quiz if question.get("type") == "cloze"]
    assert len(questions) == 4
    for question, one in zip(questions, made.sheets, strict=True):
        text = question.find("questiontext/text").text
        fields = re.findall(r"\{1:NUMERICAL:=(.*?):(.*?)\}", text)
        assert len(fields) == len(one.answers)
        for (right, off), answer in zip(fields, one.answers.values(), strict=True):
            assert abs(float(right) - answer) < 1e-4 * abs(answer)
            assert abs(float(f"{answer:.3g}") - float(right)) <= float(off)  # three digits are enough
            assert abs(-answer - float(right)) > float(off)
        assert "sheet.svg" in text
        assert question.find("questiontext/file").get("encoding") == "base64"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n": 0}, "n is a number of sheets, 1 or more, got 0"),
        ({"hide": ()}, "hide says what is to be found"),
        ({"lang": "xx"}, "lang is one of 'en', 'ru', got 'xx'"),
    ],
)
def test_what_makes_no_sheet_is_said(wrong, message):
    with pytest.raises(errors.ArgumentError, match=message):
        viz.sheet(squashed(), **wrong)


def test_a_graph_without_fit_numbers_or_too_large_is_said():
    with pytest.raises(errors.GraphError, match="only 0 of 2 sheets were found"):
        viz.sheet(Value(1.0, name="x") * 1e9, n=2)
    x = Value(1.0, name="x")
    for _ in range(80):
        x = sin(x)
    with pytest.raises(errors.GraphError, match="a sheet holds up to 60 nodes"):
        viz.sheet(x)
    with pytest.raises(errors.ArgumentError, match="sheets are saved as"):
        viz.sheet(squashed(), n=1).save("sheets.doc")


def test_the_key_calls_numbers_as_the_pictures_do():
    J = Value(0.5, name="alpha") * Value(2.0, name="\u05de") + Value(1.0, name="w_ij")
    J.name = "J"
    found = viz.sheet(J, n=1, seed=1)
    (one,) = found.sheets
    assert set(one.answers) == {"δ(J)", "δ(t₁)", "δ(alpha)", "δ(\u05de)", "δ(w_ij)"}  # as one types them
    assert set(one.read) == {"δ(J)", "δ(t₁)", "δ(α)", "δ(\u2068\u05de\u2069)", "δ(wᵢⱼ)"}
    key = "".join(_pages(found))
    assert "δ(α) = " in key and "δ(wᵢⱼ) = " in key and "δ(&#8296;\u05de&#8297;) = " in key
    assert "alpha" not in key + _moodle(found)
