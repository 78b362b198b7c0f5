"""Whatever a name is, what is shown of it is text: every surface that shows names, with every kind of hostile name."""

from __future__ import annotations

import ast
import io
import json
import re
from collections.abc import Callable
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import demos
import handbook
import nn
import viz
from autograd import Value, check_grad, compile, compile_graph, cos, log, scope, tanh
from autograd.errors import AutogradError
from autograd.program.program import load_program
from autograd.program.reading import program_from
from autograd.symbol import Symbol
from autograd.text import apart, in_c_comment, in_dot, in_json, in_latex, in_xml, looks_like, quoted, short, visible
from tests.support.named import graph_called
from viz.names import Names
from viz.trace import trace

HOSTILE = {
    "escape sequence": "\x1b[31m\x1b[2Jred",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    "eight bit": "\x9b31m\x9d0;owned\x9c",
    "bell, back space": "\a\b\x7f",
    "carriage return": "safe\revil",
    "lines": "one\ntwo\r\nthree\x0bfour\x0cfive\x85six\u2028seven\u2029eight\x1cnine",
    "nul": "a\0b",
    "overrides": "\u202egnp.\u202c\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
    "joiner alone": "\u200d",
    "blank": "\u200b\u2060\ufeff\u00ad\u3164\u034f\u2800",
    "lone surrogate": "\ud800 \udfff",
    "tags": "a\U000e0041\U000e007f",
    "noncharacter": "\uffff\ufdd0\ue000",
    "comment": "*/",
    "joined comment": "*\\\n/",
    "trigraph": "??/",
    "script": "</script><script>alert(1)</script><!--",
    "cdata": "]]>",
    "latex": r"$\input{x}$",
    "quote": '"',
    "backslash": "\\",
    "percent": "%s %(x)s %n",
    "braces": "{} {0} {x!r} {",
    "long": "w" * 300_000,
    "long controls": "\x1b" * 100_000,
    "empty": "",
    "marks": "\u0301\u0302" * 40,
    "superscript": "¹",
    "micro": "µ",
    "math italic": "𝑥",
    "bold": "𝐭anh",
    "keyword": "lambda",
    "dunder": "__class__",
    "result": "t1",
    "function": "program",
    "constant": "inf",
    "mathtext": "$x$ _",
}
BENIGN = "w"
BREAKING = ("debugger", "markup", "markup_of_what_was_measured", "source")  # surfaces that break lines

Surface = Callable[[str, Path], str]
SURFACES: dict[str, Surface] = {}


def surface(shows: Surface) -> Surface:
    """A function that yields what is shown of something of this name."""
    SURFACES[shows.__name__] = shows
    return shows


def said(ask: Callable[[], object]) -> str:
    """The message of the error that it raises, as Python prints it."""
    with pytest.raises((AutogradError, KeyError, AttributeError, OSError)) as raised:
        ask()
    return str(raised.value)


# -- nodes and programs -------------------------------------------------------------------------------


@surface
def node(name, folder):
    J, w = graph_called(name)
    return f"{J!r} {w} {[J]}"


@surface
def functions_of_this_name(name, folder):
    def function(z):
        return z * z

    function.__name__ = name
    return f"{compile(function)!r} {nn.activation(function)!r} {check_grad(function, 2.0)}"


@surface
def symbol(name, folder):
    return repr(Symbol(name))


@surface
def program(name, folder):
    listing = program_from([graph_called(name)[0]])
    return f"{listing}\n{listing.text()}\n{listing!r}"


@surface
def program_from_a_file(name, folder):
    program_from([graph_called(name)[0]]).save(folder / "p.npz")
    return str(load_program(folder / "p.npz"))


@surface
def source(name, folder):
    return program_from([graph_called(name)[0]]).source


@surface
def c_file(name, folder):
    found = program_from([graph_called(name)[0]])
    return found.to_c() + found.to_c_header()


@surface
def errors_about_nodes(name, folder):
    J, _ = graph_called(name)

    def set_data():
        J.data = 1.0

    other = Value(1.0, name=name)
    asked = [set_data, J.detach().backward, lambda: viz.why(J, other), lambda: viz.derive(J, other)]
    asked += [lambda: Value(name), lambda: J + name, lambda: compile_graph(J, [J, J])]
    return "\n".join(map(said, asked))


