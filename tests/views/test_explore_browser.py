"""The page in a real browser: every step both ways, live numbers against Python's, and nothing but itself."""

import math
import random
import unicodedata
from pathlib import Path

import pytest

import viz
from autograd import (
    Value,
    deltas,
    dot,
    exp,
    log,
    log_softmax,
    logsumexp,
    relu,
    scope,
    sin,
    softmax,
    step,
    tanh,
    where,
)  # fmt: skip
from autograd.ops.primitive import TABLE
from nn import MLP, Neuron, half_squared_error
from tests.support.browser import launched, opened
from viz.formulas.printers import mathml
from viz.identifiers import identifier
from viz.numbers import equals, shown
from viz.page.explore import _part
from viz.page.javascript import Use, by_hand, table_source
from viz.recording import record
from viz.wording import Wording

FEW_DIGITS = 2e-14
ALL = "[...app.graph.value], [...app.graph.delta]"


@pytest.fixture(scope="module")
def browser():
    with launched() as running:
        yield running


@pytest.fixture(scope="module")
def context(browser):
    made = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    made.set_default_timeout(60_000)
    yield made
    made.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pages")


@pytest.fixture
def show(context, folder):
    """Opens the page of a node; afterwards it must have complained about nothing and asked for nothing."""
    tabs = []

    def shown_page(J, hash="", in_context=None, **options):
        file = viz.explore(J, **options).save(folder / f"page{len(list(folder.iterdir()))}.html")
        tabs.append(opened(in_context or context, file, hash))
        return tabs[-1]

    yield shown_page
    for tab in tabs:
        assert tab.complaints == []
        assert [url for url in tab.requests if not url.startswith("file:")] == []
        tab.page.close()


# -- the graphs that are shown ----------------------------------------------------------------------


def network():
    """A small network with two layers, its loss, and its weights."""
    model = MLP(2, [2, 1], activation="tanh", seed=3)
    return half_squared_error(model([0.5, -1.0]), 0.7), model


def mixture(a=0.7, b=-1.3, c=2.0):
    """A graph with most kinds of operations: variadic ones, a choice, a constant power, a leaf used twice."""
    a, b, c = Value(a, name="a"), Value(b, name="b"), Value(c, name="c")
    s = softmax([a, b, c])
    chosen = where(step(a), a * b, exp(c))
    J = logsumexp([a, b]) + log_softmax([b, c])[1] + s[0] * s[2] + chosen**3 + sin(a * c) / c + relu(b) + log(c) * a
    J.name = "J"
    return J, [a, b, c]


def same(got, expected, digits=FEW_DIGITS):
    if got is None or expected is None:
        return got is expected
    if math.isnan(expected):
        return math.isnan(got)
    return got == expected or abs(got - expected) <= digits * abs(expected)


# -- numbers ----------------------------------------------------------------------------------------


def javascript(x):
    return "NaN" if math.isnan(x) else "Infinity" if x == math.inf else "-Infinity" if x == -math.inf else repr(x)


EVERYWHERE = (0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.5, 1e-8, 20.5, -7.25, 1.9, 9.0, math.inf, -math.inf, math.nan)


IN_ORDER = {"sum": [(1e16, 1.0, -1e16)], "dot": [(1e16, 1.0, -1e16, 1.0, 1.0, 1.0)]}  # 0 only if added in order


def places(row):
    """The points and edges of a row, and for a row of few operands awkward numbers in every slot."""
    yield from (tuple(map(float, at)) for at in (*row.points, *(edge.at for edge in row.edges)))
    yield from IN_ORDER.get(row.name, ())
    if not row.variadic:
        first = tuple(map(float, row.points[0]))
        for slot in range(len(first)):
            yield from (first[:slot] + (x,) + first[slot + 1 :] for x in EVERYWHERE)


def test_every_row_of_the_table_is_equal_on_the_page_and_in_python(context):
    cases, uses, asked = [], [], []
    for row in TABLE.values():
        for at in places(row):
            leading = at[: len(row.operands) - 1] if row.variadic else ()
            use = Use(row.name, len(at), leading)
            uses.append(use)
            asked.append([row.name, use.key, [javascript(x) for x in at]])
            y = row.float(*at)
            cases.append((row.name, at, y, row.float_slopes(y, *at)))
    page = context.new_page()
    page.add_script_tag(content=by_hand() + table_source(uses))
    answers = page.evaluate(
        """asked => asked.map(([op, rule, texts]) => {
            const xs = texts.map(Number), y = value[op](...xs);
            return [y, slopes[rule](y, ...xs)];
        })""",
        asked,
    )
    page.close()
    wrong = []
    for (name, at, y, expected), (got_y, got) in zip(cases, answers, strict=True):
        agree = len(got) == len(expected) and all(
            same(g, e, 2e-13) for g, e in zip((got_y, *got), (y, *expected), strict=True)
        )
        wrong += [] if agree else [f"{name}{at} is {y}, {expected}; on the page {got_y}, {got}"]
    assert not wrong, "\n".join(wrong)
    assert {name for name, *_ in cases} == set(TABLE)


