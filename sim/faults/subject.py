"""The perception process to which faults happen, and who starts it again when it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from tactile_equiv.processes import follower

END_LIMIT = 20.0  # seconds that a process has to end in good order


class Life(NamedTuple):
    """One process of the subject: its id, and when it was seen first, steady seconds."""

    pid: int
    began: float


class Subject(Protocol):
    """Keeps a perception process running."""

    def life(self) -> Life | None:
        """The process that runs now; None while there is none."""
        ...

    def signal(self, number: int) -> None:
        """Send a signal to the process."""
        ...

    def said(self) -> str:
        """Everything that its processes wrote."""
        ...

    def close(self) -> None:
        """End it for good."""
        ...


class SupervisedSubject:
    """A command that is started again at once when it ends.

    Args:
        command: starts the perception node.
        log: file for what it writes.
    """

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._command = list(command)
        self._log = log
        self._process = self._start()

    def life(self) -> Life | None:
        """See `Subject.life`; starts it again where it has ended."""
        if self._process.poll() is not None:
            self._process = self._start()
        return Life(self._process.pid, self._began)

    def signal(self, number: int) -> None:
        """See `Subject.signal`."""
        self._process.send_signal(number)
        if number == signal.SIGKILL:
            self._process.wait()

    def said(self) -> str:
        """See `Subject.said`."""
        return self._log.read_text(errors="replace")

    def close(self) -> None:
        """See `Subject.close`."""
        _end(self._process)

    def _start(self) -> subprocess.Popen[bytes]:
        self._began = time.monotonic()
        with self._log.open("ab") as file:
            return subprocess.Popen(
                self._command, stdout=file, stderr=subprocess.STDOUT, preexec_fn=follower()
            )


class LaunchedSubject:
    """A perception node that `launch` starts and starts again; Linux only.

    Args:
        command: of launch, with all arguments.
        log: file for what it writes.
        executable: part of the command line of the node's process.
    """

    def __init__(
        self, command: Sequence[str], log: Path, executable: str = "perception_node"
    ) -> None:
        self._executable = executable.encode()
        self._log = log
        with log.open("ab") as file:
            self._launch = subprocess.Popen(
                list(command), stdout=file, stderr=subprocess.STDOUT, preexec_fn=follower()
            )
        self._life: Life | None = None

    def life(self) -> Life | None:
        """See `Subject.life`."""
        pid = next(self._nodes(), None)
        if pid is None:
            self._life = None
        elif self._life is None or self._life.pid != pid:
            self._life = Life(pid, time.monotonic())
        return self._life

    def signal(self, number: int) -> None:
        """See `Subject.signal`."""
        life = self.life()
        if life is not None:
            os.kill(life.pid, number)

    def said(self) -> str:
        """See `Subject.said`."""
        return self._log.read_text(errors="replace")

    def close(self) -> None:
        """See `Subject.close`."""
        _end(self._launch, signal.SIGINT)

    def _nodes(self) -> Iterator[int]:
        for pid in _children(self._launch.pid):
            with suppress(OSError):
                if self._executable in Path(f"/proc/{pid}/cmdline").read_bytes():
                    yield pid


def _children(pid: int) -> Iterator[int]:
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            yield from map(int, file.read_text().split())


def _end(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> None:
    process.send_signal(signal.SIGCONT)
    process.send_signal(number)
    try:
        process.wait(END_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
