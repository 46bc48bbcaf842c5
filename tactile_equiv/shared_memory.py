"""Shared memory of Fast DDS that processes left behind when they were killed."""

from __future__ import annotations

import fcntl
import os
import re
import time
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
SEGMENT = re.compile(r"fastdds_[0-9a-f]{16}")
SETTLED = 10.0  # seconds; a younger segment may not have been locked by its owner yet


def remove_abandoned(directory: Path = SHARED_MEMORY) -> int:
    """Remove the Fast DDS segments whose owner is dead; the bytes that became free.

    A participant that ends removes its segment, one that is killed leaves it: 17 MB each with
    `config/fastdds.xml`, until no participant can start any more. A living owner holds a lock on
    `<segment>_el`, which the kernel releases with the process (`fastdds shm clean` decides alike).
    Segments of other users stay, and those of participants that share no `directory` with this one.
    """
    freed = 0
    if not directory.is_dir():
        return freed
    for segment in directory.iterdir():
        if SEGMENT.fullmatch(segment.name):
            freed += _remove_if_abandoned(segment)
    return freed


def _remove_if_abandoned(segment: Path) -> int:
    lock = segment.with_name(f"{segment.name}_el")
    try:
        if time.time() - segment.stat().st_mtime < SETTLED:
            return 0
        descriptor = os.open(lock, os.O_RDONLY)
    except OSError:
        return 0
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        size = segment.stat().st_size
        segment.unlink()
        lock.unlink()
    except OSError:  # its owner lives, or it is another user's
        return 0
    finally:
        os.close(descriptor)
    return size
