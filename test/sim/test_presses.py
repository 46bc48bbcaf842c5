"""Simulated presses are seeded, labelled and physical."""

import sys

import numpy as np
from tactile_equiv_sim.presses import main, pressed_objects
from tactile_equiv_sim.script import load_script

from tactile_equiv.dataset import load_dataset
from tactile_equiv.training import fitting_normalisation

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


def test_presses_of_a_gel_are_signed_changes_of_colour_under_uneven_light(tmp_path, monkeypatch):
    file = tmp_path / "gel.npz"
    options = ["--script", "gel", "--size", "64", "48", "--each", "2", "--light", "0.2", "0.7"]
    monkeypatch.setattr(sys, "argv", ["presses", str(file), *options])
    assert main() == 0
    presses = load_dataset(file)
    assert presses.frames.shape == (2 * len(presses.class_names), 64, 48, 3)
    assert presses.frames.min() < 0 < presses.frames.max()
    assert (presses.frames == 0).any()  # untouched gel
    assert fitting_normalisation(presses).signed