def test_numbers_are_written_as_in_python(context):
    numbers = [0.15625, 0.09375, 3e-5, -1 / 3, 2e4, 1.5e300, 999999.5, 99999.5, 9999.95, 0.00099996, 12345.5, 1e6]
    numbers += [5e-324, 0.0, -0.0, *(k / 32 for k in range(-4000, 4000, 7)), *(1.00005 * 10.0**k for k in range(-9, 9))]
    page = context.new_page()
    page.add_script_tag(content=_part("numbers.js"))
    assert page.evaluate("numbers => numbers.map((x) => shown(x))", numbers) == [shown(x) for x in numbers]
    assert page.evaluate("[NaN, Infinity, -Infinity].map((x) => shown(x))") == ["nan", "inf", "-inf"]
    assert page.evaluate("['−0.5', ' 1e-3 ', '2,5', 'x', '', 'Infinity'].map(parsed)") == [
        -0.5,
        1e-3,
        2.5,
        None,
        None,
        None,
    ]
    page.close()


@pytest.mark.parametrize("graph", [network, mixture])
def test_every_step_says_on_the_page_what_it_says_in_python(show, graph):
    log = record(graph()[0])
    tab, words = show(graph()[0]), Wording(log)
    assert tab.run("app.graph.steps") == len(log)
    said = tab.run("Array.from({length: app.graph.steps}, (_, k) => app.words.of(k))")
    for number, on_page in enumerate(said):
        assert on_page["arithmetic"] == words.arithmetic(number)
        assert on_page["sentence"] == words.sentence(number)
        assert on_page["meaning"] == words.meaning(number)


@pytest.mark.parametrize("graph", [network, mixture])
def test_every_state_is_the_recordings_to_the_bit(show, graph):
    log = record(graph()[0])
    tab = show(graph()[0])
    nodes = range(log.trace.root + 1)
    found = tab.run(
        """nodes => Array.from({length: app.graph.steps + 1}, (_, taken) =>
            nodes.map(i => [app.graph.knows(i, taken) ? app.graph.value[i] : null, app.graph.gathered(i, taken)]))""",
        list(nodes),
    )
    for taken, row in enumerate(found):
        state = log.state(taken)
        for i, (value, gathered) in zip(nodes, row, strict=True):
            assert value == state.value(i)
            assert gathered == state.delta(i)._asdict()
    ends = {log.after(taken, "neuron") for taken in range(len(log))}
    assert {tab.run(f"app.graph.unit({taken}, false)") for taken in range(len(log))} == ends
    assert [tab.run(f"app.graph.unit({taken}, true)") for taken in range(len(log) + 1)] == [
        log.before(taken, "neuron") for taken in range(len(log) + 1)
    ]


# -- live -------------------------------------------------------------------------------------------


def numbers_of(J):
    """Values and δ in the order of the page."""
    columns = record(J).trace.columns
    return columns.value.tolist(), columns.delta.tolist()


def assert_equal_numbers(tab, J, digits=1e-12):
    values, found = tab.run(f"[{ALL}]")
    expected_values, expected = numbers_of(J)
    for got, wanted in zip((*values, *found), (*expected_values, *expected), strict=True):
        assert same(got, wanted, digits) or abs(got - wanted) < 1e-15


@pytest.mark.parametrize("at", [(0.7, -1.3, 2.0), (-0.4, 0.2, 3.0), (1.5, 1.25, 0.5), (0.0, -3.0, 1.0)])
def test_a_changed_leaf_gives_pythons_numbers(show, at):
    J, _ = mixture()
    tab = show(J)
    for i, x in enumerate(at):
        tab.run("([i, x]) => app.change(i, x)", [i, x])
    assert_equal_numbers(tab, mixture(*at)[0])
    tab.run("app.learning.reset()")
    assert tab.run(f"[{ALL}]") == [list(column) for column in numbers_of(J)]  # to the bit


def test_typing_and_dragging_a_leaf(show):
    J, model = network()
    tab = show(J, hash="#step=3")
    weight = model.parameters()[0]
    tab.page.fill("#search", weight.name)
    tab.press("Enter")
    field, slider = tab.page.locator("#node .number"), tab.page.locator("#node input[type=range]")
    field.fill("−0.25")
    tab.press("Enter")
    weight.data = -0.25
    again = half_squared_error(model([0.5, -1.0]), 0.7)
    assert_equal_numbers(tab, again)
    assert tab.text("#loss").startswith(f"J {equals(again.data)}")
    assert tab.taken == 3  # the page stays where it was
    slider.focus()
    tab.press("ArrowRight")
    assert tab.run("app.graph.value[app.selected]") > -0.25
    before = tab.run("app.graph.value[app.selected]")
    field.fill("a lot")
    tab.press("Enter")
    assert "a lot is not a number" in tab.text("#said")
    assert tab.run("app.graph.value[app.selected]") == before


