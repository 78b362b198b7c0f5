"""The lecture's page: whole, self-contained, and saying what the report said."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest

from demos import lecture

VOID = {"meta", "img", "br", "hr", "link"}


class Balanced(HTMLParser):
    """Fails unless every element is closed, in order."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("lecture")
    assert lecture.main(["--out", str(out)]) == 0
    return (out / "lecture.html").read_text(encoding="utf-8")


def test_it_is_well_formed_and_brings_everything_along(written):
    parser = Balanced()
    parser.feed(written)
    assert parser.open == []
    for tag, attributes in parser.seen:
        assert tag not in ("script", "link", "iframe")
        for name in ("src", "href"):
            assert attributes.get(name, "#").startswith(("#", "data:image/"))
    assert not re.search(r"url\((?!#)|@import", written)


def test_it_says_what_the_report_said(written, capsys):
    report = lecture.Report(quiet=True)
    lecture.walk(report)
    text = unescape(re.sub(r"<[^>]+>", "", written))
    for section in report.sections:
        assert all(line.strip() in text for line in section.lines)
    assert f"{report.checks} checks" in text


def test_pictures_and_derivations_stand_in_their_sections(written):
    parts = dict(re.findall(r'<section id="part\d+">\s*<h2>\d+\. (.*?)<small.*?</h2>(.*?)</section>', written, re.S))
    assert "data:image/svg+xml" in parts["Activation functions"]
    assert "z²₁" in parts["Backward propagation"]
    assert "<math" in parts["Backward propagation"]
    assert "1200" in parts["The chain rule"]
