"""A skin round a finger: turned by whole taxels, everything turns along and nothing else changes.

On a box evaluated alone the network sees the same numbers however the finger is turned: to the bit.
Run on the whole skin it sees them turned: to 1e-6 of the largest value.
"""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.contacts import joined_round, ring_centroid
from tactile_equiv.errors import SettingsError
from tactile_equiv.frame import Normalisation, level
from tactile_equiv.model import load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.percept import perceive
from tactile_equiv.pooling import pool
from tactile_equiv.symmetry import (
    measure_ridged_press,
    measure_shifts,
    placed,
    ridged_press,
    subject_of,
)
from tactile_equiv.topology import apart, periods
from tactile_equiv.touched_regions import plan
from tactile_equiv.tracking import ContactTracker
from tactile_equiv.turns import measure_turned_press

ROUND = ["cylinder_rows", "cylinder_cols"]
TOLERANCE = 1e-6


@pytest.fixture(scope="module", params=["small", "simulated_textures", "tekscan_objects"])
def model(request, small_network, make_model):
    if request.param == "small":
        return make_model(small_network, Normalisation(1.0, 8.0, "logarithmic"))
    pytest.importorskip("onnxruntime")
    return load_model(find_model(request.param), "onnxruntime", "cpu")


@st.composite
def fingers(draw):
    """Presses anywhere, over the seam too, on fingers thinner and thicker than 2R; cut at the tip.

    Rows run round.
    """
    lines = draw(st.sampled_from([1, 2, 5, 6, 10, 13, 24, 40]))
    length = draw(st.sampled_from([1, 4, 16, 30]))
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    frame = np.zeros((lines, length), np.float32)
    for _ in range(draw(st.integers(0, 4))):
        top, left = random.integers(0, (lines, length))
        height, width = random.integers(1, (min(12, lines) + 1, 9))
        rows = np.arange(top, top + height) % lines
        press = frame[rows, left : left + width]
        frame[rows, left : left + width] = random.uniform(5, 60, press.shape)
    if draw(st.booleans()) and draw(st.booleans()):  # a ring
        frame[:, length // 2] = random.uniform(5, 40, lines)
    if draw(st.booleans()) and draw(st.booleans()):
        frame[random.random(frame.shape) < 0.05] = np.nan
        frame[0, 0] = 0.0
    return frame


def along_rows(values, topology):
    """Frames and maps of either cylinder with rows running round."""
    return values if topology == "cylinder_rows" else values.swapaxes(-1, -2)


def told(contact, lines, turn=0):
    """What must stay to the bit, with the box turned back; rows run round."""
    top, left, bottom, right = contact.box
    values = dataclasses.asdict(contact)
    values["scores"] = contact.texture.scores.tolist()
    values["box"] = (
        0 if bottom - top == lines else (top - turn) % lines,
        left,
        bottom - top,
        right,
    )
    return {name: value for name, value in values.items() if name not in ("row", "texture")}


def assert_turned(seen, still, turn, tolerance=0.0):
    """Map, pooled features and contacts of `seen` are those of `still`, turned."""
    lines = len(still.contact_map)
    assert error(seen.contact_map, np.roll(still.contact_map, turn, axis=0)) <= tolerance
    assert error(seen.pooled, still.pooled) <= tolerance
    np.testing.assert_array_equal(seen.pressure, np.roll(still.pressure, turn, axis=0))
    if tolerance:
        return
    known = sorted(still.contacts, key=lambda one: str(told(one, lines)))
    found = sorted(seen.contacts, key=lambda one: str(told(one, lines, turn)))
    for one, other in zip(found, known, strict=True):
        assert told(one, lines, turn) == told(other, lines)
        assert 0 <= one.row < lines and 0 <= one.box[0] < lines
        assert apart(one.row, other.row + turn, lines) == pytest.approx(0, abs=1e-9)


def error(seen, true):
    """Largest difference, relative to the largest value."""
    difference = np.abs(np.nan_to_num(seen) - np.nan_to_num(true)).max()
    return float(difference / max(np.nanmax(np.abs(true), initial=0), 1e-12))


def unrolled(model, frame, axis):
    """Map, pooled features and place of the answer on a plane that repeats the frame: the truth.

    So many periods that the last ones do not reach the middle one; of that the answer is kept.
    """
    radius, lines = model.card.architecture.radius, frame.shape[axis]
    aside = -(-2 * radius // lines)
    levelled = level(frame, model.card.normalisation, axis=axis)
    tiles = [levelled.network_input] * (2 * aside + 1)
    contact_map, canvas = model.backend.run(np.concatenate(tiles, axis=axis + 1))
    first = aside * lines
    period = np.arange(first, first + lines)
    felt = canvas.take(period + radius, axis + 1)
    correlations = model.card.architecture.correlations
    return contact_map.take(period, axis), pool(felt, correlations=correlations)


@given(frame=fingers(), turn=st.integers(0, 39))
def test_a_turned_finger_feels_the_same_to_the_bit(model, frame, turn):
    turn %= len(frame)
    still, seen = (
        perceive(model, np.roll(frame, by, axis=0), topology="cylinder_rows") for by in (0, turn)
    )
    if evaluated_alone(model, frame):
        assert_turned(seen, still, turn)
    assert_turned(seen, still, turn, TOLERANCE)


def evaluated_alone(model, frame):
    return not plan(model, level(frame, model.card.normalisation, axis=0)).whole


@pytest.mark.parametrize("topology", ROUND)
@given(frame=fingers())
def test_the_answer_is_that_of_a_plane_that_repeats_the_skin(model, topology, frame):
    frame = along_rows(frame, topology)
    contact_map, pooled = unrolled(model, frame, ROUND.index(topology))
    for whole_frame in (False, True):
        seen = perceive(model, frame, topology=topology, whole_frame=whole_frame)
        contact_map[np.isnan(frame)] = np.nan
        np.testing.assert_array_equal(np.isnan(seen.contact_map), np.isnan(frame))
        assert error(seen.contact_map, contact_map) <= TOLERANCE
        assert error(seen.pooled, pooled) <= TOLERANCE


@given(frame=fingers())
def test_rows_and_columns_are_treated_alike(touch_model, frame):
    """The network made by hand does not tell rows from columns."""
    one = perceive(touch_model, frame, topology="cylinder_rows")
    other = perceive(touch_model, frame.T, topology="cylinder_cols")
    np.testing.assert_array_equal(one.contact_map, other.contact_map.T)
    mirrored = sorted(
        (*(c.box[k] for k in (1, 0, 3, 2)), c.area, c.load, c.clipped) for c in other.contacts
    )
    assert sorted((*c.box, c.area, c.load, c.clipped) for c in one.contacts) == mirrored


@given(frame=fingers())
def test_contacts_are_the_components_of_the_map_on_the_circle(touch_model, frame):
    whole = np.nan_to_num(frame)
    percept = perceive(touch_model, whole, topology="cylinder_rows", min_contact_area=1)
    true = components(percept.contact_map >= 0.5)
    assert sorted(contact.area for contact in percept.contacts) == sorted(true)


def components(touched):
    """Areas of the 8-connected components, rows modulo, by flooding."""
    left, areas = set(zip(*map(list, np.nonzero(touched)), strict=True)), []
    while left:
        front, area = [left.pop()], 0
        while front:
            row, column = front.pop()
            area += 1
            near = {
                ((row + down) % len(touched), column + right)
                for down in (-1, 0, 1)
                for right in (-1, 0, 1)
            }
            front += near & left
            left -= near
        areas.append(area)
    return areas


@pytest.mark.parametrize("topology", ROUND)
def test_far_from_the_seam_a_finger_feels_like_a_plane(model, topology, smooth_patch):
    for row, column in ((18, 20), (22, 19)):
        frame = placed(smooth_patch * 20, row, column, 44, 45)
        flat, wrapped = (perceive(model, frame, topology=name) for name in ("plane", topology))
        np.testing.assert_array_equal(wrapped.contact_map, flat.contact_map)
        np.testing.assert_array_equal(wrapped.pooled, flat.pooled)
        for one, other in zip(wrapped.contacts, flat.contacts, strict=True):
            assert (one.row, one.column) == pytest.approx((other.row, other.column), abs=1e-9)
            assert (one.box, one.area, one.load) == (other.box, other.area, other.load)


@pytest.mark.parametrize("lines", [6, 24, 60])
def test_one_contact_over_the_seam_is_one_contact(touch_model, smooth_patch, lines):
    frame = placed(smooth_patch, 0, 9, lines, 20)
    for turn in range(lines):
        percept = perceive(touch_model, np.roll(frame, turn, axis=0), topology="cylinder_rows")
        (contact,) = percept.contacts
        assert contact.box == (turn, 9, turn + 4, 14) and contact.area == 20
        assert not contact.clipped
        weight = smooth_patch.sum(axis=1) @ np.arange(4) / smooth_patch.sum()
        assert apart(contact.row, turn + weight, lines) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(("column", "clipped"), [(0, True), (1, False), (14, False), (15, True)])
def test_a_finger_has_borders_at_its_ends_alone(touch_model, smooth_patch, column, clipped):
    for row in (-2, 0, 8):
        frame = np.roll(placed(smooth_patch, 2, column, 12, 20), row - 2, axis=0)
        (contact,) = perceive(touch_model, frame, topology="cylinder_rows").contacts
        assert contact.clipped is clipped
        (contact,) = perceive(touch_model, frame.T, topology="cylinder_cols").contacts
        assert contact.clipped is clipped


def test_a_contact_all_the_way_round_is_one_contact_that_leans_to_its_strongest_side(touch_model):
    for turn in range(10):
        frame = np.zeros((10, 12), np.float32)
        frame[:, 4:7] = 1.0
        frame[3, 4:7] = 4.0
        frame = np.roll(frame, turn, axis=0)
        (contact,) = perceive(touch_model, frame, topology="cylinder_rows").contacts
        assert contact.box == (0, 4, 10, 7) and contact.area == 30 and not contact.clipped
        assert apart(contact.row, 3 + turn, 10) == pytest.approx(0, abs=1e-4)
        assert contact.column == pytest.approx(5, abs=1e-6)


def test_a_ring_that_is_the_same_all_round_leans_nowhere():
    weight = np.ones((7, 5), np.float32)
    assert ring_centroid(weight, (0, 0, 7, 5), 0) == (0.0, 2.0)
    assert ring_centroid(weight, (0, 0, 7, 5), 1) == (3.0, 0.0)


def test_a_helix_is_joined_over_the_seam():
    helix = np.array([[1, 0, 0, 0, 2], [0, 1, 0, 2, 0], [0, 0, 1, 0, 0]], np.int32)
    labels = np.array([[0, 3, 0, 1], [0, 0, 0, 0], [1, 0, 2, 0]], np.int32)
    joined = joined_round(labels, 0)
    assert len(set(joined[joined > 0].tolist())) == 1
    assert len(set(joined_round(helix, 1)[helix > 0].tolist())) == 2 - 1
    apart_ = np.array([[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 2]], np.int32)
    np.testing.assert_array_equal(joined_round(apart_, 0) > 0, apart_ > 0)
    assert len(set(joined_round(apart_, 0)[apart_ > 0].tolist())) == 2


def test_an_invalid_taxel_on_the_seam_is_filled_from_both_sides():
    frame = np.arange(20, dtype=np.float32).reshape(5, 4)
    frame[0, 1] = np.nan
    plain = Normalisation(0.0, 1.0)
    seen = level(frame, plain, axis=0).pressure[0, 0, 1]
    assert seen == pytest.approx(np.mean([0, 2, 4, 5, 6, 16, 17, 18]))
    for turn in range(5):
        moved = level(np.roll(frame, turn, axis=0), plain, axis=0).pressure
        np.testing.assert_allclose(moved[0, turn, 1], seen, rtol=1e-6)
    assert level(frame, plain).pressure[0, 0, 1] == pytest.approx(17 / 8)


def test_a_contact_that_rolls_over_the_seam_keeps_its_number(touch_model, smooth_patch):
    tracker, numbers = ContactTracker(), set()
    for turn in range(30):
        frame = placed(smooth_patch, 1, 3, 24, 16) + np.roll(
            placed(smooth_patch, 1, 3, 24, 16), 12, 0
        )
        percept = perceive(touch_model, np.roll(frame, turn, axis=0), topology="cylinder_rows")
        by_row = sorted(
            zip(
                percept.contacts,
                tracker.update(percept.contacts, periods(0, (24, 16))),
                strict=True,
            ),
            key=lambda pair: (pair[0].row - turn) % 24,
        )
        numbers.add(tuple(number for _, number in by_row))
    assert len(numbers) == 1
    assert len(ContactTracker().update(percept.contacts)) == 2


def test_taken_for_a_plane_a_finger_tears_the_contact(model, smooth_patch):
    frame = placed(smooth_patch * 20, 10, 9, 24, 20)
    still, seen = (
        perceive(model, np.roll(frame, turn, axis=0), topology="plane") for turn in (0, 12)
    )
    assert error(np.roll(seen.contact_map, -12, axis=0), still.contact_map) > 1e-2
    assert error(seen.pooled, still.pooled) > 1e-2


def test_pooled_over_more_than_one_period_a_contact_on_the_seam_counts_twice(model, smooth_patch):
    """What a network does that is continued periodically and forgets to keep one period."""
    radius = model.card.architecture.radius
    frame = placed(smooth_patch * 20, 10, 9, 24, 20)
    continued = [
        np.pad(np.roll(frame, turn, axis=0), ((radius, radius), (0, 0)), "wrap") for turn in (0, 12)
    ]
    still, seen = (perceive(model, one, whole_frame=True).pooled for one in continued)
    assert error(seen, still) > 1e-2


def test_the_faults_of_a_network_show_on_the_whole_finger(small_model, smooth_patch):
    """Evaluated alone a contact is seen at one place; the whole skin is seen as it lies."""

    class Ramp:
        name, device = "ramp", "cpu"

        def run(self, frame):
            gain = 1 + np.arange(frame.shape[1], dtype=np.float32)[:, None] / 99
            return small_model.backend.run(frame * gain)

    broken = dataclasses.replace(small_model, backend=Ramp())
    frame = placed(smooth_patch, 10, 9, 24, 20)
    pooled = [
        perceive(
            broken, np.roll(frame, turn, axis=0), topology="cylinder_rows", whole_frame=whole
        ).pooled
        for whole in (False, True)
        for turn in (0, 7)
    ]
    assert error(pooled[1], pooled[0]) == 0 and error(pooled[3], pooled[2]) > 1e-2
    without_head = dataclasses.replace(small_model, contact_head=None)
    seen = perceive(without_head, frame, topology="cylinder_rows")
    assert error(seen.pooled, perceive(small_model, frame, topology="cylinder_rows").pooled) < 1e-6


def test_an_unknown_topology_is_refused(touch_model):
    with pytest.raises(SettingsError, match="cylinder_rows"):
        perceive(touch_model, np.zeros((4, 4)), topology="torus")


@pytest.mark.parametrize("topology", ROUND)
def test_symmetry_is_measured_all_the_way_round(small_model, topology):
    axis, size = ROUND.index(topology), (10, 12)
    press = ridged_press(small_model, *size)
    exact = measure_ridged_press(small_model, *size, topology)
    across = size[1 - axis] - press.shape[1 - axis] + 1
    assert exact.positions == size[axis] * across
    assert max(exact.map_error, exact.pooled_drift) <= TOLERANCE and exact.class_flips == 0
    torn = measure_shifts(subject_of(small_model), press, *size, axis=axis)
    assert min(torn.map_error, torn.pooled_drift) > 1e-2
    turns = measure_turned_press(small_model, *size, topology)
    assert list(turns) == ["half_turn", "mirror"]