def fixed(w=0.5, x=2.0, target=0.3, power=2.0):
    """A node whose inputs are plain numbers, as are the target and the exponent of its loss."""
    w = Value(w, name="w")
    J = (tanh(dot([w], [x])) - target) ** power
    J.name = "J"
    return J


def test_a_constant_can_be_changed_and_is_never_learnt(show):
    tab = show(fixed())
    constants = tab.run("[...app.graph.value].slice(app.graph.root + 1)")
    assert constants == [2.0, 0.3, 2.0]
    card = "value => app.graph.value.indexOf(value, app.graph.root + 1)"
    tab.run("i => app.choose(i)", tab.run(card, 0.3))
    assert tab.text("#called").startswith("0.3")
    assert tab.page.locator("#node input[type=checkbox]").count() == 0
    tab.page.fill("#node .number", "-0.25")
    tab.press("Enter")
    assert_equal_numbers(tab, fixed(target=-0.25))
    assert tab.text("#called").startswith("-0.25")
    assert tab.run("app.picture.cards.get(app.selected).g.textContent") == "-0.25"
    tab.run("i => app.change(i, 3)", tab.run(card, 2.0))  # the input x
    assert_equal_numbers(tab, fixed(x=3.0, target=-0.25))
    tab.page.click("text=Step downhill")
    assert tab.run(card, -0.25) > 0
    tab.page.click("text=Reset")
    assert_equal_numbers(tab, fixed())


def test_formulas_stay_true_when_a_constant_in_them_is_changed(show):
    tab = show(fixed())
    root, exponent = tab.run("app.graph.root"), tab.run("app.graph.size - 1")
    said = "document.querySelector('#node .formula math').textContent"
    tab.run("app.choose(app.graph.root)")
    assert tab.run(said) == "J=t32"  # t₃²
    assert tab.run("i => app.words.formula(i)", root) == "J = t₃²"
    tab.run("i => app.change(i, 3)", exponent)
    assert_equal_numbers(tab, fixed(power=3.0))
    assert tab.run("i => app.words.formula(i)", root) == "J = t₃^3"
    assert tab.run(said) == "J=t33"
    assert "the slope here is 3·t₃^(3 - 1) ≈ " in tab.run("app.words.of(app.graph.seed + 1).sentence")
    tab.run("app.learning.reset()")
    assert tab.run("i => app.words.formula(i)", root) == "J = t₃²"


def test_the_index_of_a_softmax_is_not_a_number_to_change(show):
    tab = show(softmax([Value(0.1, name="a"), Value(0.4, name="b")])[1])
    tab.run("app.choose(app.graph.size - 1)")
    assert tab.page.locator("#node input").count() == 0
    assert "stays as it is" in tab.text("#node")


LAID_OUT = """() => Array.from({length: app.graph.root + 1 - app.graph.leaves}, (_, k) => {
    const i = app.graph.leaves + k, math = app.words.laidOut(i);
    return {
        text: app.words.formula(i), says: math.textContent, alt: math.getAttribute('alttext'),
        strangers: [...math.querySelectorAll('*')].filter((part) => part.namespaceURI !== math.namespaceURI).length,
        html: math.innerHTML,
    };
})"""


@pytest.mark.parametrize("graph", [network, mixture])
def test_every_formula_is_laid_out_and_says_what_its_text_says(show, graph):
    def letters(text):
        return sorted(c for c in unicodedata.normalize("NFKC", text) if c.isalnum())

    formulas = show(graph()[0]).run(LAID_OUT)
    assert len(formulas) > 5
    for formula in formulas:
        assert formula["alt"] == formula["text"]
        assert letters(formula["says"]) == letters(formula["text"])
        assert formula["strangers"] == 0
    if graph is network:
        laid = next(formula["html"] for formula in formulas if formula["text"] == "a²₁ = tanh(z²₁)")
        assert laid.startswith("<msubsup><mi>a</mi><mn>1</mn><mn>2</mn></msubsup><mo>=</mo><mrow><mi>tanh</mi>")


def test_a_long_formula_goes_on_in_the_next_line(show):
    w, x = [Value(0.1, name=f"weight{i}") for i in range(4)], [Value(0.3, name=f"input{i}") for i in range(4)]
    J = -dot(w, x, Value(1.0, name="bias"))
    J.name = "J"
    tab = show(J)
    lines = "[...document.querySelectorAll('#node .formula math')].map((line) => line.textContent)"
    tab.run("app.find(app.graph.root)")
    assert tab.run(lines) == ["J=−t1"]  # a sign before a term is no place to go on
    tab.run("app.find(app.graph.leaves)")
    terms = [f"weight{i}·input{i}" for i in range(4)]
    assert tab.run(lines) == [f"t1={terms[0]}", *(f"+{term}" for term in terms[1:]), "+bias"]
    node = tab.run("(({scrollWidth, clientWidth}) => [scrollWidth, clientWidth])(document.querySelector('.node'))")
    assert node[0] <= node[1]


