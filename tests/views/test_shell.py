"""The command line's verbs, `.show()`, animations, options of pictures, and functions handed in as they are."""

import inspect
import re
import subprocess
import sys
import time
import webbrowser
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import viz
from autograd import Value, gradient, sin, tanh
from autograd.errors import ArgumentError, GraphError, OperandError
from autograd.order import reachable
from viz.__main__ import main
from viz.from_jax import _doubles, from_jax
from viz.pictures.drawing import LONGEST_SIDE, MOST_PIXELS, _scale

ROOT = Path(viz.__file__).parents[1]
SVG = "{http://www.w3.org/2000/svg}"
SCRIPT = "from autograd import Value, tanh\nw, x = Value(0.5), Value(2.0)\nJ = tanh(w * x) * x\n"


def a_value():
    x = Value(0.5, name="x")
    y = x * tanh(x)
    y.name = "y"
    return y


def a_chain(n):
    s = sin(Value(0.3, name="x"))
    J = s
    for k in range(n):
        J = J * 0.9 + s * (k % 3 + 1)
    return J


@pytest.fixture
def script(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "script.py").write_text(SCRIPT)
    return "script.py"


# -- the command line ---------------------------------------------------------------------------------


def test_each_verb_makes_what_its_function_makes(script, tmp_path, capsys):
    assert main(["draw", script, "-o", "J.svg", "--digits", "6", "--no-legend", "--theme", "light"]) == 0
    w, x = Value(0.5, name="w"), Value(2.0, name="x")
    J = tanh(w * x) * x
    J.name = "J"
    assert (tmp_path / "J.svg").read_text() == viz.draw(J, digits=6, legend=False, theme="light").svg
    assert main(["explore", script, "--wrt", "w", "--rate", "0.2"]) == 0
    assert (tmp_path / "script.html").read_text() == viz.explore(J, wrt="w", rate=0.2).html
    capsys.readouterr()
    assert main(["derive", script, "--wrt", "w", "--digits", "3"]) == 0
    assert capsys.readouterr().out == f"{viz.derive(J, wrt=w, digits=3)}\n"
    assert main(["why", script, "--wrt", "w", "--top", "1"]) == 0
    assert capsys.readouterr().out == f"{viz.why(J, w, 1)}\n"
    assert main(["formula", script, "-o", "J.tex"]) == 0
    assert (tmp_path / "J.tex").read_text() == f"{viz.formula(J).latex}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [(["derive", "script.py"], 1, "say which"), (["draw", "script.py", "--around", "Q"], 1, "no node is called 'Q'"),
     (["why", "script.py", "--wrt", "w", "-o", "J.png"], 1, "written as .txt"), (["draw", "no.py"], 2, "no.py"),
     (["draw", "script.py", "-o", "J.gif"], 1, ".svg, .png or .pdf"), (["dance", "script.py"], 2, "invalid choice")],
)  # fmt: skip
def test_what_goes_wrong_is_one_sentence(script, arguments, status, said, capsys):
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(arguments))
    assert ended.value.code == status
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_a_script_finds_what_stands_behind_two_dashes(tmp_path, capsys):
    path = tmp_path / "s.py"
    path.write_text("import sys\nfrom autograd import Value\nx = Value(float(sys.argv[1]))\nJ = x * x\n")
    assert main(["why", "--wrt", "x", str(path), "--", "3"]) == 0
    assert "dJ/dx = 6" in capsys.readouterr().out


