"""The untouched sensor is the mean of some frames."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.errors import FrameError
from tactile_equiv.frame import Normalisation, level
from tactile_equiv.tare import TareCollector

pytestmark = pytest.mark.filterwarnings("error")


def collect(frames):
    collector = TareCollector(len(frames))
    *early, last = (collector.add(frame) for frame in frames)
    assert early == [None] * (len(frames) - 1)
    return last


@given(count=st.integers(1, 6), seed=st.integers(0, 99))
def test_the_tare_is_the_mean(count, seed):
    frames = np.random.default_rng(seed).integers(0, 60000, (count, 3, 4)).astype(np.uint16)
    mean = collect(list(frames))
    assert mean.dtype == np.float32
    np.testing.assert_allclose(mean, frames.mean(axis=0), rtol=1e-6)


def test_large_integers_do_not_overflow():
    np.testing.assert_array_equal(collect([np.full((2, 2), 250, np.uint8)] * 4), 250)


def test_a_still_sensor_is_empty_after_its_tare():
    frame = np.random.default_rng(0).random((4, 5)).astype(np.float32)
    seen = level(frame, Normalisation(0.0, 1.0, signed=True), collect([frame] * 7))
    assert not seen.pressure.any()


def test_frames_without_a_number_do_not_count():
    frames = [np.array([[1.0, np.nan, np.inf]]), np.array([[3.0, 5.0, np.nan]])]
    np.testing.assert_array_equal(collect(frames), [[2.0, 5.0, np.nan]])


def test_a_change_of_size_is_refused_and_collecting_starts_again():
    collector = TareCollector(2)
    collector.add(np.zeros((2, 2)))
    with pytest.raises(FrameError, match="tare again") as caught:
        collector.add(np.zeros((2, 3)))
    assert caught.value.reason == "size"
    assert collector.add(np.ones((2, 3))) is None
    np.testing.assert_array_equal(collector.add(np.full((2, 3), 3.0)), 2)


def test_the_tare_does_not_follow_a_frame_that_changes_later():
    collector = TareCollector(2)
    frame = np.zeros((2, 2))
    collector.add(frame)
    frame[:] = 8
    np.testing.assert_array_equal(collector.add(frame), 4)


def test_taxels_that_change_by_more_than_the_dead_zone_are_counted():
    collector = TareCollector(3)
    for rise in (0.0, 0.5, 9.0):
        frame = np.random.default_rng(int(rise)).normal(40, 0.3, (5, 6))
        frame[1, 2:4] += rise
        frame[4, 5] = np.nan
        collector.add(frame)
    assert collector.unsteady(dead_zone=1.0) == 2
    assert collector.unsteady(dead_zone=9.0) == 0
    assert collector.unsteady(dead_zone=0.0) == 0


def test_channels_of_one_taxel_count_once():
    collector = TareCollector(2)
    for rise in (0.0, 9.0):
        frame = np.zeros((5, 6, 3))
        frame[1, 2] = rise
        collector.add(frame)
    assert collector.unsteady(dead_zone=1.0) == 1
