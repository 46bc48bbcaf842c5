"""Which frames of several patches belong together."""

from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.patch_sets import PatchSets

PATCHES = ("thumb", "index", "palm", "back")


def played(arrivals, max_age_s=1.0, names=PATCHES):
    """The sets that frames (time, patch, frame) make; those still open at the end are not there."""
    sets, found = PatchSets(names, max_age_s, arrivals[0][0]), []
    for now, name, frame in arrivals:
        found.append(sets.overdue(now))
        found.append(sets.ended_by([name]))
        found.append(sets.add({name: frame}, now))
    return [one for one in found if one]


def bursts(count, orders, patches=PATCHES, period=0.1):
    return [
        (number * period + place * 0.001, name, number)
        for number in range(count)
        for place, name in enumerate(n for n in orders[number % len(orders)] if n in patches)
    ]


ORDERS = st.lists(st.permutations(PATCHES), min_size=1, max_size=3)


@given(orders=ORDERS, cut=st.integers(0, 7))
def test_sets_become_bursts_wherever_listening_began(orders, cut):
    found = played(bursts(8, orders)[cut:])
    for one in found[-4:]:
        assert set(one) == set(PATCHES)
        assert len(set(one.values())) == 1


@given(orders=ORDERS, cut=st.integers(0, 7), first=st.integers(0, 3))
def test_every_frame_is_in_one_set_and_in_order(orders, cut, first):
    arrivals = bursts(6, orders)[cut:]
    for name in PATCHES:
        given_frames = [frame for _, patch, frame in arrivals if patch == name]
        taken = [one[name] for one in played(arrivals) if name in one]
        assert taken == given_frames[: len(taken)]
        assert len(taken) >= len(given_frames) - 1


def test_a_patch_that_is_not_there_holds_up_the_others_for_a_short_time_only():
    found = played(bursts(20, [PATCHES], patches=PATCHES[:3]), max_age_s=0.5)
    assert all(set(one) == set(PATCHES[:3]) for one in found)
    assert len(found) == 20  # the last one does not wait for a next


def test_a_patch_that_comes_late_joins_the_others_burst():
    arrivals = bursts(12, [PATCHES], patches=PATCHES[1:])
    late = [(at, name, n) for at, name, n in bursts(12, [PATCHES]) if name == "thumb" and n > 7]
    moved = [(at + 0.005, name, number) for at, name, number in late]
    found = played(sorted(arrivals + moved), max_age_s=0.5)
    for one in found[-3:]:
        assert set(one) == set(PATCHES)
        assert len(set(one.values())) == 1


def test_a_slow_patch_does_not_slow_the_others():
    quick = [(n / 100, "thumb", n) for n in range(100)]
    slow = [(n / 10 + 0.003, "palm", n) for n in range(10)]
    found = played(sorted(quick + slow), names=("thumb", "palm"))
    assert sum("thumb" in one for one in found) >= 98
    assert sum("palm" in one for one in found) == 10


def test_frames_of_one_message_are_a_set():
    sets = PatchSets(PATCHES[:2], 1.0, 0.0)
    for number in range(3):
        message = dict.fromkeys(PATCHES[:2], number)
        assert sets.ended_by(message) == {}
        assert sets.add(message, number) == message


def test_a_refused_frame_counts_as_having_come_and_is_not_in_the_set():
    sets = PatchSets(PATCHES[:2], 1.0, 0.0)
    assert sets.add({"thumb": None}, 0.0) == {}
    assert sets.add({"index": 7}, 0.001) == {"index": 7}


def test_a_set_that_waits_too_long_ends():
    sets = PatchSets(PATCHES, 1.0, 0.0)
    assert sets.add({"thumb": 1}, 0.5) == {}
    assert sets.overdue(1.4) == {}
    assert sets.overdue(1.6) == {"thumb": 1}
    assert sets.overdue(9.0) == {}
