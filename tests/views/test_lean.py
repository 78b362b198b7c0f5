"""A page's script without spaces says what it said: to the token, where node can read both."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from viz.page import explore
from viz.page.lean import lean_script, lean_style


@pytest.mark.parametrize(
    ("source", "lean"),
    [
        ('f("a  =  b", `c  ${g( `d  {${e + 1}}` )}  `);', 'f("a  =  b",`c  ${g(`d  {${e+1}}`)}  `);'),
        ("const r = /[ /] = {2}/g, h = a / b / c;", "const r=/[ /] = {2}/g,h=a / b / c;"),
        ("x = a - -b + +c + d++ + e;", "x=a - -b + +c+d++ + e;"),
        ("  // a word\n  if (x) {\n    y = { z };\n  }\n", "if(x){y={z};}\n"),
        ('s = "\\"  (" + \'it ( is\';', 's="\\"  ("+\'it ( is\';'),
    ],
)
def test_texts_templates_and_patterns_stay_as_they_are(source, lean):
    assert lean_script(source) == lean


def test_what_is_not_closed_is_told():
    for source in ("f(`a", 'f("a', "f('a"):
        with pytest.raises(ValueError, match="not closed"):
            lean_script(source)


def test_a_style_keeps_the_spaces_that_mean_something():
    style = (
        ".a :is(b, c) > d { margin: calc(1px + 2px) auto; }\n@media (width < 3px) and (height > 2px) { e + f { g: h } }"
    )
    assert lean_style(style) == (
        ".a :is(b,c)>d{margin:calc(1px + 2px) auto;}@media (width < 3px) and (height>2px){e + f{g:h}}"
    )


def test_every_module_has_the_texts_that_it_had():
    for module in explore.MODULES:
        source = explore._part(f"{module}.js")
        plain = re.sub(r"^\s*/\*(?:[^*]|\*(?!/))*\*/$|(?<!:)//.*$", "", source, flags=re.MULTILINE)
        assert re.findall(r'"(?:\\.|[^"\\\n])*"', lean_script(source)) == re.findall(r'"(?:\\.|[^"\\\n])*"', plain)


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_node_reads_every_module():
    for module in explore.MODULES:
        script = f"new Function({json.dumps(lean_script(explore._part(f'{module}.js')))})"
        subprocess.run(["node", "-e", script], check=True, capture_output=True)
