"""A lesson with the page, in a browser: legible at once, near what is at work, asking, comparing, saved."""

import json
import math
import re
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

import viz
from autograd import Value, deltas, errors, log, tanh
from nn import MLP, half_squared_error
from tests.support.browser import launched, opened
from viz.why import why

SCREENS = [
    (1280, 720),
    *(pytest.param(size, marks=pytest.mark.thorough) for size in [(1920, 1080), (768, 1024), (844, 390), (390, 844)]),
]


@pytest.fixture(scope="module")
def browser():
    with launched() as running:
        yield running


@pytest.fixture
def show(browser, tmp_path):
    """Opens the page of a node in a window; afterwards it must have complained about nothing."""
    contexts = []

    def shown(J, at="", size=(1280, 720), motion="reduce", **options):
        window = {"width": size[0], "height": size[1]}
        contexts.append(browser.new_context(viewport=window, reduced_motion=motion, accept_downloads=True))
        contexts[-1].set_default_timeout(60_000)
        file = viz.explore(J, **options).save(tmp_path / f"page{len(contexts)}.html")
        tab = opened(contexts[-1], file, at)
        contexts[-1].tab = tab
        return tab

    yield shown
    for context in contexts:
        assert context.tab.complaints == []
        context.close()


def network(sizes=(2, 1)):
    model = MLP(2, list(sizes), activation="tanh", seed=3)
    return half_squared_error(model([0.5, -1.0]), 0.7)


# -- the first view ---------------------------------------------------------------------------------

FILLED = """() => {
    const {view, size} = app.camera, {layout} = app.picture;
    return [[view.x, layout.width, size.width], [view.y, layout.height, size.height]].every(([at, long, room]) => {
        const end = at + long * view.zoom;
        return long * view.zoom + 40 <= room ? Math.abs(at - (room - end)) < 1 : at <= 20.5 && end >= room - 20.5;
    });
}"""
WORKING = """() => {
    const {node, target} = app.atWork, stage = document.querySelector('.picture').getBoundingClientRect();
    const {left, right, top, bottom} = app.picture.cards.get(target).g.getBoundingClientRect();
    return left >= stage.left && right <= stage.right && top >= stage.top && bottom <= stage.bottom;
}"""
NAME = "12.5 * app.camera.view.zoom"


@pytest.mark.parametrize("size", SCREENS)
def test_names_are_legible_and_what_is_at_work_is_in_view_at_every_step(show, size):
    tab = show(network(), size=size)
    for step in [None, *range(0, tab.run("app.graph.steps"), 4), "last"]:
        if step is not None:
            tab.run("k => { app.run = 0; app.gone = -Infinity; app.go(k === 'last' ? app.graph.steps : k); }", step)
        assert tab.run(NAME) >= 14
        assert tab.run(WORKING)
        assert tab.run(FILLED)


@pytest.mark.thorough
def test_in_full_screen_names_are_larger(show):
    tab = show(network(), size=(1920, 1080))
    assert 14 <= tab.run(NAME) < 18
    tab.page.click("#full")
    tab.until("document.fullscreenElement !== null")
    tab.until(f"{NAME} >= 18")


def test_what_is_at_work_is_open_and_the_rest_is_folded(show):
    tab = show(network((3, 3, 1)))
    opened_groups = "app.tree.groups.filter((group) => group.parent && group.open).map((group) => group.path).sort()"
    assert tab.run(opened_groups) == ["layer1", "layer2", "layer2.neuron1"]
    tab.run("app.go(app.graph.steps - 1)")
    tab.until("app.tree.shows(app.atWork.target) === app.atWork.target")
    tab.run("app.open(app.tree.groups.find((group) => group.path === 'loss'), true)")
    tab.run("() => { app.run = 0; app.gone = -Infinity; app.go(1); }")
    assert "loss" in tab.run(opened_groups)  # what was opened by hand stays so
    tab.press("0")
    assert tab.run("app.picture.cards.size") > 40


def test_it_opens_settled(show):
    tab = show(network(), at="#step=12", motion="no-preference")
    before = tab.run("getComputedStyle(app.picture.camera).transform")
    assert not tab.run("app.picture.camera.classList.contains('glides')")
    tab.page.wait_for_timeout(400)
    assert tab.run("getComputedStyle(app.picture.camera).transform") == before


