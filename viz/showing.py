"""`.show()`: a picture or a page in the browser, from a script."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path

from autograd.files import write_whole


def show(text: str, name: str) -> Path:
    """Write `text` into a folder of its own, open it in the browser, or where there is none say where it lies."""
    target = Path(tempfile.mkdtemp(prefix="viz-")) / name
    write_whole(target, text.encode())
    if not _opened(target):
        print(f"there is no browser here: {target}")
    return target


def _opened(target: Path) -> bool:
    try:
        return webbrowser.open(target.as_uri())
    except webbrowser.Error:
        return False
