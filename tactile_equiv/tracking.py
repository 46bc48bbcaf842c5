"""Contacts keep their number from frame to frame.

A contact of the last frame may be one of this frame if that lies within its reach (the longer side
of its box), counted from where it was or from where it would be by its last steps; or if the middle
of one lies in the box of the other. Of all ways to pair them, the one of least total cost is taken
(`assignment`): the squared distance to the predicted place over the reach, and a little for another
load. Then, where contacts have grown together, the one of the largest load keeps its number, and
where one came apart, its part of the largest load does.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from tactile_equiv.assignment import Pair, assigned
from tactile_equiv.contacts import Contact
from tactile_equiv.topology import NO_PERIODS, Box, apart

ANOTHER_LOAD = 0.25
NOT_FELT = 0.5
ALONE = 2.0
"""Costs: of a load that is 0 or infinitely larger, of a contact that was not felt in the last
frame, of one that is paired with none. The largest distance costs 1."""

FEW = 16
"""Up to so many pairs are all tried."""

Periods = tuple[float, float]


class _Track(NamedTuple):
    """A contact that is followed: as last felt, its step from frame to frame, frames since then."""

    contact: Contact
    down: float
    right: float
    missed: int


class ContactTracker:
    """Follows the contacts of one sensor; numbers are never used again."""

    def __init__(self) -> None:
        self._next = 0
        self._tracks: dict[int, _Track] = {}

    def reset(self) -> None:
        """Forget all contacts; numbers go on."""
        self._tracks = {}

    def update(
        self, contacts: Sequence[Contact], periods: Periods = NO_PERIODS, patience: int = 1
    ) -> tuple[int, ...]:
        """Numbers of the contacts of the next frame, in their order.

        Args:
            contacts: of the frame.
            periods: after how many taxels rows and columns repeat, see `topology.periods`.
            patience: a contact is forgotten after so many frames without it.
        """
        if not contacts and not self._tracks:
            return ()
        order: Sequence[int] = range(len(contacts))
        if len(contacts) > 1:
            order = sorted(order, key=lambda index: _rank(contacts[index]))
        ordered = [contacts[index] for index in order]
        numbers = self._numbers(ordered, periods)
        tracks = {
            number: self._followed(number, contact, periods)
            for number, contact in zip(numbers, ordered, strict=True)
        }
        if patience > 1:
            for number, track in self._tracks.items():
                if number not in tracks and track.missed + 1 < patience:
                    tracks[number] = _Track(track.contact, 0.0, 0.0, track.missed + 1)
        self._tracks = tracks
        of_index = dict(zip(order, numbers, strict=True))
        return tuple(of_index[index] for index in range(len(contacts)))

    def _numbers(self, contacts: Sequence[Contact], periods: Periods) -> list[int]:
        costs = _costs(self._tracks, contacts, periods)
        index_of = assigned(costs, ALONE)
        if len(index_of) < max(len(self._tracks), len(contacts)):
            _grown_together(index_of, costs, self._tracks, contacts, periods)
            _come_apart(index_of, costs, self._tracks, contacts, periods)
        number_of = {index: number for number, index in index_of.items()}
        for index in range(len(contacts)):
            if index not in number_of:
                number_of[index] = self._next
                self._next += 1
        return [number_of[index] for index in range(len(contacts))]

    def _followed(self, number: int, contact: Contact, periods: Periods) -> _Track:
        before = self._tracks.get(number)
        if before is None or before.missed:
            return _Track(contact, 0.0, 0.0, 0)
        down, right = _step(before.contact, contact, periods)
        return _Track(contact, (before.down + down) / 2, (before.right + right) / 2, 0)


def _rank(contact: Contact) -> tuple[float, Box, float, float]:
    """Contacts are taken in this order, so that the answer does not depend on theirs."""
    return -contact.load, contact.box, contact.row, contact.column


def _costs(
    tracks: dict[int, _Track], contacts: Sequence[Contact], periods: Periods
) -> dict[Pair, float]:
    """Cost of every possible pair of number and index."""
    if len(tracks) * len(contacts) <= FEW:
        pairs: Iterable[Pair] = product(tracks, range(len(contacts)))
    else:
        pairs = _near(tracks, contacts, across=math.isfinite(periods[0]))
    costs: dict[Pair, float] = {}
    for pair in pairs:
        cost = _cost(tracks[pair[0]], contacts[pair[1]], periods)
        if cost is not None:
            costs[pair] = cost
    return costs


def _near(tracks: dict[int, _Track], contacts: Sequence[Contact], across: bool) -> Iterator[Pair]:
    """All pairs but those that are too far apart along the rows, or `across` them.

    Of the two axes, the one along which the skin does not repeat.
    """
    places = sorted((c.column if across else c.row, i) for i, c in enumerate(contacts))
    widest = max(_reach(contact) for contact in contacts)
    for number, track in tracks.items():
        here = track.contact.column if across else track.contact.row
        step = track.right if across else track.down
        far = max(_reach(track.contact), widest) + abs(step) + 1
        first = bisect_left(places, (here - far, -1))
        last = bisect_right(places, (here + far, len(contacts)))
        yield from ((number, index) for _, index in places[first:last])


def _cost(track: _Track, contact: Contact, periods: Periods) -> float | None:
    """Of this contact being that one; None where it cannot be."""
    known = track.contact
    down, right = _step(known, contact, periods)
    reach = _reach(known)
    ahead = math.hypot(down - track.down, right - track.right)
    if min(ahead, math.hypot(down, right)) > reach and (
        max(abs(down), abs(right)) > max(reach, _reach(contact)) + 1
        or not (_within(known, contact.box, periods) or _within(contact, known.box, periods))
    ):
        return None
    total = known.load + contact.load
    change = (known.load - contact.load) / total if total else 0.0
    distance = min(ahead / reach, 1.0) ** 2
    return distance + ANOTHER_LOAD * change**2 + (NOT_FELT if track.missed else 0.0)


def _grown_together(
    index_of: dict[int, int],
    pairs: dict[Pair, float],
    tracks: dict[int, _Track],
    contacts: Sequence[Contact],
    periods: Periods,
) -> None:
    """Of several numbers in one contact, that of the largest load stays."""
    number_of = {index: number for number, index in index_of.items()}
    for number, index in pairs:
        rival, box = number_of.get(index), contacts[index].box
        if number in index_of or rival is None or tracks[number].missed:
            continue
        one, other = tracks[number].contact, tracks[rival].contact
        if (
            one.load > other.load
            and _within(one, box, periods)
            and (tracks[rival].missed or _within(other, box, periods))
        ):
            del index_of[rival]
            index_of[number] = index
            number_of[index] = number


def _come_apart(
    index_of: dict[int, int],
    pairs: dict[Pair, float],
    tracks: dict[int, _Track],
    contacts: Sequence[Contact],
    periods: Periods,
) -> None:
    """Of several contacts in the place of one, the one of the largest load has its number."""
    paired = set(index_of.values())
    for number, index in pairs:
        if index in paired or number not in index_of:
            continue
        one, other = contacts[index], contacts[index_of[number]]
        place = tracks[number].contact.box
        if (
            one.load > other.load
            and _within(one, place, periods)
            and _within(other, place, periods)
        ):
            paired.remove(index_of[number])
            paired.add(index)
            index_of[number] = index


def _step(one: Contact, other: Contact, periods: Periods) -> tuple[float, float]:
    return apart(other.row, one.row, periods[0]), apart(other.column, one.column, periods[1])


def _within(contact: Contact, box: Box, periods: Periods) -> bool:
    """Whether the centroid lies in a box or on a taxel beside it."""
    half = (box[2] - box[0]) / 2, (box[3] - box[1]) / 2
    down = apart(contact.row, box[0] + half[0] - 0.5, periods[0])
    right = apart(contact.column, box[1] + half[1] - 0.5, periods[1])
    return abs(down) <= half[0] + 0.5 and abs(right) <= half[1] + 0.5


def _reach(contact: Contact) -> float:
    top, left, bottom, right = contact.box
    return float(max(bottom - top, right - left))
