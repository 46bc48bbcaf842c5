"""Objects pressed onto a sensor: from contacts to a frame and the truth about it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from tactile_equiv_sim.mechanics import Bend, Cells, Cover, Indentation, cell_size, indent
from tactile_equiv_sim.options import check, option
from tactile_equiv_sim.sensor import Patch, Sensor
from tactile_equiv_sim.surface import Surface

from tactile_equiv.frame import BoolArray, FloatArray
from tactile_equiv.topology import NO_PERIODS, Box, begun_on_skin, on_skin, periods

STEPS = 1024
"""Positions are rounded to this part of a taxel, so that equal shifts are equal in floats too."""
SMALLEST_LOAD = 1e-3


@dataclass(frozen=True)
class Pose:
    """Where and how hard an object is pressed.

    Attributes:
        x_mm, y_mm: its middle, along a row and along a column, from the centre of the first taxel.
        angle_rad: rotation from x towards y.
        load_n: normal force; below 0.001 the object does not touch.

    Raises:
        SettingsError: if a value is not finite, too large or the load negative.
    """

    x_mm: float = option(minimum=-1e5, maximum=1e5)
    y_mm: float = option(minimum=-1e5, maximum=1e5)
    angle_rad: float = option(0.0, minimum=-1e6, maximum=1e6)
    load_n: float = option(5.0, minimum=0.0, maximum=1e5)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Contact:
    """An object at a pose."""

    surface: Surface
    pose: Pose


@dataclass(frozen=True, eq=False)
class Truth:
    """What is true of one contact.

    Attributes:
        row, column: centroid of the whole pressure, also of the part beyond the border, in taxels
            from the centre of the first taxel; in [0, n) on an axis of n lines round a finger.
        angle: rotation, radians.
        load: newtons, also of the part beyond the border.
        label: texture class.
        mask: (H, W) the touched taxels on the sensor.
        box: of all touched taxels, also beyond the border: first row, first column, last row + 1,
            last column + 1; round a finger it begins in [0, n) and may end beyond the seam.
        margin: taxels between that box and the nearest border; 0 = touches the border row.
        clipped: touches beyond the border, margin < 0.
        contained: everything that is felt of it, also around the touched area, is on the sensor:
            shifts by whole taxels between contained positions give the same numbers.
    """

    row: float
    column: float
    angle: float
    load: float
    label: str
    mask: BoolArray
    box: Box
    margin: int
    clipped: bool
    contained: bool


@dataclass(frozen=True, eq=False)
class SimulatedFrame:
    """A frame of the ideal sensor.

    Attributes:
        values: (H, W) or (H, W, 3) sensor units.
        mask: (H, W) taxels that are touched.
        truths: one for every contact with a load, in the order given.
        periods: after how many taxels rows and columns repeat, see `topology.periods`.
    """

    values: FloatArray
    mask: BoolArray
    truths: tuple[Truth, ...]
    periods: tuple[float, float] = NO_PERIODS


class Scene:
    """A sensor under a cover.

    Contacts do not feel each other: their pressures add (linear elasticity), and the dent that one
    makes is not seen by the other's contact area.
    """

    def __init__(self, sensor: Sensor, cover: Cover) -> None:
        self.sensor = sensor
        self.cover = cover

    def frame(self, contacts: Iterable[Contact]) -> SimulatedFrame:
        """What the ideal sensor reads, and the truth.

        Raises:
            SettingsError: if an object covers far too many taxels.
        """
        rows, columns, around = self.sensor.rows, self.sensor.cols, self.sensor.surroundings
        values = np.zeros((rows + 2 * around, columns + 2 * around), np.float32)
        truths = []
        for contact in contacts:
            if contact.pose.load_n < SMALLEST_LOAD:
                continue
            patch, row, column = self._placed(contact)
            self._place(values, patch.values, patch.row + around, patch.column + around)
            truths.append(self._truth(contact, patch, row, column))
        mask = np.zeros((rows, columns), bool)
        for truth in truths:
            mask |= truth.mask
        repeating = periods(self.sensor.axis, mask.shape)
        return SimulatedFrame(self.sensor.read(values), mask, tuple(truths), repeating)

    def support(self, contact: Contact) -> Box:
        """Box of the taxels that feel a contact, as `Truth.box`, on the sensor or not."""
        patch, _, _ = self._placed(contact)
        return self._felt(patch)

    def _felt(self, patch: Patch) -> Box:
        (height, width), around = patch.values.shape, self.sensor.surroundings
        return (
            patch.row - around,
            patch.column - around,
            patch.row + height + around,
            patch.column + width + around,
        )

    def prepare(self, contacts: Iterable[Contact]) -> None:
        """Solve the mechanics of contacts ahead, so that their frames come in time."""
        kinds = ((c.surface, c.pose.load_n, self._bend(c.pose.angle_rad)) for c in contacts)
        for surface, load, bend in dict.fromkeys(kinds):
            if load >= SMALLEST_LOAD:
                self._indentation(surface, load, bend)

    def _indentation(self, surface: Surface, load_n: float, bend: Bend | None) -> Indentation:
        cell = cell_size(surface, self.cover, self.sensor.finest_mm)
        return indent(surface, self.cover, cell, load_n, bend)

    def _bend(self, angle_rad: float) -> Bend | None:
        """How the skin bends away from an object that is turned by an angle."""
        axis, sensor = self.sensor.axis, self.sensor
        if axis is None:
            return None
        radius = (sensor.rows, sensor.cols)[axis] * sensor.pitch_mm / (2 * math.pi)
        cos, sin = math.cos(angle_rad), math.sin(angle_rad)
        return Bend(radius, sin, cos) if axis == 0 else Bend(radius, cos, -sin)

    def _place(self, canvas: np.ndarray, patch: np.ndarray, row: int, column: int) -> None:
        """Add a patch (h, w) to a canvas (H, W) from (row, column) on; round a finger it winds."""
        axis = self.sensor.axis
        if axis == 0:
            patch, row = wound(patch, row, len(canvas)), 0
        elif axis == 1:
            patch, column = wound(patch.T, column, canvas.shape[1]).T, 0
        place(canvas, patch, row, column)

    def _room(self, box: Box) -> int:
        """Taxels between a box and the nearest border that there is."""
        size = self.sensor.rows, self.sensor.cols
        borders = [k for k in (0, 1) if k != self.sensor.axis]
        room: int = min(min(box[k], size[k] - box[k + 2]) for k in borders)
        return room

    def _placed(self, contact: Contact) -> tuple[Patch, float, float]:
        """A patch in taxels of the sensor, and the exact centroid of its pressure."""
        pose, pitch = contact.pose, self.sensor.pitch_mm
        bend = self._bend(pose.angle_rad)
        pressed = turned(self._indentation(contact.surface, pose.load_n, bend), pose.angle_rad)
        row, row_rest = split(pose.y_mm / pitch)
        column, column_rest = split(pose.x_mm / pitch)
        patch = _patch(self.sensor, pressed, row_rest, column_rest)
        x, y = pressed.centroid_mm
        moved = Patch(row + patch.row, column + patch.column, patch.values, patch.touched)
        return moved, row + row_rest + y / pitch, column + column_rest + x / pitch

    def _truth(self, contact: Contact, patch: Patch, row: float, column: float) -> Truth:
        size, axis = (self.sensor.rows, self.sensor.cols), self.sensor.axis
        mask = np.zeros(size, bool)
        self._place(mask, patch.touched, patch.row, patch.column)
        box = _box(patch.touched, patch.row, patch.column)
        margin = self._room(box)
        return Truth(
            row=on_skin(row, 0, axis, size),
            column=on_skin(column, 1, axis, size),
            angle=contact.pose.angle_rad,
            load=contact.pose.load_n,
            label=contact.surface.texture_class,
            mask=mask,
            box=begun_on_skin(box, axis, size),
            margin=margin,
            clipped=margin < 0,
            contained=self._room(self._felt(patch)) >= 0,
        )


def split(taxels: float) -> tuple[int, float]:
    """A position as the nearest whole taxel and a rest in [-0.5, 0.5), in steps of 1 / `STEPS`."""
    steps = round(taxels * STEPS)
    whole = math.floor(steps / STEPS + 0.5)
    return whole, steps / STEPS - whole


def place(canvas: np.ndarray, patch: np.ndarray, row: int, column: int) -> None:
    """Add a patch (h, w) to a canvas (H, W) from (row, column) on, cut at the border."""
    (rows, columns), (height, width) = canvas.shape, patch.shape
    top, left = max(row, 0), max(column, 0)
    bottom, right = min(row + height, rows), min(column + width, columns)
    if top < bottom and left < right:
        canvas[top:bottom, left:right] += patch[
            top - row : bottom - row, left - column : right - column
        ]


def wound(patch: np.ndarray, first: int, lines: int) -> np.ndarray:
    """A patch (h, w) wound round n lines from line `first` on, (n, w); what meets adds up."""
    band = np.zeros((lines, patch.shape[1]), patch.dtype)
    for start in range(0, len(patch), lines):
        turn = patch[start : start + lines]
        band[(first + start + np.arange(len(turn))) % lines] += turn
    return band


def _box(chosen: BoolArray, row: int, column: int) -> Box:
    """Box of the chosen taxels of a patch; an empty one at its middle if there are none."""
    down, across = np.flatnonzero(chosen.any(axis=1)), np.flatnonzero(chosen.any(axis=0))
    if not down.size:
        middle = row + chosen.shape[0] // 2, column + chosen.shape[1] // 2
        return (*middle, *middle)
    return (
        row + int(down[0]),
        column + int(across[0]),
        row + int(down[-1]) + 1,
        column + int(across[-1]) + 1,
    )


@lru_cache(maxsize=8)
def turned(pressed: Indentation, angle_rad: float) -> Indentation:
    """An indentation turned about the object's middle, by interpolation on its own fine cells.

    An isotropic cover presses back alike in all directions, so turning the result is turning the
    object. Stress and pressure keep their sums.
    """
    angle = math.remainder(angle_rad, 2 * math.pi)
    if angle == 0:
        return pressed
    cos, sin = math.cos(angle), math.sin(angle)
    middle = (len(pressed.stress) - 1) / 2
    back = np.array(
        [
            [cos, sin, middle - (cos + sin) * middle],
            [-sin, cos, middle - (cos - sin) * middle],
        ]
    )

    def turn(field: Cells) -> Cells:
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(field, back, field.shape, flags=flags), np.float64)

    pressure, stress = turn(pressed.pressure), turn(pressed.stress)
    return Indentation(
        pressed.cell_mm,
        pressure * (pressed.pressure.sum() / pressure.sum()),
        stress * (pressed.stress.sum() / stress.sum()),
        turn(pressed.displacement),
        turn(pressed.touching),
    )


@lru_cache(maxsize=16)
def _patch(sensor: Sensor, pressed: Indentation, row: float, column: float) -> Patch:
    return sensor.patch(pressed, row, column)
