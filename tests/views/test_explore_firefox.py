"""The page in Firefox: what a lesson with it needs, once."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

import viz
from autograd import deltas
from nn import MLP, half_squared_error
from tests.support.firefox import running
from viz.numbers import equals

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def firefox():
    with running() as browser:
        yield browser
        assert browser.complaints() == []


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return viz.explore(network()[0]).save(tmp_path_factory.mktemp("pages") / "page.html")


def network(weight=None):
    model = MLP(2, [2, 1], activation="tanh", seed=3)
    if weight is not None:
        model.parameters()[0].data = weight
    return half_squared_error(model([0.5, -1.0]), 0.7), model


def test_every_step_there_and_back(firefox, page):
    firefox.open(page)
    steps = firefox.run("app.graph.steps")
    firefox.press("ArrowRight", "ArrowRight", "ArrowLeft")
    assert firefox.run("app.taken") == 1
    firefox.press("End")
    assert firefox.run("app.taken") == steps == len(viz.record(network()[0]))
    assert firefox.text("#loss").startswith(f"J {equals(network()[0].data)}")
    firefox.press("Home")
    assert firefox.run("app.taken") == 0


def test_a_changed_number_gives_pythons(firefox, page):
    firefox.open(page, "#step=3")
    J, model = network(weight=-0.25)
    firefox.fill("#search", model.parameters()[0].name)
    firefox.press("Enter")
    firefox.fill("#node .number", "−0.25")
    firefox.press("Enter")
    assert firefox.run("app.taken") == 3
    assert firefox.run("app.graph.value[app.graph.root]") == pytest.approx(J.data, rel=1e-14)
    found = firefox.run("[...app.graph.delta].slice(0, app.graph.leaves)")
    names = firefox.run("app.graph.called.slice(0, app.graph.leaves)")
    by_name = {node.name: delta for node, delta in deltas(J).items()}
    assert found == pytest.approx([by_name[name] for name in names], rel=1e-13)


def test_before_and_after_stand_side_by_side(firefox, page):
    firefox.open(page, "#step=11")
    firefox.press("c", "ArrowRight")
    delta = "document.querySelector(arguments[0] + ' .card.current .delta').textContent"
    assert firefox.run(delta, ".picture.earlier") == "δ ?"
    assert firefox.run(delta, ".picture:not(.earlier)") == "δ -0.08689"


def test_a_step_downhill_lowers_the_loss(firefox, page):
    firefox.open(page, "#step=31")
    before = firefox.run("app.graph.value[app.graph.root]")
    firefox.click("#learn button.main")
    assert firefox.run("app.graph.value[app.graph.root]") < before


def test_a_learner_predicts(firefox, page):
    firefox.open(page)
    firefox.press("p", "ArrowRight")
    assert firefox.text("#asked") == "What is z²₁?"
    firefox.fill("#answer", "1.245")
    firefox.press("Enter")
    assert firefox.text("#mark") == "The size is right. Look at the sign."
    firefox.fill("#answer", "-1.24")
    firefox.press("Enter")
    assert firefox.run("app.taken") == 1
    assert firefox.text("#mark").endswith("Right: -1.245.")


def test_a_link_carries_numbers_and_step(firefox, page):
    firefox.open(page)
    firefox.run("app.change(0, 0.125), app.go(9)")
    firefox.until("location.hash.includes('step=9')")
    link, state = firefox.run("location.hash"), "[app.taken, ...app.graph.value, ...app.graph.delta]"
    left = firefox.run(state)
    firefox.open(page, link)
    assert firefox.run(state) == left


def test_the_view_is_saved_as_svg_and_png(firefox, page):
    firefox.open(page, "#step=12")
    saved = {kind: downloaded(firefox, kind) for kind in ("svg", "png")}
    words = [text.text for text in ElementTree.fromstring(saved["svg"]).iter("{http://www.w3.org/2000/svg}text")]
    assert {"J", "0.003775", "δ -0.08689"} <= set(words)
    assert saved["png"][:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(saved["png"][16:20], "big") == 2 * firefox.run("app.camera.size.width")


def downloaded(firefox, kind) -> bytes:
    firefox.click("#save summary")
    firefox.click(f"#save-{kind}")
    file: Path | None = None
    for _ in range(400):
        file = next(iter(firefox.downloads.glob(f"*-12.{kind}")), None)
        if file is not None and file.stat().st_size and not list(firefox.downloads.glob("*.part")):
            return file.read_bytes()
        firefox.run("new Promise((done) => setTimeout(done, 20))")
    raise AssertionError(f"no {kind} was saved")


def test_wheel_and_hand_move_the_picture(firefox, page):
    firefox.open(page)
    before = firefox.run("app.camera.view")
    at = {"x": 500, "y": 250, "origin": "viewport"}
    wheel = {"type": "scroll", **at, "deltaX": 0, "deltaY": -300, "duration": 0}
    firefox.ask("WebDriver:PerformActions", actions=[{"type": "wheel", "id": "wheel", "actions": [wheel]}])
    firefox.until(f"app.camera.view.zoom > {before['zoom']} * 1.3")
    near = firefox.run("app.camera.view")
    strokes = [{"type": "pointerMove", **at}, {"type": "pointerDown", "button": 0},
               {"type": "pointerMove", "x": 440, "y": 250, "origin": "viewport", "duration": 60},
               {"type": "pointerUp", "button": 0}]  # fmt: skip
    firefox.ask("WebDriver:PerformActions", actions=[{"type": "pointer", "id": "mouse", "actions": strokes}])
    firefox.until(f"Math.abs(app.camera.view.x - {near['x'] - 60}) < 2")
