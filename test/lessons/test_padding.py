"""Only maps that grow, padded with what empty skin is, are exact up to the border."""

import pytest

from tactile_equiv.lessons.padding import DISTANCES, PADDINGS, RADIUS

LESSON = "padding"
EXACT = ("growing, background", "growing, zero-preserving")
WRONG = [name for name in PADDINGS if name not in EXACT]


@pytest.mark.parametrize("padding", EXACT)
def test_growing_maps_are_exact_at_every_distance(table, padding):
    for column in (*(f"d={d}" for d in DISTANCES), "interior", "far edge", "empty"):
        assert table(LESSON).value(padding, column) < 1e-5, column


@pytest.mark.parametrize("padding", WRONG)
def test_every_other_padding_is_felt_at_the_border(table, padding):
    assert table(LESSON).value(padding, "d=0") > 0.1
    assert table(LESSON).value(padding, "d=2") > 0.01


@pytest.mark.parametrize("padding", [name for name in PADDINGS if name != "zero"])
def test_beyond_the_receptive_radius_none_but_zero_padding_is_felt(table, padding):
    for column in (*(f"d={d}" for d in DISTANCES if d > RADIUS), "interior"):
        assert table(LESSON).value(padding, column) < 1e-5, column


def test_zero_padding_answers_to_an_empty_skin_and_is_felt_everywhere(table):
    assert table(LESSON).value("zero", "empty") > 0.1
    assert table(LESSON).value("zero", "interior") > 0.1
    for padding in PADDINGS:
        assert padding == "zero" or table(LESSON).value(padding, "empty") < 1e-5


def test_circular_padding_alone_shows_a_phantom_at_the_far_edge(table):
    assert table(LESSON).value("circular", "far edge") > 0.1
    for padding in PADDINGS:
        assert padding == "circular" or table(LESSON).value(padding, "far edge") < 1e-5
