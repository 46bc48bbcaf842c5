"""The simulated press behaves like a press."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.press import SHAPES, Press, pressure, random_press


@pytest.mark.parametrize("shape", SHAPES)
def test_a_press_is_where_it_is_pressed(shape):
    frame = pressure(Press(shape, 12, 14, size=5.0), 25, 29)
    assert frame.dtype == np.float32 and frame.shape == (25, 29)
    assert frame.min() >= 0
    assert 0 < frame.max() <= 1.0001 * (2 if shape in ("ridges", "dots") else 1)
    rows, columns = np.indices(frame.shape)
    assert (frame * rows).sum() / frame.sum() == pytest.approx(12, abs=0.1)
    assert (frame * columns).sum() / frame.sum() == pytest.approx(14, abs=0.1)


@given(
    shape=st.sampled_from(sorted(SHAPES)),
    row=st.integers(-3, 3),
    column=st.integers(-3, 3),
    angle=st.floats(0, 3.1),
    cover=st.floats(0.3, 1.5),
)
def test_a_shift_by_whole_taxels_shifts_the_pressure(shape, row, column, angle, cover):
    here = Press(shape, 12.3, 13.6, angle, 3.0, 0.8, cover)
    there = Press(shape, 12.3 + row, 13.6 + column, angle, 3.0, 0.8, cover)
    moved = np.roll(pressure(here, 26, 28), (row, column), axis=(0, 1))
    np.testing.assert_allclose(pressure(there, 26, 28), moved, atol=2e-2)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_press_beyond_the_border_is_the_cut_press(shape):
    whole = pressure(Press(shape, 20, 20, size=4.0), 40, 40)
    cut = pressure(Press(shape, 20 - 19, 20 - 18, size=4.0), 21, 22)
    np.testing.assert_allclose(cut, whole[19:, 18:], atol=1e-5)


def test_deeper_is_more_and_a_thicker_cover_spreads():
    shallow, deep = (pressure(Press("ball", 10, 10, depth=d), 21, 21) for d in (0.4, 0.9))
    assert deep.sum() > shallow.sum() and (deep >= shallow - 1e-6).all()
    thin, thick = (pressure(Press("block", 10, 10, cover=c), 21, 21) for c in (0.3, 1.5))
    assert thick.max() < thin.max() * 1.001
    assert thick.sum() == pytest.approx(thin.sum(), rel=0.02)
    assert (thick > 0.01).sum() > (thin > 0.01).sum()


def test_a_ball_looks_the_same_from_every_side():
    frame = pressure(Press("ball", 10, 10), 21, 21)
    for turned in (frame.T, frame[::-1], frame[:, ::-1]):
        np.testing.assert_allclose(turned, frame, atol=1e-5)


def test_a_turn_by_a_right_angle_turns_the_pressure():
    straight = pressure(Press("ridges", 10, 10, angle=0.0), 21, 21)
    turned = pressure(Press("ridges", 10, 10, angle=np.pi / 2), 21, 21)
    np.testing.assert_allclose(turned, straight.T, atol=1e-2)


@given(seed=st.integers(0, 99), rows=st.integers(1, 30), columns=st.integers(1, 30))
def test_a_random_press_fits_any_sensor(seed, rows, columns):
    press = random_press(np.random.default_rng(seed), rows, columns)
    assert press == random_press(np.random.default_rng(seed), rows, columns)
    assert 0 <= press.row <= rows - 1 and 0 <= press.column <= columns - 1
    frame = pressure(press, rows, columns)
    assert frame.shape == (rows, columns) and np.isfinite(frame).all()
