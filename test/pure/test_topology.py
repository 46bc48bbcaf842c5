"""Places on a circle of lines: boxes beyond the seam, and where a circle is cut open."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.errors import SettingsError
from tactile_equiv.topology import (
    TOPOLOGIES,
    apart,
    begun_on_skin,
    on_skin,
    opening,
    periods,
    put,
    taken,
    wrapped_axis,
)

lines = st.lists(st.booleans(), min_size=1, max_size=20).map(lambda line: np.array(line, bool))


def test_the_name_says_which_axis_wraps():
    assert [wrapped_axis(name) for name in TOPOLOGIES] == [None, 0, 1]
    assert periods(0, (24, 16)) == (24, math.inf)
    assert periods(1, (24, 16)) == (math.inf, 16)
    assert periods(None, (24, 16)) == (math.inf, math.inf)
    with pytest.raises(SettingsError, match="plane, cylinder_rows, cylinder_cols"):
        wrapped_axis("torus")


@given(one=st.floats(0, 23.99), other=st.floats(0, 23.99))
def test_the_shorter_way_round(one, other):
    assert abs(apart(one, other, 24)) <= 12
    assert (other + apart(one, other, 24) - one) / 24 == pytest.approx(
        round((other + apart(one, other, 24) - one) / 24), abs=1e-9
    )
    assert apart(one, other, math.inf) == one - other


@pytest.mark.parametrize("axis", [0, 1])
@given(first=st.integers(-30, 30), length=st.integers(1, 30), n=st.integers(1, 12))
def test_a_box_beyond_the_seam_is_taken_modulo(axis, first, length, n):
    values = np.arange(3 * n * 5).reshape(3, n, 5)
    values = values if axis == 0 else values.swapaxes(1, 2)
    box = (first, 1, first + length, 4) if axis == 0 else (1, first, 4, first + length)
    along = np.moveaxis(taken(values, box, axis), 1 + axis, 0)
    assert len(along) == length
    for number, line in enumerate(along):
        true = np.moveaxis(values, 1 + axis, 0)[(first + number) % n][:, 1:4]
        np.testing.assert_array_equal(line, true)
    moved = begun_on_skin(box, axis, values.shape[1:])
    assert 0 <= moved[axis] < n and moved[axis + 2] - moved[axis] == length
    if length < n:
        np.testing.assert_array_equal(taken(values, moved, axis), taken(values, box, axis))
        copy = np.zeros_like(values)
        put(copy, moved, taken(values, moved, axis), axis)
        assert (copy == values).sum() >= 3 * length * 3 and copy.sum() <= values.sum()


def test_on_a_plane_boxes_are_views():
    values = np.zeros((4, 5))
    assert taken(values, (1, 1, 3, 4), None).base is values
    assert taken(values, (1, 1, 3, 4), 0).base is values
    assert begun_on_skin((1, 1, 3, 4), None, (4, 5)) == (1, 1, 3, 4)


def test_a_place_is_below_the_period():
    assert on_skin(-1e-20, 0, 0, (24, 16)) == 0.0
    assert on_skin(25.5, 0, 0, (24, 16)) == 1.5
    assert on_skin(25.5, 1, 0, (24, 16)) == 25.5


@given(occupied=lines, turn=st.integers(0, 20), kinds=st.integers(1, 3))
def test_a_circle_is_cut_in_its_widest_gap_wherever_it_is_turned_to(occupied, turn, kinds):
    contents = [bytes([k % kinds]) if full else b"" for k, full in enumerate(occupied)]
    first, gap = opening(occupied, contents.__getitem__)
    cut = np.roll(occupied, -first)
    doubled = "".join("x" if full else "." for full in [*occupied, *occupied])
    widest = max(map(len, doubled.split("x")))
    assert gap == min(widest, len(occupied))
    if occupied.any():
        held = np.flatnonzero(cut)
        assert (held[0], len(cut) - 1 - held[-1]) == (gap - gap // 2, gap // 2)
    turned = [contents[(k - turn) % len(contents)] for k in range(len(contents))]
    there, _ = opening(np.roll(occupied, turn), turned.__getitem__)
    opened = contents[first:] + contents[:first]
    assert turned[there:] + turned[:there] == opened or not occupied.any()
