"""Frames of no contact and of several: what was seen of them. Numbers only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .pairing import Exchange
from .summaries import fraction, worst


@dataclass(frozen=True)
class ContactCounts:
    """Answers to frames in which not just one contact was pressed.

    Attributes:
        empty: answered frames in which nothing was pressed; empty_ripple: largest spread (maximum -
            minimum) of a contact map of theirs; empty_contacts: contacts seen in them.
        several: answered frames of several whole contacts; several_resolved: fraction of them in
            which as many were seen (contacts that touch each other may well be seen as one).
    """

    empty: int
    empty_ripple: float
    empty_contacts: int
    several: int
    several_resolved: float

    def to_json(self) -> dict[str, Any]:
        """The numbers by name."""
        return asdict(self)


def measure_contact_counts(exchanges: Sequence[Exchange]) -> ContactCounts:
    """Counts over exchanges with an ideal sensor."""
    empty = [e for e in exchanges if not e.injected.contacts]
    several = [e for e in exchanges if len(e.injected.contacts) > 1 and e.injected.contained]
    maps = [e.perceived.contact_map for e in empty if e.perceived.contact_map is not None]
    resolved = [len(e.perceived.contacts or ()) == len(e.injected.contacts) for e in several]
    return ContactCounts(
        empty=len(empty),
        empty_ripple=worst(float(np.ptp(values)) for values in maps),
        empty_contacts=sum(len(e.perceived.contacts or ()) for e in empty),
        several=len(several),
        several_resolved=fraction(sum(resolved), len(several)),
    )
