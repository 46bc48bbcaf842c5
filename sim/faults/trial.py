"""What faults are made of: the plan of a run, the books of a stream, processes beside the node."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tactile_equiv.process_descriptions import Value
from tactile_equiv.processes import follower

from .bench import Bench
from .outcome import Outcome
from .subject import Subject

RESERVED = 1_000_000
"""So many frame numbers are set aside for a driver in a process of its own."""


@dataclass(frozen=True)
class Plan:
    """How faults are tried.

    Attributes:
        model: directory of the subject's model, which faults may break.
        rows, cols, seed: of the frames of the usual bank.
        rate_hz: of streams.
        kills: of the perception process.
        within: seconds after a kill until correct answers must be back.
        folder: for files.
        start: starts a subject with parameters over the usual ones.
    """

    model: Path
    rows: int
    cols: int
    seed: int
    rate_hz: float
    kills: int
    within: float
    folder: Path
    start: Callable[[Mapping[str, Value]], Subject]


class Books:
    """Accounts for all frames from now on, while the subject lives."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._before = bench.settle().lost
        self.first = bench.next

    def skip(self) -> None:
        """Frames until now are entered by somebody else; what was counted meanwhile stays."""
        self.first = self._bench.next

    def close(self, outcome: Outcome) -> None:
        """Every frame is answered or counted as lost."""
        after = self._bench.settle()
        self._enter(outcome)
        outcome.counted += after.lost - self._before

    def abandon(self, outcome: Outcome) -> None:
        """The subject died: what it did not answer, it did not count either."""
        outcome.nobody += self._enter(outcome)

    def _enter(self, outcome: Outcome) -> int:
        """Enter all frames; how many are not answered."""
        sent = self._bench.next - self.first
        tally = self._bench.ledger.tally(self.first, self._bench.next)
        outcome.sent += sent
        outcome.tally += tally
        return sent - tally.answered


class DriverProcess:
    """A driver that can be killed; its last frames may be lost with it, and nobody can know."""

    def __init__(self, bench: Bench, plan: Plan) -> None:
        self._bench = bench
        self.first = bench.next
        self._file = plan.folder / f"sent_{self.first}"
        numbers = (plan.rows, plan.cols, plan.seed, self.first, plan.rate_hz)
        own = [str(plan.model), *map(str, numbers), str(self._file)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.driver", *own, *remapped(bench)],
            preexec_fn=follower(),
        )

    def signal(self, number: int) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def answered(self, count: int, since: int = -1) -> bool:
        """So many of its frames later than frame `since` are answered."""
        return len(self._bench.ledger.answered_since(max(self.first, since + 1))) >= count

    @property
    def newest(self) -> int:
        """Its newest frame that is answered."""
        return self._bench.ledger.answered_since(self.first)[-1]

    def kill(self) -> None:
        """End it without a word."""
        self._process.kill()
        self._process.wait()

    def enter(self, outcome: Outcome) -> None:
        """Enter its frames, after it was killed.

        No answer is due to those that it sent before the node knew it, and to those that died with
        it: a frame is missed when a later one of the same driver comes.
        """
        oldest, *_, newest = self._bench.ledger.answered_since(self.first)
        written = self._file.read_bytes().count(b"\n")
        end = max(self.first + written, newest + 1)
        outcome.sent += end - self.first
        outcome.tally += self._bench.ledger.tally(self.first, end)
        outcome.nobody += oldest - self.first + end - 1 - newest


def remapped(bench: Bench) -> list[str]:
    """Arguments that put a node into the namespace of the bench."""
    return ["--ros-args", "-r", f"__ns:={bench.namespace}"]


@contextmanager
def driver_process(bench: Bench, plan: Plan) -> Iterator[DriverProcess]:
    """A driver in a process of its own; its numbers are set aside from those of the bench."""
    driver = DriverProcess(bench, plan)
    try:
        yield driver
    finally:
        driver.kill()
        bench.next = driver.first + RESERVED


@contextmanager
def asleep(command: list[str]) -> Iterator[Callable[[], None]]:
    """A process; the function stops it, and it never wakes again."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, preexec_fn=follower())
    try:
        yield lambda: process.send_signal(signal.SIGSTOP)
    finally:
        process.kill()
        process.wait()
