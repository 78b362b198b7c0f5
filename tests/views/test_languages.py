"""Tables of words: the same keys and fields in every language, forms for every count, nothing in another one."""

import inspect
import io
import math
import re

import pytest

import viz
from autograd import Value, compile, errors, exp, fori_loop, log, logsumexp, relu, scope, sqrt, tanh, while_loop
from nn import MLP, half_squared_error
from viz.debugger import Debugger
from viz.languages import LANGUAGES, TABLES, language
from viz.pictures import view
from viz.recording import record
from viz.wording import Wording

FIELD = re.compile(r"\{[-^*]?(\w+)(?:#([^{}]*))?\}")
PARTIAL = {"operations", "help"}  # what English does not name is called by its own name, and described by itself
TEMPLATES = {"steps", "computed", "anomaly"}  # filled with facts, of which a language takes those that it needs


def fields(text):
    return {name for name, _ in FIELD.findall(text)}


@pytest.mark.parametrize("table", sorted({*TABLES} - PARTIAL))
def test_tables_say_the_same_things(table):
    english, russian = (getattr(LANGUAGES[code], table) for code in ("en", "ru"))
    assert set(english) == set(russian)
    for key, text in english.items():
        ours, theirs = fields(text), fields(russian[key])
        assert theirs <= ours | {"x", "y"}, key
        if table not in TEMPLATES:
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
        "scope",
    }
    for table in {*TABLES} - {"help"}:
        for key, text in getattr(LANGUAGES["ru"], table).items():
            words = set(re.findall(r"[A-Za-z]{2,}", re.sub("`.*?`|--sources", "", FIELD.sub("", text))))
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


ASKED = """
    step / explain / next / where / break op tanh / break if abs(delta) > 0 and phase == 'backward' / watch x / continue
    continue / print / print w / print scope layer1 / print delta / list / list source / why x / goto start / back
    explain / goto y / explain / print / break / delete / goto end / step / help / help step / help conditions
"""


def a_graph():
    x, w = Value(0.5, name="x"), Value(2.0, name="w")
    with scope("layer1"):
        t = tanh(x * w)
    y = t + x
    y.name = "y"
    return y, x, w


def test_counts_in_russian_pages_and_pictures_have_their_spaces():
    J = x = Value(0.3, name="x")
    for k in range(450):
        J = J * 0.9 + x * (k % 3 + 1)
    page = viz.explore(J, lang="ru").html
    assert "Вперёд: 1&#160;350 чисел." in page
    assert "\\xa0" not in page
    assert "\\xa0" not in viz.draw(J, lang="ru", level="layer").svg


def test_the_debugger_answers_in_russian():
    said = io.StringIO()
    viz.debug(a_graph()[0], re.split(" / |\n", ASKED.strip()), said, lang="ru")
    answers = [line for line in said.getvalue().splitlines() if not line.startswith("(debug)")]
    names = set("Enter tanh abs delta and phase backward layer".split())
    before_help = answers[: answers.index("движение")]
    words = set(re.findall(r"[A-Za-z]{3,}", re.sub("`.*?`|sources", "", " ".join(before_help))))
    assert words <= names
    assert "y — это результат: производные будут от него." in answers
    assert any(re.fullmatch("пройдено 2 из 9 шагов: вперёд, layer1", line) for line in answers)


def test_every_command_is_described_in_russian():
    verbs = set(Debugger(lambda: record(Value(1.0))).verbs)
    assert set(LANGUAGES["ru"].help) == verbs | {"conditions"}
    for verb in verbs:
        english, russian = getattr(Debugger, f"do_{verb.replace('-', '_')}").__doc__, LANGUAGES["ru"].help[verb]
        assert russian.startswith((f"{verb} ", f"{verb}:"))
        for option in re.findall(r"\b(?:layer|iteration|seed|source|op|scope|name|phase|if)\b", english.split(":")[0]):
            assert option in russian.split(":")[0]


def test_derivations_and_paths_in_russian():
    y, x, w = a_graph()
    model = MLP(2, [2, 1], "tanh", seed=0)
    J = half_squared_error(model([[0.5, -1.0], [1.0, 2.0]]), [1.0, 0.0])
    p = compile(lambda v: fori_loop(0, 9, lambda i, s: s * v, v))
    b = model.layers[0].neurons[0].b
    derived = [viz.derive(y, x, lang="ru"), viz.derive(y, y, lang="ru"), viz.derive(J, b, lang="ru")]
    carried = [viz.why(y, x, lang="ru"), viz.why(J, b, 2, lang="ru"), viz.why(0.0 * w, w, lang="ru")]
    halved = compile(lambda v: while_loop(lambda s: s > 1.0, lambda s: s / 2.0, v * v, 8))
    looped = [viz.derive(p, 1.1, wrt="v", lang="ru"), viz.derive(halved, 3.0, wrt="v", lang="ru")]
    assert " пока " in str(looped[1])
    boards = [*derived, *looped, *carried]
    for board in boards:
        words = set(re.findall(r"[A-Za-z]{2,}", str(board)))
        assert words <= {"tanh", "dt", "dv", "dw"}, board
    x.data = 0.6
    assert str(viz.derive(y, w, lang="ru")).startswith("Листья изменились")
    assert str(viz.why(y, w, lang="ru")).startswith("Листья изменились")


