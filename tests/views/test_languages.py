"""Tables of words: the same keys and fields in every language, forms for every count, nothing in another one."""

import re

import pytest

import viz
from autograd import Value, errors, tanh
from nn import MLP
from viz.languages import LANGUAGES, language

FIELD = re.compile(r"\{[-^*]?(\w+)(?:#([^{}]*))?\}")
TABLES = ("page", "picture", "sheet", "steps")


def fields(text):
    return {name for name, _ in FIELD.findall(text)}


@pytest.mark.parametrize("table", TABLES)
def test_tables_say_the_same_things(table):
    english, russian = (getattr(LANGUAGES[code], table) for code in ("en", "ru"))
    assert set(english) == set(russian)
    for key, text in english.items():
        ours, theirs = fields(text), fields(russian[key])
        assert theirs <= ours | {"x", "y"}, key
        if table != "steps":
            assert theirs == ours, key


@pytest.mark.parametrize(("code", "forms"), [("en", 2), ("ru", 3)])
def test_every_count_has_all_its_forms(code, forms):
    for table in TABLES:
        for key, text in getattr(LANGUAGES[code], table).items():
            for _, words in FIELD.findall(text):
                assert not words or len(words.split("|")) == forms, key


@pytest.mark.parametrize(
    ("n", "said"),
    [(1, "1 число"), (2, "2 числа"), (4, "4 числа"), (5, "5 чисел"), (11, "11 чисел"), (12, "12 чисел"),
     (21, "21 число"), (22, "22 числа"), (111, "111 чисел"), (0, "0 чисел")],
)  # fmt: skip
def test_russian_counts(n, said):
    assert language("ru").tell("{n} {n#число|числа|чисел}", n=n) == said


def test_thousands_stand_apart_as_the_page_itself_writes_them():
    assert language("en").tell("{n}", n=2100) == "2,100"
    assert language("ru").tell("{n}", n=2100) == "2\u00a0100"


def test_no_latin_word_stands_in_russian_but_names():
    known = {
        "nan",
        "JavaScript",
        "Enter",
        "Esc",
        "Shift",
        "SVG",
        "PNG",
        "inf",
        "head",
        "tail",
        "node",
        "e",
        "draw",
        "force",
        "True",
    }
    for table in TABLES:
        for key, text in getattr(LANGUAGES["ru"], table).items():
            words = set(re.findall(r"[A-Za-z]{2,}", FIELD.sub("", text)))
            assert words <= known, key


def test_what_is_said_of_a_graph_is_said_in_russian():
    model = MLP(2, [3, 1], "tanh", seed=0)
    J = (model([0.5, -1.0]) - 0.3) ** 2
    J.name = "J"
    parameters = model.parameters()
    parameters[0].data += 0.1
    names = {"layer1", "layer2", "layer3", "neuron", "neuron1", "neuron2", "neuron3", "loss", "tanh", "dot", "pow"}
    for options in ({"level": "layer"}, {}, {"around": parameters[0]}, {"hide": "delta"}):
        svg = viz.draw(J, lang="ru", **options).svg
        said = " ".join(re.findall(r"<(?:text|title|desc)[^>]*>([^<]*)<", svg))
        assert set(re.findall(r"[a-z]{3,}\d?", said)) <= names, options
        assert "вычислен заново" in said
    page = viz.explore(J, lang="ru")
    assert 'class="anew">Листья изменились' in page.html and "since" not in page.picture


def test_a_page_and_a_picture_in_russian():
    y = tanh(Value(0.5, name="x"))
    y.name = "y"
    page = viz.explore(y, lang="ru").html
    assert '<html lang="ru">' in page
    assert "<h1>Как вычисляется y</h1>" in page
    assert "Граф вычисления y" in viz.draw(y, lang="ru").svg
    for show in (viz.explore, viz.draw):
        with pytest.raises(errors.ArgumentError, match="lang is one of 'en', 'ru', got 'klingon'"):
            show(y, lang="klingon")
