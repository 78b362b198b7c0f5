"""The machine that we run on: LLVM set up for it, and texts in LLVM's language made into functions.

The only module that speaks to llvmlite.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import platform
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar
from weakref import ref

from autograd.errors import MissingExtra
from autograd.forking import awaited_by_fork
from autograd.threads import elsewhere

MISSING = (
    "backend=\"llvm\" needs llvmlite 0.45 or later, the extra `native`: pip install 'glassgrad[native]', "
    'or let backend="auto" choose another'
)
T = TypeVar("T")
_EFFORT = 1  # of code generation; more takes longer and gained nothing, as did passes over what we write


def is_available() -> bool:
    """Whether llvmlite is installed."""
    try:
        _llvm()
    except MissingExtra:
        return False
    return True


def require() -> None:
    """Raise MissingExtra unless llvmlite is installed."""
    _llvm()


@cache
def _llvm() -> Any:
    """llvmlite.binding, set up."""
    try:
        import llvmlite.binding as llvm
    except ImportError:
        raise MissingExtra(MISSING) from None
    if llvm.llvm_version_info[0] < 19:
        raise MissingExtra(MISSING)
    _beyond_interrupts(llvm.initialize_native_target)
    _beyond_interrupts(llvm.initialize_native_asmprinter)
    awaited_by_fork(llvm.ffi.lib._lock)  # through which llvmlite does all it does
    return llvm


def _target() -> Any:
    """A code generator for this very processor; an engine takes it over."""
    llvm = _llvm()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=_features().flatten(), opt=_EFFORT, jit=True
    )


@cache
def _features() -> Any:
    """What this processor can do."""
    return _beyond_interrupts(lambda: _llvm().get_host_cpu_features())


@cache
def width() -> int:
    """How many doubles one vector register holds."""
    features = _features()
    if features.get("avx512f"):
        return 8
    return 4 if features.get("avx") else 2


class Library:
    """Functions made from a text; their machine code lives as long as this object."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._engine = _beyond_interrupts(lambda: _owned(self, _engine(text)))

    def address(self, name: str) -> int:
        """Where the function of that name stands."""
        found: int = _beyond_interrupts(lambda: self._engine.get_function_address(name))
        return found


_ENGINES: dict[ref[Library], Any] = {}
_DEAD: list[ref[Library]] = []  # filled by C's code, in which no Ctrl-C is lost as in a __del__


def _owned(library: Library, engine: Any) -> Any:
    """The engine, freed some time after its library: llvmlite does not free it where an interrupt may come."""
    _ENGINES[ref(library, _DEAD.append)] = engine
    return engine


def _engine(text: str) -> Any:
    """The machine code of a text; the engine takes over, and frees, the module and the target that it was made of."""
    llvm = _llvm()
    module = llvm.parse_assembly(text)
    module.verify()
    engine = llvm.create_mcjit_compiler(module, _target())
    engine.finalize_object()
    return engine


def _beyond_interrupts(make: Callable[[], T]) -> T:
    """What `make` makes, where no Ctrl-C comes, and what is to be freed by then is freed.

    Between a call of LLVM that frees something or takes it over and the line of llvmlite that notes it, an interrupt
    would have it freed twice; and one that comes while llvmlite takes its lock, or gives it back, would leave it held.
    """

    def work() -> T:
        with suppress(IndexError):
            while True:
                del _ENGINES[_DEAD.pop()]
        return make()

    return elsewhere(work)


@cache
def mathematics() -> ctypes.CDLL | None:
    """C's library of mathematics, where it can be found."""
    name = ctypes.util.find_library("m") or ("ucrtbase" if sys.platform == "win32" else None)
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None


@cache
def has_symbol(name: str) -> bool:
    """Whether C's mathematics has a function of that name; machine code can then call it."""
    library = mathematics()
    try:
        function = getattr(library, name)
    except AttributeError:
        return False
    add_symbol(name, address_of(function))
    return True


@cache
def vector_symbol(name: str, operands: int) -> str | None:
    """The name of glibc's function of whole vector registers (libmvec), if there is one on this machine."""
    letter, features = {8: "e", 4: "d", 2: "b"}[width()], _features()
    if platform.machine() not in ("x86_64", "AMD64") or (letter == "d" and not features.get("avx2")):
        return None
    symbol = f"_ZGV{letter}N{width()}{'v' * operands}_{name}"
    try:
        add_symbol(symbol, address_of(getattr(ctypes.CDLL("libmvec.so.1"), symbol)))
    except (OSError, AttributeError):
        return None
    return symbol


def address_of(function: Any) -> int:
    """Where a function that ctypes knows stands."""
    address = ctypes.cast(function, ctypes.c_void_p).value
    return address or 0


def add_symbol(name: str, address: int) -> None:
    """Let machine code call what stands at `address` by `name`."""
    _beyond_interrupts(lambda: _llvm().add_symbol(name, address))
