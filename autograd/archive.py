"""Archives of arrays with a description: the file format of programs and of models.

The format is NumPy's .npz: any NumPy opens it, loading runs no code of the file's, and a zip archive
keeps a checksum of each part, so that a single flipped bit is noticed (safetensors has none).  Beside the
arrays stands a part named after what is saved, "program" or "model": JSON with the format's name, its
version and whatever else describes it.

A later version of the project reads the files of the earlier ones; the other way round is refused.
"""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from autograd.errors import FileFormatError
from autograd.files import write_whole

Arrays: TypeAlias = "dict[str, np.ndarray[Any, np.dtype[Any]]]"
Description: TypeAlias = "dict[str, Any]"

_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, KeyError, ValueError, NotImplementedError,
    RuntimeError, OverflowError, MemoryError, OSError,
)  # fmt: skip


def write_archive(
    path: str | os.PathLike[str], what: str, version: int, description: Mapping[str, Any], arrays: Mapping[str, Any]
) -> None:
    """Write a description and arrays to `path`, whole or not at all; `what` is "program" or "model"."""
    content = io.BytesIO()
    text = json.dumps({"format": _format(what), "version": version, **description})
    np.savez_compressed(content, allow_pickle=False, **{what: np.array(text)}, **arrays)
    write_whole(path, content.getvalue())


def read_archive(path: str | os.PathLike[str], what: str, version: int) -> tuple[Description, Arrays]:
    """(the description, the arrays) that `write_archive` wrote; what they say has yet to be checked.

    Raises FileFormatError for a file that is damaged, cut off, of another version or something else, and
    the usual OSError where there is no file.
    """
    description, arrays = _parts(Path(path), what)
    if not isinstance(description, dict) or description.get("format") != _format(what):
        raise FileFormatError(f"{path} is an archive of arrays, but not a saved {what}")
    if description.get("version") != version:
        raise FileFormatError(
            f"{path} has version {description.get('version')!r} of the format, this reads version {version}: update it"
        )
    return description, arrays


def _format(what: str) -> str:
    return f"glassgrad {what}"


def _parts(path: Path, what: str) -> tuple[Any, Arrays]:
    """The parts of the file, each with its checksum verified."""
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                damaged = archive.testzip()
            if damaged is not None:
                raise FileFormatError(f"{path} is damaged in {damaged}; take another copy")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            return json.loads(str(arrays.pop(what))), arrays
        except FileFormatError:
            raise
        except _UNREADABLE as error:
            raise FileFormatError(
                f"{path} is not a saved {what}, or is damaged or cut off ({type(error).__name__}: {error})"
            ) from None