def test_panels_move_and_hide_and_keep_their_place(show):
    tab = show(network())
    height = tab.run("app.camera.size.height")
    tab.page.select_option("#dock", "hidden")
    tab.until(f"app.camera.size.height > {height} + 150")
    assert not tab.page.is_visible(".dock")
    tab.page.select_option("#dock", "beside")
    tab.until("app.camera.size.width < 1000")
    width = tab.run("app.camera.size.width")
    tab.page.focus("#divider")
    tab.press("ArrowLeft", "ArrowLeft")
    tab.until(f"app.camera.size.width < {width}")
    tab.until("location.hash.includes('panels=beside')")


# -- links, and what is saved -----------------------------------------------------------------------


def test_a_link_carries_numbers_groups_and_step(show):
    tab = show(network())
    tab.run("() => { app.change(0, 0.123456789012345); app.change(1, -1/3); }")
    tab.run("app.open(app.tree.groups.find((group) => group.path === 'loss'), true)")
    tab.run("app.go(9)")
    tab.until("location.hash.includes('step=9')")
    link = tab.run("location.hash")
    again = show(network(), at=link)
    state = (
        "[app.taken, [...app.graph.value], [...app.graph.delta], app.tree.groups.map((group) => group.pinned ?? null)]"
    )
    assert again.run(state) == tab.run(state)
    for broken in ("#set=0:NaN&open=9999,x",):
        assert show(network(), at=broken).run("app.graph.value[0]") == network_leaf()


@pytest.mark.thorough
def test_a_broken_link_changes_nothing(show):
    for broken in ("#set=0:x,99999:1,-1:2,1&step=2", "#open=9999,x&closed=0&node=77777", "#set=0:NaN"):
        assert show(network(), at=broken).run("app.graph.value[0]") == network_leaf()


def network_leaf():
    return viz.trace(network()).nodes[0].value


def test_the_step_can_be_typed(show):
    tab = show(network())
    tab.press("g")
    tab.page.keyboard.type("17")
    tab.press("Enter")
    assert tab.taken == 17
    assert tab.text("#of-steps") == "of 31"


