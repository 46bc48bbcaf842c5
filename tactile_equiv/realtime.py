"""Real-time priority of this process (Linux, `SCHED_FIFO`)."""

from __future__ import annotations

import os
from pathlib import Path

from tactile_equiv.errors import SettingsError

THREADS = Path("/proc/self/task")


def use_fifo(priority: int) -> None:
    """Put every thread of this process, those of the middleware too, before all normal processes.

    Threads that start later inherit it from the one that starts them. A thread under SCHED_FIFO
    runs until it waits or one of a higher priority is ready: see sched(7).

    Args:
        priority: 1 .. 99.

    Raises:
        SettingsError: if the system has no such priority or does not permit it.
    """
    if not THREADS.is_dir() or not hasattr(os, "SCHED_FIFO"):
        raise SettingsError(f"realtime_priority is {priority}: no SCHED_FIFO here, set 0")
    for thread in THREADS.iterdir():
        try:
            os.sched_setscheduler(int(thread.name), os.SCHED_FIFO, os.sched_param(priority))
        except ProcessLookupError:  # it ended in the meantime
            continue
        except PermissionError as error:
            raise SettingsError(
                f"realtime_priority is {priority} but SCHED_FIFO is not permitted: raise the limit "
                "(ulimit -r, LimitRTPRIO= of a systemd unit, or rtprio in limits.conf) or grant "
                "CAP_SYS_NICE, or set 0"
            ) from error


def scheduling() -> str:
    """How this thread is scheduled, in words."""
    if not hasattr(os, "SCHED_FIFO") or os.sched_getscheduler(0) != os.SCHED_FIFO:
        return "normal"
    return f"SCHED_FIFO {os.sched_getparam(0).sched_priority}"
