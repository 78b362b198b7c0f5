"""Every demo runs, and what it writes is there, whole and well-formed."""

import html
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from autograd.program.native import machine
from demos import __main__ as everything
from demos import (
    cars,
    derivative,
    digits,
    exploding,
    finance,
    gallery,
    lecture,
    moons,
    nan,
    neuron,
    output,
    pages,
    step,
)

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"
RUNS = {
    derivative: ([], ["derivative.svg"]),
    neuron: ([], ["neuron.svg", "picnic.svg"]),
    lecture: ([], ["lecture.svg", "activations.svg", "relu_family.svg", "bias.svg", "lecture.html"]),
    pages: ([], ["step.html", "step-ru.html", "perceptron.html", "sigmoid.html"]),
    step: ([], ["step.txt"]),
    exploding: ([], ["exploding.txt"]),
    finance: (["--scenarios", "2000"], ["finance.txt"]),
    nan: ([], ["nan.txt"]),
    cars: (["--epochs", "3"], ["cars.png"]),
    moons: (["--epochs", "8"], ["moons.png"]),
    digits: (["--epochs", "2"], ["digits.png"]),
}


def check_file(path):
    if path.suffix == ".svg":
        root = ET.parse(path).getroot()
        assert root.tag == SVG + "svg"
        assert len(list(root.iter())) > 30
    elif path.suffix == ".html":
        assert path.read_text(encoding="utf-8").startswith("<!doctype html>")  # other tests read on
    elif path.suffix == ".txt":
        assert len(path.read_text(encoding="utf-8").splitlines()) > 3
    else:
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size > 5_000


@pytest.fixture
def no_llvmlite(monkeypatch):
    """As after `pip install '.[demos]'`: programs run on NumPy."""
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    machine.release.cache_clear()
    yield
    machine.release.cache_clear()


@pytest.mark.parametrize("demo", [finance, cars, moons, digits], ids=lambda demo: demo.__name__)
def test_demo_without_machine_code(demo, tmp_path, capsys, no_llvmlite):
    test_demo(demo, tmp_path, capsys)


