"""Each imperfection alone, its seed, and all of them off."""

import numpy as np
import pytest
from tactile_equiv_sim.imperfections import (
    KINDS,
    Creep,
    DeadTaxels,
    DroppedFrames,
    GainMismatch,
    Imperfections,
    ImperfectSensor,
    LateFrames,
    Noise,
    OffsetDrift,
    Quantisation,
    Saturation,
    StuckTaxels,
)

from tactile_equiv.errors import SettingsError

SHAPE = (40, 50)
RAMP = np.linspace(0, 300, 2000, dtype=np.float32).reshape(SHAPE)
SHIFTING = {name: KINDS[name]() for name in KINDS if name not in ("dropped", "late")}


def deliver(imperfections, ideal=RAMP, times=(0.0, 0.1, 0.2)):
    sensor = ImperfectSensor(imperfections, ideal.shape)
    return [sensor.deliver(ideal, time) for time in times]


def last(imperfections, ideal=RAMP, times=(0.0, 0.1, 0.2)):
    return deliver(imperfections, ideal, times)[-1].values


@pytest.mark.parametrize("shape", [SHAPE, (*SHAPE, 3)])
def test_all_off_is_the_ideal_sensor_bit_for_bit(shape):
    ideal = np.random.default_rng(0).normal(0, 300, shape).astype(np.float32)
    for one in deliver(Imperfections(), ideal):
        assert one.values is ideal and not one.dropped and one.late_s == 0
    assert not Imperfections().any


@pytest.mark.parametrize("name", SHIFTING)
@pytest.mark.parametrize("shape", [SHAPE, (*SHAPE, 3)])
def test_each_alone_changes_frames_and_keeps_shape_and_type(name, shape):
    ideal = np.random.default_rng(0).uniform(0, 300, shape).astype(np.float32)
    kept = ideal.copy()
    imperfections = Imperfections(**{name: SHIFTING[name]})
    sensor = ImperfectSensor(imperfections, shape)
    sensor.deliver(ideal * 0, 0.0)
    seen = sensor.deliver(ideal, 0.1).values
    assert seen.shape == shape and seen.dtype == np.float32
    assert not np.array_equal(seen, ideal)
    assert imperfections.any
    np.testing.assert_array_equal(ideal, kept)


@pytest.mark.parametrize("name", ["gain", "drift", "noise", "dead", "stuck"])
def test_seeds_decide(name):
    one, same, other = (
        last(Imperfections(**{name: KINDS[name](seed=seed)}), times=(0.0, 3.0))
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_everything_on_is_deterministic():
    full = Imperfections(**{name: kind() for name, kind in KINDS.items()})
    one, same = deliver(full), deliver(full)
    for a, b in zip(one, same, strict=True):
        np.testing.assert_array_equal(a.values, b.values)
        assert (a.dropped, a.late_s) == (b.dropped, b.late_s)


def test_switching_one_on_does_not_change_the_noise_of_another():
    alone = last(Imperfections(noise=Noise(std=2.0))) - RAMP
    beside = last(Imperfections(noise=Noise(std=2.0), drift=OffsetDrift(spread=0.0)))
    np.testing.assert_allclose(beside - RAMP - 0.2 / 60, alone, atol=1e-3)


def test_noise_is_white_and_new_in_every_frame():
    first, second = (one.values - RAMP for one in deliver(Imperfections(noise=Noise(std=2.0)))[:2])
    assert first.std() == pytest.approx(2, rel=0.1) and abs(first.mean()) < 0.2
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.1


def test_gains_belong_to_taxels():
    imperfections = Imperfections(gain=GainMismatch(std=0.1))
    ratio, other = (last(imperfections, np.full(SHAPE, v, np.float32)) / v for v in (10, 200))
    np.testing.assert_allclose(ratio, other, rtol=1e-5)
    assert ratio.std() == pytest.approx(0.1, rel=0.1)


def test_offsets_drift_with_time():
    drift = Imperfections(drift=OffsetDrift(units_per_minute=6.0, spread=0.0))
    late = last(drift, np.zeros(SHAPE, np.float32), times=(0.0, 120.0))
    np.testing.assert_allclose(late, 12, rtol=1e-5)


def test_creep_follows_late_and_leaves_a_rest():
    creep = Imperfections(creep=Creep(share=0.2, time_s=1.0))
    sensor = ImperfectSensor(creep, (1, 1))
    empty, full = np.zeros((1, 1), np.float32), np.full((1, 1), 100, np.float32)
    sensor.deliver(empty, 0.0)
    at_once = sensor.deliver(full, 0.0).values.item()
    later = sensor.deliver(full, 1.0).values.item()
    at_last = sensor.deliver(full, 20.0).values.item()
    rest = sensor.deliver(empty, 20.0).values.item()
    assert at_once == pytest.approx(80) and at_last == pytest.approx(100)
    assert later == pytest.approx(100 - 20 * np.exp(-1), rel=1e-4)
    assert rest == pytest.approx(20)


def test_dead_and_stuck_taxels_are_as_many_as_asked_and_stay():
    dead = deliver(Imperfections(dead=DeadTaxels(share=0.1, as_nan=True)))
    assert all(np.isnan(one.values).sum() == 200 for one in dead)
    np.testing.assert_array_equal(np.isnan(dead[0].values), np.isnan(dead[2].values))
    stuck = Imperfections(stuck=StuckTaxels(share=0.05, largest=50.0))
    one, other = last(stuck), last(stuck, RAMP + 1000)
    held = one == other
    assert held.sum() == 100 and one[held].max() <= 50 and one[held].std() > 5


def test_saturation_and_quantisation():
    seen = last(Imperfections(saturation=Saturation(lowest=5, highest=255)))
    assert seen.min() == 5 and seen.max() == 255
    steps = last(Imperfections(quantisation=Quantisation(step=0.5)))
    assert np.array_equal(steps * 2, np.rint(steps * 2)) and np.abs(steps - RAMP).max() <= 0.25


def test_frames_are_dropped_and_late_as_often_as_asked():
    wire = Imperfections(dropped=DroppedFrames(share=0.2), late=LateFrames(share=0.3, delay_s=0.4))
    seen = deliver(wire, np.zeros((1, 1), np.float32), times=np.arange(1000) / 100)
    late = [one.late_s for one in seen if one.late_s]
    assert np.mean([one.dropped for one in seen]) == pytest.approx(0.2, abs=0.05)
    assert len(late) / 1000 == pytest.approx(0.3, abs=0.05)
    assert 0.35 < max(late) <= 0.4


def test_switches_from_a_mapping():
    read = Imperfections.from_mapping({"noise": {"std": 3, "seed": 4}, "gain": True, "dead": False})
    assert read.noise == Noise(std=3, seed=4) and read.gain == GainMismatch() and read.dead is None
    assert Imperfections.from_mapping(None) == Imperfections()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"nois": True}, "did you mean 'noise'"),
        ({"noise": {"sdt": 1}}, "did you mean 'std'"),
        ({"noise": {"std": -1}}, "std of Noise"),
        ({"noise": 3}, "noise of imperfections"),
        ({"creep": {"time_s": 0}}, "time_s of Creep"),
        ({"dead": {"share": 2}}, "share of DeadTaxels"),
        ({"dead": {"as_nan": 1}}, "true or false"),
        ([1], "imperfections"),
    ],
)
def test_what_is_wrong_is_named(values, words):
    with pytest.raises(SettingsError, match=words):
        Imperfections.from_mapping(values)
