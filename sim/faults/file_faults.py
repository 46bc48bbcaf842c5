"""Faults of files: a model that breaks under the running node, a disk that is full."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from std_srvs.srv import Trigger

from tactile_equiv.cut_recordings import CutRecording
from tactile_equiv.model_directory import CARD_FILE, ONNX_FILE, WEIGHTS_FILE
from tactile_equiv.processes import follower
from tactile_equiv.text_files import PART

from .bench import Bench, FaultError, NotTriedError
from .outcome import Outcome
from .process_faults import kill_and_wait
from .trial import Books, Plan

FEW = 10
ROOM = "300k"
"""Room on the small disk: a report takes more, and so does a recording soon."""
COMMAND_LIMIT = 300.0  # seconds until a command must have ended


def _cut(name: str) -> Callable[[Path], None]:
    def cut(folder: Path) -> None:
        if (folder / name).exists():
            with (folder / name).open("r+b") as file:  # in place, under whoever has it open
                file.truncate(100)

    return cut


def _scribble(folder: Path) -> None:
    (folder / CARD_FILE).write_text("no card")


BREAKS: dict[str, Callable[[Path], None]] = {
    f"{WEIGHTS_FILE} cut short": _cut(WEIGHTS_FILE),
    f"{ONNX_FILE} cut short": _cut(ONNX_FILE),
    f"{CARD_FILE} scribbled over": _scribble,
    "the folder removed": shutil.rmtree,
}


def model_broken(bench: Bench, plan: Plan, outcome: Outcome) -> None:
    """The model is broken under the running node: it perceives on, and refuses to load it."""
    books = Books(bench)
    for what, damage in BREAKS.items():
        with _broken(plan, damage):
            bench.stream(FEW)
            answer = bench.call(Trigger, "reload_model", Trigger.Request())
            if answer.success or "the running model stays" not in answer.message:
                raise FaultError(f"{what}, and reload_model says {answer.message!r}")
            bench.stream(FEW)
    outcome.said.append(f"reload_model: {answer.message}")
    _reload_mended(bench, outcome)
    books.close(outcome)


def killed_with_a_broken_model(bench: Bench, plan: Plan, outcome: Outcome) -> None:
    """The node starts with a broken model: it lives and says why; mended, it perceives."""
    books = Books(bench)
    with _broken(plan, BREAKS[f"{WEIGHTS_FILE} cut short"]):
        bench.stream(FEW)
        reason = bench.hearing(WEIGHTS_FILE, "SHA-256")
        outcome.said.append(kill_and_wait(bench, reason, "a word of the broken model"))
    _reload_mended(bench, outcome)
    books.abandon(outcome)
    books = Books(bench)
    bench.stream(FEW)
    books.close(outcome)


def _reload_mended(bench: Bench, outcome: Outcome) -> None:
    """The model is whole again: the node loads it and answers."""
    mended = bench.call(Trigger, "reload_model", Trigger.Request())
    if not mended.success:
        raise FaultError(f"the mended model is refused: {mended.message}")
    outcome.first_answer.append(bench.until_correct())


def report_on_a_full_disk(bench: Bench, plan: Plan, outcome: Outcome) -> None:
    """A closed loop has no room for its report."""
    command = ["closed-loop", "--script", "quick", "--report-dir", "{disk}/report"]
    namespace = f"{bench.namespace}/closed_loop"
    done = _on_a_full_disk(bench, plan, [*command, "--namespace", namespace])
    outcome.said.append(done.demanded("report cannot be written"))
    for file in done.files:
        if file.suffix == ".json":
            json.loads(file.read_text("utf-8"))
        else:
            ElementTree.parse(file)


def recorder_on_a_full_disk(bench: Bench, plan: Plan, outcome: Outcome) -> None:
    """A recorder has no room for more frames; the node answers as before."""
    books = Books(bench)
    command = ["record", "--out", "{disk}/bag", "--topic", bench.driver.topic]
    done = _on_a_full_disk(bench, plan, command)
    outcome.said.append(done.demanded("cannot be written any more"))
    (recording,) = (CutRecording(file) for file in done.files if file.suffix == ".mcap")
    if recording.lost or recording.damaged or f"ends with {len(recording)} " not in done.said:
        raise FaultError(f"{len(recording)} messages are readable, it says: {outcome.said[-1]}")
    books.close(outcome)


@dataclass(frozen=True)
class _Ended:
    """A command that ended on a full disk.

    Attributes:
        code: its exit code.
        said: what it wrote.
        files: what it left behind.
    """

    code: int
    said: str
    files: tuple[Path, ...]

    def demanded(self, words: str) -> str:
        """The line that holds these words.

        Raises:
            FaultError: if there is none, or the command did not end as it must.
        """
        lines = [line for line in self.said.splitlines() if words in line]
        parts = [file for file in self.files if file.name.endswith(PART)]
        if not lines or parts or self.code != 2 or "Traceback" in self.said:
            raise FaultError(
                f"exit code {self.code} (2 is right), files {', '.join(map(str, self.files))}, "
                f"looked for {words!r}: {self.said[-500:]}"
            )
        return lines[0]


def _on_a_full_disk(bench: Bench, plan: Plan, arguments: list[str]) -> _Ended:
    """Run `tactile-equiv` with a small disk at "{disk}", while frames are sent.

    Raises:
        NotTriedError: if this machine does not let us mount one.
        FaultError: if the command does not end.
    """
    disk, left, log = (plan.folder / name for name in ("disk", "left", "disk.log"))
    shutil.rmtree(left, ignore_errors=True)
    disk.mkdir(exist_ok=True)
    if subprocess.run([*_mounted(disk, left), "true"], capture_output=True).returncode:
        raise NotTriedError("a small disk needs Linux, `unshare` and user namespaces")
    own = [one.replace("{disk}", str(disk)) for one in arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*_mounted(disk, left), sys.executable, "-m", "tactile_equiv.console", *own],
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=follower(),
        )
        try:
            bench.stream_until(
                lambda: process.poll() is not None, "the command to end", limit=COMMAND_LIMIT
            )
        finally:
            process.kill()
            process.wait()
    files = tuple(file for file in left.rglob("*") if file.is_file())
    return _Ended(process.returncode, log.read_text(errors="replace"), files)


def _mounted(disk: Path, left: Path) -> list[str]:
    """Begins a command line: a small disk of its own, whose files come to `left` at the end."""
    mount = f'mount -t tmpfs -o size={ROOM} none "{disk}" || exit 3'
    script = f'{mount}; "$@"; code=$?; cp -r "{disk}" "{left}"; exit $code'
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh"]


@contextmanager
def _broken(plan: Plan, damage: Callable[[Path], None]) -> Iterator[None]:
    """The model is damaged for a while."""
    kept = plan.folder / "kept"
    shutil.copytree(plan.model, kept)
    try:
        damage(plan.model)
        yield
    finally:
        shutil.rmtree(plan.model, ignore_errors=True)
        os.replace(kept, plan.model)
