"""Contacts: touched regions of the contact map, each with its place, load and texture.

Round a finger a contact goes on over the seam. Its box then begins in [0, n) and ends beyond n; a
contact that goes all the way round has the lines 0 to n. Its centroid lies in [0, n) and is that of
the contact unrolled; of one all the way round it is the mean direction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from tactile_equiv.frame import BoolArray, FloatArray
from tactile_equiv.topology import Box, begun_on_skin, moved, on_skin, opening, taken
from tactile_equiv.touched_regions import Region

if TYPE_CHECKING:  # the engines of a model are slow to import
    from tactile_equiv.model import Model

LabelArray = NDArray[np.int32]

HALO = 2
"""Taxels around a contact's box whose energy still counts for its centroid."""

DIRECTIONLESS = 1e-6
"""Weights round a ring whose resultant is a smaller share of their sum favour no direction."""

SMALLEST = float(np.finfo(np.float32).smallest_subnormal)


@dataclass(frozen=True)
class Texture:
    """A texture class and how sure the network is.

    Attributes:
        names: all classes of the model, K.
        scores: probability of every class, (K,), summing to 1.
    """

    names: tuple[str, ...]
    scores: NDArray[np.float64]

    @property
    def index(self) -> int:
        """Index of the best class."""
        return int(self.scores.argmax())

    @property
    def name(self) -> str:
        """Name of the best class."""
        return self.names[self.index]

    @property
    def score(self) -> float:
        """Probability of the best class, in [0, 1]."""
        return float(self.scores.max())


@dataclass(frozen=True)
class Contact:
    """One touched region (8-connected component of the contact map above the threshold).

    Attributes:
        row, column: energy centroid, in taxels from the centre of the first taxel; below n on an
            axis of n lines that wraps.
        area: touched taxels.
        peak: highest pressure, sensor units above tare and dead-zone.
        load: sum of the pressure, same units.
        box: first row, first column, last row + 1, last column + 1; beyond the size of the sensor
            where the contact crosses the seam.
        clipped: the contact meets the border, so part of it may lie outside the sensor.
        texture: class of this contact alone; contacts nearer than 2R to each other mix.
        probability: highest contact probability of its taxels, in [0, 1].
        filled: invalid taxels among those that its centroid, load and texture rest on, which were
            filled from their neighbours: in its box or at most `HALO` from it.
    """

    row: float
    column: float
    area: int
    peak: float
    load: float
    box: Box
    clipped: bool
    texture: Texture
    probability: float = 1.0
    filled: int = 0

    @property
    def felt(self) -> bool:
        """False of a contact that goes on without being felt, see `lost`."""
        return self.area > 0

    def lost(self) -> Contact:
        """The same contact in a frame that has nothing of it: its last place, without extent."""
        row, column = round(self.row), round(self.column)
        box = row, column, row, column
        return replace(self, area=0, peak=0.0, load=0.0, probability=0.0, box=box)

    def enlarged(self, cell: int, periods: tuple[float, float]) -> Contact:
        """The same contact in smaller taxels, `cell` x `cell` of them for each.

        Args:
            cell: along each side.
            periods: after how many of the smaller taxels rows and columns repeat.
        """
        top, left, bottom, right = self.box
        return replace(
            self,
            row=(cell * self.row + (cell - 1) / 2) % periods[0],
            column=(cell * self.column + (cell - 1) / 2) % periods[1],
            area=self.area * cell**2,
            load=self.load * cell**2,
            filled=self.filled * cell**2,
            box=(top * cell, left * cell, bottom * cell, right * cell),
        )


def find_contacts(
    model: Model,
    regions: Sequence[Region],
    pressure: FloatArray,
    threshold: float,
    min_area: int,
    axis: int | None = None,
) -> tuple[Contact, ...]:
    """Contacts of all regions, each with the texture of its own part of the canvas.

    Args:
        model: gives the classifier.
        regions: responses of the network, which do not overlap.
        pressure: (H, W) sensor units.
        threshold: contact probability from which a taxel is touched.
        min_area: smaller components are dropped, taxels.
        axis: of the sensor that wraps round a finger; None on a plane.

    Returns:
        The contacts, largest load first; where loads are equal, by box.
    """
    found = [
        contact
        for region in regions
        for contact in _contacts_of(
            model, _Components.of(region, pressure, threshold, axis), min_area
        )
    ]
    return tuple(sorted(found, key=lambda contact: (-contact.load, contact.box)))


def texture_of(model: Model, pooled: FloatArray) -> Texture:
    """The texture class of pooled features (P,)."""
    return Texture(model.card.classes, model.classifier.scores(pooled))


