"""Live: a soak of the closed loop passes; with a node that leaks and loses frames it fails."""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

pytest.importorskip("rclpy")

LIMIT_S = 900
BROKEN = str(Path(__file__).parent / "broken_soak.py")
SHORT = ["--minutes", "0.2", "--warm-up", "2", "--rate", "100", "--script", "quick"]
SUBJECTS = {
    "sound": ["-m", "tactile_equiv_sim.soak"],
    "broken": [BROKEN, "4000", "25"],  # MB an hour; of so many frames one is lost
}


@pytest.mark.slow
def test_a_sound_loop_passes_and_a_broken_one_fails_for_its_faults(ros_domain, tmp_path):
    """Both run at once."""
    with ExitStack() as stack:
        started = {name: begun(what, name, tmp_path, stack) for name, what in SUBJECTS.items()}
        codes = {name: process.wait(LIMIT_S) for name, process in started.items()}
    assert codes == {"sound": 0, "broken": 1}
    sound, broken = (
        json.loads((tmp_path / name / "soak.json").read_text("utf-8")) for name in SUBJECTS
    )
    assert sound["frames"]["answered"] > 0
    assert sound["frames"]["uncounted"] == 0
    assert failed(broken) == ["frames that nobody counted", "memory of the perception, MB an hour"]
    assert (tmp_path / "broken" / "soak.png").read_bytes().startswith(b"\x89PNG")


def begun(what, name, folder, stack):
    """A soak, which ends with `stack` at the latest."""
    options = [*SHORT, "--namespace", name, "--output", folder / name]
    process = subprocess.Popen([sys.executable, *what, *options], stdout=subprocess.DEVNULL)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process


def failed(report):
    return [one["name"] for one in report["findings"] if one["outcome"] == "failed"]
