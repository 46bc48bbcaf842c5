"""A raw frame commutes with shifts by two pixels, whichever way it enters the network."""

import pytest
import torch

from tactile_equiv.lessons.bayer import PATTERN, WAYS, demosaic, lift, mean_greens, mosaic

ODD, EVEN = ("1 px", "3 px", "fine: 1 px"), ("2 px", "fine: 2 px")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shift", EVEN)
def test_a_shift_by_two_is_exact(table, way, shift):
    assert table("bayer").value(way, shift) <= 1e-6


@pytest.mark.parametrize("shift", ODD)
def test_a_shift_by_one_is_not_for_a_raw_frame(table, shift):
    assert table("bayer").value("raw, one channel", shift) > 0.2


@pytest.mark.parametrize("shift", ["1 px", "3 px"])
def test_channels_for_the_pattern_and_demosaicing_mend_a_wide_contact(table, shift):
    raw, lifted, averaged, mosaicked = (table("bayer").value(way, shift) for way in WAYS)
    assert lifted < averaged < 0.03 and mosaicked < 0.2 < raw


@pytest.mark.parametrize("way", WAYS)
def test_nothing_mends_a_fine_contact(table, way):
    assert table("bayer").value(way, "fine: 1 px") > 0.2
    assert table("bayer").value(way, "fine: pooled") > 0.05
    assert table("bayer").value(way, "pooled") < 0.005


def test_each_filter_reads_its_colour_and_has_its_channel():
    colours = torch.tensor([1.0, 2.0, 3.0])[None, :, None, None].expand(1, 3, 6, 8)
    lifted = lift(mosaic(colours))
    filters = [PATTERN[row][column] for row in (0, 1) for column in (0, 1)]
    assert lifted.shape == (1, 4, 3, 4)
    assert lifted[0, :, 0, 0].tolist() == [1.0 + colour for colour in filters]
    assert mean_greens(lifted)[0, :, 0, 0].tolist() == [1.0, 2.0, 3.0]
    assert torch.equal(demosaic(mosaic(colours))[..., 1:-1, 1:-1], colours[..., 1:-1, 1:-1])