def test_names_are_laid_out_as_in_python(context):
    names = ["z", "z²₁", "W¹₁₀,₇", "w_1", "w12", "loss", "learning_rate", "b¹", "z²₁[2]", "x1₂", "<b>", "t₁", "é₂"]
    numbers = ["0.5", "-2", "3e-5", "-1.5e300", "inf"]
    page = context.new_page()
    page.add_script_tag(content=_part("math.js"))
    as_html = "texts => texts.map((text) => symbol(text).outerHTML)"
    expected = [mathml(identifier(name)) for name in names]
    assert page.evaluate(as_html, names) == expected
    said = page.evaluate("texts => texts.map((text) => symbol(text).textContent)", numbers)
    assert said == ["0.5", "−2", "3·10−5", "−1.5·10300", "∞"]
    page.close()


def test_gradient_descent_is_pythons_and_J_falls(show):
    J, model = network()
    tab = show(J, wrt=model.parameters(), rate=0.2)
    first = J.data
    for _ in range(3):
        tab.page.click("text=Step downhill")
        found = deltas(J)
        for parameter in model.parameters():
            parameter.data -= 0.2 * found[parameter]
        J = half_squared_error(model([0.5, -1.0]), 0.7)
    assert_equal_numbers(tab, J)
    assert J.data < first
    assert tab.run("app.learning.history").__len__() == 4
    tab.page.fill("#learn .number", "much")
    tab.page.click("text=10 steps")
    assert "much is not a learning rate" in tab.text("#said")


# -- stepping ---------------------------------------------------------------------------------------


def test_steps_both_ways_with_keys_and_buttons(show):
    J, _ = network()
    tab = show(J)
    steps = tab.run("app.graph.steps")
    assert tab.text("#phase").lower() == "before the first step"
    tab.press("ArrowRight", "ArrowRight", "ArrowLeft")
    assert tab.taken == 1
    tab.page.click("#forth")
    assert tab.taken == 2
    tab.page.click("#back")
    assert tab.taken == 1
    tab.press("End")
    assert tab.taken == steps
    assert tab.page.is_disabled("#forth")
    tab.press("ArrowRight")
    assert tab.taken == steps
    tab.press("Home")
    assert tab.taken == 0
    tab.press("Shift+ArrowRight")
    assert tab.taken == record(J).after(0, "neuron")
    tab.press("Shift+ArrowLeft")
    assert tab.taken == 0
    tab.page.click("#end")
    tab.page.click("#start")
    assert tab.taken == 0


def test_the_keys_are_the_pages_wherever_they_are_of_no_other_use(show):
    tab = show(network()[0])
    slider = tab.page.locator("#slider")
    slider.fill("5")
    slider.focus()
    tab.press("ArrowRight", "Shift+ArrowLeft")
    assert tab.taken == record(network()[0]).before(6, "neuron")
    tab.press("ArrowUp")
    assert tab.page.evaluate("document.activeElement.id") == "slider"
    tab.press(" ")
    assert tab.run("app.player.playing")
    tab.press(" ", "Home")
    assert tab.taken == 0
    tab.run("app.choose(0)")
    learns = tab.page.locator("#node input[type=checkbox]")
    learns.focus()
    tab.press(" ")  # is the box's own
    assert not learns.is_checked()
    assert not tab.run("app.player.playing")
    tab.press("ArrowRight")
    assert tab.taken == 1


def test_a_chosen_number_stays_until_it_is_let_go(show):
    tab = show(network()[0], hash="#step=2")
    assert not tab.page.is_visible("#release")
    tab.run("app.choose(0)")
    tab.press("ArrowRight")
    chosen = tab.text("#called")
    assert chosen.startswith(tab.run("app.graph.called[0]"))
    tab.page.click("#release")
    tab.until("document.getElementById('release').hidden")
    assert tab.text("#called") != chosen
    assert tab.run("app.selected") is None


def test_going_there_and_back_shows_the_same(show):
    tab = show(network()[0])
    picture = "[...document.querySelectorAll('.card')].map(card => [card.getAttribute('class'), card.textContent])"
    tab.press("0")  # the whole stays open, whatever is at work
    seen = []
    for _ in range(tab.run("app.graph.steps") + 1):
        seen.append(tab.run(picture))
        tab.press("ArrowRight")
    for expected in reversed(seen):
        assert tab.run(picture) == expected
        tab.press("ArrowLeft")
    assert len({str(state) for state in seen}) == len(seen)


def test_not_computed_no_path_and_zero_are_told_apart(show):
    x, w = Value(-1.0, name="x"), Value(2.0, name="w")
    J = where(1.0, relu(x * 2.0), w * 3.0)
    J.name = "J"
    tab = show(J)

    def card(name):
        i = tab.run("name => app.graph.called.indexOf(name)", name)
        return tab.run("i => app.picture.cards.get(i).g.textContent", i)

    assert "not yet" in card("J")
    assert "not yet" not in card("x")
    tab.press("End")
    assert card("J").endswith("0δ +1")
    assert card("x").endswith("-1δ 0")
    assert card("w").endswith("2no path")
    i = tab.run("app.graph.called.indexOf('w')")
    assert "no derivative comes back" in tab.run("i => app.words.known(i, app.taken).delta", i)


