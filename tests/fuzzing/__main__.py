"""The command: `python -m tests.fuzzing --seconds 3600 --seed 1 --with jax,c`; exit status 1 if anything differs."""

from __future__ import annotations

import argparse
import contextlib
import sys

from tests.fuzzing.forms import FEATURES
from tests.fuzzing.hunt import Hunter


def main() -> int:
    """Read the options, hunt, and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long")
    parser.add_argument("--cases", type=int, default=10**9, help="how many programs at most")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    parser.add_argument("--with", dest="neighbours", default="", help="jax, c, or both: jax,c")
    parser.add_argument("--without", default="", help=f"features to leave out: {', '.join(FEATURES)}")
    options = parser.parse_args()
    features = [feature for feature in FEATURES if feature not in options.without.split(",")]
    hunter = Hunter(options.seed, features, _neighbours(options.neighbours))
    with contextlib.suppress(KeyboardInterrupt):  # what was found until then is said
        hunter.hunt(options.seconds, options.cases, lambda text: print(text, flush=True))
    print(hunter.tally)
    return 1 if hunter.tally.differing else 0


def _neighbours(names: str) -> list[object]:
    found: list[object] = []
    for name in filter(None, names.split(",")):
        if name == "jax":
            from tests.fuzzing.neighbour import Jax

            found.append(Jax())
        elif name == "c":
            from tests.fuzzing.exported import C

            found.append(C())
        else:
            raise SystemExit(f"--with takes jax and c, got {name!r}")
    return found


if __name__ == "__main__":
    sys.exit(main())
