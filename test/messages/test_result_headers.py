"""Headers of results from headers of frames, whatever their stamps are and the clock does."""

import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rclpy.clock import Clock, ClockType
from rclpy.time import Time

from tactile_equiv import messages
from tactile_equiv.errors import FrameError
from tactile_equiv.repeated_warnings import RepeatedWarnings
from tactile_equiv.result_headers import ResultHeaders, simulated_now
from tactile_equiv.settings import Settings
from tactile_equiv.stamps import SECOND

STAMP = st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**32 - 1))
FRAMES = st.lists(st.tuples(st.none() | STAMP, st.integers(0, 2**31 * SECOND)), max_size=8)


def header_of(sec, nanosec=0, frame_id="tip"):
    return SimpleNamespace(stamp=SimpleNamespace(sec=sec, nanosec=nanosec), frame_id=frame_id)


class Stream:
    """Headers on a simulated clock."""

    def __init__(self, **settings):
        self.clock = Clock(clock_type=ClockType.ROS_TIME)
        self.clock._set_ros_time_is_active(True)
        self.said = []
        self.settings = Settings(**settings)
        self.headers = ResultHeaders(self.clock, RepeatedWarnings(self.said.append), "palm")

    def at(self, nanoseconds):
        self.clock.set_ros_time_override(
            Time(nanoseconds=nanoseconds, clock_type=ClockType.ROS_TIME)
        )

    def frame(self, sec, nanosec=0):
        return self.headers.of(header_of(sec, nanosec), self.settings)


@given(
    frames=FRAMES,
    tolerance=st.sampled_from([0.0, 0.5, 3600.0]),
    max_age=st.sampled_from([0.0, 1.0, 3600.0]),
)
def test_any_stamps_on_any_clock(frames, tolerance, max_age):
    stream = Stream(stamp_tolerance_s=tolerance, max_age_s=max_age)
    before = {}
    for stamp, now in frames:
        stream.at(now)
        stamped = stamp not in (None, (0, 0))
        source = None if stamp is None else header_of(*stamp)
        expected = messages.nanoseconds(source.stamp) if stamped else now
        try:
            header = stream.headers.of(source, stream.settings)
        except FrameError as error:
            assert error.reason == "age" and stamped and 0 < max_age * SECOND < now - expected
            continue
        if stamped:
            assert (header.stamp.sec, header.stamp.nanosec) == stamp
        else:
            assert messages.nanoseconds(header.stamp) == now
        last = before.get(stamped, expected)
        assert stream.headers.jumped == (last - expected > tolerance * SECOND)
        before[stamped] = expected
        age = stream.headers.age()
        assert math.isnan(age) or age >= 0
        assert stamped or math.isnan(age)


def test_stamp_zero_is_told_once_even_after_a_long_time():
    stream = Stream()
    stream.headers._warn = lambda reason, message: stream.said.append(message)
    for _ in range(3):
        stream.at(5 * SECOND)
        assert stream.frame(0).stamp.sec == 5
    (said,) = stream.said
    assert "frames of palm have stamp zero" in said
    assert stream.headers.counts == {"zero": 3}
    assert stream.headers.notices() == []


def test_stamps_ahead_are_told_counted_and_not_refused():
    stream = Stream(max_age_s=0.1)
    stream.at(100 * SECOND)
    stream.frame(100, 400_000_000)
    assert stream.headers.age() == 0.0
    for sec in (107, 108):
        stream.frame(sec)
        assert math.isnan(stream.headers.age())
    assert stream.headers.counts == {"ahead": 2}
    (notice,) = stream.headers.notices()
    assert notice == "2 stamps of palm up to 8 s ahead of this node's clock: set the clocks"
    assert "7.000 s ahead" in stream.said[0]
    assert stream.headers.notices() == []


def test_before_the_first_clock_nothing_is_too_old_and_nothing_ahead():
    stream = Stream(max_age_s=0.1)
    assert stream.frame(1_700_000_000).stamp.sec == 1_700_000_000
    assert math.isnan(stream.headers.age())
    assert (stream.said, stream.headers.counts) == ([], {})


def test_two_drivers_out_of_step_begin_nothing_anew():
    stream = Stream()
    stream.at(200 * SECOND)
    jumps = []
    for sec in range(100, 110):
        for nanosec in (0, 900_000_000):
            stream.frame(sec, nanosec)
            stream.frame(sec, nanosec - (300_000_000 if nanosec else 0))
            jumps.append(stream.headers.jumped)
    assert not any(jumps)
    assert stream.headers.counts == {"late": 10, "equal": 10}
    assert stream.headers.notices() == ["10 stamps of palm out of order: is there a second driver?"]


def test_a_jump_back_is_counted_once_and_forgotten_after_a_reset():
    stream = Stream()
    stream.at(200 * SECOND)
    for sec in (100, 101, 50, 51):
        stream.frame(sec)
    assert stream.headers.counts == {"back": 1}
    assert stream.headers.notices() == ["1 stamps of palm jumped back"]
    stream.headers.reset()
    stream.frame(3)
    assert not stream.headers.jumped


def test_without_stamps_a_jump_of_the_clock_is_seen_at_the_next_frame():
    stream = Stream()
    for sec, jumped in ((100, False), (101, False), (10, True), (11, False)):
        stream.at(sec * SECOND)
        assert stream.headers.of(None, stream.settings).stamp.sec == sec
        assert stream.headers.jumped == jumped


@pytest.mark.parametrize("kind", [ClockType.SYSTEM_TIME, ClockType.ROS_TIME])
def test_a_clock_is_simulated_only_where_it_follows_the_topic(kind):
    assert simulated_now(Clock(clock_type=kind)) is None
    stream = Stream()
    stream.at(7)
    assert simulated_now(stream.clock) == 7
