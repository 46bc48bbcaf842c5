"""From a frame to a percept. `perceive` is the one place where the order of steps is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import FrameError
from tactile_equiv.frame import BoolArray, FloatArray, level

if TYPE_CHECKING:  # the engines of a model are slow to import
    from tactile_equiv.model import Model

LabelArray = NDArray[np.int32]

HALO = 2
"""Taxels around a contact's box whose energy still counts for its centroid."""


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
    box: tuple[int, int, int, int]
    clipped: bool
    texture: Texture


@dataclass(frozen=True)
class Percept:
    """What was felt in one frame.

    Attributes:
        contact_map: (H, W) probability of contact in [0, 1]; NaN = invalid taxel.
        pressure: (H, W) tared and dead-zoned, sensor units; the sum of magnitudes over channels.
        contacts: the contacts, largest load first.
        texture: class of the whole frame; None when nothing is touched.
        pooled: (2F,) pooled features of the whole frame, exactly 0.0 when the skin is empty.
        invalid: number of invalid taxels.
    """

    contact_map: FloatArray
    pressure: FloatArray
    contacts: tuple[Contact, ...]
    texture: Texture | None
    pooled: FloatArray
    invalid: int


def perceive(
    model: Model,
    frame: NDArray[Any],
    tare: FloatArray | None = None,
    *,
    contact_threshold: float = 0.5,
    min_contact_area: int = 2,
) -> Percept:
    """Perceive one frame: level, network, contacts, texture.

    Args:
        model: a loaded model.
        frame: (H, W) or (H, W, C), sensor units; NaN = invalid taxel.
        tare: the untouched sensor, shaped as the frame, or None for a sensor that rests at 0.
        contact_threshold: contact probability from which a taxel is touched.
        min_contact_area: smaller components are no contact, taxels.

    Raises:
        FrameError: if the frame cannot be perceived; `reason` names why.
    """
    levelled = level(frame, model.card.normalisation, tare)
    channels, expected = levelled.pressure.shape[0], model.card.architecture.input_channels
    if channels != expected:
        raise FrameError(
            "channels",
            f"frame has {channels} channels but model {model.card.name!r} was trained on "
            f"{expected}: choose a model of this kind of sensor",
        )
    contact_map, canvas = model.backend.run(levelled.network_input)
    with np.errstate(over="ignore"):
        pooled = pool(canvas)
    if not np.isfinite(pooled).all():
        raise FrameError(
            "range",
            f"frame reaches {np.abs(levelled.pressure).max():.3g}, too much for the network: "
            "check the driver's units",
        )
    pressure = np.abs(levelled.pressure).sum(axis=0)  # (H, W)
    contacts = find_contacts(
        model, contact_map, canvas, pressure, contact_threshold, min_contact_area, pooled
    )
    return Percept(
        contact_map=np.where(levelled.invalid, np.float32(np.nan), contact_map),
        pressure=pressure,
        contacts=contacts,
        texture=_texture(model, pooled) if contacts else None,
        pooled=pooled,
        invalid=int(levelled.invalid.sum()),
    )


def pool(canvas: FloatArray, cells: BoolArray | None = None) -> FloatArray:
    """Sum f and sqrt(sum f^2) over the canvas (F, H', W'), or some cells (H', W') of it -> (2F,).

    Accumulated in float64, so that a shifted contact gives the same float32 bits.
    """
    chosen = canvas.reshape(canvas.shape[0], -1) if cells is None else canvas[:, cells]  # (F, n)
    wide = chosen.astype(np.float64)
    energy = np.einsum("fn,fn->f", wide, wide)
    return np.concatenate([wide.sum(axis=1), np.sqrt(energy)]).astype(np.float32)


