"""Contacts begin and end by counts of frames; where they lie plays no part."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.contact_state import ContactState, Rules, rules_of
from tactile_equiv.contacts import Contact, Texture
from tactile_equiv.percept import Percept, perceive
from tactile_equiv.picture import label_of
from tactile_equiv.settings import Settings

TEXTURE = Texture(("felt",), np.ones(1))
EMPTY = np.zeros((1, 1), np.float32)
USUAL = Rules(0.5, 1, 1)


def contact(row=5.0, column=5.0, probability=0.9, size=3, load=9.0):
    top, left = int(row) - size // 2, int(column) - size // 2
    box = (top, left, top + size, left + size)
    return Contact(row, column, size**2, 1.0, load, box, False, TEXTURE, probability)


def percept(*contacts):
    return Percept(EMPTY, EMPTY, contacts, TEXTURE if contacts else None, EMPTY[0], 0)


def seen(state, frames, rules):
    """Numbers after each frame, given as its contacts."""
    return [state.update(percept(*frame), rules).numbers for frame in frames]


def pressed(pattern):
    """Frames with one contact where there is an x, with a weak one where there is a w."""
    of = {"x": (contact(),), "w": (contact(probability=0.4),), ".": ()}
    return [of[letter] for letter in pattern]


def as_text(numbers):
    return "".join(str(frame[0]) if frame else "." for frame in numbers)


@pytest.mark.parametrize(
    ("on", "off", "pattern", "expected"),
    [
        (1, 1, ".xx.x.", ".00.1."),
        (3, 1, ".xxxx.xx.", "...00...."),
        (1, 3, ".x..x...x", ".000000.1"),
        (2, 2, "x.xx.x..xx", "...0000..1"),
        (1, 1, "ww.x", "...1"),
        (1, 1, "wxww.", ".000."),
        (2, 1, "xwxx", "...0"),
        (1, 2, "x.w.w..", "000000."),
    ],
)
def test_counts_of_frames_and_thresholds(on, off, pattern, expected):
    assert as_text(seen(ContactState(), pressed(pattern), Rules(0.5, on, off))) == expected


def test_by_default_the_percept_stays_as_it_is():
    state = ContactState()
    for found in (percept(), percept(contact()), percept(contact(), contact(20, 20)), percept()):
        assert state.update(found, USUAL).percept is found


def test_a_contact_that_is_not_felt_has_its_place_and_nothing_else():
    state, rules = ContactState(), Rules(0.5, 1, 2)
    state.update(percept(contact(7.3, 9.8)), rules)
    followed = state.update(percept(), rules)
    (held,) = followed.percept.contacts
    assert (held.row, held.column, held.box) == (7.3, 9.8, (7, 10, 7, 10))
    assert (held.area, held.load, held.peak, held.probability) == (0, 0.0, 0.0, 0.0)
    assert not held.felt
    assert followed.percept.texture is None


def test_a_contact_that_has_not_begun_takes_nothing_from_one_that_has():
    state, rules = ContactState(), Rules(0.5, 3, 1)
    old = contact()
    for _ in range(3):
        state.update(percept(old), rules)
    followed = state.update(percept(contact(20, 20, load=90), old), rules)
    assert followed.numbers == (0,)
    assert followed.percept.contacts == (old,)
    assert followed.percept.texture is TEXTURE


def test_a_flicker_of_two_into_one_ends_no_contact():
    state, rules = ContactState(), Rules(0.5, 1, 3)
    parts = contact(10, 8, load=20), contact(10, 12, load=10)
    assert state.update(percept(*parts), rules).numbers == (0, 1)
    both = replace(contact(10, 9.3, load=30), box=(9, 7, 12, 14))
    assert state.update(percept(both), rules).numbers == (0, 1)
    assert state.update(percept(*parts), rules).numbers == (0, 1)


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.7, 0.9])
def test_a_contact_on_the_threshold_begins(threshold):
    """Contact maps are float32, and so is the threshold that they reach."""
    on = contact(probability=float(np.float32(threshold)))
    rules = rules_of(Settings(contact_threshold=threshold))
    assert ContactState().update(percept(on), rules).numbers == (0,)


def test_a_picture_says_which_contact_is_not_felt():
    assert label_of(contact(), 3) == "3: felt 1.00"
    assert label_of(contact().lost(), 3) == "3: not felt"


def test_rules_may_change_at_any_time():
    state = ContactState()
    assert state.update(percept(contact()), USUAL).numbers == (0,)
    assert state.update(percept(contact()), Rules(0.95, 9, 1)).numbers == (0,)
    assert state.update(percept(), Rules(0.95, 9, 9)).numbers == (0,)
    assert state.update(percept(), USUAL).numbers == ()


def test_after_a_reset_contacts_are_new():
    state, rules = ContactState(), Rules(0.5, 2, 5)
    assert seen(state, pressed("xx"), rules)[-1] == (0,)
    state.reset()
    assert seen(state, pressed(".xx"), rules) == [(), (), (1,)]


eighths = st.integers(16, 200).map(lambda n: n / 8)
frames_of_contacts = st.lists(
    st.lists(st.builds(contact, eighths, eighths, st.sampled_from([0.3, 0.6])), max_size=3),
    max_size=8,
)
all_rules = st.builds(Rules, st.just(0.5), st.integers(1, 3), st.integers(1, 3))


@given(frames_of_contacts, all_rules, st.integers(-40, 40), st.integers(-40, 40))
def test_shifted_frames_have_the_same_contacts_shifted(frames, rules, down, right):
    def shifted(one):
        top, left, bottom, end = one.box
        box = (top + down, left + right, bottom + down, end + right)
        return replace(one, row=one.row + down, column=one.column + right, box=box)

    here, there = ContactState(), ContactState()
    for frame in frames:
        one = here.update(percept(*frame), rules)
        other = there.update(percept(*map(shifted, frame)), rules)
        assert one.numbers == other.numbers
        felt = [shifted(c) for c in one.percept.contacts if c.felt]
        assert felt == [c for c in other.percept.contacts if c.felt]


@given(frames_of_contacts, all_rules)
def test_numbers_end_once(frames, rules):
    state, ended, before = ContactState(), set(), set()
    for frame in frames:
        numbers = set(state.update(percept(*frame), rules).numbers)
        ended |= before - numbers
        assert not numbers & ended
        before = numbers


def test_the_probability_of_a_contact_is_the_highest_of_its_taxels(small_model):
    frame = np.zeros((16, 18), np.float32)
    frame[3:7, 4:9] = np.random.default_rng(3).uniform(0.5, 2.0, (4, 5))
    for one in perceive(small_model, frame, contact_threshold=0.05).contacts:
        top, left, bottom, right = one.box
        inside = perceive(small_model, frame).contact_map[top:bottom, left:right]
        assert one.probability == inside.max()