def test_the_view_is_saved_as_svg_and_png(show, tmp_path):
    tab = show(network(), at="#step=12")
    files = {}
    for kind in ("svg", "png"):
        tab.page.click("#save summary")
        with tab.page.expect_download() as download:
            tab.page.click(f"#save-{kind}")
        files[kind] = tmp_path / f"saved.{kind}"
        download.value.save_as(files[kind])
        assert f"-12.{kind}" in download.value.suggested_filename
    tree = ElementTree.parse(files["svg"]).getroot()
    words = [text.text for text in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert {"J", "0.003775", "δ -0.08689"} <= set(words)
    assert "var(" not in files["svg"].read_text("utf-8") and "class=" not in files["svg"].read_text("utf-8")
    png = files["png"].read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(png[16:20], "big") == 2 * tab.run("app.camera.size.width")


@pytest.mark.thorough
def test_paper_has_the_whole_picture_and_no_buttons(show, tmp_path):
    pypdf = pytest.importorskip("pypdf")
    tab = show(network(), at="#step=31&look=free")
    tab.press("0")
    pages = pypdf.PdfReader(tab.page.pdf(path=tmp_path / "page.pdf", format="A4") and tmp_path / "page.pdf").pages
    said = "".join(page.extract_text() for page in pages)
    assert len(pages) == 1
    assert said.count("layer2") == said.count("layer3") == 1
    assert "Step downhill" not in said


def test_without_scripts_there_is_a_picture_and_no_dead_button(browser, tmp_path):
    made = viz.explore(network(), lang="ru")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(made.save(tmp_path / "page.html").as_uri())
    image = page.locator("noscript img")
    assert image.is_visible() and image.bounding_box()["width"] > 400
    svg = unquote(image.get_attribute("src").partition(",")[2])
    assert svg == made.picture.replace(">\n<", "><") and "prefers-color-scheme: dark" in svg
    assert "локальная производная" in svg and "local derivative" not in svg
    assert not page.locator("button").first.is_visible()
    context.close()


# -- before and after, and why ----------------------------------------------------------------------


def test_before_and_after_stand_side_by_side(show):
    tab = show(network(), at="#step=11")
    tab.press("c")
    tab.press("ArrowRight")
    delta = "which => document.querySelector(which + ' .card.current .delta').textContent"
    assert tab.run(delta, ".picture.earlier") == "δ ?"
    assert tab.run(delta, ".picture:not(.earlier)") == "δ -0.08689"
    tab.run("app.change(0, 0.9)")
    values = """which => [...document.querySelectorAll(which + ' .card.leaf .value')].map((text) => text.textContent)"""
    assert tab.run(values, ".picture.earlier") == tab.run(values, ".picture:not(.earlier)")
    tab.press("c")
    assert tab.page.locator(".picture").count() == 1


def test_why_lights_the_paths_that_python_finds(show):
    x = Value(0.7, name="x")
    a, b = tanh(x), x * 1.5
    J = a * b + x * 0.1
    J.name = "J"
    found = why(J, x, top=5)
    tab = show(J, at="#step=99")
    tab.run("i => app.find(i)", tab.run("app.graph.called.indexOf('x')"))
    tab.page.click("button.why")
    assert tab.run("app.paths.count") == found.count == 3
    products = tab.run("app.paths.list.map((way) => way.product)")
    assert products == pytest.approx([path.contribution for path in found.paths], rel=1e-14)
    assert tab.run("document.querySelectorAll('.lit-way').length") >= 6
    assert tab.text("#said") == "3 paths from x to J are lit."
    tab.press("Escape")
    assert tab.run("document.querySelectorAll('.lit-way').length") == 0


# -- predicting -------------------------------------------------------------------------------------


def test_a_learner_predicts_is_helped_and_goes_on(show):
    tab = show(network())
    tab.press("p", "ArrowRight")
    assert tab.taken == 0
    assert tab.text("#asked") == "What is z²₁?"
    tab.page.keyboard.type("1.245")
    tab.press("Enter")
    assert tab.text("#mark") == "The size is right. Look at the sign."
    assert tab.taken == 0
    tab.page.fill("#answer", "-1.24")
    tab.press("Enter")
    assert tab.taken == 1
    assert tab.text("#mark").endswith("Right: -1.245.")
    assert tab.text("#score") == "0 of 1 at the first try"
    tab.press("ArrowRight")
    tab.page.fill("#answer", "0.5")
    tab.press("Enter")
    tab.page.click("#keep")
    assert tab.taken == 2
    tab.run("app.go(11)")
    tab.press("ArrowRight")
    assert tab.text("#asked").startswith("What is the slope ∂t₂/∂t₁ here")
    tab.page.fill("#answer", "-0.174")
    tab.press("Enter")
    assert tab.text("#asked") == "What is δ(t₁) after this step?"
    tab.page.fill("#answer", "0.5")
    tab.press("Enter")
    assert "inner derivative" in tab.text("#mark")
    tab.page.click("#tell")
    assert tab.taken == 12
    assert tab.text("#mark") == "It is -0.08689."


HELP = """() => Array.from({ length: app.graph.steps }, (_, k) => app.quiz.exam.kinds(k).map((kind) => {
    app.quiz.k = k;
    return [kind, app.quiz.help(kind, app.graph.step(k).edge)];
})).flat()"""


def test_what_an_answer_is_made_of_is_said_without_it(show):
    x = Value(1 / 3, name="x")
    J = tanh(x) * x + x / 7
    J.name = "J"
    said = show(J, at="#predict=1").run(HELP)
    assert ["value", "t₁ = tanh(x) ≈ tanh(0.3333)"] in said
    assert ["δ", "δ(x) += δ(t₁)·∂t₁/∂x ≈ 0.3333 · 0.8966;  δ(x) ≈ 0.4644"] in said
    for kind, text in said:
        assert kind == "slope" or text.partition(";")[0].count(" ≈ ") + text.partition(";")[0].count(" = ") <= 2
        assert "undefined" not in text and "NaN" not in text


@pytest.mark.parametrize(("lang", "now"), [("en", "now"), ("ru", "теперь")])
def test_a_sum_that_goes_on_has_a_line_of_its_own(show, lang, now):
    x = Value(0.5, name="x")
    tab = show(x * x + x, at="#step=99", lang=lang)
    signs = tab.run("[...document.querySelectorAll('#arithmetic .sign')].map((sign) => sign.textContent.trim())")
    assert signs == ["+=", "=", "=", now, "="]
    tab.run("app.paths.ask(0)")
    assert tab.run("app.paths.list.map((way) => app.paths.told(way).product)") == ["1", "0.5·1 = 0.5", "0.5·1 = 0.5"]


def test_a_path_and_the_loss_say_where_digits_are_cut(show):
    x = Value(1.0, name="x")
    J = tanh(x) / 3
    J.name = "J"
    tab = show(J, at="#step=99")
    assert tab.text("#loss").startswith("J ≈ 0.2539")
    tab.run("app.paths.ask(app.graph.called.indexOf('x'))")
    assert tab.run("app.paths.list.map((way) => app.paths.told(way).product)") == ["0.42·0.3333 ≈ 0.14"]


def test_nothing_that_is_asked_can_be_read_off_beside_it(show):
    tab = show(network(), at="#predict=1&step=11")
    tab.press("ArrowRight")
    assert "slope ?" in tab.text("#node")
    assert "-0.1738" not in tab.text("main")
    start = show(network(), at="#predict=1")
    assert "0.003775" not in start.text("main")


# -- learning from several samples ------------------------------------------------------------------


def exclusive_or():
    model = MLP(2, [3, 1], activation="tanh", seed=2)
    x, t = [Value(0.0, name="x₁"), Value(1.0, name="x₂")], Value(1.0, name="t")
    y = model(x)
    return half_squared_error(y, t), x, t, y


SAMPLES = [(0.0, 0.0, -0.9), (0.0, 1.0, 0.9), (1.0, 0.0, 0.9), (1.0, 1.0, -0.9)]


def test_a_step_goes_by_the_mean_over_all_samples_as_in_python(show):
    J, x, t, y = exclusive_or()
    columns = [list(column) for column in zip(*SAMPLES, strict=True)]
    tab = show(J, samples=dict(zip([*x, t], columns, strict=True)), says=y, rate=0.5)
    assert re.match(r"mean of J [=≈] 0\.\d+", tab.text("#loss"))
    model = MLP(2, [3, 1], activation="tanh", seed=2)
    weights = model.parameters()
    for _ in range(7):
        mean, slope = 0.0, [0.0] * len(weights)
        for *inputs, target in SAMPLES:
            loss = half_squared_error(model(inputs), target)
            mean += loss.data / 4
            found = deltas(loss)
            slope = [s + found[w] / 4 for s, w in zip(slope, weights, strict=True)]
        for w, s in zip(weights, slope, strict=True):
            w.data -= 0.5 * s
    tab.page.click("text=Step downhill")
    for _ in range(6):
        tab.run("app.learning.descend(1)")
    mine = sorted(w.data for w in weights)
    assert sorted(tab.run("[...app.learns].map((i) => app.graph.value[i])")) == pytest.approx(mine, rel=1e-11)
    assert tab.run("app.learning.history.length") == 8
    assert tab.run("app.learning.history[6]") == pytest.approx(mean, rel=1e-11)
    said = tab.run("app.learning.plane.said()")
    low, high = -0.1, 1.1
    for k in (0, 37, 500, 1023):
        at = [low + (k % 32 + 0.5) / 32 * (high - low), high - (k // 32 + 0.5) / 32 * (high - low)]
        assert said[k] == pytest.approx(model(at).data, rel=1e-9, abs=1e-12)
    tab.page.fill(".sample input", "4")
    tab.press("Enter")
    assert (
        tab.run("app.graph.called.map((name, i) => [name, app.graph.value[i]]).filter(([name]) => name === 't')[0][1]")
        == -0.9
    )


@pytest.mark.thorough
def test_the_plane_is_painted(show):
    J, x, t, y = exclusive_or()
    tab = show(J, samples={x[0]: [0, 1], x[1]: [0, 1], t: [-1, 1]}, says=y)
    tab.until("new Set(app.learning.plane.canvas.getContext('2d').getImageData(0, 0, 160, 160).data).size > 50")


@pytest.mark.parametrize(
    ("samples", "says", "message"),
    [
        (lambda x, t, y: {x[0]: [1, 2], t: [1]}, False, "samples give every leaf as many numbers"),
        (lambda x, t, y: {x[0]: [], t: []}, False, "samples give every leaf as many numbers"),
        (lambda x, t, y: {y: [1.0]}, False, "samples set leaves, but .* was computed"),
        (lambda x, t, y: {x[0]: [math.nan]}, False, "samples are finite numbers, got nan"),
        (lambda x, t, y: {x[0]: [1.0]}, True, "of these there are 1: give it samples of two inputs"),
    ],
)
def test_samples_that_are_none_are_said(samples, says, message):
    J, x, t, y = exclusive_or()
    with pytest.raises(errors.ArgumentError, match=message):
        viz.explore(J, samples=samples(x, t, y), says=y if says else None)


def test_where_a_derivative_is_not_finite_nothing_moves(show):
    x = Value(-1.0, name="x")
    J = log(x) * x
    J.name = "J"
    tab = show(J)
    assert tab.page.is_disabled("text=Step downhill")
    assert "A δ is not finite" in tab.text("#learn")
    tab.run("app.learning.descend(1)")
    assert tab.run("app.graph.value[0]") == -1


# -- for everybody ----------------------------------------------------------------------------------


@pytest.mark.parametrize("zoom", [pytest.param(2, marks=pytest.mark.thorough), 4])
@pytest.mark.parametrize("lang", [pytest.param("en", marks=pytest.mark.thorough), "ru"])
def test_enlarged_nothing_is_wider_than_the_window(show, zoom, lang):
    tab = show(network(), at="#step=12", size=(1280 // zoom, 720 // zoom), lang=lang)
    assert tab.run("document.documentElement.scrollWidth") <= 1280 // zoom
    tab.run("app.quiz.turn(true)")
    assert tab.run("document.documentElement.scrollWidth") <= 1280 // zoom


@pytest.mark.thorough
@pytest.mark.parametrize("key", ["f", "0", "c", "p", "b", "o", "ArrowRight", "End", "+"])
def test_every_key_says_what_it_did_or_shows_it(show, key):
    tab = show(network(), at="#step=3")
    shown = "JSON.stringify([document.getElementById('said').textContent, app.camera.view.zoom])"
    before = tab.run(shown)
    tab.press(key)
    tab.until(f"{shown} !== {json.dumps(before)}")


@pytest.mark.thorough
def test_everything_is_reached_by_tab(show):
    tab = show(network(), at="#step=3")
    reached = set()
    for _ in range(60):
        tab.press("Tab")
        reached.add(tab.run("document.activeElement.id"))
    wanted = {"search", "tour", "whole", "follow", "compare", "start", "play", "slider", "number", "speed", "predict",
              "dock", "divider"}  # fmt: skip
    assert wanted <= reached


def test_names_that_run_from_right_to_left_turn_nothing_around_them(show):
    hebrew, persian = "\u05de\u05e9\u05e7\u05dc", "\u0645\u06cc\u200c\u0634\u0648\u062f"
    J = Value(2.0, name=hebrew) * Value(3.0, name=persian)
    J.name = "J"
    tab = show(J, at="#step=1")
    sentence = tab.text("#sentence")
    assert f"\u2068{hebrew}\u2069" in sentence
    assert f"\u2068{persian}\u2069" in sentence  # with its U+200C
    tab.press("/")
    tab.page.keyboard.type(hebrew)
    assert hebrew in tab.text("#found li >> nth=0")


FRAMED = """<!doctype html><meta charset=utf-8><body style="height:4000px">{}</body>"""


def test_the_wheel_is_the_notebooks_until_somebody_clicks_here(browser, tmp_path):
    file = tmp_path / "notebook.html"
    file.write_text(FRAMED.format(viz.explore(network())._repr_html_()), "utf-8")
    tab = opened(browser, file)
    frame = tab.page.frames[1]
    frame.wait_for_selector(".card")
    zoom = frame.evaluate("app.camera.view.zoom")
    tab.page.mouse.move(400, 250)
    tab.page.mouse.wheel(0, 360)
    tab.until("scrollY > 100")
    assert frame.evaluate("app.camera.view.zoom") == zoom
    assert frame.evaluate("getComputedStyle(document.querySelector('.picture')).touchAction") == "pan-x pan-y"
    tab.run("scrollTo(0, 0)")
    frame.click("#whole")
    tab.page.mouse.move(400, 250)
    tab.page.mouse.wheel(0, -360)
    tab.page.wait_for_timeout(300)
    assert tab.run("scrollY") == 0
    assert frame.evaluate("app.camera.view.zoom") > zoom * 0.5
    assert frame.evaluate("getComputedStyle(document.querySelector('.picture')).touchAction") == "none"
    assert json.dumps(tab.complaints) == "[]"
    tab.page.close()


def test_comments_and_indentation_stay_in_the_source():
    script = re.findall(r"<script>(.*?)</script>", viz.explore(network()).html, re.DOTALL)[0]
    assert not re.search(r"^\s*(//|/\*)", script, re.MULTILINE)
    assert not re.search(r"^[ \t]", script, re.MULTILINE)
