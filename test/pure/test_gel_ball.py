"""The shipped gel model, trained on simulated touch, finds a ball on a real gel."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tactile_equiv.model import load_model
from tactile_equiv.model_directory import find_model

ROOT = Path(__file__).resolve().parents[2]
EACH = 2
"""Every second press is looked at: time."""
sys.path.insert(0, str(ROOT / "benchmarks" / "accuracy"))

from circles import circle_through, fit_circle  # noqa: E402
from gelsight_ball import distances, found, load_presses, untouched  # noqa: E402


def pressed_ball(row, column, radius, shadow=1.0):
    """Change of colour (120, 160, 3) of a ball under three lights; the first may be weak."""
    y, x = np.mgrid[:120, :160].astype(np.float32)
    y, x = (y - row) / radius, (x - column) / radius
    inside = np.clip((1 - np.hypot(x, y)) * radius, 0, 1)  # the rim, one pixel wide
    lights = [(shadow, 0.0), (1.0, 2 * np.pi / 3), (1.0, 4 * np.pi / 3)]
    tilted = [a * (np.cos(b) * x + np.sin(b) * y) * inside for a, b in lights]
    return np.dstack(tilted).astype(np.float32) * 60


@pytest.mark.parametrize("shadow", [1.0, 0.3])
def test_the_circle_of_a_drawn_ball_is_found(shadow):
    difference = pressed_ball(61.3, 80.7, 25.0, shadow)
    difference += np.random.default_rng(0).normal(0, 2, difference.shape).astype(np.float32)
    circle = fit_circle(difference)
    assert (circle.row, circle.column) == pytest.approx((61.3, 80.7), abs=0.5)
    assert circle.radius == pytest.approx(25, abs=2)


def test_points_off_the_circle_do_not_move_it():
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    points = np.stack([30 + 10 * np.sin(angle), 40 + 10 * np.cos(angle)], axis=1)
    points[:6] += 5  # a shadow
    centre, radius, _ = circle_through(points)
    assert centre == pytest.approx((30, 40), abs=0.05)
    assert radius == pytest.approx(10, abs=0.05)


def test_nothing_pressed_has_no_circle():
    with pytest.raises(ValueError, match="nothing changed"):
        fit_circle(np.zeros((60, 60, 3), np.float32))


@pytest.fixture(scope="module")
def ball(data_directory):
    """Every second press, the untouched gel and the circles."""
    folder = data_directory / "gelsight_mini_ball"
    if not any(folder.glob("*.jpg")):
        pytest.skip(f"no {folder}: set TACTILE_EQUIV_DATA to the directory of the recordings")
    presses, _ = load_presses(folder)
    tare = untouched(presses)
    return presses[::EACH], tare, [fit_circle(press - tare) for press in presses[::EACH]]


@pytest.fixture(scope="module")
def percepts(ball):
    presses, tare, _ = ball
    return found(load_model(find_model("gel"), "auto", "cpu"), presses, tare)


def test_the_ball_is_where_its_circle_is(ball, percepts):
    truth = ball[2]
    assert np.median(distances(percepts, truth)) <= 3.0
    assert all(percept.contacts for percept in percepts)


def test_the_contact_map_covers_the_circle_and_little_else(ball, percepts):
    for percept, circle in zip(percepts, ball[2], strict=True):
        place = round(circle.column), round(circle.row)
        drawn = np.zeros((240, 320), np.uint8)
        inner = cv2.circle(drawn.copy(), place, round(0.8 * circle.radius), 1, -1) > 0
        outer = cv2.circle(drawn.copy(), place, round(1.6 * circle.radius), 1, -1) > 0
        felt = percept.contact_map >= 0.5
        assert felt[inner].mean() > 0.6
        assert felt[~outer].mean() < 0.01