def test_the_slider_and_links(show):
    tab = show(network()[0], hash="#step=7&node=1")
    assert (tab.taken, tab.run("app.selected")) == (7, 1)
    tab.page.locator("#slider").fill("4")
    assert tab.taken == 4
    tab.until("location.hash === '#step=4&node=1'")
    tab.run("location.hash = '#step=2'")
    tab.until("app.taken === 2")
    tab.run("location.hash = '#step=999999'")
    tab.until("app.taken === app.graph.steps")
    tab.run("location.hash = '#step=<b>&node=-1'")
    tab.press("Home")
    assert tab.taken == 0


def test_play_stops_at_breakpoints(show):
    J, _ = network()
    tab = show(J)
    log = record(J)
    name = "a²₁"
    i = tab.run("name => app.graph.called.indexOf(name)", name)
    tab.page.select_option("#speed", "60")
    tab.run("i => app.picture.cards.get(i).g.querySelector('.breakpoint').dispatchEvent(new Event('click'))", i)
    assert tab.run("app.breakpoints.size") == 1
    assert tab.run("document.querySelectorAll('.ticks i').length") == 2
    tab.press(" ")
    tab.until("app.taken > 0 && !app.player.playing")
    assert log.state(tab.taken).value(i) is not None
    assert log.state(tab.taken - 1).value(i) is None
    tab.press(" ")
    tab.until(f"app.taken > {tab.taken} && !app.player.playing")
    assert log.state(tab.taken).delta(i).complete
    assert not log.state(tab.taken - 1).delta(i).complete
    tab.run("i => app.choose(i)", i)
    tab.press("b")
    assert tab.run("app.breakpoints.size") == 0
    tab.press(" ")
    tab.until("app.taken === app.graph.steps && !app.player.playing")


TOUCHED = """async () => {
    const seen = [];
    const watch = new MutationObserver(() => {});
    watch.observe(document.querySelector('.picture'), {
        subtree: true, childList: true, attributes: true, characterData: true,
    });
    for (const way of [1, -1])
        for (let k = 0; k < app.graph.steps; k++) {
            const {phase, node} = app.graph.step(way === 1 ? app.taken : app.taken - 1);
            app.go(app.taken + way);
            const touched = new Set(watch.takeRecords()
                .map(({target}) => target.nodeType === 1 ? target : target.parentElement)
                .map((element) => element.closest('.card, .edge, .slope, .lit, .flights') ?? element));
            const count = (name) => [...touched].filter((element) => element.matches(name)).length;
            const arrows = phase === 'forward' ? app.graph.edges(node).length : 1;
            const known = '.card, .edge, .slope, .lit, .flights, .camera, .picture';
            const others = [...touched].filter((element) => !element.matches(known)).length;
            const drawn = Math.max(count('.edges .edge'), count('.slopes .slope'));
            seen.push({cards: count('.card'), arrows: drawn - arrows, others});
        }
    return seen;
}"""


def test_a_step_touches_only_what_it_changes(show):
    model = MLP(3, [16, 16, 1], activation="tanh", seed=1)
    tab = show(half_squared_error(model([0.1, -0.4, 0.8]), 0.3))
    tab.press("0")
    assert tab.run("app.picture.links.length") > 300
    seen = tab.run(TOUCHED)
    assert max(step["cards"] for step in seen) <= 4  # the step's two and those of the step before
    assert max(step["arrows"] for step in seen) <= 0  # no more than the step is about
    assert max(step["others"] for step in seen) == 0


def test_in_a_run_of_steps_the_whole_is_seen_and_then_the_step(show):
    model = MLP(3, [16, 16, 1], activation="tanh", seed=1)
    tab = show(half_squared_error(model([0.1, -0.4, 0.8]), 0.3))
    whole = tab.run("app.camera.whole")
    assert whole < 0.6  # too small to be read
    tab.press("ArrowRight")
    assert tab.run("app.camera.view.zoom") >= 1.12  # names of 14 pixels
    tab.run("() => { for (let k = 0; k < 20; k++) app.go(app.taken + 1); }")
    assert tab.run("app.camera.view.zoom") == tab.run("app.camera.whole") < 0.6
    tab.until("app.camera.view.zoom >= 1.12")
    tab.run("() => { app.camera.letGo(); for (let k = 0; k < 20; k++) app.go(app.taken + 1); }")
    assert tab.run("app.camera.view.zoom") >= 1.12  # whoever looks elsewhere is left there


SEEN = """i => {
    const {left, right, top, bottom} = app.picture.cards.get(i).g.getBoundingClientRect();
    const stage = document.querySelector('.stage').getBoundingClientRect();
    return left >= stage.left && right <= stage.right && top >= stage.top && bottom <= stage.bottom;
}"""


