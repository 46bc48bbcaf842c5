"""Stamps in any order and clocks that do anything: never an exception, never a negative age."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.stamps import SECOND, STILL, ClockWatch, Silence, Step, age, step

STAMPS = st.integers(-(2**31) * SECOND, 2**32 * SECOND)
TIMES = st.integers(0, 2**40 * SECOND)
TOLERANCES = st.floats(0, 3600)
STEADY = st.floats(0, 1e9)


@pytest.mark.parametrize(
    ("before", "stamp", "expected"),
    [
        (None, 5 * SECOND, Step.ON),
        (5 * SECOND, 5 * SECOND + 1, Step.ON),
        (5 * SECOND, 500 * SECOND, Step.ON),
        (5 * SECOND, 5 * SECOND, Step.EQUAL),
        (5 * SECOND, 5 * SECOND - 1, Step.LATE),
        (5 * SECOND, 4 * SECOND + SECOND // 2, Step.LATE),
        (5 * SECOND, 4 * SECOND + SECOND // 2 - 1, Step.BACK),
        (5 * SECOND, 0, Step.BACK),
    ],
)
def test_steps(before, stamp, expected):
    assert step(before, stamp, 0.5) is expected


@given(stamps=st.lists(STAMPS), tolerance=TOLERANCES)
def test_a_sequence_begins_anew_exactly_where_it_jumps_back(stamps, tolerance):
    before = None
    for stamp in stamps:
        jumped = step(before, stamp, tolerance) is Step.BACK
        assert jumped == (before is not None and before - stamp > tolerance * SECOND)
        before = stamp


@given(before=STAMPS, stamp=STAMPS, moved=STAMPS, tolerance=TOLERANCES)
def test_steps_do_not_depend_on_the_epoch(before, stamp, moved, tolerance):
    assert step(before, stamp, tolerance) is step(before + moved, stamp + moved, tolerance)


@given(stamp=STAMPS, now=TIMES, tolerance=TOLERANCES)
def test_an_age_is_never_negative(stamp, now, tolerance):
    seconds = age(stamp, now, tolerance)
    unknown = now == 0 or stamp - now > tolerance * SECOND
    assert math.isnan(seconds) == unknown
    assert unknown or seconds == max(0, now - stamp) / SECOND


@given(heard=st.lists(STEADY, min_size=1), later=STEADY)
def test_a_silence_lasts_since_the_last_that_was_heard(heard, later):
    silence = Silence()
    assert math.isnan(silence.lasts(later, None))
    for steady in heard:
        silence.heard(steady, None)
    assert silence.lasts(later, None) == later - heard[-1]


@given(
    moments=st.lists(st.tuples(st.booleans(), STEADY, st.none() | TIMES)),
)
def test_a_silence_on_a_clock_that_does_anything_is_never_negative(moments):
    silence, steady = Silence(), 0.0
    for heard, passed, simulated in moments:
        steady += passed
        if heard:
            silence.heard(steady, simulated)
        lasts = silence.lasts(steady, simulated)
        assert math.isnan(lasts) or lasts >= 0


def test_a_pause_of_the_simulation_is_no_silence_and_its_speed_plays_no_part():
    silence = Silence()
    silence.heard(10.0, 5 * SECOND)
    assert silence.lasts(999.0, 5 * SECOND) == 0.0
    assert silence.lasts(10.1, 8 * SECOND) == 3.0


def test_a_clock_that_comes_late_or_jumps_back_counts_from_there():
    silence = Silence()
    silence.heard(10.0, 0)
    assert silence.lasts(11.0, 1000 * SECOND) == 0.0
    assert silence.lasts(12.0, 1002 * SECOND) == 2.0
    assert silence.lasts(13.0, 3 * SECOND) == 0.0
    assert silence.lasts(14.0, 4 * SECOND) == 1.0


def test_without_simulated_time_no_clock_is_watched():
    watch = ClockWatch()
    assert [watch.notice(steady, None) for steady in (0.0, 1.0, 100.0)] == [""] * 3


def test_a_clock_that_is_missing_or_stands_still_is_told():
    watch = ClockWatch()
    assert "no /clock has come" in watch.notice(0.0, 0)
    assert watch.notice(1.0, 7) == watch.notice(0.9 + STILL, 7) == ""
    assert "stood still for 4 s" in watch.notice(5.0, 7)
    assert watch.notice(6.0, 8) == watch.notice(7.0, 3) == ""
    assert "stood still for 2 s" in watch.notice(9.0, 3)
