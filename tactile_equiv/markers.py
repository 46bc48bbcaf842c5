"""Percepts as markers for RViz and Foxglove: the skin's heat map and its contacts, in metres.

The markers lie in the sensor's frame: the origin is the centre of the first taxel, x runs along the
columns (to the right in the overlay), y along the rows (downwards) and z, which completes a
right-handed frame, away from who sees the skin as the overlay shows it, as in the optical frames of
REP 103. A pixel of `~/contacts` times the pitch is therefore a point in metres.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from geometry_msgs.msg import Point, Vector3
from numpy.typing import NDArray
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from tactile_equiv.contacts import Contact
from tactile_equiv.frame import FloatArray
from tactile_equiv.percept import Percept
from tactile_equiv.picture import colour_of, full_scale_of, heat_map, label_of

CELLS = 1500
"""A skin of more taxels is drawn in square blocks of them, about so many."""
PLATE = (25, 25, 25)
SEEN = 0.6
"""Opacity of the contacts, through which the heat map is seen."""


class Pitch(NamedTuple):
    """Distances of neighbouring rows and columns, metres."""

    row: float
    col: float

    @property
    def known(self) -> bool:
        """Whether both are given; 0 stands for unknown."""
        return self.row > 0 and self.col > 0


def contact_markers(
    header: Header, percept: Percept, numbers: Sequence[int], pitch: Pitch
) -> MarkerArray:
    """All markers of one frame; the first one deletes those of the frame before.

    Args:
        header: of the frame; its `frame_id` is the sensor's.
        percept: what was felt.
        numbers: a number for each contact.
        pitch: of the taxels, known.

    Returns:
        Namespaces "skin" (a plate), "pressure" (a cell for each pressed or invalid block of taxels,
        coloured as in the overlay), "contacts" (flat cylinders with the area of the contact, orange
        where clipped), "over_seam" (the same once more, on the other side of the seam that the
        contact crosses) and "labels" (number, class, score); the last three have the numbers as
        ids.
    """
    found = [Marker(header=header, action=Marker.DELETEALL), _plate(header, percept, pitch)]
    found += _pressure(header, percept, pitch)
    for contact, number in zip(percept.contacts, numbers, strict=True):
        found.append(_label(header, contact, number, pitch))
        if not contact.felt:
            continue
        found.append(_cylinder(header, contact, number, pitch))
        other = _beyond_the_seam(contact, percept)
        found += [_cylinder(header, other, number, pitch, "over_seam")] if other else []
    return MarkerArray(markers=found)


def _beyond_the_seam(contact: Contact, percept: Percept) -> Contact | None:
    """A contact that crosses the seam, a turn away: its centroid lies off the unrolled skin."""
    top, left, bottom, right = contact.box
    rows, columns = percept.periods
    if bottom > rows:
        return replace(contact, row=contact.row + (rows if contact.row < top else -rows))
    if right > columns:
        away = columns if contact.column < left else -columns
        return replace(contact, column=contact.column + away)
    return None


def _plate(header: Header, percept: Percept, pitch: Pitch) -> Marker:
    """The whole skin, half a taxel larger than its taxels' centres, just behind the cells."""
    rows, columns = percept.pressure.shape
    marker = _marker(header, "skin", 0, Marker.CUBE)
    marker.pose.position.x = (columns - 1) / 2 * pitch.col
    marker.pose.position.y = (rows - 1) / 2 * pitch.row
    marker.pose.position.z = 0.2 * min(pitch)
    marker.scale = Vector3(x=columns * pitch.col, y=rows * pitch.row, z=0.1 * min(pitch))
    marker.color = _colour(PLATE)
    return marker


def _pressure(header: Header, percept: Percept, pitch: Pitch) -> list[Marker]:
    """One list of cells, none on untouched skin."""
    cells, side = blocks(percept)
    rows, columns = np.nonzero(np.isnan(cells) | (cells > 0))
    if not len(rows):
        return []
    marker = _marker(header, "pressure", 0, Marker.CUBE_LIST)
    marker.scale = Vector3(x=side * pitch.col, y=side * pitch.row, z=0.2 * min(pitch))
    x = (columns * side + (side - 1) / 2) * pitch.col
    y = (rows * side + (side - 1) / 2) * pitch.row
    marker.points = [Point(x=a, y=b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    heat = heat_map(cells, full_scale_of(percept.pressure), 1)[rows, columns]
    marker.colors = [_colour(colour) for colour in heat.tolist()]
    return [marker]


def blocks(percept: Percept) -> tuple[FloatArray, int]:
    """The highest pressure in squares of taxels, NaN where all are invalid, and their side."""
    pressure = percept.pressure
    invalid = np.isnan(percept.contact_map)
    side = max(1, math.ceil(math.sqrt(pressure.size / CELLS)))
    rows, columns = (math.ceil(extent / side) for extent in pressure.shape)
    missing = rows * side - pressure.shape[0], columns * side - pressure.shape[1]
    lowest = np.where(invalid, np.float32(-np.inf), pressure)
    padded = cv2.copyMakeBorder(
        lowest, 0, missing[0], 0, missing[1], cv2.BORDER_CONSTANT, value=-math.inf
    )
    highest: NDArray[np.float32] = padded.reshape(rows, side, columns, side).max(axis=(1, 3))
    return np.where(np.isinf(highest), np.float32(np.nan), highest), side


def _cylinder(
    header: Header, contact: Contact, number: int, pitch: Pitch, namespace: str = "contacts"
) -> Marker:
    marker = _marker(header, namespace, number, Marker.CYLINDER)
    marker.pose.position.x = contact.column * pitch.col
    marker.pose.position.y = contact.row * pitch.row
    diameter = 2 * math.sqrt(contact.area * pitch.row * pitch.col / math.pi)
    marker.scale = Vector3(x=diameter, y=diameter, z=0.6 * min(pitch))
    marker.color = _colour(colour_of(contact), SEEN)
    return marker


def _label(header: Header, contact: Contact, number: int, pitch: Pitch) -> Marker:
    """Number, class and score, above the contact's box as the overlay shows it."""
    marker = _marker(header, "labels", number, Marker.TEXT_VIEW_FACING)
    marker.scale.z = 2 * max(pitch)
    marker.pose.position.x = contact.column * pitch.col
    marker.pose.position.y = (contact.box[0] - 0.5) * pitch.row - marker.scale.z
    marker.pose.position.z = -marker.scale.z
    marker.color = _colour(colour_of(contact))
    marker.text = label_of(contact, number)
    return marker


def _marker(header: Header, namespace: str, number: int, kind: int) -> Marker:
    marker = Marker(header=header, ns=namespace, id=number % 2**31, type=kind, action=Marker.ADD)
    marker.pose.orientation.w = 1.0
    return marker


def _colour(colour: Iterable[int], opacity: float = 1.0) -> ColorRGBA:
    """From blue, green, red in [0, 255]."""
    blue, green, red = (part / 255 for part in colour)
    return ColorRGBA(r=red, g=green, b=blue, a=opacity)
