"""Taxels integrate over their areas; the gel is shaded by its slopes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tactile_equiv_sim.mechanics import Cover, indent
from tactile_equiv_sim.sensor import BAYER, CameraGel, TaxelArray, interpolation, overlap
from tactile_equiv_sim.surface import Ball, Flat

from tactile_equiv.errors import SettingsError

LAW = settings(deadline=None, derandomize=True, max_examples=15)


@LAW
@given(
    cells=st.integers(2, 80),
    cell=st.floats(0.02, 0.9),
    middle=st.floats(-0.5, 0.5),
    aperture=st.floats(0.1, 1.0),
)
def test_every_cell_is_shared_between_the_taxels_that_it_meets(cells, cell, middle, aperture):
    first, shares = overlap(cells, cell, middle, 1.0)
    np.testing.assert_allclose(shares.sum(axis=0), 1, atol=1e-9)
    weights = shares * cell
    centre = (weights.sum(axis=1) * (first + np.arange(len(shares)))).sum() / weights.sum()
    assert abs(centre - middle) < 0.51
    part_first, part = overlap(cells, cell, middle, aperture)
    assert part_first == first and (part <= shares + 1e-9).all()


@LAW
@given(cells=st.integers(3, 60), cell=st.floats(0.3, 3.0), middle=st.floats(-0.5, 0.5))
def test_interpolation_of_a_ramp_is_exact(cells, cell, middle):
    first, (before, share) = interpolation(cells, cell, middle)
    ramp = (np.arange(cells) - (cells - 1) / 2) * cell + middle
    values = ramp[before] * (1 - share) + ramp[before + 1] * share
    np.testing.assert_allclose(values, first + np.arange(len(before)), atol=1e-4)


def test_gaps_between_taxels_feel_nothing():
    pressed = indent(Flat(width_mm=16.0), Cover(), 0.25, 4.0)
    full = TaxelArray(pitch_mm=2.0).patch(pressed, 0.1, 0.2)
    half = TaxelArray(pitch_mm=2.0, aperture_mm=1.0).patch(pressed, 0.1, 0.2)
    assert full.values.sum() == pytest.approx(4.0, rel=1e-5)
    assert half.values.sum() == pytest.approx(1.0, rel=0.03)


def test_units_scale_the_reading():
    values = np.ones((3, 4), np.float32)
    sensor = TaxelArray(rows=3, cols=4, units_per_n=250.0)
    np.testing.assert_array_equal(sensor.read(values), np.full((3, 4), 250, np.float32))


def read_ball(**values):
    gel = CameraGel(rows=80, cols=80, mm_per_pixel=0.1, **values)
    pressed = indent(Ball(radius_mm=4.0, width_mm=6.0), Cover(thickness_mm=1.0), 0.1, 0.5)
    patch = gel.patch(pressed, 0.0, 0.0)
    canvas = np.zeros((82, 82), np.float32)
    height, width = patch.values.shape
    top, left = patch.row + 41, patch.column + 41
    canvas[top : top + height, left : left + width] = patch.values
    return gel.read(canvas)


def test_flat_gel_has_one_colour():
    gel = CameraGel(rows=5, cols=7, brightness=80.0)
    frame = gel.read(np.full((7, 9), 0.3, np.float32))
    assert frame.shape == (5, 7, 3) and frame.dtype == np.float32
    assert (frame == 80).all()


def test_each_light_shines_on_its_side_of_a_bump():
    red, green, blue = np.moveaxis(read_ball() - 90, 2, 0)
    for colour, (y, x) in ((red, (0, -1)), (green, (-0.87, 0.5)), (blue, (0.87, 0.5))):
        lit = colour[round(40 + 10 * y), round(40 + 10 * x)]
        shaded = colour[round(40 - 10 * y), round(40 - 10 * x)]
        assert lit > 3 and shaded < -3


@pytest.mark.parametrize("order", BAYER)
def test_raw_frames_are_the_colours_that_the_filter_lets_through(order):
    colour, raw = read_ball(), read_ball(colours=f"bayer_{order}")
    assert raw.shape == (80, 80)
    for place, letter in enumerate(order):
        pixels = slice(place // 2, None, 2), slice(place % 2, None, 2)
        np.testing.assert_array_equal(raw[pixels], colour[pixels][..., "rgb".index(letter)])


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (TaxelArray, {"rows": 0}),
        (TaxelArray, {"cols": 2.5}),
        (TaxelArray, {"pitch_mm": 0.0}),
        (TaxelArray, {"pitch_mm": float("inf")}),
        (TaxelArray, {"pitch_mm": 2.0, "aperture_mm": 2.1}),
        (TaxelArray, {"units_per_n": 0.0}),
        (TaxelArray, {"rows": 100_000, "cols": 100_000}),
        (TaxelArray, {"rows": 10**400, "cols": 1}),
        (CameraGel, {"mm_per_pixel": 0.0}),
        (CameraGel, {"colours": "bgr"}),
        (CameraGel, {"rows": 10_000, "cols": 10_000}),
    ],
)
def test_sensors_out_of_range_are_refused(kind, values):
    with pytest.raises(SettingsError) as caught:
        kind(**values)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


def test_an_object_over_far_too_many_taxels_is_refused():
    pressed = indent(Flat(width_mm=100.0), Cover(), 1.0, 4.0)
    for sensor in (TaxelArray(pitch_mm=0.01), CameraGel(mm_per_pixel=0.01)):
        with pytest.raises(SettingsError, match="smaller object"):
            sensor.patch(pressed, 0.0, 0.0)
