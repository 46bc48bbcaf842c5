"""Contacts keep their number from frame to frame."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tactile_equiv.contacts import Contact
from tactile_equiv.topology import NO_PERIODS, apart


class ContactTracker:
    """Greedy, by nearest centroid: a contact keeps its number while it moves less than its size."""

    def __init__(self) -> None:
        self._next = 0
        self._known: dict[int, Contact] = {}

    def reset(self) -> None:
        """Forget all contacts; numbers go on."""
        self._known = {}

    def update(
        self, contacts: Sequence[Contact], periods: tuple[float, float] = NO_PERIODS
    ) -> tuple[int, ...]:
        """Numbers of the contacts of the next frame, in their order.

        Args:
            contacts: of the frame.
            periods: after how many taxels rows and columns repeat, see `topology.periods`.
        """
        pairs = sorted(
            (distance, number, index)
            for number, known in self._known.items()
            for index, contact in enumerate(contacts)
            if (distance := _distance(known, contact, periods)) <= _reach(known)
        )
        numbers: dict[int, int] = {}
        taken: set[int] = set()
        for _, number, index in pairs:
            if index not in numbers and number not in taken:
                numbers[index] = number
                taken.add(number)
        for index in range(len(contacts)):
            if index not in numbers:
                numbers[index] = self._next
                self._next += 1
        self._known = {numbers[index]: contact for index, contact in enumerate(contacts)}
        return tuple(numbers[index] for index in range(len(contacts)))


def _distance(one: Contact, other: Contact, periods: tuple[float, float]) -> float:
    down = apart(one.row, other.row, periods[0])
    right = apart(one.column, other.column, periods[1])
    return math.hypot(down, right)


def _reach(contact: Contact) -> float:
    top, left, bottom, right = contact.box
    return float(max(bottom - top, right - left))