@surface
def errors_about_choices(name, folder):
    name += "?"  # or it might be one
    asked = [
        lambda: compile(tanh, backend=name),
        lambda: compile(tanh, in_axes=0, reduce=name),
        lambda: compile(tanh, in_axes=name)(np.zeros(3)),
        lambda: autograd.gelu(1.0, approximate=name),
        lambda: nn.Neuron(2, name),
        lambda: nn.mean_squared_error([1.0], [1.0], reduction=name),
        lambda: nn.Layer(2, 2, name),
        lambda: program_from([Value(1.0) * 2]).to_c(name),
        lambda: viz.draw(graph_called(name)[0], level=name),
        lambda: viz.plots.plot_activation(name),
        lambda: nn.History([1.0])[name],
        lambda: getattr(autograd, name),
    ]
    return "\n".join(map(said, asked))


@surface
def errors_about_arguments(name, folder):
    def f(p):
        return p[name] * p[name]

    wrong = {name + "!": 2.0}
    asked = [
        lambda: check_grad(f, {name: 2.0}, gradient=lambda p: wrong),
        lambda: compile(f, in_axes=({name + "!": 0},))({name: np.zeros(3)}),
        lambda: compile(f, in_axes=({name: 2},))({name: np.zeros(3)}),
    ]
    return "\n".join(map(said, asked))


@surface
def check_report(name, folder):
    right = check_grad(lambda p: p[name] * p[name], {name: 2.0})
    wrong = check_grad(lambda p: p[name] * p[name], {name: 2.0}, gradient=lambda p: {name: 1.0})
    return f"{right}\n{wrong!r}\n{wrong._repr_html_()}\n{said(wrong.raise_if_wrong)}"


# -- files --------------------------------------------------------------------------------------------


@surface
def errors_about_files(name, folder):
    safe = name.replace("\0", "").replace("/", "").encode("utf-8", "ignore").decode()[:40]
    path = folder / (safe + ".txt")
    path.write_bytes(b"no archive")
    asked = [
        lambda: load_program(path),
        lambda: nn.load(path),
        lambda: viz.draw(graph_called(name)[0]).save(path),
        lambda: viz.explore(graph_called(name)[0]).save(path),
        lambda: load_program(folder / safe / "is not there"),
    ]
    return "\n".join(map(said, asked))


@surface
def errors_about_what_a_file_holds(name, folder):
    program_from([graph_called(name)[0]]).save(folder / "p.npz")
    with np.load(folder / "p.npz") as archive:
        arrays = dict(archive)
    description = json.loads(str(arrays["program"]))
    asked, text = [], name[:20_000]
    spoiled = [{"version": text}, {"operations": [[text, None]]}, {"operations": [text]}, {"inputs": text}]
    for i, changed in enumerate(spoiled):
        arrays["program"] = np.array(json.dumps({**description, **changed}))
        np.savez(folder / f"{i}.npz", **arrays)
        asked.append(lambda i=i: load_program(folder / f"{i}.npz"))
    return "\n".join(map(said, asked))


# -- networks -----------------------------------------------------------------------------------------


class Frame:
    """A table with columns of these names, as pandas has it."""

    def __init__(self, columns, numbers):
        self.columns, self._numbers = columns, np.array(numbers)

    def to_numpy(self, *args, **keywords):
        return self._numbers

    def __array__(self, *args, **keywords):
        return self._numbers

    def __len__(self):
        return len(self._numbers)


@surface
def errors_about_columns(name, folder):
    X, y = [[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]], [1.0, 2.0, 3.0]
    model = nn.MLP(2, [1], seed=0)
    model.fit(Frame([name, "x"], X), y, epochs=1)
    text = np.array([["a", 2.0], [3.0, 4.0]], object)
    asked = [
        lambda: model.predict(Frame([name + "!", "x"], X)),
        lambda: model.predict(Frame(["x", name], X)),
        lambda: model.predict(Frame([name, "x"], [[np.nan, 2.0]])),
        lambda: nn.MLP(2, [1], seed=0).fit(Frame([name, "x"], text), y[:2]),
    ]
    return "\n".join(map(said, asked))


@surface
def network_of_a_function_of_this_name(name, folder):
    def function(z):
        return z * z

    function.__name__ = name
    model = nn.MLP(2, [2, 1], function)
    state = model.state_dict()
    asked = [
        lambda: model.load_state_dict({**state, name + "!": 1.0}),
        lambda: model([1.0]),
        lambda: model.load_state_dict({**state, next(iter(state)): name}),
    ]
    return "\n".join([repr(model), repr(model.layers[0]), repr(model.layers[0].neurons[0]), *map(said, asked)])


