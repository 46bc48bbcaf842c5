"""Starts campaigns as processes and watches that none of them hangs or dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fuzz.ledger import Finding
from fuzz.watched import Doing, Watched
from fuzz.worker import DOING, RESULT

ROOT = Path(__file__).resolve().parent.parent
FAST = Path("/dev/shm")
"""Where files cost no disk."""
POLL_S = 0.2
START_S = 180.0
"""Processor time in which a campaign must begin: it makes models and loads engines first."""
IDLE_S = 120.0
"""Time without progress after which a process that does not compute is stuck, too."""
PATIENCE = 2.0
"""A slow input tells itself how long it took, after its limit; one that hangs never does."""


@dataclass(frozen=True)
class Plan:
    """A campaign to be.

    Attributes:
        name: for the table.
        subjects: MODULE:FACTORY, or several joined by commas.
        driver: "random", "property" or "coverage"; "live" sends messages of the kind `subjects` to
            a node, see `fuzz.live`.
        count: of inputs.
    """

    name: str
    subjects: str
    driver: str
    count: int


def run(plan: Plan, kept: Path, seed: int = 0) -> dict[str, Any]:
    """Run a campaign to its end; what its ledger says, with `wall_s` and `processor_s`.

    Args:
        plan: what to run.
        kept: folder for the input on which a process died or hung.
        seed: of everything that is drawn.
    """
    with tempfile.TemporaryDirectory(dir=FAST if FAST.is_dir() else None) as name:
        folder = Path(name)
        watched = Watched(folder / DOING)
        begun = time.monotonic()
        with (folder / "said").open("w+b") as said:
            process = subprocess.Popen(
                _command(plan, folder, seed), stdout=said, stderr=said, cwd=ROOT
            )
            hung, processor_s = _watch(process, watched)
            process.wait()
        result = _result(plan, folder, watched.now, process.returncode, hung, kept)
    return {
        **asdict(plan),
        **result,
        "wall_s": time.monotonic() - begun,
        "processor_s": processor_s,
    }


def _command(plan: Plan, folder: Path, seed: int) -> list[str]:
    given = ["--count", str(plan.count), "--folder", str(folder), "--seed", str(seed)]
    if plan.driver == "live":
        return [sys.executable, "-m", "fuzz.live", plan.subjects, *given]
    return [sys.executable, "-m", "fuzz.worker", plan.subjects, "--driver", plan.driver, *given]


def _watch(process: subprocess.Popen[bytes], watched: Watched) -> tuple[bool, float]:
    """Wait for a process; whether it was ended because it hung, and its processor time."""
    count, since_s, since = -1, 0.0, time.monotonic()
    used = 0.0
    while process.poll() is None:
        time.sleep(POLL_S)
        used = _processor_seconds(process.pid) or used
        now = watched.now
        if now.begun != count:
            count, since_s, since = now.begun, used, time.monotonic()
        limit = now.limit_s * PATIENCE if now.begun else START_S
        if used - since_s > limit or time.monotonic() - since > IDLE_S + limit:
            process.send_signal(signal.SIGABRT)  # faulthandler then writes where it is
            _end(process)
            return True, used
    return False, used


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()


def _processor_seconds(pid: int) -> float:
    """Of all threads of a process; 0 once it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _result(
    plan: Plan, folder: Path, last: Doing, code: int, hung: bool, kept: Path
) -> dict[str, Any]:
    """The ledger of a campaign, or what is known of one that died."""
    file = folder / RESULT
    if file.is_file() and not hung:
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return found
    kept.mkdir(parents=True, exist_ok=True)
    example = kept / f"{plan.name}_{plan.driver}.bin"
    example.write_bytes(last.given)
    kind = "hang" if hung else "crash"
    end = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit {code}"
    said = (folder / "said").read_text("utf-8", "replace")[-3000:]
    finding = Finding(
        last.subject or plan.name, kind, end, said, f"input {last.begun}, kept in {example}"
    )
    return {"tallies": {}, "findings": [asdict(finding)], "memory": {}}
