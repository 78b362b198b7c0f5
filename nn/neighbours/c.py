"""Networks as C: `model.to_c(path)`, a file and its header for devices, by the program of what `predict` computes."""

from __future__ import annotations

import os
from pathlib import Path

from autograd.files import write_whole
from autograd.given import flag
from autograd.program.program import Program


def to_c(
    program: Program,
    path: str | os.PathLike[str] | None,
    name: str,
    dtype: object,
    header: bool,
    what: str,
) -> str:
    """The file's text, written to `path` if that is given; see `Module.to_c`."""
    header = flag(header, "header")
    source = program.to_c(name, what=what, dtype=dtype)
    if path is not None:
        declared = program.to_c_header(name, what=what, dtype=dtype)
        write_whole(path, source.encode("ascii"))
        if header:
            write_whole(Path(path).with_suffix(".h"), declared.encode("ascii"))
    return source
