"""Pictures show what was felt, in the colours that the docstrings name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.percept import perceive
from tactile_equiv.picture import (
    GREEN,
    GREY,
    HEADER,
    INVALID_COLOUR,
    LEAST_WIDTH,
    LEGEND,
    ORANGE,
    draw_outlines,
    full_scale_of,
    heat_map,
    label_place,
    overlay,
    zoom_of,
)


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


def skin_of(picture):
    return picture[HEADER : len(picture) - LEGEND]


@pytest.mark.parametrize(
    ("rows", "columns", "zoom"),
    [(4, 4, 120), (13, 6, 36), (28, 50, 12), (240, 320, 2), (480, 640, 1)],
)
def test_every_skin_is_enlarged_to_the_size_of_a_hand(touch_model, rows, columns, zoom):
    assert zoom_of(rows, columns) == zoom
    picture = overlay(perceive(touch_model, np.zeros((rows, columns), np.float32)), [], 0.5)
    assert picture.shape == (HEADER + rows * zoom + LEGEND, max(columns * zoom, LEAST_WIDTH), 3)


def test_a_frame_larger_than_the_picture_keeps_its_pixels():
    assert zoom_of(1080, 1920) == 1


@pytest.mark.parametrize(
    ("highest", "scale"), [(0, 0), (0.6, 0.7), (1, 1), (1.01, 1.5), (250, 300), (999, 1000)]
)
def test_the_colour_scale_ends_at_a_round_number(highest, scale):
    pressure = np.array([[0, highest, np.nan]], np.float32)
    assert full_scale_of(pressure) == pytest.approx(scale)


def test_a_whole_contact_is_green_and_a_clipped_one_orange(touch_model, frame):
    inside = skin_of(overlay(perceive(touch_model, frame), [3], 0.5))
    assert has_colour(inside, GREEN) and not has_colour(inside, ORANGE)
    clipped = skin_of(overlay(perceive(touch_model, np.roll(frame, -3, 0)), [3], 0.5))
    assert has_colour(clipped, ORANGE) and not has_colour(clipped, GREEN)


@pytest.mark.parametrize("along", [0, 1])
@pytest.mark.parametrize("shift", range(12))
def test_round_a_finger_outlines_go_on_beyond_the_seam(touch_model, frame, along, shift):
    frame = frame[:, :12]
    topology = ("cylinder_rows", "cylinder_cols")[along]

    def outlines_of(frame):
        percept = perceive(touch_model, frame, topology=topology)
        (contact,) = percept.contacts
        picture = np.zeros((120, 120, 3), np.uint8)
        colours = {contact.box: GREEN}
        draw_outlines(picture, percept.contact_map, 0.5, 10, colours, GREY, percept.periods)
        return picture

    where_it_lies = outlines_of(np.roll(frame, shift, along))
    assert (where_it_lies == np.roll(outlines_of(frame), 10 * shift, along)).all()
    assert has_colour(where_it_lies, GREEN) and not has_colour(where_it_lies, GREY)


def test_a_contact_all_round_a_finger_is_outlined_along_its_two_sides(touch_model, frame):
    frame[:] = 0
    frame[:, 4:9] = 4.0
    skin = skin_of(overlay(perceive(touch_model, frame, topology="cylinder_rows"), [1], 0.5, 40))
    green = (skin == GREEN).all(axis=2)
    assert not has_colour(skin, GREY)
    assert np.count_nonzero(green.sum(axis=0) > 0.8 * len(skin)) == 2 * 3  # lines of 3 pixels
    assert np.flatnonzero(green.any(axis=1)).tolist() == [*range(len(skin))]


def test_the_cross_of_a_contact_on_the_seam_is_seen(touch_model, frame):
    model, box = touch_model, np.zeros((12, 16), np.float32)
    box[[11, 0], 4:9] = 4.0
    box[11, 4:9] -= 0.1  # the centroid is at 11.5 and a little, which is -0.5 and a little
    percept = perceive(model, box, topology="cylinder_rows")
    skin = skin_of(overlay(percept, [1], 0.5, 40))
    column = round((percept.contacts[0].column + 0.5) * 40)
    assert (skin[:6, column] == GREEN).all(axis=1).any()


def test_what_is_too_small_for_a_contact_is_grey(touch_model, frame):
    percept = perceive(touch_model, frame, min_contact_area=1000)
    skin = skin_of(overlay(percept, [], 0.5))
    assert has_colour(skin, GREY) and not has_colour(skin, GREEN)


def test_number_class_and_score_are_written(touch_model, frame):
    percept = perceive(touch_model, frame)
    pictures = [overlay(percept, [number], 0.5) for number in (1, 2)]
    assert (pictures[0] != pictures[1]).any()
    assert overlay(percept, [1], 0.5)[:HEADER].max() == 255


def test_invalid_taxels_are_violet_on_the_skin_and_in_the_legend(touch_model, frame):
    whole = overlay(perceive(touch_model, frame), [0], 0.5, zoom=8)
    frame[9, 12] = np.nan
    picture = overlay(perceive(touch_model, frame), [0], 0.5, zoom=8)
    assert tuple(skin_of(picture)[9 * 8 + 4, 12 * 8 + 4]) == INVALID_COLOUR
    assert has_colour(picture[-LEGEND:], INVALID_COLOUR)
    assert not has_colour(whole, INVALID_COLOUR)


def test_an_empty_percept_can_be_drawn(touch_model, frame):
    picture = overlay(perceive(touch_model, 0 * frame), [], 0.5, zoom=40)
    assert skin_of(picture).max() < 20


def test_every_contact_needs_a_number(touch_model, frame):
    with pytest.raises(ValueError):
        overlay(perceive(touch_model, frame), [], 0.5)


@given(st.data())
def test_labels_stand_on_the_skin_and_not_on_each_other(data):
    def draw(low, high):
        return data.draw(st.integers(low, high))

    taken = []
    for _ in range(6):
        top, left = draw(0, 380), draw(0, 380)
        box = top, left, draw(top + 1, 400), draw(left + 1, 400)
        size = 20, draw(20, 150)
        place = label_place(size, box, (400, 400), taken)
        assert (place[2] - place[0], place[3] - place[1]) == size
        assert min(place) >= 0 and max(place) <= 400
        for other in taken:
            apart = place[2] <= other[0] or other[2] <= place[0]
            assert apart or place[3] <= other[1] or other[3] <= place[1]
        taken.append(place)
