"""A batch in chunks of samples: on threads, with sums that no number of threads changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from autograd.program.kernel import Floats
from autograd.threads import spread

SAMPLES_A_CHUNK = 1024  # summed on their own: so that threads change no bit, and rounding stays small
CHUNKS_AT_ONCE = 64

Chunk = Callable[[int, int, int, int], None]  # (partial sums, room to work in, first sample, last sample)


def run_chunks(chunk: Chunk, samples: int, work: int, total: Floats, threads: int) -> None:
    """Run all samples, some at a time, and add their sums in the order of the samples."""

    def run(first: int) -> Floats:
        sums, room = np.empty(len(total)), np.empty(work)
        chunk(sums.ctypes.data, room.ctypes.data, first, min(first + SAMPLES_A_CHUNK, samples))
        return sums

    total[:] = 0.0
    for starts in _waves(range(0, samples, SAMPLES_A_CHUNK)):
        for sums in spread(run, starts, threads if len(starts) > 1 else 1):
            total += sums


def _waves(starts: range) -> Iterator[range]:
    """The starts, some at a time, so that partial sums take bounded memory."""
    for i in range(0, len(starts), CHUNKS_AT_ONCE):
        yield starts[i : i + CHUNKS_AT_ONCE]