def test_a_step_a_found_number_and_the_focus_come_into_view(show):
    tab = show(network()[0])
    tab.press("0")  # all is open
    tab.run("app.camera.following = true")
    last = tab.run("app.graph.root")
    tab.run("app.camera.zoomBy(3, {x: 0, y: 0})")
    assert not tab.run(SEEN, last)
    tab.press("End")
    assert tab.run(SEEN, tab.run("app.graph.step(app.taken - 1).target"))
    tab.press("0")
    tab.run("app.camera.go({x: 3000, y: 0, zoom: 2}, false)")
    tab.press("Home")
    assert not tab.run(SEEN, last)  # whoever looks elsewhere is left there
    tab.run("i => app.find(i)", last)
    assert tab.run(SEEN, last)
    tab.run("app.camera.go({x: 3000, y: 0, zoom: 2}, false)")
    tab.press("ArrowUp")
    assert tab.run("[...app.picture.cards.values()].find(({g}) => g === document.activeElement).thing") == last
    assert tab.run(SEEN, last)


def test_a_run_of_steps_is_told_when_it_ends(show):
    tab = show(network()[0])
    nine = "for (let k = 0; k < 9; k++) app.go(app.taken + 1);"
    said = tab.run(f"() => {{ {nine} return document.getElementById('said').textContent; }}")
    assert not said.startswith("Forward, 9 of")  # nobody could listen to all nine
    tab.until("document.getElementById('said').textContent.startsWith('Forward, 9 of ')")


# -- looking ----------------------------------------------------------------------------------------


def test_groups_open_and_close(show):
    tab = show(network()[0])
    cards = tab.run("app.picture.cards.size")
    tab.page.locator(".scope .fold").first.click()
    assert tab.run("app.picture.cards.size") < cards
    tab.page.locator(".card.group .fold").first.click()
    assert tab.run("app.picture.cards.size") == cards
    tab.page.locator(".scope .fold").first.click()
    tab.run("app.find(app.tree.root.groups[0].computed[0] ?? 0)")
    assert tab.run("app.picture.cards.has(app.selected)")


SCOPES = ("", "a", "a.b", "a.b.c", "d", "d.e", "layer1.neuron1", "layer1.neuron2", "x" * 80)


def tangle(seed):
    """A random graph whose scopes go in circles: computed in a, then in d, then in a again."""
    dice = random.Random(seed)
    live = [Value(dice.uniform(-1, 1), name=dice.choice([None, f"v{i}"])) for i in range(dice.randint(1, 5))]
    for _ in range(dice.randint(5, 80)):
        a, b = dice.choice(live), dice.choice(live)
        with scope(dice.choice(SCOPES)):
            live.append(dice.choice([a * b, a + b, tanh(a), a * 2.0, sin(a), logsumexp([a, b, *live[-2:]])]))
    return logsumexp(live[-3:])


CROSSED = """() => {
    for (const group of app.tree.root.inside()) group.open = true;
    app.redraw();
    const cards = [...app.picture.cards.values()];
    const meet = (a, b) => a !== b && a.x < b.x + b.width && b.x < a.x + a.width
        && a.y < b.y + b.height && b.y < a.y + a.height;
    const paths = [...document.querySelectorAll('.edge path')].map((path) => path.getAttribute('d'));
    const broken = paths.filter((d) => !/^M[-\\d]/.test(d) || d.includes('NaN'));
    return {
        cards: cards.length, overlaps: cards.filter((a) => cards.some((b) => meet(a, b))).length,
        links: app.picture.links.length, drawn: document.querySelectorAll('.edge .line').length, broken: broken.length,
    };
}"""


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(k, marks=pytest.mark.thorough) for k in (2, 3))])
def test_every_number_and_every_arrow_is_drawn_and_no_card_covers_another(show, seed):
    J = tangle(seed)
    seen = record(J).trace
    tab = show(J)
    assert tab.run(CROSSED) == {
        "cards": len(seen.nodes), "overlaps": 0, "links": len(seen.edges), "drawn": len(seen.edges), "broken": 0,
    }  # fmt: skip


def test_a_large_graph_begins_with_few_cards_and_any_number_can_be_found(show):
    model = MLP(8, [40, 1], activation="tanh", seed=1)
    tab = show(half_squared_error(model([0.1] * 8), 0.5))
    assert tab.run("app.picture.cards.size") < 100
    name = "W¹₈,₄₀" if "W¹₈,₄₀" in tab.run("app.graph.called") else tab.run("app.graph.called[300]")
    i = tab.run("name => app.graph.called.indexOf(name)", name)
    tab.run("i => app.find(i)", i)
    assert tab.run("i => app.picture.cards.has(i)", i)
    unnamed = Value(1.0)
    for _ in range(700):
        unnamed = tanh(unnamed * 1.01)
    tab = show(unnamed)
    assert 1 < tab.run("app.picture.cards.size") < 100  # parts, in the order of computation
    tab.press("End")
    assert "δ" in tab.run("app.picture.cards.values().next().value.g.textContent")


