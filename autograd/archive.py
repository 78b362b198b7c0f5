"""Archives of arrays with a description: the file format of programs and of models.

The format is NumPy's .npz: any NumPy opens it, loading runs no code of the file's, and a zip archive
keeps a checksum of each part, so that a single flipped bit is noticed (safetensors has none).  Beside the
arrays stands a part named after what is saved, "program" or "model": JSON with the format's name, its
version and whatever else describes it.

A format whose version is raised says how a file of the version before becomes one (`Format.reads`), so that a later
version of the project reads the files of the earlier ones; the other way round is refused.

Nothing that a file says is believed before it was compared: its parts are known by name and type, and their sizes,
which stand in its directory, are held against its own size before anything is unpacked.  What `Format.write`
wrote passes: what would compress too well is written as it is.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TypeAlias

import numpy as np

from autograd.errors import FileFormatError
from autograd.files import Place, name_of, write_whole

Arrays: TypeAlias = "dict[str, np.ndarray[Any, np.dtype[Any]]]"
Description: TypeAlias = "dict[str, Any]"
Content: TypeAlias = "tuple[Description, Arrays]"
Migration: TypeAlias = "Callable[[Description, Arrays], Content]"

_FREE = 1 << 20  # unpacked, any file may be this big
_TEXT_TIMES = 8  # and its description this many times the file
_CONTAINERS = 100_000  # lists and objects in a description

_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError, RuntimeError,
    OverflowError, MemoryError, KeyError, OSError,
)  # fmt: skip

_END = struct.Struct("<4s4H2LH")  # the end of a zip archive's directory (APPNOTE 4.3.16), without a comment
_LONGEST_ENTRY = 128  # bytes of a part in the directory, of which 46 are always there
_HEADER_SIZE = 128  # bytes before the data of a part, as NumPy writes them for one dimension
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<|]\w+)', 'fortran_order': False, 'shape': \((\d*),?\), \} *\n", re.DOTALL
)
_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


@dataclass(frozen=True)
class Format:
    """What an archive of "program"s or "model"s is: its version, and the arrays that it may hold with their types.

    `times` says how many times its own size the arrays of a file may be when they are unpacked.  `reads` has, for each
    earlier version that is read, what makes of a file's content that of the version after it; what it is handed was not
    checked, so it moves things and judges nothing.  `types` has the arrays of all versions that are read.
    """

    what: str
    version: int
    types: Mapping[str, type[np.generic]]
    times: float
    reads: Mapping[int, Migration] = field(default_factory=dict)

    def write(self, place: Place, description: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        """Write a description and arrays to a file, whole or not at all."""
        text = np.array(json.dumps({"format": self._name, "version": self.version, **description}))
        parts = {self.what: text, **arrays}
        content = _packed(zipfile.ZIP_DEFLATED, parts)
        if not self._fits(len(content), text.nbytes, sum(array.nbytes for array in arrays.values())):
            content = _packed(zipfile.ZIP_STORED, parts)
        write_whole(place, content)

    def read(self, place: Place) -> Content:
        """(the description, the arrays) that `write` wrote, as of this version; what they say has yet to be checked.

        The arrays are flat and of their types; which of them are there is for the caller to ask.

        Raises:
            FileFormatError: for a file that is damaged, cut off, of a version that is not read or something else
            OSError: where there is no file
        """
        name = name_of(place)
        with _opened(place) as file:
            try:
                text, arrays = self._parts(file)
                description = _described(text)
            except _UNREADABLE as error:
                raise FileFormatError(
                    f"{name} is not a saved {self.what}, or is damaged or cut off: {error!s:.120}"
                ) from None
        if not isinstance(description, dict) or description.get("format") != self._name:
            raise FileFormatError(f"{name} is an archive of arrays, but not a saved {self.what}")
        return self._migrated(description, arrays, name)

    def _migrated(self, description: Description, arrays: Arrays, name: str) -> Content:
        """The content of a file as this version has it."""
        version = description.get("version")
        if type(version) is not int or version < 1:
            raise FileFormatError(f"{name} has a version of the format that there is not: {version!r:.20}")
        if version > self.version:
            raise FileFormatError(
                f"{name} has version {version!r:.20} of the format, from a later version of this library, which here "
                f"reads up to version {self.version}: update the library"
            )
        for earlier in range(version, self.version):
            if earlier not in self.reads:
                raise FileFormatError(
                    f"{name} has version {version} of the format, this library reads {self._versions}: read it with "
                    "the version of the library that wrote it"
                )
            description, arrays = self.reads[earlier](description, arrays)
        return description, arrays

    @property
    def _versions(self) -> str:
        """Those from which migrations lead to this one."""
        oldest = max(version for version in range(self.version) if version not in self.reads) + 1
        return f"versions {oldest} to {self.version}" if oldest < self.version else f"version {self.version}"

    @property
    def _name(self) -> str:
        return f"glassgrad {self.what}"

    def _fits(self, size: int, text: int, arrays: int) -> bool:
        """Whether parts of these sizes may be in a file of this size."""
        return text <= max(_FREE, _TEXT_TIMES * size) and arrays <= max(_FREE, self.times * size)

    def _parts(self, file: BinaryIO) -> tuple[str, Arrays]:
        """The description's text and the arrays, each with its checksum verified; ValueError for anything else."""
        known = {f"{name}.npy": name for name in (self.what, *self.types)}
        size = _checked_size(file, len(known))
        with zipfile.ZipFile(file) as archive:
            entries = {known.get(entry.filename, ""): entry for entry in archive.infolist()}
            if len(entries) < len(archive.infolist()) or "" in entries or self.what not in entries:
                raise ValueError(f"its parts are not those of a {self.what}")
            if any(entry.compress_type not in _PACKED for entry in entries.values()):
                raise ValueError("its parts are packed in a way that is not known")
            sizes = {name: entry.file_size - _HEADER_SIZE for name, entry in entries.items()}
            if not self._fits(size, sizes.pop(self.what), sum(sizes.values())):
                raise ValueError("its parts are out of all proportion to it")
            contents = {name: archive.read(entry) for name, entry in entries.items()}
        text = _text(contents.pop(self.what))
        return text, {name: _array(content, name, self.types[name]) for name, content in contents.items()}


