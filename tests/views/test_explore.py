"""Pages as files: complete, closed to everything else, and exact about wrong input."""

import base64
import hashlib
import json
import math
import re
import sys

import pytest

import viz
from autograd import Value, errors, exp, softmax, tanh
from autograd.ops.primitive import TABLE
from viz.recording import record

DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


def loss():
    w, x = Value(0.5, name="w"), Value(2.0, name="x")
    J = tanh(w * x + 1.0) ** 2
    J.name = "J"
    return J, w, x


def data_of(page):
    (text,) = DATA.findall(page.html)
    return json.loads(text)


def test_a_page_is_one_file_that_names_nothing_outside_it():
    page = viz.explore(loss()[0])
    assert page.html.startswith("<!doctype html>")
    outside = re.sub(r"http://www\.w3\.org/\S+", "", page.html)  # a namespace, which nobody loads
    assert not re.search(r"https?://|src=(?!.data:image/svg)|@import|url\(|\bimport\b.*from|<link", outside)


def test_the_policy_lets_this_script_and_this_style_run_and_nothing_else():
    html = viz.explore(loss()[0]).html
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    policy = policy.replace("&#x27;", "'")
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    markup = re.sub("<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"\son\w+=|\bstyle=", markup)  # no inline handlers and styles, which it would forbid


def test_names_are_data():
    hostile = "</script><script>alert(1)</script><!-- \u202e & \ud800"
    x = Value(1.0, name=hostile)
    J = exp(x)
    J.name = "<img src=x onerror=alert(2)>"
    page = viz.explore(J, title="</title><b>")
    assert page.html.count("<script") == 2
    assert "<img src=x" not in page.html and page.html.count("<img") == 1  # the picture, for where no script runs
    assert "</title><b>" not in page.html
    assert "\u202e" not in page.html
    assert page.html.encode()  # a lone surrogate does not reach the file
    assert data_of(page)["called"][0].startswith("</script><script>alert(1)")


def test_the_data_is_the_recording():
    J, _, _ = loss()
    data, log = data_of(viz.explore(J)), record(J)
    columns = log.trace.columns
    assert data["value"] == columns.value.tolist()
    assert data["operand"] == columns.operands.tolist()
    assert [s is not None for s in data["slope"]] == columns.flows.tolist()
    assert len(data["use"]) == log.trace.root + 1


def test_nan_and_infinity_are_spelt_out():
    x = Value(math.inf, name="x")
    assert data_of(viz.explore(x * 0.0))["value"] == ["inf", "nan", 0.0]


def test_what_learning_moves():
    J, w, x = loss()
    assert data_of(viz.explore(J))["learn"] == [0, 1]
    assert data_of(viz.explore(J, wrt=w))["learn"] == [0]
    assert data_of(viz.explore(J, wrt=[x, w]))["learn"] == [1, 0]
    with pytest.raises(errors.ArgumentError, match="learning moves leaves, but J was computed"):
        viz.explore(J, wrt=J)
    with pytest.raises(errors.GraphError, match="not in this graph"):
        viz.explore(J, wrt=Value(1.0))


def test_no_grad_is_touched_and_nothing_is_kept_alive():
    J, w, _ = loss()
    before = sys.getrefcount(J)
    page = viz.explore(J)
    assert w.grad == 0.0
    assert sys.getrefcount(J) == before
    assert page.html


@pytest.mark.parametrize("thing", [3.0, [Value(1.0)], None, "J"])
def test_a_page_is_of_one_value(thing):
    with pytest.raises(errors.OperandError, match="the graph below one Value"):
        viz.explore(thing)


@pytest.mark.parametrize("rate", [math.nan, math.inf, "fast", None, True])
def test_a_rate_is_a_number(rate):
    with pytest.raises(errors.ArgumentError, match="a learning rate is a finite number"):
        viz.explore(loss()[0], rate=rate)


def test_a_graph_too_large_for_a_page_is_sent_to_the_debugger(monkeypatch):
    monkeypatch.setattr(sys.modules["viz.page.explore"], "MOST", 4)
    assert viz.explore(Value(1.0) * 2.0)
    with pytest.raises(errors.GraphError, match=r"up to 4 numbers, this graph has 8: .* viz\.debug"):
        viz.explore(loss()[0])


def test_saving_is_whole_and_checks_the_ending(tmp_path):
    page = viz.explore(loss()[0])
    assert page.save(tmp_path / "step.html").read_text("utf-8") == page.html
    with pytest.raises(errors.ArgumentError, match=r"saved as \.html"):
        page.save(tmp_path / "step.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["step.html"]


def test_in_a_notebook_it_shows_in_a_frame_of_its_own():
    frame = viz.explore(loss()[0])._repr_html_()
    assert frame.startswith('<iframe sandbox="allow-scripts allow-downloads" ')
    assert frame.count("<") == 5  # of the page itself nothing is markup here, and behind it stands an image
    assert "allow-same-origin" not in frame


def test_the_same_graph_gives_the_same_bytes():
    assert viz.explore(loss()[0]).html == viz.explore(loss()[0]).html


def test_variadic_rules_come_with_the_graph():
    xs = [Value(0.1), Value(0.2), Value(0.7)]
    html = viz.explore(softmax(xs)[1]).html
    assert 'slopes["softmax/4/1"]' in html
    assert set(TABLE) >= set(re.findall(r"^slopes\.(\w+) = ", html, re.MULTILINE))