def test_from_the_shell(script, tmp_path):
    command = [sys.executable, "-m", viz.__name__, "derive", str(tmp_path / script), "--wrt", "x"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert "∂J/∂x = ∂J/∂t₂·∂t₂/∂t₁·∂t₁/∂x + (∂J/∂x)|t₂" in ran.stdout


def test_show_opens_a_browser_or_says_where_it_lies(monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    made = viz.draw(a_value())
    assert made.show().read_text() == made.svg
    assert opened[0].startswith("file://")
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    page = viz.explore(a_value())
    where = page.show()
    assert where.read_text() == page.html
    assert str(where) in capsys.readouterr().out


# -- pictures -----------------------------------------------------------------------------------------


def test_a_theme_a_size_and_digits():
    y = a_value()
    usual, light, dark = (viz.draw(y, theme=theme).svg for theme in ("auto", "light", "dark"))
    assert "prefers-color-scheme" in usual
    assert "prefers-color-scheme" not in light + dark
    assert light.count("#14171c") == 0 < dark.count("#14171c")
    assert 'width="400"' in viz.draw(y, size=400).svg
    assert "δ &lt; 0" not in viz.draw(y, legend=False).svg
    assert ">0.2310586" not in usual
    assert ">0.2310586<" in viz.draw(y, digits=7).svg
    for bad in ({"theme": "pink"}, {"size": 0}, {"size": float("nan")}, {"digits": 0}, {"digits": 2.5}):
        with pytest.raises(ArgumentError):
            viz.draw(y, **bad)


def test_a_tooltip_says_what_is_held():
    w, x = Value(2.0, name="w"), Value(0.3, name="x")
    J = (x * w) * x
    J.name = "J"
    assert "(∂J/∂x)|t₁ = 0.6" in viz.draw(J).svg
    assert "∂₁t₁ = 0.3" in viz.draw(x * x * w).svg


def test_a_long_chain_with_a_shared_node_stands_in_columns(monkeypatch):
    monkeypatch.setattr("viz.pictures.layout.by_graphviz", lambda *_: pytest.fail("this would take a minute"))
    started = time.process_time()
    picture = ET.fromstring(viz.draw(a_chain(150)).svg)
    assert time.process_time() - started < 20  # a minute with Graphviz, a third of a second so
    assert len(picture.findall(".//{*}g[@class='edge']")) > 500
    assert float(picture.get("height")) < 400


def test_no_png_is_too_large_for_cairo():
    for across, down in ((400, 300), (20_032, 500), (900_000, 100), (30_000, 30_000)):
        scale = _scale(f'<svg viewBox="0 0 {across} {down}">')
        assert scale <= 2
        assert max(across, down) * scale <= LONGEST_SIDE + 1
        assert across * down * scale**2 <= MOST_PIXELS * 1.001
    assert _scale('<svg viewBox="0 0 400 300">') == 2


# -- animations ---------------------------------------------------------------------------------------


def test_an_animation_shows_each_step_and_needs_no_javascript():
    y = a_value()
    made = viz.animate(y)
    log = viz.record(y)
    assert len(made.frames) == len(log) + 1
    ET.fromstring(made.svg)
    assert "<script" not in made.svg
    assert re.search(r"@media \(prefers-reduced-motion: reduce\)\{#\w+ \*\{animation:none\}\}", made.svg)
    texts = [" ".join(text.text or "" for text in ET.fromstring(frame.svg).iter(f"{SVG}text")) for frame in made.frames]
    assert "0.2311" not in texts[1]
    assert " 0.2311 " in texts[2]
    assert "now 0.4621 + 0.3932 ≈ 0.8553" in texts[-1]
    assert "δ +0.8553" in texts[-1]
    assert "δ +0.8553" not in texts[-2]
    standing = [g for g in ET.fromstring(made.svg).findall(".//{*}g[@class]") if re.fullmatch(r"s\d+", g.get("class"))]
    seen = " ".join(text for g in standing if g.get("opacity") != "0" for text in g.itertext())
    assert "δ +0.8553" in seen  # what is seen where motion is reduced: the end


def test_thirty_steps_are_no_large_file(tmp_path):
    J = Value(0.5, name="x")
    for _ in range(5):
        J = tanh(J) * 1.1 + 0.1
    made = viz.animate(J)
    assert len(made.frames) >= 31
    assert len(made.svg) <= 500_000
    assert made.save(tmp_path / "steps.svg").read_text() == made.svg
    assert len(made.save_frames(tmp_path / "frames")) == len(made.frames)
    with pytest.raises(ArgumentError, match=r"saved as \.svg"):
        made.save(tmp_path / "steps.gif")
    with pytest.raises(GraphError, match="up to 300 steps"):
        viz.animate(a_chain(100))
    with pytest.raises(ArgumentError, match="more than 0"):
        viz.animate(J, seconds=0)


# -- functions ----------------------------------------------------------------------------------------


def test_a_plain_function_is_shown_at_its_arguments():
    def f(x, w, scale=2.0):
        return tanh(w @ x) * scale

    said = str(viz.derive(f, [0.1, 0.2], np.array([1.0, 2.0]), wrt="w[1]"))
    assert "t₁ = w[0]·x[0] + w[1]·x[1] = 0.5" in said
    assert "<page" in repr(viz.explore(f, [0.1, 0.2], np.array([1.0, 2.0])))
    assert "test_shell.py" in str(viz.anomaly(lambda x: (x - 2.0) ** 0.5, 1.0))
    with pytest.raises(OperandError, match="pass its arguments"):
        viz.draw(f)


def jax_cases():
    jax = pytest.importorskip("jax")
    jnp = jax.numpy

    def sliced(x):
        return jnp.sum(jnp.tanh(x) ** 2) * x[0] + x[::-1][0] * x[1:].sum() + jnp.linalg.norm(x)

    def network(p, x):
        return jnp.mean(jax.nn.softplus(jnp.tanh(x @ p["W"] + p["b"]) @ p["v"]) ** 2)

    def scanned(x, k):
        def step(c, t):
            return c + 0.1 * jnp.sin(c * k) * t, c

        c, ys = jax.lax.scan(step, x, jnp.arange(1.0, 6.0))
        return c * jnp.sum(ys)

    def logits(z):
        return -jax.nn.log_softmax(z)[1] + jax.nn.logsumexp(z * 2.0)

    def kinked(x):
        return jnp.sum(jax.nn.relu(x) * jnp.where(x > 0.5, x, 2 * x)) + jnp.max(x) + jnp.prod(x) + jnp.cumsum(x)[1]

    @jax.jit
    def compiled(x, y):
        return jax.nn.gelu(x) * jax.nn.sigmoid(y) / jnp.sqrt(1 + x * x) + jnp.exp(-y) + jnp.clip(x, 0.0, 0.4)

    dice = np.random.default_rng(0)
    weights = {"W": dice.normal(size=(2, 3)), "b": dice.normal(size=3), "v": dice.normal(size=(3, 1))}
    return jax, [
        (sliced, [np.array([0.3, -0.2, 0.5])]), (network, [weights, np.array([[0.1, 0.2], [0.3, -0.4]])]),
        (scanned, [0.3, 1.7]), (logits, [np.array([0.1, 0.5, -0.3])]), (kinked, [np.array([0.3, 0.7, -0.2])]),
        (compiled, [0.3, 0.7]),
    ]  # fmt: skip


@pytest.mark.parametrize("case", [2, *(pytest.param(case, marks=pytest.mark.thorough) for case in (0, 1, 3, 4, 5))])
def test_a_function_of_jax_has_its_own_gradient_here(case):
    jax, cases = jax_cases()
    function, at = cases[case]
    J = from_jax(function, *at)
    with _doubles():
        value, wanted = jax.jit(jax.value_and_grad(function, argnums=tuple(range(len(at)))))(*at)
        paths = jax.tree_util.tree_flatten_with_path(wanted)[0]
    assert J.data == pytest.approx(float(value), rel=1e-13)
    names = list(inspect.signature(function).parameters)
    nodes = {node.name: node for node in reachable(J) if node.name}
    checked = 0
    for path, slopes in paths:
        called = names[path[0].idx] + jax.tree_util.keystr(path[1:])
        for where in np.ndindex(np.shape(slopes)):
            node = nodes.get(f"{called}[{', '.join(map(str, where))}]" if where else called)
            mine = 0.0 if node is None else gradient(J, node)
            assert mine == pytest.approx(float(np.asarray(slopes)[where]), rel=1e-12, abs=1e-14)
            checked += node is not None
    assert checked >= 2
    assert "test_shell.py" in str(J.source)


def test_views_take_a_function_of_jax_and_a_scan_is_a_loop():
    jax, cases = jax_cases()
    scanned, at = cases[2]
    steps = {node.scope for node in viz.trace(from_jax(scanned, *at)).nodes}
    assert {f"loop × 5.step {step}" for step in range(1, 6)} <= steps
    with pytest.raises(GraphError, match="'sort' has no row"):
        viz.draw(lambda x: jax.numpy.sort(x)[0], np.ones(3))