def test_search_knows_plain_names(show):
    tab = show(network()[0])
    tab.press("/")
    tab.page.keyboard.type("z31")
    assert tab.text("#found li >> nth=0").startswith("z³₁")
    tab.press("Enter")
    assert tab.run("app.graph.called[app.selected]") == "z³₁"
    assert tab.text("#called").startswith("z³₁")
    tab.press("/")
    tab.page.keyboard.type("nothing like it")
    assert "nothing of that name" in tab.text("#found")
    tab.press("Escape", "Escape")
    assert tab.run("app.selected") is None


def test_the_keyboard_alone_reaches_a_card_and_screen_readers_hear_it(show):
    tab = show(network()[0])
    tab.page.focus(".picture")
    tab.press("ArrowDown", "ArrowDown", "Enter")
    assert tab.run("document.activeElement.getAttribute('aria-label')")
    assert tab.run("app.selected") is not None
    tab.press("ArrowRight")
    heard = tab.text("#said")
    assert heard.startswith("Forward, 1 of ")
    assert "is a weighted sum" in heard
    assert tab.run("document.getElementById('slider').getAttribute('aria-valuetext')").startswith("forward 1 of")
    unnamed = """[...document.querySelectorAll('button, input, select, .card')]
        .filter(e => !(e.getAttribute('aria-label') || e.textContent || e.labels?.length)).length"""
    assert tab.run(unnamed) == 0


def test_the_guide_leads_through_and_ends(show):
    tab = show(network()[0])
    tab.page.click("#tour")
    for _ in range(6):
        assert tab.page.is_visible("#guide")
        box = tab.page.locator("#guide").bounding_box()
        assert box["x"] >= 0 and box["y"] >= 0
        assert box["x"] + box["width"] <= 1280 and box["y"] + box["height"] <= 800
        tab.page.click("#guide-next")
    assert not tab.page.is_visible("#guide")


def test_on_a_phone_that_lies_the_guide_leaves_free_what_it_speaks_of(browser, show):
    with browser.new_context(viewport={"width": 844, "height": 390}, reduced_motion="reduce") as phone:
        tab = show(network()[0], in_context=phone)
        tab.page.click("#tour")
        for spoken_of in (".stage", ".transport", ".story"):
            box, target = (tab.page.locator(each).first.bounding_box() for each in ("#guide", spoken_of))
            apart = [box[at] + box[size] <= target[at] or target[at] + target[size] <= box[at]
                     for at, size in (("x", "width"), ("y", "height"))]  # fmt: skip
            assert any(apart) or spoken_of == ".stage"
            assert box["y"] >= 0 and box["y"] + box["height"] <= 390
            tab.page.click("#guide-next")


