"""Simulated presses are seeded, labelled and noisy."""

import numpy as np
from tactile_equiv_sim.presses import simulated_presses

from tactile_equiv.press import SHAPES


def test_the_same_seed_gives_the_same_presses() -> None:
    one, same, other = (simulated_presses(2, 10, 12, seed) for seed in (0, 0, 1))
    assert np.array_equal(one.frames, same.frames) and np.array_equal(one.labels, same.labels)
    assert not np.array_equal(one.frames, other.frames)


def test_every_shape_is_pressed_equally_often() -> None:
    presses = simulated_presses(3, 10, 12, 0)
    assert presses.class_names == tuple(SHAPES)
    assert np.bincount(presses.labels).tolist() == [3] * len(SHAPES)
    assert presses.frames.shape == (3 * len(SHAPES), 10, 12) and presses.frames.dtype == np.uint8
    assert (presses.frames.max(axis=(1, 2)) > 20).mean() > 0.9