def test_the_same_mathematics_in_both_languages():
    y, x, _ = a_graph()
    for english, russian in zip(viz.derive(y, x).lines, viz.derive(y, x, lang="ru").lines, strict=True):
        assert english[1] == russian[1]
    log = record(y)
    words = [Wording(log, words=LANGUAGES[code]) for code in LANGUAGES]
    for step in range(len(log)):
        one, other = (re.sub("[^=≈]*теперь|[^=≈]*now", "", each.arithmetic(step)) for each in words)
        assert one == other


def test_animations_in_russian():
    frames = viz.animate(a_graph()[0], lang="ru", direction="TB").frames
    said = [" ".join(re.findall(r"<text[^>]*>([^<]*)<", frame.svg)) for frame in frames]
    assert "Пока ничего не вычислено." in said[0]
    assert "3 из 9:" in said[3]
    assert "computed" not in " ".join(said)


def test_what_is_folded_is_said_in_russian(monkeypatch):
    monkeypatch.setattr(view, "FULL", 3)
    x = [Value(0.1 * i, name=f"x{i}") for i in range(50)]
    y = (
        sum(a * b for a, b in zip(x[1:], x[:-1], strict=True))
        + logsumexp(x[:5])
        + logsumexp([Value(1.0) for _ in range(4)])
    )
    svg = viz.draw(y, lang="ru").svg
    assert "Свёрнут" in svg
    assert "… и ещё" in svg
    assert "листа" in svg
    p = compile(lambda v: fori_loop(0, 9, lambda i, s: s * v, v))
    svg = viz.draw(p, 1.1, lang="ru").svg
    assert "шаги 2 … " in svg
    assert "первый шаг" in svg


ANSWERS = {  # of every public function that has `lang`, what it says of a graph
    "animate": lambda y, x: " ".join(re.findall(r"<(?:text|title|desc)[^>]*>([^<]*)<", viz.animate(y, lang="ru").svg)),
    "anomaly": lambda y, x: "\n".join(
        str(viz.anomaly(each, lang="ru"))
        for each in (
            y,
            log(-x),
            exp(1e3 * x),
            1.0 / (x - 0.5),
            relu(-x) * x,
            x * math.inf,
            sqrt(x - 0.5),
            exp(-2e3 * x),
        )
    ),
    "debug": lambda y, x: _debugged(y),
    "derive": lambda y, x: str(viz.derive(y, x, lang="ru")),
    "draw": lambda y, x: " ".join(re.findall(r"<(?:text|title|desc)[^>]*>([^<]*)<", viz.draw(y, lang="ru").svg)),
    "explore": lambda y, x: re.sub(
        r"<(script|style|svg)\b.*?</\1>|<(?:'[^']*'|\"[^\"]*\"|[^>'\"])*>",
        " ",
        viz.explore(y, lang="ru").html,
        flags=re.S,
    ),
    "formula": lambda y, x: "\n".join(
        (str(viz.formula(y, depth=1, lang="ru")), viz.formula(y, depth=1, lang="ru").latex)
    ),
    "sheet": lambda y, x: " ".join(
        re.findall(r"<text[^>]*>([^<]*)<", viz.sheet(y, n=1, lang="ru").sheets[0].exercise.svg)
    ),
    "why": lambda y, x: str(viz.why(y, x, lang="ru")),
}
ENGLISH = {
    "accuracy",
    "changed",
    "explain",
    "explain_deltas",
    "kinks",
    "mark",
    "pattern",
    "to_dot",
    "uncertainty_budget",
}
DATA = {"record", "trace"}  # whose words are their steps', which `debug` and `explore` say
NAMES = set(
    "tanh dot exp log sqrt relu add subtract multiply divide power layer inf nan with record sources JavaScript Enter"
    " Esc SVG PNG text begin end aligned quad phantom infty operatorname where approx".split()
)  # functions, code, and LaTeX's commands


def _debugged(y):
    said = io.StringIO()
    viz.debug(y, ["step", "explain", "continue", "where"], said, lang="ru")
    return re.sub(r"\(debug\).*|`.*?`", "", said.getvalue())


def test_every_public_function_that_says_something_has_a_language():
    functions = {name for name in viz.__all__ if inspect.isfunction(getattr(viz, name))}
    taking = {name for name in functions if "lang" in inspect.signature(getattr(viz, name)).parameters}
    assert taking == set(ANSWERS) and functions - taking == ENGLISH | DATA


@pytest.mark.parametrize("name", ANSWERS)
def test_no_english_word_is_left_in_russian(name):
    y, x, _ = a_graph()
    x.data = 0.6  # so that it is computed anew, which is said
    left = set(re.findall(r"[A-Za-z]{3,}", ANSWERS[name](y, x))) - NAMES
    assert not left - {"dy", "dx"}, left


SHOWS = (viz.draw, viz.explore, viz.debug, viz.animate, viz.sheet, viz.derive, viz.why, viz.anomaly, viz.formula)


@pytest.mark.parametrize("show", SHOWS)
@pytest.mark.parametrize("lang", ["de", "EN", "", None, ["en"]])
def test_another_language_is_refused_in_a_sentence(show, lang):
    y, x, _ = a_graph()
    wrt = {"wrt": x} if show in (viz.derive, viz.why) else {}
    with pytest.raises(errors.ArgumentError, match=r"lang is one of 'en', 'ru', got "):
        show(y, lang=lang, **wrt)
