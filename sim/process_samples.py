"""What a process and the machine use, read from /proc (Linux)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tactile_equiv.errors import TactileError

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
MB = 2**20 / 1e6
"""Megabytes in a MiB."""
FIGURES = ("rss_mib", "anonymous_mib", "shared_mib", "cpu_s", "threads", "descriptors")


@dataclass(frozen=True)
class ProcessSample:
    """One process at one moment.

    Attributes:
        rss_mib: resident memory, MiB.
        anonymous_mib: its own part of it, in which a leak grows, MiB.
        shared_mib: shared memory in it, such as the segments of the middleware, MiB.
        cpu_s: CPU time of all its threads since it started, seconds.
        threads: how many it has.
        descriptors: open file descriptors.
    """

    rss_mib: float
    anonymous_mib: float
    shared_mib: float
    cpu_s: float
    threads: int
    descriptors: int


def sample(process: int) -> ProcessSample:
    """What a process uses now, by its id.

    Raises:
        TactileError: if it is gone, or the system has no /proc.
    """
    folder = PROC / str(process)
    try:
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        stat = (folder / "stat").read_text().rpartition(")")[2].split()
        descriptors = len(os.listdir(folder / "fd"))
        resident, anonymous, shared = (
            _mebibytes(status[name]) for name in ("VmRSS", "RssAnon", "RssShmem")
        )
    except (OSError, KeyError) as error:  # one that ended and is not yet waited for has no VmRSS
        raise TactileError(
            f"process {process} cannot be sampled ({error}): it ended, or this is no Linux"
        ) from error
    cpu_s = (int(stat[11]) + int(stat[12])) / TICKS
    return ProcessSample(resident, anonymous, shared, cpu_s, int(status["Threads"]), descriptors)


def machine_times() -> tuple[float, float]:
    """CPU time of all cores since the system started, seconds: spent on any process; taken away.

    The second is what the host of a virtual machine gave to others ("steal").
    """
    first = (PROC / "stat").read_text().split("\n", 1)[0]
    user, nice, system, _, _, interrupt, soft, steal = map(int, first.split()[1:9])
    return (user + nice + system + interrupt + soft) / TICKS, steal / TICKS


def _mebibytes(field: str) -> float:
    return int(field.split()[0]) / 1024
