"""Turning a frame is measured right, and what turns wrongly is caught."""

import numpy as np
import pytest
import torch

from tactile_equiv.group_convolution import GROUPS, act
from tactile_equiv.symmetry import Response, placed
from tactile_equiv.turns import MIRRORS, QUARTER_TURNS, measure_turned_press, measure_turns, turned

ALL = QUARTER_TURNS + MIRRORS


@pytest.fixture
def frames(smooth_patch):
    return [placed(smooth_patch, 1, 4, 9, 12), placed(smooth_patch, -1, -2, 9, 12)]


def answering(frame):
    """The frame as map; its sum and its class stay under every turn."""
    return Response(frame.copy(), np.array([frame.sum(dtype=float)]), np.array([0.25, 0.75]))


def test_turns_and_mirrors_are_those_of_the_group():
    assert {(0, False), *ALL} == set(GROUPS["d4"].elements)
    plane = np.arange(12.0).reshape(3, 4)
    for element in ALL:
        expected = act(element, torch.from_numpy(plane)).numpy()
        np.testing.assert_array_equal(turned(plane, element), expected)


def test_a_subject_that_turns_with_its_frame_has_no_error(frames):
    errors = measure_turns(answering, frames, ALL)
    assert errors.turned == 14
    assert max(errors.map_error, errors.pooled_drift, errors.score_drift) <= 1e-15
    assert errors.class_flips == 0


@pytest.mark.parametrize("part", ["contact_map", "pooled", "scores"])
@pytest.mark.parametrize("wrong", [0.01, np.nan])
def test_one_wrong_answer_is_found(part, wrong, frames):
    last = turned(frames[-1], ALL[-1])

    def respond(frame):
        response = answering(frame)
        if np.array_equal(frame, last):
            getattr(response, part)[...] += wrong * np.abs(getattr(response, part)).max()
        return response

    errors = measure_turns(respond, frames, ALL)
    name = {"contact_map": "map_error", "pooled": "pooled_drift", "scores": "score_drift"}[part]
    assert not getattr(errors, name) < 0.005
    others = {"map_error", "pooled_drift", "score_drift"} - {name}
    assert all(getattr(errors, other) <= 1e-15 for other in others)


def test_another_class_is_counted(frames):
    def respond(frame):
        scores = np.array([0.25, 0.75]) if frame.shape == (9, 12) else np.array([0.75, 0.25])
        return Response(frame, np.array([1.0]), scores)

    errors = measure_turns(respond, frames, QUARTER_TURNS)
    assert errors.class_flips == 4 and errors.score_drift == 0.5


@pytest.mark.parametrize("sensor", [(1, 1), (2, 9), (12, 10)])
def test_sensors_of_any_size_are_measured(sensor, small_model):
    figures = measure_turned_press(small_model, *sensor)
    assert [errors["turned"] for errors in figures.values()] == [15, 20]
    assert list(figures) == ["quarter_turn", "mirror"]
