"""Object code put into memory without LLVM, which takes longer to import than this: its sections side by side.

It is for what LLVM writes for x86-64 and ELF: the machine code knows what it uses by whole addresses, which are
written into it.  Whatever else is met is refused, and LLVM's own loader takes it.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

_SECTION = np.dtype([("name", "<u4"), ("kind", "<u4"), ("flags", "<u8"), ("address", "<u8"), ("offset", "<u8"),
                     ("size", "<u8"), ("link", "<u4"), ("info", "<u4"), ("align", "<u8"), ("each", "<u8")])  # fmt: skip
_SYMBOL = np.dtype([("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("value", "<u8"),
                    ("size", "<u8")])  # fmt: skip
_RELOCATION = np.dtype([("offset", "<u8"), ("kind", "<u4"), ("symbol", "<u4"), ("addend", "<i8")])

_MAGIC, _RELOCATABLE, _X86_64 = b"\x7fELF\x02\x01", 1, 62
_SYMBOLS, _RELOCATIONS, _UNWINDING, _PLAIN = 2, 4, 0x70000001, 1  # kinds of sections
_WRITABLE, _ALLOCATED = 1, 2  # flags of sections
_ADDRESS = 1  # the kind of relocation: 64 bits, symbol + addend
_RUN_AND_READ = mmap.PROT_READ | mmap.PROT_EXEC if hasattr(mmap, "PROT_EXEC") else 0


class UnknownObject(Exception):
    """Object code of another kind."""


class _Section(NamedTuple):
    """A section's heading, in Python's whole numbers."""

    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    each: int


class Loaded:
    """Functions of object code, in memory for as long as this lives."""

    def __init__(self, code: bytes, address_of: Callable[[str], int]) -> None:
        self._code = code
        if code[:6] != _MAGIC or int.from_bytes(code[16:18], "little") != _RELOCATABLE or not _RUN_AND_READ:
            raise UnknownObject("no object of ELF")
        if int.from_bytes(code[18:20], "little") != _X86_64:
            raise UnknownObject("not of this processor")
        start, count = int.from_bytes(code[40:48], "little"), int.from_bytes(code[60:62], "little")
        self._sections = [_Section(*row) for row in np.frombuffer(code, _SECTION, count, start).tolist()]
        starts = self._placed()
        self.functions = self._defined(starts, address_of)
        self._relocate(starts)
        self._protect()

    def _content(self, section: _Section, kind: Any = np.uint8) -> Any:
        """A section as an array."""
        return np.frombuffer(self._code, kind, section.size // np.dtype(kind).itemsize, section.offset)

    def _placed(self) -> list[int]:
        """Where in memory the sections stand that are used at run time, 0 for others; copied there."""
        sections, size, places = self._sections, 0, {}
        for i, section in enumerate(sections):
            if section.flags & _ALLOCATED and section.kind != _UNWINDING and section.size:
                if section.flags & _WRITABLE or section.kind != _PLAIN:
                    raise UnknownObject("it has a section that is no constant")
                size = -(-size // section.align) * section.align
                places[i] = size
                size += section.size
        self._room = mmap.mmap(-1, max(size, 1))
        self._memory = np.frombuffer(self._room, np.uint8)
        for i, place in places.items():
            content = self._content(sections[i])
            self._memory[place : place + len(content)] = content
        base = self._memory.ctypes.data
        return [base + places[i] if i in places else 0 for i in range(len(sections))]

    def _defined(self, starts: list[int], address_of: Callable[[str], int]) -> dict[str, int]:
        """The functions by name; and of every symbol its address is known then, of others' by `address_of`."""
        (table,) = (section for section in self._sections if section.kind == _SYMBOLS)
        names = self._content(self._sections[table.link]).tobytes()
        functions, self._addresses = {}, []
        for symbol in self._content(table, _SYMBOL).tolist():
            name, _, _, section, value, _ = symbol
            called = names[name : names.index(b"\0", name)].decode()
            if section:
                address = starts[section] + value if section < len(starts) else 0
                functions[called] = address
            else:
                address = address_of(called) if called else 0
                if called and not address:
                    raise UnknownObject(f"nothing is called {called} here")
            self._addresses.append(address)
        return functions

    def _relocate(self, starts: list[int]) -> None:
        """Write the addresses that the machine code asks for."""
        for section in (each for each in self._sections if each.kind == _RELOCATIONS):
            start = starts[section.info]
            if not start:
                continue  # of how to unwind, which nothing does
            wanted = self._content(section, _RELOCATION)
            if (wanted["kind"] != _ADDRESS).any():
                raise UnknownObject("it asks for other than addresses")
            for offset, _, symbol, addend in wanted.tolist():
                place = start - self._memory.ctypes.data + offset
                address = self._addresses[symbol] + addend
                self._memory[place : place + 8] = np.frombuffer(address.to_bytes(8, "little"), np.uint8)

    def _protect(self) -> None:
        """To be run and read from here on, not written."""
        protect = ctypes.CDLL(None, use_errno=True).mprotect
        protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        if protect(self._memory.ctypes.data, len(self._memory), _RUN_AND_READ):
            raise UnknownObject(f"the system does not let memory be run: error {ctypes.get_errno()}")
        self._memory.flags.writeable = False
