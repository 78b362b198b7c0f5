"""Writes the sdist and the wheel, the same bytes whenever the same source is published.

What could differ from one build to the next is decided here: the order of files, their owners and modes, and
the time that they carry, which is SOURCE_DATE_EPOCH, or else that of the last commit, or else the first that a
wheel can hold.
"""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from publishing.names import FRONT
from publishing.tree import ROOT, published

EARLIEST = 315619200  # 2 January 1980, in every time zone after the first day of the zip format
MASK = 0o022


class BuildError(Exception):
    """What pip could not build."""


def build(out: Path, root: Path = ROOT) -> tuple[Path, Path]:
    """Write the sdist and the wheel of a checkout into a folder, and say where they are."""
    files, date = published(root), date_of(root)
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        write(files, project, date)
        wheel = wheel_of(project, out, date)
    files["PKG-INFO"] = _metadata(wheel)
    return _sdist(files, out, date), wheel


def date_of(root: Path) -> int:
    """The time that all files of an archive carry, in seconds since 1970."""
    told = os.environ.get("SOURCE_DATE_EPOCH")
    if told is None:
        command = ["git", "log", "-1", "--format=%ct"]
        try:
            told = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            told = str(EARLIEST)
    return max(int(told), EARLIEST)


def write(files: dict[str, bytes], folder: Path, date: int) -> None:
    """Write the published project into a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o666 & ~MASK)
        os.utime(path, (date, date))


def wheel_of(project: Path, out: Path, date: int) -> Path:
    """The wheel that pip builds from a project's folder, or from its sdist.  Raises BuildError if it does not."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        command += ["wheel", "--no-deps", "--no-cache-dir", "--wheel-dir", folder, str(project)]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(date), "PYTHONHASHSEED": "0"}
        ran = subprocess.run(command, env=environment, umask=MASK, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise BuildError(f"pip built no wheel: {ran.stderr}")
        (built,) = Path(folder).iterdir()
        out.mkdir(parents=True, exist_ok=True)
        (out / built.name).write_bytes(built.read_bytes())
    return out / built.name


def _metadata(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return archive.read(name)


def _sdist(files: dict[str, bytes], out: Path, date: int) -> Path:
    version = next(line for line in files["PKG-INFO"].decode().splitlines() if line.startswith("Version: ")).split()[1]
    top = f"{FRONT}-{version}"
    packed = io.BytesIO()
    with (
        gzip.GzipFile("", "wb", fileobj=packed, mtime=date) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(f"{top}/{name}")
            entry.size, entry.mtime, entry.mode = len(content), date, 0o666 & ~MASK
            archive.addfile(entry, io.BytesIO(content))
    path = out / f"{top}.tar.gz"
    path.write_bytes(packed.getvalue())
    return path
