"""Contacts: touched regions of the contact map, each with its place, load and texture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from tactile_equiv.frame import BoolArray, FloatArray
from tactile_equiv.pooling import pool
from tactile_equiv.touched_regions import Box, Region

if TYPE_CHECKING:  # the engines of a model are slow to import
    from tactile_equiv.model import Model

LabelArray = NDArray[np.int32]

HALO = 2
"""Taxels around a contact's box whose energy still counts for its centroid."""

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
        row, column: energy centroid, in taxels from the centre of the first taxel.
        area: touched taxels.
        peak: highest pressure, sensor units above tare and dead-zone.
        load: sum of the pressure, same units.
        box: first row, first column, last row + 1, last column + 1.
        clipped: the contact meets the border, so part of it may lie outside the sensor.
        texture: class of this contact alone; contacts nearer than 2R to each other mix.
    """

    row: float
    column: float
    area: int
    peak: float
    load: float
    box: Box
    clipped: bool
    texture: Texture

    def enlarged(self, cell: int) -> Contact:
        """The same contact in smaller taxels, `cell` x `cell` of them for each."""
        top, left, bottom, right = self.box
        return replace(
            self,
            row=cell * self.row + (cell - 1) / 2,
            column=cell * self.column + (cell - 1) / 2,
            area=self.area * cell**2,
            load=self.load * cell**2,
            box=(top * cell, left * cell, bottom * cell, right * cell),
        )


def find_contacts(
    model: Model,
    regions: Sequence[Region],
    pressure: FloatArray,
    threshold: float,
    min_area: int,
) -> tuple[Contact, ...]:
    """Contacts of all regions, each with the texture of its own part of the canvas.

    Args:
        model: gives the classifier.
        regions: responses of the network, which do not overlap.
        pressure: (H, W) sensor units.
        threshold: contact probability from which a taxel is touched.
        min_area: smaller components are dropped, taxels.

    Returns:
        The contacts, largest load first; where loads are equal, by box.
    """
    found = [
        contact
        for region in regions
        for contact in _contacts_of(model, _Components.of(region, pressure, threshold), min_area)
    ]
    return tuple(sorted(found, key=lambda contact: (-contact.load, contact.box)))


def texture_of(model: Model, pooled: FloatArray) -> Texture:
    """The texture class of pooled features (2F,)."""
    return Texture(model.card.classes, model.classifier.scores(pooled))


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
        stats: (n, 5) left, top, width, height and area of every component.
        pressure: (h, w) of the region, sensor units.
        sensor: rows and columns of the sensor.
    """

    region: Region
    labels: LabelArray
    stats: LabelArray
    pressure: FloatArray
    sensor: tuple[int, ...]

    @staticmethod
    def of(region: Region, pressure: FloatArray, threshold: float) -> _Components:
        """Components of the taxels whose probability is at least `threshold`, and above 0."""
        touched = (region.contact_map >= max(threshold, SMALLEST)).view(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(touched, connectivity=8)
        top, left, bottom, right = region.box
        return _Components(region, labels, stats, pressure[top:bottom, left:right], pressure.shape)

    def contact(self, label: int, weight: FloatArray, texture: Texture) -> Contact:
        """One component as a contact; its centroid is that of `weight` (h, w)."""
        left, top, width, height, area = self.stats[label].tolist()
        down, right = self.region.box[:2]
        row, column = energy_centroid(weight, (top, left, top + height, left + width))
        inside = slice(top, top + height), slice(left, left + width)
        pressures = self.pressure[inside][self.labels[inside] == label]  # (area,)
        box = (down + top, right + left, down + top + height, right + left + width)
        return Contact(
            row=down + row,
            column=right + column,
            area=area,
            peak=float(pressures.max()),
            load=float(pressures.sum(dtype=np.float64)),
            box=box,
            clipped=min(box[:2]) == 0 or box[2] == self.sensor[0] or box[3] == self.sensor[1],
            texture=texture,
        )


def _contacts_of(model: Model, components: _Components, min_area: int) -> list[Contact]:
    region, labels = components.region, components.labels
    areas = components.stats[:, cv2.CC_STAT_AREA].tolist()
    kept = [label for label in range(1, len(areas)) if areas[label] >= min_area]
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
        texture = texture_of(model, pool(region.canvas, cells))
        weight = np.where(region.on_sensor(cells), energy, np.float32(0))
        contacts.append(components.contact(label, weight, texture))
    return contacts


def _nearest_component(region: Region, labels: LabelArray, large: BoolArray) -> LabelArray:
    """Label of the large component nearest (chessboard) to every cell of the canvas, (h', w')."""
    seeds = np.zeros(region.canvas.shape[1:], np.int32)
    region.on_sensor(seeds)[...] = np.where(large[labels], labels, 0)
    free = (seeds == 0).view(np.uint8)
    _, regions = cv2.distanceTransformWithLabels(
        free, cv2.DIST_C, 3, labelType=cv2.DIST_LABEL_CCOMP
    )
    of_region = np.zeros(int(regions.max()) + 1, np.int32)
    of_region[regions[seeds > 0]] = seeds[seeds > 0]
    nearest: LabelArray = of_region[regions]
    return nearest
