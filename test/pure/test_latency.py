"""The latency class follows from the architecture alone; what is timed is compared with it."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from tactile_equiv.architecture import Architecture
from tactile_equiv.latency import (
    CALL_WORK,
    NETWORK_WORK,
    RATES,
    REFERENCE_RATE,
    latency_of,
    measure_latency,
    multiply_adds,
)
from tactile_equiv.network import TactileNetwork
from tactile_equiv.spectrogram import Spectrum

SMALL = Architecture(3, 2, (4, 5), (1, 3))


@pytest.mark.parametrize("symmetry", ["translation", "c4", "d4"])
def test_multiply_adds_are_those_of_the_convolutions_that_run(symmetry, monkeypatch):
    sizes = replace(SMALL, symmetry=symmetry)
    network, counted, convolve = TactileNetwork(sizes).plain(), [], functional.conv2d

    def counting(frames, weight, *rest, **options):
        canvas = convolve(frames, weight, *rest, **options)
        counted.append(canvas[0, 0].numel() * weight.numel())
        return canvas

    monkeypatch.setattr(
        torch.nn.Conv2d,
        "_conv_forward",
        lambda layer, x, weight, bias: counting(
            x, weight, bias, padding=layer.padding, dilation=layer.dilation
        ),
    )
    network.trunk(torch.zeros(1, 2, 6, 9))
    assert len(counted) == 2
    assert multiply_adds(sizes, 6, 9) == sum(counted)


def test_the_class_is_the_highest_rate_that_the_reference_core_holds_at_twice_the_cost():
    for side in (4, 16, 32, 64, 240):
        found = latency_of(Architecture(5), side, side)
        work = CALL_WORK + NETWORK_WORK * found.multiply_adds
        faster = [rate for rate in RATES if rate > found.rate_hz]
        assert 2 * work * found.rate_hz <= REFERENCE_RATE
        assert all(2 * work * rate > REFERENCE_RATE for rate in faster)


def test_the_class_falls_with_the_size_of_the_sensor_to_none():
    rates = [latency_of(Architecture(5), side, side).rate_hz for side in (1, 32, 128, 512, 4096)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] >= 300 and rates[-1] == 0


def test_a_frame_of_a_recording_costs_its_share_of_a_window():
    spectrum = Spectrum(window=16, hop=8)
    sizes = replace(SMALL, input_channels=spectrum.channels)
    found = latency_of(sizes, 6, 10, spectrum)
    assert found.multiply_adds == round(multiply_adds(sizes, 6, 10) / 8)
    sliding = Spectrum(window=16, hop=8, octave=2, reach=2)
    narrow = replace(SMALL, input_channels=sliding.channels)
    expected = multiply_adds(narrow, 6, 10) * sliding.positions / 8
    assert latency_of(narrow, 6, 10, sliding).multiply_adds == round(expected)


def test_a_measured_model_names_the_rate_of_this_core(small_model):
    found = measure_latency(small_model, 6, 9, rounds=3)
    expected = CALL_WORK + NETWORK_WORK * multiply_adds(small_model.card.architecture, 6, 9)
    assert found.frame_ms > 0 and found.matrix_rate > 0
    cost = 1e-3 * found.frame_ms * found.matrix_rate
    assert found.over_expected == pytest.approx(cost / expected)
    assert found.rate_hz == next((r for r in RATES if 2e-3 * found.frame_ms * r <= 1), 0)
