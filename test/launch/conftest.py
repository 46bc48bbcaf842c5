"""Runs launch files as processes, where launch_ros is installed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNNER = Path(__file__).parent / "run_launch.py"
LIMIT_S = 120


@pytest.fixture
def launch(ros_domain, tmp_path):
    """Starts a launch file of the package with arguments."""
    pytest.importorskip("launch_ros", reason="launch_ros comes with a distribution, not with pip")
    started = []

    def start(name, **arguments):
        given = [f"{key}:={value}" for key, value in arguments.items()]
        started.append(Launch([str(ROOT / "launch" / name), *given], tmp_path / "launch.log"))
        return started[-1]

    yield start
    for one in started:
        one.close()


class Launch:
    """A launch file that runs."""

    def __init__(self, arguments, log):
        self._log = log
        with log.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, str(RUNNER), *arguments], stdout=file, stderr=subprocess.STDOUT
            )

    @property
    def said(self):
        """Everything it and its nodes wrote so far."""
        return self._log.read_text()

    def wait(self):
        """The exit code, once it ended."""
        return self.process.wait(LIMIT_S)

    def close(self):
        """End it and its nodes where it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(LIMIT_S)