@pytest.mark.parametrize(
    ("scheme", "width"),
    [*(pytest.param(*look, marks=pytest.mark.thorough) for look in [("dark", 1280), ("light", 390)]), ("dark", 390)],
)
def test_dark_and_narrow(show, browser, scheme, width):
    with browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme) as narrow:
        tab = show(network()[0], in_context=narrow, hash="#step=9")
        ground = tab.run("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
        assert tab.run("document.documentElement.scrollWidth") <= width
        assert tab.complaints == []


def test_on_a_phone_the_picture_begins_with_what_is_computed_first(show, browser):
    neuron = Neuron.from_weights([6.0, 2.0, 3.0], -7.0, "sigmoid")
    with browser.new_context(viewport={"width": 390, "height": 844}) as phone:
        tab = show(half_squared_error(neuron([1.0, 0.0, 0.0]), 1.0), in_context=phone)
        assert tab.run("app.camera.whole") < 0.7  # seen, but not read
        assert tab.run("app.camera.view.zoom") >= 1.12
        tab.until(f"({SEEN})(app.graph.leaves)")  # after the glide


# -- what goes wrong --------------------------------------------------------------------------------


def test_hostile_names_are_text(show):
    names = [
        "</script><img src=x onerror=alert(1)>",
        "'\"><svg onload=alert(2)>",
        "${alert(3)}",
        "__proto__",
        "\u202eabc",
    ]
    leaves = [Value(float(i), name=name) for i, name in enumerate(names)]
    J = tanh(leaves[0] + leaves[1] * leaves[2] - leaves[3] * leaves[4])
    J.name = "constructor"
    tab = show(J, title="<script>alert(4)</script>")
    for key in ("ArrowRight", "End", "Home"):
        tab.press(key)
    for i in range(tab.run("app.graph.size")):
        tab.run("i => app.find(i)", i)
        assert tab.page.locator("#node .formula :not(math, math *)").count() == 0
    assert tab.run("document.querySelectorAll('img, svg[onload], body script:not([id])').length") == 1
    assert names[0] in tab.run("app.graph.called")
    assert "<script>" in tab.text("h1")


def test_the_policy_stops_what_is_put_in_later(context, folder):
    tab = opened(context, viz.explore(network()[0]).save(folder / "policy.html"))
    tab.run("() => document.body.append(Object.assign(document.createElement('script'), {textContent: 'broken = 1'}))")
    tab.run("() => { new Image().src = 'https://example.org/x.png'; }")
    assert tab.run("window.broken") is None
    tab.run("() => { setTimeout('window.broken = 2', 0); }")
    tab.run("() => { document.body.setAttribute('onclick', 'window.broken = 3'); document.body.click(); }")
    tab.run("new Promise((done) => setTimeout(done, 50))")  # those from before have their turn
    assert tab.run("window.broken") is None
    assert len(tab.complaints) >= 4  # the browser says what it refused
    tab.page.close()


def test_nan_is_shown_and_the_page_goes_on(show):
    x = Value(-1.0, name="x")
    J = log(x) * 2.0 + x
    J.name = "J"
    tab = show(J)
    tab.press("End")
    assert "nan" in tab.text("#loss")
    assert tab.run("document.querySelectorAll('.card.odd').length") >= 2
    tab.run("app.change(0, 2.0)")
    assert tab.text("#loss").startswith("J ≈ 3.386")


def test_a_leaf_alone_is_a_clear_page(show):
    tab = show(Value(3.0, name="x"))
    assert "was given, not computed" in tab.text("#sentence")
    tab.press("ArrowRight", "ArrowLeft", "End")
    assert tab.text("#learn") == "Nothing is computed here, so there is nothing to learn."


def test_a_notebooks_frame_works_though_it_may_do_little(context, folder):
    file = Path(folder) / "notebook.html"
    J = tanh(Neuron.from_weights([1.0], 0.5, "tanh")([Value(2.0, name="x")]))
    file.write_text(f"<!doctype html><meta charset=utf-8><body>{viz.explore(J)._repr_html_()}", "utf-8")
    tab = opened(context, file)
    frame = tab.page.frames[1]
    frame.wait_for_selector(".card")
    frame.click("#forth")
    assert "Forward, 1 of" in frame.inner_text("#said")
    tab.page.wait_for_timeout(250)  # the link's delay
    assert tab.complaints == []
    tab.page.close()


def test_letters_grow_in_the_panels_and_in_the_picture_and_links_remember_it(show):
    tab = show(network()[0])
    small, near = (tab.run(f"{size}") for size in (LETTERS, "app.camera.readable"))
    tab.press("]", "]")
    assert tab.run(LETTERS) == pytest.approx(1.5 * small, rel=0.01)
    assert tab.run("app.camera.readable") == pytest.approx(1.5 * near)
    assert "150 %" in tab.text("#said")
    assert "text=150" in tab.run("app.state.address")
    tab.run("app.state.follow('#step=3&text=200')")
    assert tab.run("app.taken") == 3
    assert tab.run(LETTERS) == pytest.approx(2 * small, rel=0.01)
    assert tab.run("document.getElementById('larger').disabled")
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    tab.run("app.state.follow('#text=333')")  # no size that there is
    assert tab.run("app.stage.text") == 200
    tab.press("[", "[", "[", "[")
    assert tab.run(LETTERS) == pytest.approx(small)
    assert "text=" not in tab.run("app.state.address")


LETTERS = "parseFloat(getComputedStyle(document.getElementById('sentence')).fontSize)"


def test_sentences_have_names_as_cards_do(show):
    alpha, w, beta = Value(0.5, name="alpha"), Value(2.0, name="w_ij"), Value(3.0, name="beta_1")
    J = alpha * w + beta * Value(0.25, name="<b>") + Value(1.0, name="שלום")
    J.name = "J"
    tab = show(J)
    shown = []
    for taken in range(tab.run("Number(document.getElementById('slider').max)") + 1):
        tab.run(f"const s = document.getElementById('slider'); s.value = {taken}; s.dispatchEvent(new Event('input'))")
        shown.append(tab.run("document.querySelector('.story').textContent"))
    said = " ".join(shown)
    assert all(name in said for name in ("α", "wᵢⱼ", "β₁", "<b>", "\u2068שלום\u2069"))
    assert not any(name in said for name in ("alpha", "w_ij", "beta"))
    typed = "const s = document.getElementById('search'); s.value = 'alpha'; s.dispatchEvent(new Event('input'))"
    tab.run(typed)
    assert tab.run("document.getElementById('found').textContent") == "α"


def test_cards_have_names_typeset(show):
    J = Value(0.5, name="alpha") * Value(0.5, name="w_max") * Value(0.5, name="x1") * Value(0.5, name="α")
    tab = show(J)
    names = tab.run("[...document.querySelectorAll('.card .name')].map((name) => name.textContent)")
    assert {"α[1]", "α[2]", "wmax", "x₁", "t₁"} <= set(names)
    assert tab.run("document.querySelector('.card .below').textContent") == "max"