@surface
def training_that_breaks_off(name, folder):
    def callback(epoch):
        raise ValueError(name)

    callback.__name__ = name
    model = nn.MLP(1, [1], seed=0)
    with scope(name):
        far = Value(1e200, name=name)

    def loss(predictions, targets):
        return nn.mean_squared_error(predictions, targets) * (far * 1e200)

    asked = [
        lambda: model.fit([[1.0]], [1.0], epochs=1, callbacks=[callback]),
        lambda: model.fit([[1.0]], [1.0], epochs=1, loss=loss),
    ]
    return "\n".join(map(said, asked))


# -- what explains a graph ----------------------------------------------------------------------------


@surface
def explanations(name, folder):
    J, w = graph_called(name)
    with scope(name):
        broken = log(Value(-1.0, name=name))
        broken.name = name
    parts = [viz.why(J, w), viz.anomaly(broken), viz.formula(J), viz.formula(J, expand=False), viz.derive(J, wrt=w)]
    return "\n".join(map(str, parts))


@surface
def what_was_measured(name, folder):
    J, w = graph_called(name)
    x = Value(1e-6, name=name)
    budget = viz.uncertainty_budget(J, {w: 0.1}, order=2, samples=10)
    return "\n".join(map(str, (viz.accuracy(1 - cos(x)), viz.accuracy(J), budget, viz.changed(J, {w: 0.0}))))


@surface
def markup_of_what_was_measured(name, folder):
    J, w = graph_called(name)
    budget, changed, digits = viz.uncertainty_budget(J, {w: 0.1}), viz.changed(J, {w: 0.0}), viz.accuracy(J)
    shown = [budget.html, budget._repr_html_(), changed._repr_html_(), digits._repr_html_()]
    return "\n".join([*shown, changed.draw().svg, digits.draw().svg])


@surface
def markup(name, folder):
    J, w = graph_called(name)
    drawn = [viz.draw(J).svg, viz.draw(J, level="layer").svg, viz.to_dot(J).source]
    drawn.append(viz.explore(J, title=name, note=name[:1000]).html)
    shown = [viz.formula(J, expand=False), viz.derive(J, wrt=w)]
    return "\n".join([*drawn, *(text for part in shown for text in (part.latex, part.mathml, part.html))])


@surface
def debugger(name, folder):
    J, _ = graph_called(name)
    line = visible(name)[:200] + name[:200].replace("\n", "").replace("\r", "")
    verbs = ["print", "print scope", "break", "break scope", "break name", "goto", "step", "why", "watch", ""]
    commands = ["step 3", "where", "print", *(f"{verb} {what}" for verb in verbs for what in (line, "zzz"))]
    commands += [f'break if name == "{line}"', "break name *", "break", "continue", "explain", "list", "list source"]
    commands += ["why", "goto end", "where", "delete"]
    printed = io.StringIO()
    viz.debug(J, commands, printed)
    return printed.getvalue()


@surface
def errors_about_scopes(name, folder):
    J, _ = graph_called(name)
    seen = Names(trace(J).columns)
    asked = [lambda: viz.draw(J, scope=name + "!"), lambda: seen.find(name + "!"), lambda: seen.find("~")]
    return "\n".join(map(said, asked))


# -- the test -----------------------------------------------------------------------------------------


@contextmanager
def nothing_printed():
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        yield
    assert (out.getvalue(), err.getvalue()) == ("", "")


def acting(text: str) -> list[str]:
    """The characters of a text that act instead of being seen."""
    return sorted({ascii(c) for c in text if not c.isprintable() and c not in "\n\t\u00a0\u2061"})


@pytest.mark.parametrize("where", SURFACES)
def test_nothing_in_a_name_acts(where, tmp_path):
    lines = SURFACES[where](BENIGN, tmp_path).count("\n")
    for hostile, name in HOSTILE.items():
        with nothing_printed():
            text = SURFACES[where](name, tmp_path)
        assert acting(text) == [], hostile
        assert text.encode()
        if where not in BREAKING and (name or where not in ("explanations", "what_was_measured")):
            assert text.count("\n") == lines, hostile
        assert len(text) < 400_000 if where == "markup" else len(text) < 60_000, hostile


@pytest.mark.filterwarnings("ignore:Glyph", "ignore:constrained_layout")  # no font has it all, and it does not fit
def test_matplotlib_takes_no_name_for_a_formula():
    axes = viz.plots.plot_loss({name: [1.0, 0.5] for name in HOSTILE.values()})
    axes.figure.savefig(io.BytesIO(), format="svg")
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert len(set(legend)) == len(HOSTILE)
    assert acting("".join(legend)) == []


