"""Segments of killed participants are removed, those of living ones stay."""

import fcntl
import os
import signal
import subprocess
import sys

import pytest

from tactile_equiv.shared_memory import SETTLED, remove_abandoned

OWNED, LEFT = "fastdds_00000000000000aa", "fastdds_00000000000000bb"
OWNER = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, 2); print(flush=True); input()"


def segment(directory, name, age=2 * SETTLED):
    """A segment of 1000 bytes and its lock."""
    (directory / f"{name}_el").touch()
    path = directory / name
    path.write_bytes(bytes(1000))
    written = path.stat().st_mtime - age
    os.utime(path, (written, written))
    return path


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def test_a_segment_goes_when_its_owner_was_killed(tmp_path):
    segment(tmp_path, OWNED)
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path / f"{OWNED}_el")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert owner.stdout.readline() == b"\n"
        assert remove_abandoned(tmp_path) == 0
        assert names(tmp_path) == [OWNED, f"{OWNED}_el"]
    finally:
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    assert remove_abandoned(tmp_path) == 1000
    assert names(tmp_path) == []


def test_only_what_is_left_is_removed(tmp_path):
    segment(tmp_path, OWNED)
    segment(tmp_path, LEFT)
    with (tmp_path / f"{OWNED}_el").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert remove_abandoned(tmp_path) == 1000
    assert names(tmp_path) == [OWNED, f"{OWNED}_el"]


def test_a_participant_that_starts_keeps_its_segment(tmp_path):
    segment(tmp_path, LEFT, age=0)
    assert remove_abandoned(tmp_path) == 0
    assert names(tmp_path) == [LEFT, f"{LEFT}_el"]


@pytest.mark.parametrize("name", ["fastdds_port7001", "fastdds_00aa", "sem.fastdds_port1_mutex"])
def test_what_is_no_segment_stays(tmp_path, name):
    segment(tmp_path, name)
    assert remove_abandoned(tmp_path) == 0
    assert len(names(tmp_path)) == 2


def test_a_segment_without_lock_or_directory(tmp_path):
    segment(tmp_path, LEFT)
    (tmp_path / f"{LEFT}_el").unlink()
    assert remove_abandoned(tmp_path) == 0
    assert remove_abandoned(tmp_path / "none") == 0
