"""Prints the lowest versions that pyproject.toml allows of what a user may install, as constraints for pip.

    python .ci/lowest.py > lowest.txt && pip install -c lowest.txt '.[dev]'

The tools of `dev` and `docs` themselves are left free: nobody installs them beside the project.
"""

import re
import sys
import tomllib
from pathlib import Path

TOOLS = ("dev", "docs")
FLOOR = re.compile(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?>=([0-9.]+)([^;]*)(;.*)?$")


def floors(project: dict) -> dict[str, str]:
    """Of each requirement the lowest version that is allowed everywhere it is named."""
    extras = [extra for name, extra in project["optional-dependencies"].items() if name not in TOOLS]
    found: dict[str, str] = {}
    for requirement in [*project["dependencies"], *(each for extra in extras for each in extra)]:
        parts = FLOOR.match(requirement.replace(" ", ""))
        if parts and version(parts[2]) > version(found.get(parts[1], "0")):
            found[parts[1]] = parts[2]
    return found


def version(text: str) -> tuple[int, ...]:
    """A version as numbers, which can be compared."""
    return tuple(map(int, text.split(".")))


if __name__ == "__main__":
    project = tomllib.loads(Path(__file__).parent.with_name("pyproject.toml").read_text("utf-8"))["project"]
    sys.stdout.writelines(f"{name}=={floor}\n" for name, floor in sorted(floors(project).items()))