def test_every_surface_shows_a_name_that_does_nothing_as_it_is(tmp_path):
    for where, shows in SURFACES.items():
        if where not in ("source", "c_file"):
            assert "σ²₁" in shows("σ²₁", tmp_path), where


# -- the module ---------------------------------------------------------------------------------------

ANY_TEXT = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=80),
    st.text("*/\\?<>\"'&${}#%_^~ ]-!\n\x1b\u202eσw", max_size=12),  # what means something somewhere
)


@given(ANY_TEXT)
def test_what_is_shown_is_seen_short_and_says_what_was_left_out(name):
    said = short(name, 20)
    assert acting(visible(name)) == []
    assert "\n" not in said
    assert len(said) <= 20
    assert visible(visible(name)) == visible(name)
    assert said == visible(name) or "…" in said
    assert short(name + "x" * 10_000, 20) == short(name + "x" * 9_999, 20) or len(visible(name)) < 20


def test_what_can_be_seen_stays():
    for name in (
        "z²₁",
        "σ",
        "learning rate",
        "e\u0301",
        "👩\u200d🔬🔥",
        "שלום",
        "W[0, 'a']",
        "a\\b",
        "日本",
        "❤\ufe0f",
    ):
        assert visible(name) == name
    assert visible("a\u200db") == r"a\u200db"
    assert visible("\u0301") == "◌\u0301"
    assert quoted("it's") == '"it\'s"'


@given(st.lists(ANY_TEXT, max_size=8))
def test_names_that_differ_are_shown_apart(names):
    names = [
        *names,
        "w" * 1000 + "a" + "w" * 1000,
        "w" * 1000 + "b" + "w" * 1000,
        "µ",
        "μ",
        "\u00e9",
        "e\u0301",
        "μ[2]",
    ]
    said = apart(names)
    assert len({looks_like(text) for text in said}) == len(set(names))
    assert [said[names.index(name)] for name in names] == said


@given(ANY_TEXT)
def test_each_place_is_kept(name):
    assert not set(in_xml(name)) & set("<>\"'")
    assert re.fullmatch(r'(?:[^"\\]|\\.)*', in_dot(name))
    assert "<" not in in_json([name])
    assert json.loads(in_json([name])) == [name]
    comment = in_c_comment(name)
    assert comment.isascii()
    assert not re.search(r"\*/|/\*|\?\?|\\ *$", comment)
    bare = re.sub(
        r"\\(textbackslash|textasciicircum|textasciitilde|textless|textgreater)\{\}|\\[{}$&#%_]", "", in_latex(name)
    )
    assert not set(re.sub(r"\$\\[a-z]+(\{Y\})?\$", "", bare, flags=re.IGNORECASE)) & set("\\{}$&#%_^~")


# -- nothing goes past it -----------------------------------------------------------------------------

# Who escapes by other means, and why.
MAY_ESCAPE = {
    "program/native/machine.py": "names of what a processor can do, kept for itself",
    "page/explore.py": "a whole page, as an attribute",
    "gallery.py": "its own titles and files",
    "tables.py": "the table's own words",
    "notebooks.py": "a notebook of our own pages",
    "program/native/objects.py": "a file of numbers and names of ours",
    "archive.py": "a file, not a page",
    "marking/running.py": "a pipe between processes",
    "marking/worker.py": "a pipe between processes",
}


def escapes_by_itself(source: str) -> bool:
    """Whether a module makes markup or JSON of text without `autograd.text`."""
    nodes = list(ast.walk(ast.parse(source)))
    by_html = any(isinstance(node, ast.ImportFrom) and node.module == "html" for node in nodes)
    return by_html or any(isinstance(node, ast.Attribute) and node.attr in ("escape", "dumps") for node in nodes)


def test_no_module_escapes_text_by_itself():
    assert escapes_by_itself("from html import escape")
    assert escapes_by_itself("import json\njson.dumps({})")
    found = {
        path.relative_to(Path(package.__file__).parent).as_posix()
        for package in (autograd, nn, viz, demos, handbook)
        for path in Path(package.__file__).parent.rglob("*.py")
        if escapes_by_itself(path.read_text("utf-8"))
    }
    assert found == {"text.py", *MAY_ESCAPE}


def test_every_error_of_ours_is_cleaned():
    def below(error: type[BaseException]) -> set[type[BaseException]]:
        return {error}.union(*map(below, error.__subclasses__()))

    for error in below(AutogradError):
        assert str(error("\x1b" + "w" * 10_000_000, "a\nb")).count("\n") == 1
        assert acting(str(error("\x1b\u202e\r"))) == []
