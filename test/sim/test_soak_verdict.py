"""The judgement of a soak: leaks, slower answers and lost frames fail, noise does not."""

import numpy as np
import pytest
from soak_runs import CI, HOUR, record_of
from tactile_equiv_sim.soak_record import BLOCKS, EDGES
from tactile_equiv_sim.soak_statistics import quantile, slope, slower
from tactile_equiv_sim.soak_verdict import exit_code, judge

from tactile_equiv.errors import TactileError

MEMORY = "memory of the perception, MB an hour"
LATENCY = "latency p99, last tenth / first"
OBSERVER = "memory of the observer, MB an hour"
DESCRIPTORS = "more descriptors at the end"


def outcomes(record):
    return {finding.name: finding.outcome for finding in judge(record)}


def test_a_sound_hour_passes_in_everything():
    findings = judge(record_of(filling=0.5, jagged=0.5, busy=0.1))
    assert {one.outcome for one in findings if one.name != OBSERVER} == {"passed"}
    assert exit_code(findings, decide=True) == 0


@pytest.mark.parametrize("minutes", [CI, HOUR])
def test_a_leak_of_50_mb_an_hour_fails(minutes):
    findings = judge(record_of(minutes, leak=50.0, filling=0.2, jagged=0.5))
    assert [one.name for one in findings if one.outcome == "failed"] == [MEMORY]
    assert exit_code(findings, decide=False) == 1


@pytest.mark.parametrize("filling", [2.0, 5.0])
def test_caches_that_fill_are_no_leak(filling):
    assert outcomes(record_of(CI, filling=filling))[MEMORY] == "not decided"


def test_an_hour_finds_a_leak_of_3_mb_and_lets_half_a_mb_pass():
    assert outcomes(record_of(leak=3.0, jagged=0.5))[MEMORY] == "failed"
    assert outcomes(record_of(leak=0.5))[MEMORY] == "passed"


@pytest.mark.parametrize(("minutes", "runs"), [(CI, 8), (HOUR, 3)])
def test_no_sound_run_fails_however_the_dice_fall(minutes, runs):
    for seed in range(runs):
        found = outcomes(record_of(minutes, filling=0.5, jagged=0.8, busy=0.15, seed=seed))
        assert "failed" not in found.values(), seed


def test_two_minutes_do_not_decide_about_1_mb_an_hour():
    findings = judge(record_of(CI))
    assert {one.name: one.outcome for one in findings}[MEMORY] == "not decided"
    assert (exit_code(findings, decide=False), exit_code(findings, decide=True)) == (0, 2)


def test_a_node_that_gets_slower_fails():
    assert outcomes(record_of(slower_by=1.5, busy=0.1))[LATENCY] == "failed"


def test_a_machine_that_is_too_busy_is_not_blamed_on_the_node():
    assert outcomes(record_of(busy=0.8))[LATENCY] == "not decided"


def test_a_machine_that_is_slow_for_minutes_is_not_blamed_on_the_node():
    record = record_of(busy=0.1)
    slow = np.roll(record.latencies, 60, axis=1)  # bins: twice as slow
    for minutes in (slice(80, 110), slice(180, BLOCKS)):
        record.latencies[minutes] = slow[minutes]
    assert outcomes(record)[LATENCY] == "not decided"


def test_a_short_run_does_not_judge_latency():
    assert outcomes(record_of(CI, slower_by=3.0))[LATENCY] == "not decided"


def test_frames_that_nobody_counted_fail():
    first, *others = judge(record_of(CI, lost=2))
    assert (first.outcome, first.estimate.value) == ("failed", 2)
    assert all(finding.outcome != "failed" for finding in others)


@pytest.mark.parametrize("note", ["unbalanced", "repeated"])
def test_a_node_that_falls_silent_or_repeats_itself_fails(note):
    assert exit_code(judge(record_of(CI, **{note: 3})), decide=False) == 1


def test_descriptors_that_stay_open_fail():
    assert outcomes(record_of(CI))[DESCRIPTORS] == "passed"
    assert outcomes(record_of(CI, descriptors_an_hour=120))[DESCRIPTORS] == "failed"


def test_a_run_without_answers_is_not_judged():
    with pytest.raises(TactileError, match="nothing can be judged"):
        judge(record_of(CI, answered=False))


def test_slope_of_a_straight_line_is_exact_up_to_the_step_of_an_allocator():
    hours = np.linspace(0, 0.5, 500)
    found = slope(hours, 7 + 4 * hours)
    assert (found.value, found.low, found.high) == pytest.approx((4, 3.5, 4.5))


def test_interval_of_the_slope_holds_the_truth_in_noise_that_lasts():
    hours, inside = np.linspace(0, 1, 3600), 0
    for seed in range(40):
        noise = np.convolve(np.random.default_rng(seed).normal(0, 0.1, 3660), np.ones(61), "valid")
        found = slope(hours, 2 * hours + noise)
        inside += found.low <= 2 <= found.high
    assert inside >= 36


def test_quantiles_of_a_histogram_are_those_of_the_values():
    values = np.exp(np.random.default_rng(0).normal(-6, 0.5, 100_000))
    histogram, _ = np.histogram(values, EDGES)
    for share in (0.5, 0.99):
        assert quantile(histogram, share) == pytest.approx(np.quantile(values, share), rel=5e-3)
    assert np.isnan(quantile(0 * histogram, 0.5))


def test_ratio_without_answers_is_unknown():
    found = slower(np.zeros((BLOCKS, len(EDGES) - 1), np.uint32))
    assert np.isnan(found.value)
    assert (found.low, found.high) == (-np.inf, np.inf)