@pytest.mark.parametrize("demo", RUNS, ids=lambda demo: demo.__name__)
def test_demo(demo, tmp_path, capsys):
    arguments, files = RUNS[demo]
    assert demo.main(["--out", str(tmp_path), *arguments]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(files)
    printed = capsys.readouterr().out
    for name in files:
        check_file(tmp_path / name)
        assert f"wrote {tmp_path / name}" in printed


def test_the_network_reads_digits_that_it_never_saw(tmp_path, capsys):
    digits.run(tmp_path, seed=3)
    assert float(re.search(r"never saw: ([\d.]+)%", capsys.readouterr().out)[1]) >= 96.0


@pytest.mark.thorough
def test_the_lecture_is_a_command_of_its_own(tmp_path):
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-m", "demos.lecture", "--out", str(tmp_path)],
        cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "0 unexpected" in done.stdout
    assert "MISMATCH" not in done.stdout


def test_a_terminal_without_greek_letters_stops_no_demo(tmp_path):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "demos.derivative", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"x.grad = 1200" in done.stdout


def test_all_demos_run_in_order_and_the_worst_status_counts(monkeypatch, tmp_path):
    ran = []
    for number, demo in enumerate(everything.DEMOS):
        monkeypatch.setattr(demo, "main", lambda argv, n=number: ran.append((n, argv)) or int(n == 2))
    assert everything.main(["--out", str(tmp_path)]) == 1
    assert ran == [(n, ["--out", str(tmp_path)]) for n in range(len(RUNS))]
    assert (tmp_path / "index.html").exists()
    assert set(everything.DEMOS) == set(RUNS)


def test_the_gallery_links_all_that_was_made_and_nothing_else(tmp_path):
    for name in ("step.html", "lecture.svg", "nan.txt", "something <new>.html", ".hidden"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    text = gallery.write(tmp_path).read_text(encoding="utf-8")
    links = {html.unescape(link) for link in re.findall(r'<a href="([^"]+)"', text)}
    assert links == {"step.html", "lecture.svg", "nan.txt", "something <new>.html"}
    assert set(re.findall(r'src="([^"]+)"', text)) == {"lecture.svg"}
    assert gallery.page(tmp_path) == text  # it does not list itself


def test_every_file_of_every_demo_has_its_place_in_the_gallery():
    shown = {exhibit.file for room in gallery.ROOMS.values() for exhibit in room}
    made = {name for _, files in RUNS.values() for name in files}
    assert made == shown
    pictures = {exhibit.picture for room in gallery.ROOMS.values() for exhibit in room if exhibit.picture}
    assert pictures <= made


def test_the_recorded_session_is_what_the_debugger_says():
    """If it should say something else now: ``python -m demos.step --out docs``."""
    recorded = (ROOT / "docs" / "step.txt").read_text(encoding="utf-8")
    assert recorded == step.session()
    assert step.SESSION.splitlines() == re.findall(r"^\(debug\) (.+)$", recorded, re.MULTILINE)


def test_pictures_hold_the_same_bytes_every_time(tmp_path):
    for name in ("one", "two"):
        neuron.run(tmp_path / name)
    for file in ("neuron.svg", "picnic.svg"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_lecture_svg_shows_the_deltas(tmp_path):
    from demos.lecture import pictures

    J = pictures.network_loss()
    pictures.draw_all(tmp_path)
    text = "".join(ET.parse(tmp_path / "lecture.svg").getroot().itertext())
    for name in ("z²₁", "z³₂", "z⁴₁", "a⁴₁", "W¹₁₁", "W³₂₁"):
        assert name in text
    assert "-0.44966" in text.replace("−", "-") or "-0.4497" in text.replace("−", "-")  # δ of z⁴, the first car
    assert J.grad == 1.0


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "kept.svg"
    path.write_text("old")

    def half(where):
        where.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        output.save_drawing(half, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_derivative_says_what_is_true(tmp_path, capsys):
    derivative.run(tmp_path, 2.0)
    assert "x.grad = 6144;" in capsys.readouterr().out  # 3·16²·8


def test_the_cars_file():
    table = cars.load_cars()
    assert len(table) == 1436
    assert {str(fuel): int((table.fuel == fuel).sum()) for fuel in cars.FUELS} == {
        "Petrol": 1264,
        "Diesel": 155,
        "CNG": 17,
    }
    assert table.one_hot.sum(axis=1).tolist() == [1.0] * 1436
    assert (table.price.min(), table.price.max()) == (4350, 32500)


def test_the_split_shares_no_car_and_new_cars_are_younger():
    table = cars.load_cars()
    numbered = cars.Cars(np.arange(1436.0), table.fuel, table.age_months, table.price)
    parts = cars.split(numbered, seed=1)
    assert sorted(np.concatenate([part.km for part in parts])) == list(range(1436))
    old, old_test, new, new_test = parts
    assert max(new.age_months.max(), new_test.age_months.max()) <= min(old.age_months.min(), old_test.age_months.min())


def test_the_network_beats_the_mean_and_training_further_helps():
    old, old_test, new, new_test = cars.split(cars.load_cars(), seed=1)
    network = cars.Network(old, "standardization", seed=1)
    network.learn(old, 6)
    guess = cars.errors(np.full(len(old_test), old.price.mean()), old_test).mean_absolute
    assert cars.errors(network.predict(old_test), old_test).mean_absolute < 0.75 * guess
    before = cars.errors(network.predict(new_test), new_test).mean_absolute
    network.learn(new, 6)
    assert cars.errors(network.predict(new_test), new_test).mean_absolute < 0.7 * before


def test_least_squares_is_numpys_on_raw_columns():
    table = cars.load_cars()
    raw = np.hstack([table.measures, table.one_hot])
    expected = raw @ np.linalg.lstsq(raw, table.price, rcond=None)[0]
    np.testing.assert_allclose(cars.LeastSquares(table).predict(table), expected, rtol=1e-8)


@pytest.mark.parametrize("arguments", [["--epochs", "0"], ["--epochs", "many"], ["--scale", "none"], ["extra"]])
def test_a_wrong_option_is_one_line(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        cars.main(arguments)
    assert stopped.value.code == 2
    assert "error:" in capsys.readouterr().err
