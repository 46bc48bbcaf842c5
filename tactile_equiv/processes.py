"""Runs described nodes as processes that end with this one."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tactile_equiv.errors import TactileError
from tactile_equiv.process_descriptions import ClosedLoop, NodeDescription

END_LIMIT = 10.0  # seconds that a process has to end after it was told to
PERIOD = 0.1  # seconds between two looks at processes
PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def run_closed_loop(loop: ClosedLoop) -> int:
    """Exit code of the check.

    Raises:
        TactileError: if another process ends before the check has what it needs.
    """
    with running([loop.simulator, loop.perception, loop.check]) as processes:
        simulator, perception, check = processes
        while (code := _ended(check)) is None:
            _demand(simulator, "the simulator", may_end=True)
            _demand(perception, "the perception node", may_end=False)
        return code


@contextmanager
def running(descriptions: Sequence[NodeDescription]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes of these nodes; all have ended afterwards, also when this process is stopped."""
    started: list[subprocess.Popen[bytes]] = []
    with _terminated_as_interrupted():
        try:
            for one in descriptions:
                started.append(subprocess.Popen(one.command(), preexec_fn=follower()))
            yield started
        finally:
            _end(started)


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    """The exit code, or None after `PERIOD` without one."""
    try:
        return process.wait(PERIOD)
    except subprocess.TimeoutExpired:
        return None


def _demand(process: subprocess.Popen[bytes], what: str, may_end: bool) -> None:
    code = process.poll()
    if code is not None and not (may_end and code == 0):
        raise TactileError(f"{what} ended with code {code}: see its message above")


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + END_LIMIT
    for process in processes:
        try:
            process.wait(max(deadline - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def follower() -> Callable[[], Any] | None:
    """Linux ends a child whose parent was killed; elsewhere only an orderly end does."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt, so that children are ended."""

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
