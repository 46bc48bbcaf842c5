"""Contacts keep their number from frame to frame."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.percept import Contact, Texture
from tactile_equiv.tracking import ContactTracker

TEXTURE = Texture(("felt",), np.ones(1))


def contact(row, column, size=3):
    top, left = round(row) - size // 2, round(column) - size // 2
    box = (top, left, top + size, left + size)
    return Contact(row, column, size * size, 1.0, 9.0, box, False, TEXTURE)


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
    assert tracker.update([contact(5, 11.5)]) == (1,)


def test_the_nearest_contact_keeps_the_number():
    tracker = ContactTracker()
    tracker.update([contact(5, 5, size=5)])
    assert tracker.update([contact(8, 5), contact(6, 5)]) == (1, 0)


def test_after_a_reset_numbers_go_on():
    tracker = ContactTracker()
    tracker.update([contact(5, 5)])
    tracker.reset()
    assert tracker.update([contact(5, 5)]) == (1,)


places = st.lists(st.tuples(st.floats(0, 30), st.floats(0, 30)), max_size=5)


@given(frames=st.lists(places, min_size=1, max_size=6))
def test_numbers_are_unique_in_a_frame_and_never_come_back(frames):
    tracker = ContactTracker()
    before, highest = set(), -1
    for frame in frames:
        numbers = tracker.update([contact(*place) for place in frame])
        assert len(set(numbers)) == len(numbers) == len(frame)
        fresh = set(numbers) - before
        assert all(number > highest for number in fresh)
        before, highest = set(numbers), max([highest, *numbers])


@given(frame=places, step=st.tuples(st.floats(-1, 1), st.floats(-1, 1)))
def test_tracking_does_not_depend_on_where_the_contacts_lie(frame, step):
    one, other = ContactTracker(), ContactTracker()
    for moved in (0, 1):
        here = [contact(r + moved * step[0], c + moved * step[1]) for r, c in frame]
        there = [contact(r + 64, c + 128) for r, c in ((k.row, k.column) for k in here)]
        numbers = one.update(here), other.update(there)
    assert len(numbers[0]) == len(numbers[1]) == len(frame)
    if len(frame) == 1:
        assert numbers[0] == numbers[1] == (0,)


@pytest.mark.parametrize("count", [0, 1, 40])
def test_a_still_frame_keeps_all_numbers(count):
    tracker = ContactTracker()
    contacts = [contact(10 * k, 0) for k in range(count)]
    assert tracker.update(contacts) == tracker.update(contacts) == tuple(range(count))
