"""The demonstration: a separate node process, a table, a picture."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from tactile_equiv_sim.demo import chosen_presses, moved_errors, moved_frames
from tactile_equiv_sim.demo_picture import Seen, demo_picture
from tactile_equiv_sim.presses import pressed_objects
from tactile_equiv_sim.recorded_presses import DEAD_ZONE, RecordedContact, contained_contacts
from tactile_equiv_sim.script import load_script

from tactile_equiv.dataset import Dataset
from tactile_equiv.errors import TactileError

LIMIT = 120.0


def seen(
    frame: np.ndarray, contact_map: np.ndarray, name: str = "ball", score: float = 0.9
) -> Seen:
    return Seen(frame, contact_map, "ball", name, score, 1, 0.001)


def test_all_classes_take_turns() -> None:
    presses = pressed_objects(load_script("quick"), 20, 0)
    labels = presses.labels[chosen_presses(presses)]
    assert np.bincount(labels).tolist() == [12, 12]


def test_the_moved_contact_is_whole_everywhere() -> None:
    presses = pressed_objects(load_script("closed_loop"), 5, 0)
    contact = contained_contacts(presses, DEAD_ZONE)[0]
    for frame in moved_frames(contact, 28, 50):
        assert np.isclose(frame.sum(dtype=np.float64), contact.load)


def test_contacts_at_the_border_are_not_moved() -> None:
    frames = np.full((1, 6, 6), 50, np.uint8)
    with pytest.raises(TactileError, match="border"):
        contained_contacts(Dataset(frames, np.array([0]), ("all",)), 4.0)


def test_a_map_that_does_not_follow_is_measured() -> None:
    contact = RecordedContact(np.full((2, 2), 9, np.float32), "ball")
    first, second = moved_frames(contact, 8, 8)[:2]
    follows = moved_errors([seen(first, first / 9), seen(second, second / 9)])
    stays = moved_errors([seen(first, first / 9), seen(second, first / 9, "cube", 0.5)])
    assert "map error 0.0e+00" in follows and "class flips 0" in follows
    assert "map error 1.0e+00" in stays and "class flips 1" in stays
    assert "score drift 4.0e-01" in stays


def test_the_picture_shows_every_press() -> None:
    frame = np.zeros((28, 50), np.uint8)
    frame[5:9, 5:9] = 100
    shown = [seen(frame, (frame > 0).astype(np.float32))] * 4
    picture = demo_picture(shown, shown, "errors", "made up")
    assert picture.ndim == 3 and picture.dtype == np.uint8
    assert picture.shape[0] > 4 * 28 and picture.shape[1] > 3 * 100


@pytest.mark.slow
def test_the_demonstration_runs_and_leaves_a_picture(ros_domain: int, tmp_path: Path) -> None:
    picture = tmp_path / "demo.png"
    command = [sys.executable, "-m", "tactile_equiv_sim.demo", "--simulated", "--out", str(picture)]
    environment = {**os.environ, "ROS_DOMAIN_ID": str(ros_domain)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, env=environment)
    assert done.returncode == 0, done.stderr
    assert "class flips 0" in done.stdout and done.stdout.count(" ms") == 30
    assert cv2.imread(str(picture)).shape[0] > 500
