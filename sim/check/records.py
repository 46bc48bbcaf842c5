"""What was injected and what was perceived, frame by frame; no ROS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.topology import NO_PERIODS

Frame = NDArray[Any]
"""(H, W) or (H, W, C), sensor units, as published."""


@dataclass(frozen=True)
class TrueContact:
    """One contact as it was injected.

    Attributes:
        row, column: energy centroid of the ideal, uncut pressure, taxels from the centre of the
            first taxel; below the period of an axis that wraps.
        angle: radians.
        load: newtons, or the unit of the recording.
        label: texture class.
        clipped: part of the contact lies outside the sensor.
        margin: taxels from the contact's mask to the nearest border; 0 = it lies in a border row.
        felt_whole: also what is felt around the touched area lies on the sensor, so that
            whole-taxel shifts of the contact give exactly shifted frames.
    """

    row: float
    column: float
    angle: float
    load: float
    label: str
    clipped: bool = False
    margin: float = 0.0
    felt_whole: bool = True

    @property
    def kind(self) -> tuple[str, float, float]:
        """Contacts of one kind (label, angle, load) differ in their place only."""
        return self.label, self.angle, self.load


@dataclass(frozen=True)
class Injected:
    """One frame of the sensor, with the truth.

    Attributes:
        stamp_ns: header stamp, unique.
        move: name of the move of the script.
        contacts: what is pressed, in the order of the script; empty = nothing.
        frame: as published, or None where it was not recorded.
        ideal: the same frame of a sensor without imperfections, same unit; None = the frame itself.
        sent_ns: when it was published, on the clock of the stamps; None = at its stamp.
        lost: the simulated sensor dropped it, so no answer is due.
        periods: after how many taxels rows and columns repeat, see `topology.periods`.
    """

    stamp_ns: int
    move: str
    contacts: tuple[TrueContact, ...]
    frame: Frame | None = None
    ideal: Frame | None = None
    sent_ns: int | None = None
    lost: bool = False
    periods: tuple[float, float] = NO_PERIODS

    @property
    def published_ns(self) -> int:
        """When it was published."""
        return self.stamp_ns if self.sent_ns is None else self.sent_ns

    @property
    def contained(self) -> bool:
        """Something is pressed, and all that is felt of it lies on the sensor."""
        inside = all(contact.felt_whole and not contact.clipped for contact in self.contacts)
        return bool(self.contacts) and inside


@dataclass(frozen=True)
class SeenContact:
    """One contact as it was perceived; row and column as in `TrueContact`."""

    row: float
    column: float
    clipped: bool = False


@dataclass(frozen=True)
class Perceived:
    """The answer to one frame.

    Attributes:
        stamp_ns: stamp of the frame that it answers.
        received_ns: when the last of its messages came, on the clock of the stamps.
        contact_map: (H, W), or None when none came.
        label: best class of the whole frame; None when none was given.
        scores: score of each class that was published.
        contacts: the contacts, or None when none came.
    """

    stamp_ns: int
    received_ns: int
    contact_map: NDArray[np.float32] | None = None
    label: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    contacts: tuple[SeenContact, ...] | None = None

    @property
    def complete(self) -> bool:
        """Contact map and contacts came, and a class where there is a contact."""
        classified = self.label is not None or not self.contacts
        return self.contact_map is not None and self.contacts is not None and classified
