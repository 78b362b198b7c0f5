"""What other programs do for pictures: PNG and PDF by either converter, layout by a dot program."""

from __future__ import annotations

import io
import os
import shutil
import stat
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import viz
from autograd import MissingExtra, Value, scope, sqrt, tanh

SVG = "{http://www.w3.org/2000/svg}"
ORANGE, BLUE = (0xD5, 0x5E, 0x00), (0x00, 0x72, 0xB2)


def a_drawing() -> viz.Drawing:
    with scope("layer1.neuron1"):
        x, y = Value(0.5, name="x"), Value(2.0, name="y")
        z = x - y
        z.name = "z"
    return viz.draw(tanh(z) + sqrt(x))


def a_broken_one() -> viz.Drawing:
    """With hatching, emoji, right-to-left text and a dash."""
    return viz.draw(Value(-1.0, name="<שלום> & 😀") ** 0.5 + Value(1.0, name="n" * 10_000).detach())


def cairosvg_works() -> bool:
    try:
        import cairosvg  # noqa: F401 - whether it can be imported is the question
    except (ImportError, OSError):
        return False
    return True


@pytest.fixture(params=["cairosvg", "rsvg-convert"])
def converter(request, monkeypatch):
    """Each converter as if it were the only one."""
    if request.param == "cairosvg":
        if not cairosvg_works():
            pytest.skip("cairosvg, or the cairo library, is not installed")
        monkeypatch.setenv("PATH", "")
    else:
        if shutil.which("rsvg-convert") is None:
            pytest.skip("rsvg-convert is not installed")
        monkeypatch.setitem(sys.modules, "cairosvg", None)
    return request.param


def program(folder: Path, name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program of this name, and no other, on PATH."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{text}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))


# -- PNG and PDF ------------------------------------------------------------------------------------


def test_a_png_shows_the_boxes_in_their_colours_at_twice_the_size(converter, tmp_path):
    image = pytest.importorskip("PIL.Image")
    drawing = a_drawing()
    root = ET.fromstring(drawing.svg)
    shown = image.open(io.BytesIO(drawing.save(tmp_path / "net.png").read_bytes())).convert("RGB")
    size = [float(root.get(side, "")) for side in ("width", "height")]
    assert all(abs(pixels - 2 * side) <= 2 for pixels, side in zip(shown.size, size, strict=True))
    shift = [float(x) for x in root.findall(f"{SVG}g")[0].get("transform", "")[len("translate(") : -1].split()]
    framed = 0
    for node in root.iter(f"{SVG}g"):
        frames = [r for r in node.findall(f"{SVG}rect") if r.get("stroke") in ("#d55e00", "#0072b2")]
        if "node" not in node.get("class", "").split() or not frames:
            continue
        frame = frames[-1]
        middle = float(frame.get("y", "")) + float(frame.get("height", "")) / 2
        at = round(2 * (float(frame.get("x", "")) + shift[0])), round(2 * (middle + shift[1]))
        expected = ORANGE if frame.get("stroke") == "#d55e00" else BLUE
        near = [shown.getpixel((at[0] + d, at[1])) for d in range(-2, 3)]
        assert min(sum(abs(a - b) for a, b in zip(pixel, expected, strict=True)) for pixel in near) < 120
        framed += 1
    assert framed == 6


def test_a_pdf_holds_the_text_as_text(converter, tmp_path):
    pypdf = pytest.importorskip("pypdf")
    drawing = a_drawing()
    (page,) = pypdf.PdfReader(drawing.save(tmp_path / "net.pdf")).pages
    words = page.extract_text()
    assert all(word in words for word in ("layer1", "tanh", "-1.5", "0.7071"))
    root = ET.fromstring(drawing.svg)
    ratio = float(root.get("width", "")) / float(root.get("height", ""))
    assert float(page.mediabox.width) / float(page.mediabox.height) == pytest.approx(ratio, rel=0.01)


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_hatching_and_hostile_names_convert_too(converter, kind, tmp_path, capfd):
    saved = a_broken_one().save(tmp_path / f"broken.{kind}")
    assert saved.stat().st_size > 3000
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_without_a_converter_the_error_says_what_to_do(kind, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingExtra, match=r"the extra `images`"):
        a_drawing().save(tmp_path / f"net.{kind}")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a shebang")
def test_a_converter_that_fails_is_quoted_and_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    program(tmp_path, "rsvg-convert", "import sys; sys.exit('out of ink')", monkeypatch)
    with pytest.raises(viz.ConverterError, match="out of ink"):
        a_drawing().save(tmp_path / "net.png")
    assert os.listdir(tmp_path) == ["rsvg-convert"]


def test_a_file_that_was_there_stays_as_it_was_if_saving_fails(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    monkeypatch.setenv("PATH", "")
    (tmp_path / "net.png").write_bytes(b"old")
    with pytest.raises(MissingExtra):
        a_drawing().save(tmp_path / "net.png")
    assert (tmp_path / "net.png").read_bytes() == b"old"


# -- layout by a program ----------------------------------------------------------------------------

# Graphviz itself, as a program of its own: what `dot -Tjson0` does where the library cannot be imported.
DOT = """
import sys, pygraphviz
assert sys.argv[1:] == ["-Tjson0"], sys.argv
drawn = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode()).draw(format="json0", prog="dot")
sys.stdout.buffer.write(drawn)
"""


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a shebang")
def test_without_the_library_a_dot_program_gives_the_same_picture(tmp_path, monkeypatch):
    expected = a_drawing().svg
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    program(tmp_path, "dot", DOT, monkeypatch)
    assert a_drawing().svg == expected


@pytest.mark.skipif(shutil.which("dot") is None, reason="no dot program is installed")
def test_an_installed_dot_program_serves(monkeypatch):
    boxes = a_drawing().svg.count('class="node')
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    assert a_drawing().svg.count('class="node') == boxes == 6


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a shebang")
def test_a_dot_program_that_fails_is_quoted(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    program(tmp_path, "dot", "import sys; sys.exit('syntax error in line 1')", monkeypatch)
    with pytest.raises(viz.LayoutError, match="syntax error in line 1"):
        a_drawing()


def test_a_graph_that_graphviz_refuses_is_an_error_of_ours(monkeypatch):
    pygraphviz = pytest.importorskip("pygraphviz")

    def refuses(self, **_):
        raise OSError("no plugin")

    monkeypatch.setattr(pygraphviz.AGraph, "draw", refuses)
    with pytest.raises(viz.LayoutError, match="no plugin"):
        a_drawing()