def with_filled(contact: Contact, invalid: BoolArray, axis: int | None) -> Contact:
    """A contact that knows how many of its taxels are invalid (H, W) and were filled."""
    top, left, bottom, right = contact.box
    box = [top - HALO, left - HALO, bottom + HALO, right + HALO]
    for side in (0, 1):
        if side != axis:
            box[side], box[side + 2] = max(box[side], 0), min(box[side + 2], invalid.shape[side])
        elif box[side + 2] - box[side] > invalid.shape[side]:
            box[side], box[side + 2] = 0, invalid.shape[side]
    inside = taken(invalid, (box[0], box[1], box[2], box[3]), axis)
    return replace(contact, filled=int(np.count_nonzero(inside)))


def energy_centroid(weight: FloatArray, box: Box) -> tuple[float, float]:
    """Centroid (row, column) of weights (H, W) >= 0 in and around `box`, taxels.

    Weights further than `HALO` from the box are noise and do not count; the middle of the box where
    all are 0. Measured from the box, so that the rounding does not depend on where it lies.
    """
    top, left = max(box[0] - HALO, 0), max(box[1] - HALO, 0)
    wide = weight[top : box[2] + HALO, left : box[3] + HALO].astype(np.float64)
    total = wide.sum()
    if total <= 0:
        return (box[0] + box[2] - 1) / 2, (box[1] + box[3] - 1) / 2
    rows = np.arange(top - box[0], top - box[0] + wide.shape[0])
    columns = np.arange(left - box[1], left - box[1] + wide.shape[1])
    return (
        box[0] + float(wide.sum(axis=1) @ rows / total),
        box[1] + float(wide.sum(axis=0) @ columns / total),
    )


