"""A convolution commutes with shifts along the axes over which it moves, and no others."""

import pytest

from tactile_equiv.lessons.spectrogram import NETWORKS

ONE, LINEAR, LOGARITHMIC = NETWORKS


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("part", ["map", "pooled"])
def test_every_network_moves_along_in_time(table, network, part):
    assert table("spectrogram").value(network, f"later: {part}") <= 1e-5


@pytest.mark.parametrize("part", ["map", "pooled"])
def test_only_two_dimensions_move_along_in_pitch(table, part):
    up = f"12 bins up: {part}"
    assert table("spectrogram").value(LINEAR, up) <= 1e-5
    assert table("spectrogram").value(LOGARITHMIC, up) <= 1e-5
    assert table("spectrogram").value(ONE, up) > 0.3


@pytest.mark.parametrize("part", ["map", "pooled"])
def test_speed_is_a_shift_on_the_logarithmic_axis_alone(table, part):
    faster = f"twice as fast: {part}"
    one, linear, logarithmic = (table("spectrogram").value(name, faster) for name in NETWORKS)
    assert logarithmic < linear / 5 and linear < one * 2
    assert logarithmic < 0.15
