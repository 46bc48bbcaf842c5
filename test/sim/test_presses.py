"""Simulated presses are seeded, labelled and physical."""

import numpy as np
from tactile_equiv_sim.presses import pressed_objects
from tactile_equiv_sim.script import load_script

SCRIPT = load_script("quick")


def test_the_same_seed_gives_the_same_presses() -> None:
    one, same, other = (pressed_objects(SCRIPT, 2, seed) for seed in (0, 0, 1))
    assert np.array_equal(one.frames, same.frames) and np.array_equal(one.labels, same.labels)
    assert not np.array_equal(one.frames, other.frames)


def test_every_object_is_pressed_equally_often() -> None:
    presses = pressed_objects(SCRIPT, 3, 0)
    assert presses.class_names == SCRIPT.labels
    assert np.bincount(presses.labels).tolist() == [3] * len(SCRIPT.objects)
    assert presses.frames.shape == (6, SCRIPT.sensor.rows, SCRIPT.sensor.cols)
    assert (presses.frames.max(axis=(1, 2)) > 0).all()
