"""Counts and times of a stream."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.stream_statistics import (
    SENDERS,
    WINDOW,
    DropCounter,
    SenderCounter,
    StreamStatistics,
)


def test_a_stream_without_frames_knows_no_times():
    summary = StreamStatistics(10.0).summary(11.0)
    assert (summary.perceived, summary.dropped, summary.refused, summary.rate) == (0, 0, {}, 0.0)
    assert all(map(math.isnan, (summary.latency_p50, summary.latency_p99)))
    assert math.isnan(summary.age) and math.isnan(summary.silence)


def test_counts_go_on_and_rates_start_again():
    statistics = StreamStatistics(0.0)
    for _ in range(6):
        statistics.perceived(0.01, 0.02)
    statistics.refused("size")
    statistics.dropped(4)
    first = statistics.summary(2.0)
    assert (first.perceived, first.dropped, first.rate) == (6, 4, 3.0)
    assert (first.refused, first.refused_since) == ({"size": 1}, 1)
    statistics.perceived(0.01, 0.02)
    second = statistics.summary(3.0)
    assert (second.perceived, second.rate, second.refused_since) == (7, 1.0, 0)
    assert second.refused == {"size": 1}


def test_a_summary_does_not_change_later():
    statistics = StreamStatistics(0.0)
    statistics.refused("size")
    summary = statistics.summary(1.0)
    statistics.refused("size")
    assert summary.refused == {"size": 1}


def test_two_summaries_at_one_moment_are_finite():
    statistics = StreamStatistics(0.0)
    assert statistics.summary(0.0).rate == 0.0


def test_silence_is_since_the_last_message_good_or_bad():
    statistics = StreamStatistics(0.0)
    statistics.received(4.0)
    statistics.refused("size")
    assert statistics.summary(6.5).silence == 2.5


@given(latencies=st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_latencies_are_percentiles(latencies):
    statistics = StreamStatistics(0.0)
    for latency in latencies:
        statistics.perceived(latency, 2 * latency)
    summary = statistics.summary(1.0)
    assert summary.latency_p50 == pytest.approx(np.percentile(latencies, 50))
    assert summary.latency_p99 == pytest.approx(np.percentile(latencies, 99))
    assert summary.age == 2 * latencies[-1]


def test_only_the_last_latencies_count():
    statistics = StreamStatistics(0.0)
    for latency in [9.0] * 50 + [1.0] * WINDOW:
        statistics.perceived(latency, 0.0)
    assert statistics.summary(1.0).latency_p99 == 1.0


def test_after_a_jump_of_the_clock_times_are_forgotten_and_counts_stay():
    statistics = StreamStatistics(0.0)
    statistics.perceived(5.0, 5.0)
    statistics.forget_times()
    summary = statistics.summary(1.0)
    assert summary.perceived == 1
    assert math.isnan(summary.latency_p50) and math.isnan(summary.age)


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [
        ([1, 2, 3], [0, 0, 0]),
        ([5, 8, 9], [0, 2, 0]),
        ([7, 1, 2], [0, 0, 0]),
        ([3, 3], [0, 0]),
        ([1, None, 9, 11], [0, 0, 0, 1]),
        ([None, None], [0, 0]),
    ],
)
def test_gaps_in_the_sequence_numbers_are_drops(numbers, missing):
    counter = DropCounter()
    assert [counter.missing(number) for number in numbers] == missing


@given(kept=st.sets(st.integers(0, 99), min_size=2))
def test_what_came_and_what_was_missing_make_the_whole(kept):
    counter = DropCounter()
    dropped = sum(counter.missing(number) for number in sorted(kept))
    assert dropped + len(kept) == max(kept) - min(kept) + 1


def test_each_publisher_is_counted_by_its_own_numbers():
    counter = SenderCounter()
    heard = [(b"a", 1000), (b"b", 5), (b"a", 1001), (b"b", 8), (b"a", 1002), (b"a", 1005)]
    assert [counter.missing(*one) for one in heard] == [0, 0, 0, 2, 0, 2]


def test_a_publisher_that_follows_another_is_no_rival():
    counter = SenderCounter()
    for publisher in (b"a", b"b", b"c"):
        counter.missing(publisher, 7)
        counter.missing(publisher, 8)
    assert counter.take_rivals() == frozenset()


def test_publishers_that_send_at_once_are_rivals_while_they_do():
    counter = SenderCounter()
    for publisher in (b"old", b"a", b"b", b"a"):
        counter.missing(publisher, 1)
    assert counter.take_rivals() == {b"a", b"b"}
    assert counter.take_rivals() == frozenset()
    counter.missing(b"b", 2)
    assert counter.take_rivals() == {b"a", b"b"}


def test_few_publishers_are_remembered():
    counter = SenderCounter()
    for number in range(3 * SENDERS):
        counter.missing(b"%d" % number, 1)
    assert counter.missing(b"%d" % (3 * SENDERS - 2), 4) == 2
    assert counter.missing(b"0", 4) == 0


def test_why_a_frame_was_refused_is_said_until_the_next_summary():
    statistics = StreamStatistics(0.0)
    statistics.refused("size", "too small")
    assert statistics.summary(1.0).refusal == "too small"
    assert statistics.summary(2.0).refusal == ""
