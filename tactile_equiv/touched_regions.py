"""Exact sparse evaluation: the network sees only where the skin is touched.

Untouched skin is exactly 0.0 at every layer, and every layer grows the canvas by its own reach. So
the response to a contact is 0.0 further than the receptive radius R from it, and a box around the
contact, evaluated alone, gives all of that response: no halo of input is needed. Responses to
contacts more than 2R apart do not overlap, so each such contact has a box of its own.

The boxes depend on what is touched, not on where it lies: a contact that moves by whole taxels is
evaluated in a box of the same size, by the same instructions, to the same bits.

Round a finger the skin is cut open in the middle of its widest gap. Where that is wider than 2R no
response meets the seam, and the open skin is a plane. Otherwise all lines are one box that closes
to a ring: it is continued periodically by R on both sides, and of the answer one period is kept.
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
from tactile_equiv.pooling import no_sums, pool, pooled_features, pooled_sums
from tactile_equiv.topology import Box, grown, moved, opening, put, taken

if TYPE_CHECKING:  # the engines of a model are slow to import
    from tactile_equiv.model import Model

Answer = tuple[FloatArray, FloatArray]
"""Contact map (h, w) and feature canvas (F, h + 2R, w + 2R) of one run of the network."""

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
        box: the taxels of `contact_map`: the touched box and R around it, cut at the border; it may
            go on beyond the seam of a skin round a finger.
        origin: row and column of the first canvas cell, in taxels; negative beyond the border.
        contact_map: (h, w) probability of contact.
        canvas: (F, h', w') features: all of the response, also what lies beyond the border.
        ring: the axis along which the last line is beside the first; None = the box ends.
        correlations: whether pooled features tell how far features go together.
    """

    box: Box
    origin: tuple[int, int]
    contact_map: FloatArray
    canvas: FloatArray
    ring: int | None = None
    correlations: bool = False

    def on_sensor(self, cells: NDArray[Any]) -> NDArray[Any]:
        """The canvas cells (..., h', w') that lie on the taxels of the map, a view (..., h, w)."""
        return cells[(..., *_taxels(self.box, self.origin))]

    @cached_property
    def sums(self) -> NDArray[np.float64]:
        """Over the canvas, see `pooling.pooled_sums`."""
        return pooled_sums(self.canvas, products=self.correlations)

    @cached_property
    def pooled(self) -> FloatArray:
        """Pooled features of the canvas, (P,)."""
        return pooled_features(self.sums)

    def pooled_of(self, cells: BoolArray) -> FloatArray:
        """Pooled features of some cells (h', w') of the canvas, (P,)."""
        return pool(self.canvas, cells, self.correlations)


@dataclass(frozen=True)
class Evaluation:
    """What the network answers to a frame.

    Attributes:
        contact_map: (H, W) probability of contact.
        sums: over the whole canvas, see `pooling.pooled_sums`.
        regions: where there is a response; they do not overlap, and no contact spans two of them.
    """

    contact_map: FloatArray
    sums: NDArray[np.float64]
    regions: tuple[Region, ...]

    @cached_property
    def pooled(self) -> FloatArray:
        """Pooled features of the whole canvas, (P,)."""
        return self.regions[0].pooled if len(self.regions) == 1 else pooled_features(self.sums)