def find_contacts(
    model: Model,
    contact_map: FloatArray,
    canvas: FloatArray,
    pressure: FloatArray,
    threshold: float,
    min_area: int,
    whole: FloatArray,
) -> tuple[Contact, ...]:
    """Contacts of a contact map (H, W), each with the texture of its own part of the canvas.

    Args:
        model: gives the classifier and the receptive radius.
        contact_map: (H, W) contact probability.
        canvas: (F, H + 2R, W + 2R) features.
        pressure: (H, W) sensor units.
        threshold: contact probability from which a taxel is touched.
        min_area: smaller components are dropped, taxels.
        whole: (2F,) pooled features of the whole canvas, reused when there is one contact.
    """
    touched = ((contact_map >= threshold) & (contact_map > 0)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(touched, connectivity=8)
    kept = [k for k in range(1, count) if stats[k, cv2.CC_STAT_AREA] >= min_area]
    if not kept:
        return ()
    radius = model.card.architecture.radius
    nearest = np.pad(labels, radius) if len(kept) == 1 else _nearest_component(labels, kept, radius)
    speckle = (labels > 0) & ~np.isin(labels, kept)
    energy = np.where(speckle, np.float32(0), contact_map * pressure)  # (H, W)
    contacts = []
    for k in kept:
        if len(kept) == 1:
            pooled, weight = whole, energy
        else:
            pooled = pool(canvas, nearest == k)
            weight = np.where(_crop(nearest, radius) == k, energy, np.float32(0))
        contacts.append(_contact(labels == k, stats[k], weight, pressure, _texture(model, pooled)))
    return tuple(sorted(contacts, key=lambda contact: -contact.load))


def _contact(
    taxels: BoolArray, stats: LabelArray, weight: FloatArray, pressure: FloatArray, texture: Texture
) -> Contact:
    left, top, width, height, area = (int(value) for value in stats)
    box = (top, left, top + height, left + width)
    row, column = energy_centroid(weight, box)
    rows, columns = taxels.shape
    return Contact(
        row=row,
        column=column,
        area=area,
        peak=float(pressure[taxels].max()),
        load=float(pressure[taxels].sum(dtype=np.float64)),
        box=box,
        clipped=top == 0 or left == 0 or box[2] == rows or box[3] == columns,
        texture=texture,
    )


def energy_centroid(weight: FloatArray, box: tuple[int, int, int, int]) -> tuple[float, float]:
    """Centroid (row, column) of weights (H, W) >= 0 in and around `box`, taxels.

    Weights further than `HALO` from the box are noise and do not count; the middle of the box where
    all are 0. Measured from the box, so that the rounding does not depend on where it lies.
    """
    top, left = max(box[0] - HALO, 0), max(box[1] - HALO, 0)
    wide = weight[top : box[2] + HALO, left : box[3] + HALO].astype(np.float64)
    total = wide.sum()
    if total <= 0:
        return (box[0] + box[2] - 1) / 2, (box[1] + box[3] - 1) / 2
    rows = np.arange(wide.shape[0]) + top - box[0]
    columns = np.arange(wide.shape[1]) + left - box[1]
    return (
        box[0] + float(wide.sum(axis=1) @ rows / total),
        box[1] + float(wide.sum(axis=0) @ columns / total),
    )


def _texture(model: Model, pooled: FloatArray) -> Texture:
    return Texture(model.card.classes, model.classifier.scores(pooled))


def _nearest_component(labels: LabelArray, kept: list[int], radius: int) -> LabelArray:
    """Label of the kept component nearest (chessboard) to every canvas cell, (H + 2R, W + 2R)."""
    seeds = np.pad(np.where(np.isin(labels, kept), labels, 0), radius)
    free = (seeds == 0).astype(np.uint8)
    _, regions = cv2.distanceTransformWithLabels(
        free, cv2.DIST_C, 3, labelType=cv2.DIST_LABEL_CCOMP
    )
    of_region = np.zeros(int(regions.max()) + 1, np.int32)
    of_region[regions[seeds > 0]] = seeds[seeds > 0]
    nearest: LabelArray = of_region[regions]
    return nearest


def _crop(canvas: LabelArray, radius: int) -> LabelArray:
    rows, columns = canvas.shape
    return canvas[radius : rows - radius, radius : columns - radius]
