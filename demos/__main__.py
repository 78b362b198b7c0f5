"""Run every demonstration: ``python -m demos``; what they write goes into out/ (or ``--out DIR``)."""

from __future__ import annotations

from demos import cars, derivative, lecture, moons, neuron
from demos.output import options

DEMOS = (derivative, neuron, lecture, cars, moons)


def main(argv: list[str] | None = None) -> int:
    """All demos in order; the exit status is that of the lecture, 0 if it came out as expected."""
    out = options(__doc__).parse_args(argv).out
    status = max(demo.main(["--out", str(out)]) for demo in DEMOS)
    print(f"\nEverything is in {out}/: open the .svg files in a browser.")
    return status


if __name__ == "__main__":
    raise SystemExit(main())