def _packed(compression: int, parts: Mapping[str, Any]) -> bytes:
    """An archive as np.savez makes it, which before NumPy 2.1 cannot be told to refuse objects."""
    content = io.BytesIO()
    try:
        with zipfile.ZipFile(content, "w", compression) as archive:
            for name, array in parts.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as part:
                    np.lib.format.write_array(part, np.asanyarray(array), allow_pickle=False)
    except ValueError as error:  # of an archive that cannot be closed, because Ctrl-C came in the middle of a part
        raise error.__context__ or error from None
    return content.getvalue()


@contextlib.contextmanager
def _opened(place: Place) -> Iterator[BinaryIO]:
    """The file, to be read in any order."""
    if isinstance(place, (str, os.PathLike)):
        with open(place, "rb") as file:
            yield file
    else:
        yield io.BytesIO(place.read())


def _checked_size(file: BinaryIO, most: int) -> int:
    """The size of the file; ValueError unless it ends in a directory of at most so many parts, and no comment."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _END.size))
    end = file.read()
    if len(end) < _END.size or not end.startswith(b"PK\x05\x06"):
        raise ValueError("it does not end as an archive does")
    *_, here, parts, length, _, comment = _END.unpack(end)
    if parts > most or here != parts or comment or length > parts * _LONGEST_ENTRY:
        raise ValueError("it has more parts than are known")
    return size


def _text(content: bytes) -> str:
    """A description's text, which NumPy stores with four bytes a character."""
    descr, length, data = _unwrapped(content, "description")
    if not re.fullmatch(r"<U\d+", descr) or length or int(descr[2:]) * 4 != len(data):
        raise ValueError("its description is no text")
    return bytes(data).decode("utf-32-le").rstrip("\0")


def _array(content: bytes, name: str, kind: type[np.generic]) -> Any:
    """The flat array of this kind of numbers in a part."""
    descr, length, data = _unwrapped(content, name)
    dtype = np.dtype(kind).newbyteorder("<")
    if not length or descr != dtype.str or int(length) * dtype.itemsize != len(data):
        raise ValueError(f"its {name} are not a flat array of {dtype.name}s")
    return np.frombuffer(data, dtype).astype(kind, copy=False)


def _unwrapped(content: bytes, name: str) -> tuple[str, str, memoryview]:
    """The type and the length, as text, and the data of a part."""
    header = _HEADER.match(content)
    if header is None:
        raise ValueError(f"its {name} are not a flat array")
    return header[1].decode(), header[2].decode(), memoryview(content)[header.end() :]


def _described(text: str) -> Any:
    """A description from its JSON; ValueError for more lists in it than any has."""
    outline = _TEXTS.sub("", text)
    if outline.count("[") + outline.count("{") > _CONTAINERS:
        raise ValueError("its description has too many parts")
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("its description is nested too deep") from None
