"""Pictures show what was felt, in the colours that the docstrings name."""

import numpy as np
import pytest

from tactile_equiv.percept import perceive
from tactile_equiv.picture import GREEN, INVALID_COLOUR, ORANGE, heat_map, overlay


@pytest.fixture
def frame():
    frame = np.zeros((12, 16), np.float32)
    frame[3:6, 4:9] = 4.0
    return frame


def test_heat_is_black_at_zero_bright_at_full_scale_and_violet_where_invalid():
    values = np.array([[0.0, 1.0, 2.0, 99.0, -3.0, np.nan]], np.float32)
    picture = heat_map(values, 2.0, 3)
    assert picture.shape == (3, 18, 3) and picture.dtype == np.uint8
    light = picture[1, 1::3].astype(int).sum(axis=1)
    assert light[0] < 20 and light[0] == light[4]
    assert light[0] < light[1] < light[2] == light[3]
    assert tuple(picture[1, 16]) == INVALID_COLOUR


def test_an_empty_map_is_black():
    assert heat_map(np.zeros((2, 3), np.float32), 0.0, 2).max() < 20


def has_colour(picture, colour):
    return bool((picture == colour).all(axis=2).any())


def test_a_whole_contact_is_green_and_a_clipped_one_orange(touch_model, frame):
    inside = overlay(perceive(touch_model, frame), [3], 0.5, zoom=16)
    assert inside.shape == (12 * 16, 16 * 16, 3)
    assert has_colour(inside, GREEN) and not has_colour(inside, ORANGE)
    clipped = overlay(perceive(touch_model, np.roll(frame, -3, 0)), [3], 0.5, zoom=16)
    assert has_colour(clipped, ORANGE) and not has_colour(clipped, GREEN)


def test_invalid_taxels_are_violet(touch_model, frame):
    frame[9, 12] = np.nan
    picture = overlay(perceive(touch_model, frame), [0], 0.5)
    assert tuple(picture[9 * 8 + 4, 12 * 8 + 4]) == INVALID_COLOUR


def test_an_empty_percept_can_be_drawn(touch_model, frame):
    picture = overlay(perceive(touch_model, 0 * frame), [], 0.5)
    assert picture.max() < 20


def test_every_contact_needs_a_number(touch_model, frame):
    with pytest.raises(ValueError):
        overlay(perceive(touch_model, frame), [], 0.5)
