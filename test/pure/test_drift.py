"""The untouched sensor is watched, and what it says is right to its noise."""

import numpy as np
import pytest

from tactile_equiv.drift import EVERY, LEAST, SLOWEST, Drift, DriftWatch


def watched(frames, tare=None):
    watch = DriftWatch()
    for frame in frames:
        watch.untouched(frame, tare)
    return watch


def long(frame, frames=3 * SLOWEST):
    return [frame] * (frames * EVERY)


def test_nothing_is_said_of_too_few_frames():
    rest = np.zeros((4, 5), np.float32)
    assert watched(long(rest, LEAST - 2)).drift() is None
    assert watched(long(rest)).drift() == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.uint8, np.uint16, np.int64])
def test_the_offset_counts_from_the_tare(kind):
    tare = np.full((4, 5), 40.0, np.float32)
    rest = np.full((4, 5), 42, kind)
    rest[1, 2] = 35
    drift = watched(long(rest), tare).drift()
    assert drift.offset == pytest.approx((19 * 2 - 5) / 20)
    assert drift.largest == pytest.approx(5.0)
    assert drift.spread == pytest.approx(0.0, abs=1e-5)
    assert watched(long(rest)).drift().largest == pytest.approx(42)


def test_noise_is_told_from_drift():
    random = np.random.default_rng(0)
    rise = np.linspace(0, 1, 600 * EVERY)
    frames = (random.normal(r, 0.5, (8, 9)).astype(np.float32) for r in rise)
    drift = watched(frames).drift()
    assert drift.offset == pytest.approx(1.0, abs=0.1)
    assert drift.largest < 1.0 + 4 * 0.5 / np.sqrt(SLOWEST)
    assert drift.spread == pytest.approx(0.5, rel=0.1)


def test_taxels_without_a_number_take_nothing_from_the_others():
    rest = np.full((4, 5, 2), 3.0, np.float32)
    rest[0, 0, 0], rest[0, 1, 0], rest[0, 2, 0] = np.nan, np.inf, 3e38
    drift = watched(long(rest)).drift()
    assert drift.largest == pytest.approx(3.0)
    assert np.isfinite(drift).all()


def test_another_tare_or_size_begins_again():
    watch = watched(long(np.full((4, 5), 9.0)))
    assert watch.drift().largest == pytest.approx(9.0)
    for frame in long(np.full((5, 5), 1.0)):
        watch.untouched(frame, None)
    assert watch.drift().largest == pytest.approx(1.0)
    watch.reset()
    assert watch.drift() is None


@pytest.mark.parametrize(
    ("largest", "dead_zone", "limit", "due"),
    [(2.0, 3.0, 0.5, True), (1.5, 3.0, 0.5, True), (1.4, 3.0, 0.5, False), (9.0, 3.0, 0.0, False),
     (9.0, 0.0, 0.5, False)],
)  # fmt: skip
def test_a_tare_is_due_from_a_share_of_the_dead_zone(largest, dead_zone, limit, due):
    notice = Drift(0.0, largest, 0.1).notice(dead_zone, limit)
    assert ("tare is due" in notice) == due == bool(notice)


def test_a_frame_is_not_altered():
    frame = np.random.default_rng(1).uniform(size=(4, 5)).astype(np.float32)
    before = frame.copy()
    watched(long(frame), np.ones((4, 5), np.float32))
    watched(long(frame))
    np.testing.assert_array_equal(frame, before)


def test_larger_frames_are_looked_at_less_often():
    watch = watched(long(np.zeros((240, 320)), LEAST + 1))
    assert watch.drift() is None
