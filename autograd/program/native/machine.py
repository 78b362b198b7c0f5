"""The machine that we run on: LLVM set up for it, and texts in LLVM's language made into functions.

The only module that speaks to llvmlite, which is imported when something is compiled for the first time.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import hashlib
import json
import platform
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from itertools import takewhile
from typing import Any, NamedTuple, TypeVar
from weakref import WeakValueDictionary, ref

from autograd import kept
from autograd.errors import MissingExtra
from autograd.forking import awaited_by_fork
from autograd.program.native.loader import Loaded, UnknownObject
from autograd.threads import elsewhere

MISSING = (
    "backend=\"llvm\" needs llvmlite 0.45 or later, the extra `native`: pip install 'glassgrad[native]', "
    'or let backend="auto" choose another'
)
T = TypeVar("T")
_OLDEST = (0, 45)
_EFFORT = 1  # of code generation; more takes longer and gained nothing, as did passes over what we write


def is_available() -> bool:
    """Whether llvmlite is installed."""
    try:
        release()
    except MissingExtra:
        return False
    return True


def require() -> None:
    """Raise MissingExtra unless llvmlite is installed."""
    release()


@cache
def release() -> str:
    """The version of llvmlite; MissingExtra unless it is installed and new enough."""
    try:
        import llvmlite
    except ImportError:
        raise MissingExtra(MISSING) from None
    version = str(llvmlite.__version__)
    if tuple(map(int, version.split(".")[:2])) < _OLDEST:
        raise MissingExtra(MISSING)
    return version


@cache
def _llvm() -> Any:
    """llvmlite.binding, set up."""
    release()
    import llvmlite.binding as llvm

    _beyond_interrupts(llvm.initialize_native_target)
    _beyond_interrupts(llvm.initialize_native_asmprinter)
    awaited_by_fork(llvm.ffi.lib._lock)  # through which llvmlite does all it does
    return llvm


def _target() -> Any:
    """A code generator for this very processor; an engine takes it over."""
    llvm = _llvm()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=_asked().flatten(), opt=_EFFORT, jit=True
    )


@cache
def _asked() -> Any:
    """What LLVM says that this processor can do."""
    return _beyond_interrupts(lambda: _llvm().get_host_cpu_features())


@cache
def _features() -> dict[str, bool]:
    """The same, as it was kept for this processor, so that llvmlite need not be imported."""
    key = hashlib.sha256(f"features {release()} {processor()}".encode()).hexdigest()
    known = kept.read(key)
    if known is not None:
        return json.loads(known)  # type: ignore[no-any-return]  # as it was written below
    found = {name: bool(has) for name, has in _asked().items()}
    kept.keep(key, json.dumps(found).encode())
    return found


@cache
def width() -> int:
    """How many doubles one vector register holds."""
    return 8 if _can("avx512f") else 4 if _can("avx") else 2


def _can(feature: str) -> bool:
    """Whether this processor has it; where the system lists what it has, LLVM need not be loaded for that."""
    listed = re.search(r"^flags\s*:(.*)", processor(), re.MULTILINE)
    return feature in listed[1].split() if listed else bool(_features().get(feature))


@cache
def processor() -> str:
    """What tells this processor from others that run other machine code."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            lines = takewhile(str.strip, file)  # of the first of several
            return "".join(line for line in lines if not line.startswith(_MOMENTARY))
    except OSError:
        return f"{_llvm().get_host_cpu_name()}: {_asked().flatten()}"


_MOMENTARY = ("processor", "cpu MHz", "bogomips", "BogoMIPS", "apicid", "initial apicid", "core id", "physical id")


class Object(NamedTuple):
    """Machine code that is not in its place in memory yet.

    Attributes:
        code: an object file of this system's kind
        uses: the names of what it calls
    """

    code: bytes
    uses: tuple[str, ...]


def compiled(text: str) -> Object:
    """The machine code of a text in LLVM's language."""

    def work() -> Object:
        llvm = _llvm()
        module = llvm.parse_assembly(text)
        module.verify()
        declared = [f.name for f in module.functions if f.is_declaration] + [g.name for g in module.global_variables]
        uses = tuple(name for name in declared if not name.startswith("llvm."))
        return Object(_target().emit_object(module), uses)

    return _beyond_interrupts(work)


class Library:
    """Functions of machine code, which live as long as this object."""

    def __init__(self, made: Object) -> None:
        self._supplied = [_SUPPLIED.get(name) for name in made.uses]  # which is there as long as what calls it
        try:
            self._loaded = Loaded(made.code, address_of_symbol)
            self._find = self._loaded.functions.__getitem__
        except UnknownObject:
            engine = _beyond_interrupts(lambda: _owned(self, _engine(made)))
            self._find = lambda name: _beyond_interrupts(lambda: engine.get_function_address(name))

    def address(self, name: str) -> int:
        """Where the function of that name stands."""
        return self._find(name)


_ENGINES: dict[ref[Library], Any] = {}
_DEAD: list[ref[Library]] = []  # filled by C's code, in which no Ctrl-C is lost as in a __del__


def _owned(library: Library, engine: Any) -> Any:
    """The engine, freed some time after its library: llvmlite does not free it where an interrupt may come."""
    _ENGINES[ref(library, _DEAD.append)] = engine
    return engine


def _engine(made: Object) -> Any:
    """Machine code in its place by LLVM's own loader; the engine takes over, and frees, the module and the target."""
    llvm = _llvm()
    for name in made.uses:
        if address := address_of_symbol(name):  # else LLVM finds it
            llvm.add_symbol(name, address)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target())
    engine.add_object_file(llvm.ObjectFileRef.from_data(made.code))
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
    return _found_in(mathematics(), name) != 0


@cache
def vector_symbol(name: str, operands: int) -> str | None:
    """The name of glibc's function of whole vector registers (libmvec), if there is one on this machine."""
    letter, features = {8: "e", 4: "d", 2: "b"}[width()], _features()
    if platform.machine() not in ("x86_64", "AMD64") or (letter == "d" and not features.get("avx2")):
        return None
    symbol = f"_ZGV{letter}N{width()}{'v' * operands}_{name}"
    return symbol if _found_in(_vector_mathematics(), symbol) else None


@cache
def _vector_mathematics() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL("libmvec.so.1")
    except OSError:
        return None


class Supplied:
    """What stands at an address, and machine code calls by a name, as long as this object lives."""

    def __init__(self, name: str, address: int) -> None:
        self.name, self.address = name, address
        _SUPPLIED[name] = self


_SUPPLIED: WeakValueDictionary[str, Supplied] = WeakValueDictionary()


@cache
def _symbol(name: str) -> int:
    """Where a function or a number of C's or of Python's stands that machine code uses; 0 if there is none."""
    if found := _found_in(ctypes.pythonapi, name):  # all that the process has, C's library too on most systems
        return found
    return _found_in(mathematics(), name) or _found_in(_vector_mathematics(), name)


def address_of_symbol(name: str) -> int:
    """Where what machine code calls `name` stands; 0 if it is not known here."""
    supplied = _SUPPLIED.get(name)
    return _symbol(name) if supplied is None else supplied.address


def _found_in(library: ctypes.CDLL | None, name: str) -> int:
    try:
        return address_of(getattr(library, name))
    except AttributeError:
        return 0


def address_of(function: Any) -> int:
    """Where a function that ctypes knows stands."""
    address = ctypes.cast(function, ctypes.c_void_p).value
    return address or 0
