"""A percept in smaller taxels is the percept of the frame whose every taxel is a square of them."""

import numpy as np
import pytest

from tactile_equiv.percept import perceive


@pytest.fixture
def percept(touch_model, smooth_patch):
    frame = np.zeros((14, 17), np.float32)
    frame[3:7, 2:7] = smooth_patch
    frame[9:12, 11:17] = 0.7
    frame[0, 0] = np.nan
    return perceive(touch_model, frame)


@pytest.mark.parametrize("cell", [2, 3])
def test_maps_places_and_loads_are_those_of_the_larger_frame(percept, cell):
    large = percept.enlarged(cell)
    assert large.contact_map.shape == (14 * cell, 17 * cell)
    for offset in range(cell):
        np.testing.assert_array_equal(large.contact_map[offset::cell, ::cell], percept.contact_map)
        np.testing.assert_array_equal(large.pressure[::cell, offset::cell], percept.pressure)
    assert large.invalid == np.isnan(large.contact_map).sum() == cell**2
    assert len(large.contacts) == 2
    for contact in large.contacts:
        top, left, bottom, right = contact.box
        inside = large.pressure[top:bottom, left:right].astype(np.float64)
        rows, columns = np.mgrid[top:bottom, left:right]
        assert contact.load == pytest.approx(inside.sum(), rel=1e-6)
        assert contact.area == inside.size
        assert contact.row == pytest.approx((rows * inside).sum() / inside.sum(), abs=0.02)
        assert contact.column == pytest.approx((columns * inside).sum() / inside.sum(), abs=0.02)


def test_what_was_felt_stays(percept):
    large = percept.enlarged(2)
    assert large.texture is percept.texture
    assert large.pooled is percept.pooled
    for before, after in zip(percept.contacts, large.contacts, strict=True):
        assert (after.peak, after.clipped, after.texture) == (
            before.peak, before.clipped, before.texture,
        )  # fmt: skip


def test_taxels_of_one_pixel_change_nothing(percept):
    assert percept.enlarged(1) is percept


def test_a_contact_on_the_seam_of_a_finger_stays_on_the_finger(touch_model, smooth_patch):
    frame = np.zeros((12, 15), np.float32)
    frame[0, 4:9] = smooth_patch.max()
    frame[11, 4:9] = 0.2 * smooth_patch.max()
    percept = perceive(touch_model, frame, topology="cylinder_rows")
    (contact,), (large,) = percept.contacts, percept.enlarged(2).contacts
    assert 11.75 < contact.row < 12
    assert large.row == pytest.approx(2 * contact.row + 0.5 - 24)
    assert large.box == tuple(2 * side for side in contact.box)