@dataclass(frozen=True)
class _Components:
    """Connected components of the contact map of one region.

    Attributes:
        region: where.
        labels: (h, w) component of every taxel, 0 for none.
        areas: taxels of every component.
        boxes: of every component, in the region.
        pressure: (h, w) of the region, sensor units.
        sensor: rows and columns of the sensor.
        axis: of the sensor that wraps.
    """

    region: Region
    labels: LabelArray
    areas: list[int]
    boxes: list[Box]
    pressure: FloatArray
    sensor: tuple[int, ...]
    axis: int | None

    @staticmethod
    def of(region: Region, pressure: FloatArray, threshold: float, axis: int | None) -> _Components:
        """Components of the taxels whose probability is at least `threshold`, and above 0."""
        touched = (region.contact_map >= max(threshold, SMALLEST)).view(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(touched, connectivity=8)
        rows: list[list[int]] = stats.tolist()
        areas = [row[cv2.CC_STAT_AREA] for row in rows]
        boxes = [(top, left, top + h, left + w) for left, top, w, h, _ in rows]
        if region.ring is not None:
            labels = joined_round(labels, region.ring)
            areas = np.bincount(labels.ravel(), minlength=len(areas)).tolist()
            boxes = [_arc(labels == label, region.ring) for label in range(len(areas))]
        inside = taken(pressure, region.box, axis)
        return _Components(region, labels, areas, boxes, inside, pressure.shape, axis)

    def contact(self, label: int, weight: FloatArray, texture: Texture) -> Contact:
        """One component as a contact; its centroid is that of `weight` (h, w)."""
        ring, (down, along) = self.region.ring, self.region.box[:2]
        local = self.boxes[label]
        mine = taken(self.labels, local, ring) == label
        pressures = taken(self.pressure, local, ring)[mine]  # (area,)
        box = moved(local, down, along)
        row, column = self._centroid(label, weight)
        return Contact(
            row=on_skin(down + row, 0, self.axis, self.sensor),
            column=on_skin(along + column, 1, self.axis, self.sensor),
            area=self.areas[label],
            peak=float(pressures.max()),
            load=float(pressures.sum(dtype=np.float64)),
            box=begun_on_skin(box, self.axis, self.sensor),
            clipped=_at_border(box, self.sensor, self.axis),
            texture=texture,
            probability=float(taken(self.region.contact_map, local, ring)[mine].max()),
        )

    def _centroid(self, label: int, weight: FloatArray) -> tuple[float, float]:
        box, ring = self.boxes[label], self.region.ring
        if ring is None:
            return energy_centroid(weight, box)
        lines = weight.shape[ring]
        if box[ring + 2] - box[ring] == lines:
            return ring_centroid(weight, box, ring)
        first = box[ring] - (lines - box[ring + 2] + box[ring]) // 2  # the middle of the gap
        start = (first, 0) if ring == 0 else (0, first)
        open_box = moved(box, -start[0], -start[1])
        unrolled = taken(
            weight, (*start, start[0] + weight.shape[0], start[1] + weight.shape[1]), ring
        )
        row, column = energy_centroid(unrolled, open_box)
        return start[0] + row, start[1] + column


def ring_centroid(weight: FloatArray, box: Box, axis: int) -> tuple[float, float]:
    """Centroid (row, column) of a contact all the way round: along `axis` the mean direction.

    Mardia and Jupp, Directional Statistics, 2000, section 2.2. Weights that favour no direction
    have the first line.
    """
    centroid = list(energy_centroid(weight, box))
    by_line = weight.sum(axis=1 - axis, dtype=np.float64)  # (n,)
    turn = 2 * np.pi / len(by_line)
    mean = complex(by_line @ np.exp(1j * turn * np.arange(len(by_line))))
    favoured = abs(mean) > DIRECTIONLESS * by_line.sum()
    centroid[axis] = float(np.angle(mean)) / turn if favoured else 0.0
    return centroid[0], centroid[1]


def joined_round(labels: LabelArray, axis: int) -> LabelArray:
    """Components (h, w) whose last and first line along `axis` touch, also at a corner, are one."""
    lines = np.moveaxis(labels, axis, 0)  # a view
    last, first = np.pad(lines[-1], 1), np.pad(lines[0], 1)
    of = np.arange(int(labels.max(initial=0)) + 1, dtype=np.int32)
    for beside in (-1, 0, 1):
        for one, other in zip(last, np.roll(first, beside), strict=True):
            if one and other and of[one] != of[other]:
                of[of == of[one]] = of[other]
    joined: LabelArray = of[labels]
    return joined


def _arc(mine: BoolArray, axis: int) -> Box:
    """Box of the taxels of one component (h, w) of a ring; it begins in the ring."""
    if not mine.any():
        return 0, 0, 0, 0
    lines = np.logical_or.reduce(mine, axis=1 - axis)
    across = np.flatnonzero(mine.any(axis=axis))
    start, gap = opening(lines)
    first = (start + gap - gap // 2) % len(lines) if gap else 0
    last = first + len(lines) - gap
    left, right = int(across[0]), int(across[-1]) + 1
    return (first, left, last, right) if axis == 0 else (left, first, right, last)


def _at_border(box: Box, sensor: tuple[int, ...], axis: int | None) -> bool:
    """Whether a box meets one of the borders that the sensor has."""
    top, left, bottom, right = box
    at_end = axis != 0 and (top == 0 or bottom == sensor[0])
    return at_end or (axis != 1 and (left == 0 or right == sensor[1]))


def _contacts_of(model: Model, components: _Components, min_area: int) -> list[Contact]:
    region, labels = components.region, components.labels
    areas = components.areas
    kept = [label for label in range(1, len(areas)) if areas[label] >= max(min_area, 1)]
    if not kept:
        return []
    large = np.zeros(len(areas), np.bool_)
    large[kept] = True
    energy = region.contact_map * components.pressure  # (h, w)
    if len(kept) < len(areas) - 1:
        energy[(labels > 0) & ~large[labels]] = 0  # speckle
    if len(kept) == 1:
        return [components.contact(kept[0], energy, texture_of(model, region.pooled))]
    nearest = _nearest_component(region, labels, large)
    contacts = []
    for label in kept:
        cells = nearest == label  # (h', w')
        texture = texture_of(model, region.pooled_of(cells))
        weight = np.where(region.on_sensor(cells), energy, np.float32(0))
        contacts.append(components.contact(label, weight, texture))
    return contacts


def _nearest_component(region: Region, labels: LabelArray, large: BoolArray) -> LabelArray:
    """Label of the large component nearest (chessboard) to every cell of the canvas, (h', w')."""
    seeds = np.zeros(region.canvas.shape[1:], np.int32)
    region.on_sensor(seeds)[...] = np.where(large[labels], labels, 0)
    if region.ring is None:
        return _nearest_seed(seeds)
    periods_of_seeds = np.concatenate([seeds] * 3, axis=region.ring)
    return np.split(_nearest_seed(periods_of_seeds), 3, axis=region.ring)[1]


def _nearest_seed(seeds: LabelArray) -> LabelArray:
    """The value > 0 nearest (chessboard) to every cell (h, w)."""
    free = (seeds == 0).view(np.uint8)
    _, regions = cv2.distanceTransformWithLabels(
        free, cv2.DIST_C, 3, labelType=cv2.DIST_LABEL_CCOMP
    )
    of_region = np.zeros(int(regions.max()) + 1, np.int32)
    of_region[regions[seeds > 0]] = seeds[seeds > 0]
    nearest: LabelArray = of_region[regions]
    return nearest
