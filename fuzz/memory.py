"""Resident memory of this process, and how fast it grows."""

from __future__ import annotations

import ctypes
import gc
import resource
from collections.abc import Sequence
from pathlib import Path

import numpy as np

WARM_UP = 0.25
"""Share of the samples at the start in which caches fill."""


def resident_bytes() -> int:
    """What is in use now; memory that is free but kept by the C library is given back first."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def peak_bytes() -> int:
    """The most that was ever in use."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def limit_address_space(more_bytes: int) -> None:
    """Let an input that asks for absurd memory fail, not the machine."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + more_bytes, resource.RLIM_INFINITY))


def slope(samples: Sequence[tuple[int, int]]) -> float:
    """Bytes an input, after the warm-up: the median slope of all pairs (Theil and Sen).

    Args:
        samples: (inputs so far, bytes), in order.
    """
    points = np.array(samples[int(WARM_UP * len(samples)) :], float)  # (n, 2)
    if len(points) < 3:
        return 0.0
    first, second = np.triu_indices(len(points), 1)
    rise = points[second] - points[first]
    return float(np.median(rise[:, 1] / np.maximum(rise[:, 0], 1)))
