"""The stubs that type checkers read are the table's."""

import builtins
from pathlib import Path

import autograd
from autograd import stubs
from autograd.methods import Methods
from autograd.ops.primitive import TABLE
from autograd.value import Value

FOLDER = Path(autograd.__file__).parent


def test_the_stubs_are_up_to_date():
    told = "run `make stubs` (python -m autograd.stubs) and commit what it writes"
    assert (FOLDER / "functions.pyi").read_text(encoding="utf-8") == stubs.functions_stub(), told
    assert (FOLDER / "methods.pyi").read_text(encoding="utf-8") == stubs.methods_stub(), told


def test_every_method_in_the_stub_exists_and_the_reverse():
    text = stubs.methods_stub()
    told = {line.split("(")[0].split()[-1] for line in text.splitlines() if line.startswith("    def ")}
    hung = {name for name in vars(Methods) if callable(getattr(Methods, name))} - set(vars(object)) - {"__apply__"}
    assert hung <= told
    assert all(hasattr(Value, name) for name in told)


def test_every_row_is_a_public_function():
    for row in TABLE.values():
        for name in (row.name, *row.aliases):
            assert name in autograd.__all__ or name in vars(builtins)
            assert getattr(autograd, name).__doc__
