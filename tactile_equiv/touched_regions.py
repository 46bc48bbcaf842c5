"""Exact sparse evaluation: the network sees only where the skin is touched.

Untouched skin is exactly 0.0 at every layer, and every layer grows the canvas by its own reach. So
the response to a contact is 0.0 further than the receptive radius R from it, and a box around the
contact, evaluated alone, gives all of that response: no halo of input is needed. Responses to
contacts more than 2R apart do not overlap, so each such contact has a box of its own.

The boxes depend on what is touched, not on where it lies: a contact that moves by whole taxels is
evaluated in a box of the same size, by the same instructions, to the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tactile_equiv.frame import BoolArray, FloatArray, Level
from tactile_equiv.pooling import pooled_features, pooled_sums

if TYPE_CHECKING:  # the engines of a model are slow to import
    from tactile_equiv.model import Model

Box = tuple[int, int, int, int]
"""First row, first column, last row + 1, last column + 1, in taxels."""

BOX_CELLS = 100
"""What one more box costs beside its area, in canvas cells (measured: two small boxes are faster
than the one around them from about 100 cells less on)."""

MOST_BOXES = 16
"""A part of the skin that would need more boxes than this is one box."""

WORTHWHILE = 0.9
"""Boxes that cost more than this share of the whole frame are not evaluated alone."""


@dataclass(frozen=True)
class Region:
    """The response to one box of touched taxels; 0.0 everywhere else.

    Attributes:
        box: the taxels of `contact_map`: the touched box and R around it, cut at the border.
        origin: row and column of the first canvas cell, in taxels; negative beyond the border.
        contact_map: (h, w) probability of contact.
        canvas: (F, h', w') features: all of the response, also what lies beyond the border.
    """

    box: Box
    origin: tuple[int, int]
    contact_map: FloatArray
    canvas: FloatArray

    def on_sensor(self, cells: NDArray[Any]) -> NDArray[Any]:
        """The canvas cells (..., h', w') that lie on the taxels of the map, a view (..., h, w)."""
        return cells[(..., *_taxels(self.box, self.origin))]

    @cached_property
    def sums(self) -> NDArray[np.float64]:
        """Sum f and sum f^2 over the canvas, (2, F)."""
        return pooled_sums(self.canvas)

    @cached_property
    def pooled(self) -> FloatArray:
        """Pooled features of the canvas, (2F,)."""
        return pooled_features(self.sums)


@dataclass(frozen=True)
class Evaluation:
    """What the network answers to a frame.

    Attributes:
        contact_map: (H, W) probability of contact.
        sums: (2, F) sum f and sum f^2 over the whole canvas.
        regions: where there is a response; they do not overlap, and no contact spans two of them.
    """

    contact_map: FloatArray
    sums: NDArray[np.float64]
    regions: tuple[Region, ...]

    @cached_property
    def pooled(self) -> FloatArray:
        """Pooled features of the whole canvas, (2F,)."""
        return self.regions[0].pooled if len(self.regions) == 1 else pooled_features(self.sums)


def evaluate(model: Model, levelled: Level, whole_frame: bool = False) -> Evaluation:
    """Run the network where the skin is touched; once on the whole frame where that costs less.

    Args:
        model: one without a contact head is run on whole frames, and all of it is one region.
        levelled: the frame.
        whole_frame: run the network on the whole frame whatever it costs.
    """
    if model.contact_head is None:
        whole = _whole(model, levelled)
        return Evaluation(whole.contact_map, whole.sums, (whole,))
    radius = model.card.architecture.radius
    rows, columns = levelled.magnitude.shape
    boxes = touched_boxes(levelled.magnitude > 0, radius)
    worthwhile = WORTHWHILE * cost([(0, 0, rows, columns)], radius)
    if whole_frame or cost(boxes, radius) > worthwhile:
        whole = _whole(model, levelled)
        parts = (whole,) if len(boxes) == 1 else tuple(_part(whole, box, radius) for box in boxes)
        return Evaluation(whole.contact_map, whole.sums, parts)
    regions = tuple(_alone(model, levelled, box) for box in boxes)
    contact_map = np.zeros((rows, columns), np.float32)
    sums = np.zeros((2, model.card.architecture.channels[-1]))
    for region in regions:
        top, left, bottom, right = region.box
        contact_map[top:bottom, left:right] = region.contact_map
        sums += region.sums
    return Evaluation(contact_map, sums, regions)


def touched_boxes(touched: BoolArray, radius: int) -> list[Box]:
    """Boxes that hold all touched taxels (H, W), each at least 2R + 2 taxels from the next one.

    So an untouched taxel is left between their responses, which reach R beyond them. Cut along
    empty rows and columns, again and again, where that lowers the cost.
    """
    left, top, width, height = cv2.boundingRect(touched.view(np.uint8))
    if not width:
        return []
    one = [(top, left, top + height, left + width)]
    gap = 2 * radius + 1
    if max(width, height) < gap + 2:
        return one
    inside = touched[top : top + height, left : left + width]
    pieces = [
        (slice(*rows), slice(*columns))
        for rows in _runs(np.logical_or.reduce(inside, axis=1), gap)
        for columns in _runs(np.logical_or.reduce(inside[slice(*rows)]), gap)
    ]
    if not 1 < len(pieces) <= MOST_BOXES:
        return one
    several = [
        _moved(box, top + rows.start, left + columns.start)
        for rows, columns in pieces
        for box in touched_boxes(inside[rows, columns], radius)
    ]
    return several if cost(several, radius) < cost(one, radius) else one


def cost(boxes: Sequence[Box], radius: int) -> int:
    """What the evaluation of boxes costs, in canvas cells."""
    grown = 2 * radius
    return sum(
        (bottom - top + grown) * (right - left + grown) + BOX_CELLS
        for top, left, bottom, right in boxes
    )


def _runs(occupied: BoolArray, gap: int) -> list[tuple[int, int]]:
    """First and last + 1 of the runs of a line (n,) that more than `gap` - 1 empty cells part."""
    if occupied.all():
        return [(0, len(occupied))]
    where = np.flatnonzero(occupied)
    breaks = np.flatnonzero(np.diff(where) > gap)
    firsts = where[np.concatenate([[0], breaks + 1])]
    lasts = where[np.concatenate([breaks, [-1]])]
    return list(zip(firsts.tolist(), (lasts + 1).tolist(), strict=True))


def _moved(box: Box, down: int, right: int) -> Box:
    return box[0] + down, box[1] + right, box[2] + down, box[3] + right


def _whole(model: Model, levelled: Level) -> Region:
    contact_map, canvas = model.backend.run(levelled.network_input)
    rows, columns = contact_map.shape
    radius = model.card.architecture.radius
    return Region((0, 0, rows, columns), (-radius, -radius), contact_map, canvas)


def _part(whole: Region, box: Box, radius: int) -> Region:
    """The region of a touched box, cut out of that of the whole frame."""
    top, left, bottom, right = reached = _reached(box, radius, whole.contact_map.shape)
    grown = 2 * radius
    return Region(
        reached,
        (box[0] - radius, box[1] - radius),
        whole.contact_map[top:bottom, left:right],
        whole.canvas[:, box[0] : box[2] + grown, box[1] : box[3] + grown],
    )


def _alone(model: Model, levelled: Level, box: Box) -> Region:
    """The region of a touched box, evaluated alone."""
    assert model.contact_head is not None
    radius = model.card.architecture.radius
    _, canvas = model.backend.run(levelled.network_input_of(box))  # (F, h + 2R, w + 2R)
    reached = _reached(box, radius, levelled.magnitude.shape)
    origin = box[0] - radius, box[1] - radius
    on_sensor = canvas[(..., *_taxels(reached, origin))]
    return Region(reached, origin, model.contact_head.probability(on_sensor), canvas)


def _taxels(box: Box, origin: tuple[int, int]) -> tuple[slice, slice]:
    """The rows and columns of a canvas that lie on the taxels of a box."""
    (row, column), (top, left, bottom, right) = origin, box
    return slice(top - row, bottom - row), slice(left - column, right - column)


def _reached(box: Box, radius: int, shape: tuple[int, ...]) -> Box:
    """The taxels that a touched box responds on."""
    top, left, bottom, right = box
    rows, columns = shape
    return (
        max(top - radius, 0),
        max(left - radius, 0),
        min(bottom + radius, rows),
        min(right + radius, columns),
    )
