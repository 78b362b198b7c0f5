"""Run every demonstration: ``python -m demos``; what they write goes into out/ (or ``--out DIR``)."""

from __future__ import annotations

from pathlib import Path

from demos import cars, derivative, digits, exploding, finance, gallery, lecture, moons, nan, neuron, pages, step
from demos.output import options
from viz import terminal

DEMOS = (derivative, neuron, lecture, pages, step, exploding, nan, finance, cars, moons, digits)


def main(argv: list[str] | None = None) -> int:
    """All demos in order; the exit status is the worst, 0 if the lecture came out as expected."""
    out: Path = options(__doc__).parse_args(argv).out
    statuses: list[int] = [demo.main(["--out", str(out)]) for demo in DEMOS]
    print()
    index = gallery.write(out)
    print(f"Everything is in {out}/: open {index} in a browser.")
    return max(statuses)


if __name__ == "__main__":
    terminal.run(main)
