"""Contacts keep their number from frame to frame."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv import tracking
from tactile_equiv.percept import Contact, Texture
from tactile_equiv.topology import NO_PERIODS
from tactile_equiv.tracking import ContactTracker

TEXTURE = Texture(("felt",), np.ones(1))


def contact(row, column, size=3, load=9.0):
    top, left = round(row) - size // 2, round(column) - size // 2
    box = (top, left, top + size, left + size)
    return Contact(row, column, size * size, 1.0, load, box, False, TEXTURE)


def grown_together(*parts):
    """One contact of several: their loads added, the centroid between them."""
    load = sum(part.load for part in parts)
    boxes = np.array([part.box for part in parts])
    return Contact(
        sum(part.load * part.row for part in parts) / load,
        sum(part.load * part.column for part in parts) / load,
        sum(part.area for part in parts),
        1.0,
        load,
        (*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist()),
        False,
        TEXTURE,
    )


def test_new_contacts_get_new_numbers_in_their_order():
    tracker = ContactTracker()
    assert tracker.update([contact(5, 5), contact(20, 20)]) == (0, 1)
    assert tracker.update([]) == ()
    assert tracker.update([contact(5, 5)]) == (2,)


def test_numbers_follow_the_contacts_not_their_order():
    tracker = ContactTracker()
    tracker.update([contact(5, 5), contact(20, 20)])
    assert tracker.update([contact(20, 21), contact(6, 5)]) == (1, 0)
    assert tracker.update([contact(40, 40), contact(7, 5), contact(20, 22)]) == (2, 0, 1)


def test_a_jump_beyond_its_extent_is_another_contact():
    tracker = ContactTracker()
    tracker.update([contact(5, 5, size=3)])
    assert tracker.update([contact(5, 8)]) == (0,)
    assert tracker.update([contact(5, 8)]) == (0,)
    assert tracker.update([contact(5, 13)]) == (1,)


def test_a_contact_that_gathers_speed_is_followed_ahead():
    tracker = ContactTracker()
    for column in (5, 7, 10, 14, 18.5, 23.5):
        assert tracker.update([contact(5, column)]) == (0,)


def test_contacts_that_pass_each_other_keep_their_numbers():
    tracker = ContactTracker()
    for step in range(9):
        going, coming = contact(10, 4 * step, size=5), contact(13, 32 - 4 * step, size=5)
        assert tracker.update([coming, going] if step % 2 else [going, coming]) == (
            (1, 0) if step % 2 else (0, 1)
        )


def test_the_load_tells_two_contacts_in_one_place_apart():
    tracker = ContactTracker()
    tracker.update([contact(10, 10, load=90), contact(10, 13, load=10)])
    between = [contact(10, 11.5, load=11), contact(11, 11.5, load=88)]
    assert tracker.update(between) == (1, 0)


def test_the_least_distance_in_all_is_taken_not_the_least_distance():
    tracker = ContactTracker()
    tracker.update([contact(5, 0), contact(5, 4)])
    assert tracker.update([contact(5, 2.5), contact(5, 6.5)]) == (0, 1)


@pytest.mark.parametrize("loads", [(30, 10), (10, 30), (20, 20)])
def test_grown_together_the_largest_load_keeps_its_number(loads):
    tracker = ContactTracker()
    parts = contact(10, 10, load=loads[0]), contact(10, 14, load=loads[1])
    numbers = tracker.update(parts)
    largest = min(numbers) if loads[0] == loads[1] else numbers[loads.index(max(loads))]
    assert tracker.update([grown_together(*parts)]) == (largest,)
    assert tracker.update([grown_together(*parts)]) == (largest,)


def test_a_small_heavy_contact_keeps_its_number_in_a_wide_light_one():
    tracker = ContactTracker()
    heavy, wide = contact(10, 10, load=60), contact(10, 20, size=15, load=50)
    assert tracker.update([heavy, wide]) == (0, 1)
    assert tracker.update([grown_together(heavy, wide)]) == (0,)


@pytest.mark.parametrize("loads", [(30, 10), (10, 30)])
def test_come_apart_the_largest_load_keeps_the_number(loads):
    tracker = ContactTracker()
    parts = contact(10, 8, load=loads[0]), contact(10, 14, load=loads[1])
    tracker.update([grown_together(*parts)])
    numbers = tracker.update(parts)
    assert numbers[loads.index(max(loads))] == 0
    assert sorted(numbers) == [0, 1]


def test_pressed_again_in_time_it_is_the_same_contact():
    tracker = ContactTracker()
    press = contact(5, 5)
    for pause, number in ((0, 0), (2, 0), (3, 1), (2, 1)):
        for _ in range(pause):
            assert tracker.update([], patience=3) == ()
        assert tracker.update([press], patience=3) == (number,)


def test_one_that_is_felt_goes_before_one_that_was_lifted_there():
    tracker = ContactTracker()
    tracker.update([contact(5, 5, load=90), contact(5, 9, load=10)], patience=5)
    for column in (8, 7, 6, 5):
        assert tracker.update([contact(5, column, load=10)], patience=5) == (1,)


def test_round_a_finger_it_keeps_its_number_over_the_seam():
    tracker = ContactTracker()
    for step in range(12):
        row, other = (28 + step) % 32, 12 - step
        found = [contact(row, 4, load=20), contact(other, 4, load=10)]
        assert tracker.update(found, (32.0, np.inf)) == (0, 1)


def test_many_contacts_keep_their_numbers():
    tracker = ContactTracker()
    grid = [contact(5 * row, 5 * column) for row in range(12) for column in range(12)]
    slid = [contact(5 * row + 1, 5 * column + 2) for row in range(12) for column in range(12)]
    assert tracker.update(grid) == tracker.update(slid) == tuple(range(144))


def test_the_nearest_contact_keeps_the_number():
    tracker = ContactTracker()
    tracker.update([contact(5, 5, size=5)])
    assert tracker.update([contact(8, 5), contact(6, 5)]) == (1, 0)


def test_after_a_reset_numbers_go_on():
    tracker = ContactTracker()
    tracker.update([contact(5, 5)])
    tracker.reset()
    assert tracker.update([contact(5, 5)]) == (1,)


eighths = st.integers(0, 240).map(lambda n: n / 8)  # sums of them are exact
contacts_of_a_frame = st.lists(
    st.builds(contact, eighths, eighths, st.integers(2, 9), st.integers(1, 20).map(float)),
    max_size=5,
)
recordings = st.lists(contacts_of_a_frame, min_size=1, max_size=6)


@given(frames=recordings, patience=st.integers(1, 3))
def test_numbers_are_unique_in_a_frame_and_never_come_back(frames, patience):
    tracker = ContactTracker()
    last_seen, highest = {}, -1
    for time, frame in enumerate(frames):
        numbers = tracker.update(frame, patience=patience)
        assert len(set(numbers)) == len(numbers) == len(frame)
        for number in numbers:
            assert number > highest or time - last_seen[number] <= patience
        last_seen |= dict.fromkeys(numbers, time)
        highest = max([highest, *numbers])


@given(frames=recordings, shift=st.tuples(st.integers(-99, 99), st.integers(-99, 99)))
def test_tracking_does_not_depend_on_where_the_contacts_lie(frames, shift):
    here, there = ContactTracker(), ContactTracker()
    for frame in frames:
        moved = [
            replace(
                one,
                row=one.row + shift[0],
                column=one.column + shift[1],
                box=tuple(side + shift[axis % 2] for axis, side in enumerate(one.box)),
            )
            for one in frame
        ]
        assert here.update(frame, patience=2) == there.update(moved, patience=2)


@given(frames=recordings, round_the_finger=st.sampled_from([NO_PERIODS, (31.0, inf), (inf, 31.0)]))
def test_pairs_that_are_not_tried_would_be_too_far_apart(frames, round_the_finger):
    with pytest.MonkeyPatch.context() as patch:
        numbers = []
        for few in (0, 10**6):
            patch.setattr(tracking, "FEW", few)
            tracker = ContactTracker()
            numbers.append([tracker.update(frame, round_the_finger, 2) for frame in frames])
    assert numbers[0] == numbers[1]


@given(frames=recordings, data=st.data())
def test_permuting_the_contacts_of_a_frame_permutes_their_numbers(frames, data):
    one, other = ContactTracker(), ContactTracker()
    for frame in frames:
        order = data.draw(st.permutations(range(len(frame))))
        numbers, permuted = one.update(frame), other.update([frame[index] for index in order])
        identical = len(set(map(repr, frame))) < len(frame)
        assert identical or permuted == tuple(numbers[index] for index in order)
        if identical:
            return


@pytest.mark.parametrize("count", [0, 1, 40])
def test_a_still_frame_keeps_all_numbers(count):
    tracker = ContactTracker()
    contacts = [contact(10 * k, 0) for k in range(count)]
    assert tracker.update(contacts) == tracker.update(contacts) == tuple(range(count))
