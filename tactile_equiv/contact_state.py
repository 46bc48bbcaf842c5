"""When a contact begins and ends: thresholds with hysteresis, counted in frames.

The contacts of a frame depend on that frame alone, and shift with it. What is added here depends on
time and never on (row, column): a contact *begins* when it was felt above the upper threshold in so
many frames in a row, goes on while it is felt at all (above the lower threshold, from which a taxel
is touched), and *ends* after so many frames without it. Until then it is there without being felt
(`Contact.lost`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tactile_equiv.contacts import Contact
from tactile_equiv.percept import Percept
from tactile_equiv.settings import Settings
from tactile_equiv.tracking import ContactTracker


class Rules(NamedTuple):
    """When contacts begin and end.

    Attributes:
        threshold: contact probability that one of its taxels must reach for a contact to begin.
        on_frames: in so many frames in a row.
        off_frames: a contact ends in the frame that is so many frames after the last with it.
    """

    threshold: float = 0.0
    on_frames: int = 1
    off_frames: int = 1


def rules_of(settings: Settings) -> Rules:
    """The rules that parameters give; the threshold as contact maps (float32) are compared."""
    threshold = float(np.float32(settings.contact_threshold))
    return Rules(threshold, settings.contact_on_frames, settings.contact_off_frames)


class Followed(NamedTuple):
    """A percept with the contacts that have begun and not ended, and their numbers."""

    percept: Percept
    numbers: tuple[int, ...]


class _Known(NamedTuple):
    contact: Contact
    begun: bool
    frames: int
    """Until it begins: above the threshold, in a row. From then on: without it, in a row."""


class ContactState:
    """Follows the contacts of one sensor from frame to frame."""

    def __init__(self) -> None:
        self._tracker = ContactTracker()
        self._known: dict[int, _Known] = {}

    def reset(self) -> None:
        """Every contact is new from the next frame on."""
        self._tracker.reset()
        self._known = {}

    def update(self, percept: Percept, rules: Rules) -> Followed:
        """The next frame, with the contacts that count.

        Args:
            percept: of the frame alone.
            rules: of the moment; they may change at any time.

        Returns:
            The same percept where all its contacts count and no others do. Otherwise those that
            have begun, in their order, then those that are not felt; without a texture where none
            is felt.
        """
        contacts = percept.contacts
        numbers = self._tracker.update(contacts, percept.periods, rules.off_frames)
        if not contacts and not self._known:
            return Followed(percept, ())
        before, self._known = self._known, {}
        for number, contact in zip(numbers, contacts, strict=True):
            self._known[number] = _felt(before.get(number), contact, rules)
        lost = [
            (number, known.contact.lost())
            for number, known in before.items()
            if known.begun and number not in self._known and self._stays(number, known, rules)
        ]
        begun = [number for number in numbers if self._known[number].begun]
        if not lost and len(begun) == len(contacts):
            return Followed(percept, numbers)
        return Followed(
            replace(
                percept,
                contacts=(
                    *(self._known[number].contact for number in begun),
                    *(contact for _, contact in lost),
                ),
                texture=percept.texture if begun else None,
            ),
            (*begun, *(number for number, _ in lost)),
        )

    def _stays(self, number: int, known: _Known, rules: Rules) -> bool:
        """One more frame without a contact."""
        missed = known.frames + 1
        if missed >= rules.off_frames:
            return False
        self._known[number] = known._replace(frames=missed)
        return True


def _felt(before: _Known | None, contact: Contact, rules: Rules) -> _Known:
    if before is not None and before.begun:
        return _Known(contact, True, 0)
    if contact.probability < rules.threshold:
        return _Known(contact, False, 0)
    frames = 1 if before is None else before.frames + 1
    begun = frames >= rules.on_frames
    return _Known(contact, begun, 0 if begun else frames)
