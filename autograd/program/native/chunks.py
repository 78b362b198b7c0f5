"""A batch in chunks of samples: on threads, with sums that no number of threads changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from autograd.program.kernel import Floats
from autograd.threads import spread

SAMPLES_A_CHUNK = 1024  # summed on their own: so that threads change no bit, and rounding stays small
SAMPLES_ALONE = 65_536  # in a chunk where nothing is summed: milliseconds, after which Ctrl-C is heard
CHUNKS_AT_ONCE = 64

Chunk = Callable[[int, int, int], None]  # (partial sums, first sample, last sample)


def run_chunks(chunk: Chunk, samples: int, total: Floats, threads: int) -> None:
    """Run all samples, some at a time, and add their sums in the order of the samples."""
    size = SAMPLES_A_CHUNK if len(total) or threads > 1 else SAMPLES_ALONE
    if not len(total) and samples <= size:
        return chunk(0, 0, samples)

    def run(first: int) -> Floats:
        sums = np.empty(len(total))
        chunk(sums.ctypes.data, first, min(first + size, samples))
        return sums

    total[:] = 0.0
    for starts in _waves(range(0, samples, size)):
        for sums in spread(run, starts, threads if len(starts) > 1 else 1):
            total += sums
    return None


def _waves(starts: range) -> Iterator[range]:
    """The starts, some at a time, so that partial sums take bounded memory."""
    for i in range(0, len(starts), CHUNKS_AT_ONCE):
        yield starts[i : i + CHUNKS_AT_ONCE]