@dataclass(frozen=True)
class Plan:
    """What the network has to be run on to answer a frame, and what its answers make.

    Attributes:
        model, levelled: the frame, and the model that is asked.
        boxes: the touched boxes.
        whole: the network is run on the whole frame, otherwise on each box alone.
    """

    model: Model
    levelled: Level
    boxes: tuple[Box, ...]
    whole: bool

    def inputs(self) -> list[FloatArray]:
        """What to run the network on, each (C, h, w) in network units."""
        if not self.whole:
            return [self.levelled.network_input_of(self._continued(box)) for box in self.boxes]
        if self._axis is None:
            return [self.levelled.network_input]
        return [self.levelled.network_input_of(self._continued(self._frame))]

    def evaluation(self, answers: Sequence[Answer]) -> Evaluation:
        """The evaluation, from the answers of the network to `inputs`."""
        if self.whole:
            return self._of_whole(*answers[0])
        pairs, axis = zip(self.boxes, answers, strict=True), self._axis
        regions = tuple(self._alone(box, canvas) for box, (_, canvas) in pairs)
        contact_map = np.zeros(self.levelled.magnitude.shape, np.float32)
        for region in regions:
            put(contact_map, region.box, region.contact_map, axis)
        untouched = no_sums(self.model.card.architecture.channels[-1], self._correlations)
        sums = sum((region.sums for region in regions), untouched)
        return Evaluation(contact_map, sums, regions)

    @property
    def _axis(self) -> int | None:
        return self.levelled.axis

    @property
    def _frame(self) -> Box:
        return 0, 0, *self.levelled.magnitude.shape

    @property
    def _radius(self) -> int:
        return self.model.card.architecture.radius

    @property
    def _correlations(self) -> bool:
        return self.model.card.architecture.correlations

    def _ring(self, box: Box) -> int | None:
        """The axis along which a box goes all the way round; None where it does not."""
        axis = self._axis
        if axis is None or box[axis + 2] - box[axis] < self._frame[axis + 2]:
            return None
        return axis

    def _continued(self, box: Box) -> Box:
        """What of the skin has to be seen: of a ring R lines more on both sides."""
        ring = self._ring(box)
        return box if ring is None else grown(box, self._radius, ring)

    def _of_whole(self, contact_map: FloatArray, canvas: FloatArray) -> Evaluation:
        frame = self._frame
        ring = self._ring(frame)
        if ring is not None:
            contact_map = np.ascontiguousarray(_one_period(contact_map, ring, self._radius))
            canvas = _one_period(canvas, ring, 2 * self._radius)
        origin = self._responding(frame)[:2]
        whole = Region(frame, origin, contact_map, canvas, ring, self._correlations)
        one = self.model.contact_head is None or (ring is None and len(self.boxes) == 1)
        parts = (whole,) if one else tuple(self._part(whole, box) for box in self.boxes)
        return Evaluation(contact_map, whole.sums, parts)

    def _part(self, whole: Region, box: Box) -> Region:
        """The region of a touched box, cut out of that of the whole frame."""
        responding, (row, column) = self._responding(box), whole.origin
        reached = self._on_skin(responding)
        contact_map = taken(whole.contact_map, reached, self._axis)
        canvas = taken(whole.canvas, moved(responding, -row, -column), self._axis)
        ring = self._ring(box)
        return Region(reached, responding[:2], contact_map, canvas, ring, self._correlations)

    def _alone(self, box: Box, canvas: FloatArray) -> Region:
        """The region of a touched box that was evaluated alone, to the canvas (F, h', w')."""
        assert self.model.contact_head is not None
        ring = self._ring(box)
        if ring is not None:
            canvas = _one_period(canvas, ring, 2 * self._radius)
        responding = self._responding(box)
        reached, origin = self._on_skin(responding), responding[:2]
        on_sensor = canvas[(..., *_taxels(reached, origin))]
        contact_map = self.model.contact_head.probability(on_sensor)
        return Region(reached, origin, contact_map, canvas, ring, self._correlations)

    def _responding(self, box: Box) -> Box:
        """The canvas of a touched box: R more on all sides where it ends, also beyond a border."""
        ring, radius = self._ring(box), self._radius
        down, along = (0 if ring == 0 else radius), (0 if ring == 1 else radius)
        return box[0] - down, box[1] - along, box[2] + down, box[3] + along

    def _on_skin(self, box: Box) -> Box:
        """A box cut at the borders that there are."""
        top, left, bottom, right = box
        (rows, columns), axis = self.levelled.magnitude.shape, self._axis
        if axis != 0:
            top, bottom = max(top, 0), min(bottom, rows)
        if axis != 1:
            left, right = max(left, 0), min(right, columns)
        return top, left, bottom, right


def plan(model: Model, levelled: Level, whole_frame: bool = False) -> Plan:
    """Run the network where the skin is touched; once on the whole frame where that costs less.

    Args:
        model: one without a contact head is run on whole frames, and all of it is one region.
        levelled: the frame.
        whole_frame: run the network on the whole frame whatever it costs.
    """
    if model.contact_head is None:
        return Plan(model, levelled, (), whole=True)
    radius = model.card.architecture.radius
    rows, columns = levelled.magnitude.shape
    boxes = tuple(_boxes(levelled, radius))
    worthwhile = WORTHWHILE * cost([(0, 0, rows, columns)], radius)
    return Plan(model, levelled, boxes, whole_frame or cost(boxes, radius) > worthwhile)


def evaluate(model: Model, levelled: Level, whole_frame: bool = False) -> Evaluation:
    """What the network answers to a frame; the arguments are those of `plan`."""
    planned = plan(model, levelled, whole_frame)
    return planned.evaluation([model.backend.run(part) for part in planned.inputs()])


def _boxes(levelled: Level, radius: int) -> list[Box]:
    """Touched boxes of a frame; round a finger one ring, or those of the skin cut open."""
    touched, axis = levelled.magnitude > 0, levelled.axis
    if axis is None:
        return touched_boxes(touched, radius)
    lines = np.moveaxis(levelled.pressure, axis + 1, 0)  # (n, C, m)
    occupied = np.logical_or.reduce(touched, axis=1 - axis)
    first, gap = opening(occupied, lambda number: lines[number].tobytes())
    start = (first, 0) if axis == 0 else (0, first)
    open_skin = moved((0, 0, *touched.shape), *start)
    boxes = touched_boxes(taken(touched, open_skin, axis), radius)
    if boxes and gap <= 2 * radius:
        boxes = [_ring_around(boxes, axis, touched.shape[axis])]
    return [moved(box, *start) for box in boxes]


def _ring_around(boxes: Sequence[Box], axis: int, lines: int) -> Box:
    """All lines of the wrapped axis, of the other one what the boxes hold."""
    first = min(box[1 - axis] for box in boxes)
    last = max(box[3 - axis] for box in boxes)
    return (0, first, lines, last) if axis == 0 else (first, 0, last, lines)


def _one_period(cells: NDArray[Any], axis: int, by: int) -> NDArray[Any]:
    """Cells (..., h, w) of a ring without the `by` lines on both sides that continue it."""
    lines = slice(by, cells.shape[axis - 2] - by)
    return cells[..., lines, :] if axis == 0 else cells[..., lines]


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
        moved(box, top + rows.start, left + columns.start)
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


def _taxels(box: Box, origin: tuple[int, int]) -> tuple[slice, slice]:
    """The rows and columns of a canvas that lie on the taxels of a box."""
    (row, column), (top, left, bottom, right) = origin, box
    return slice(top - row, bottom - row), slice(left - column, right - column)
