"""Simulated presses with known contact masks: rigid shapes on a taxel array with a soft cover.

A first model, enough to teach the contact head what a contact is: contact pressure of an elastic
foundation (Winkler; Johnson, Contact Mechanics, 1985, section 4.3), spread by the cover like a
point load on an elastic half-space (Boussinesq; Johnson, section 3.2), integrated over the area of
each taxel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from tactile_equiv.frame import FloatArray

OVERSAMPLING = 3
ROUNDING = 1e-6
"""Less pressure than this is what a Fourier transform leaves on untouched skin."""

HeightField = Callable[[FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True)
class Press:
    """A rigid shape pressed onto the skin; lengths in taxels.

    Attributes:
        shape: a key of `SHAPES`.
        row, column: where its centre is pressed, taxels from the centre of the first taxel.
        angle: rotation, radians.
        size: half extent of the shape.
        depth: how deep it is pressed.
        cover: thickness of the soft cover.
    """

    shape: str
    row: float
    column: float
    angle: float = 0.0
    size: float = 4.0
    depth: float = 1.0
    cover: float = 0.5


def _ball(x: FloatArray, y: FloatArray) -> FloatArray:
    return 2 * (x**2 + y**2)


def _bar(x: FloatArray, y: FloatArray) -> FloatArray:
    return np.where(np.abs(x) > 1, np.float32(np.inf), 20 * y**2)


def _block(x: FloatArray, y: FloatArray) -> FloatArray:
    return np.where(np.maximum(np.abs(x), np.abs(y)) > 0.7, np.float32(np.inf), np.float32(0))


def _ring(x: FloatArray, y: FloatArray) -> FloatArray:
    return 20 * (np.hypot(x, y) - np.float32(0.75)) ** 2


def _ridges(x: FloatArray, y: FloatArray) -> FloatArray:
    return np.where(x**2 + y**2 > 1, np.float32(np.inf), 1 + np.cos(3 * np.pi * y))


def _dots(x: FloatArray, y: FloatArray) -> FloatArray:
    return np.where(
        x**2 + y**2 > 1, np.float32(np.inf), 2 - np.cos(2 * np.pi * x) - np.cos(2 * np.pi * y)
    )


SHAPES: dict[str, HeightField] = {
    "ball": _ball,
    "bar": _bar,
    "block": _block,
    "ring": _ring,
    "ridges": _ridges,
    "dots": _dots,
}
"""Height above the deepest point over (x, y) in units of the half extent, for a depth of 1."""


def pressure(press: Press, rows: int, columns: int) -> FloatArray:
    """Pressure (rows, columns) of one press, largest foundation pressure = depth."""
    n = OVERSAMPLING
    margin = int(np.ceil(3 * press.cover)) + 1
    fine = (
        (np.arange((length + 2 * margin) * n) + 0.5) / n - 0.5 - margin
        for length in (rows, columns)
    )
    y, x = (grid.astype(np.float32) for grid in np.meshgrid(*fine, indexing="ij"))
    y, x = (y - np.float32(press.row)) / press.size, (x - np.float32(press.column)) / press.size
    cos, sin = np.float32(np.cos(press.angle)), np.float32(np.sin(press.angle))
    height = SHAPES[press.shape](cos * x + sin * y, cos * y - sin * x)
    foundation = np.maximum(np.float32(press.depth) - height, np.float32(0)).astype(np.float32)
    spread = cv2.filter2D(foundation, -1, _boussinesq(press.cover), borderType=cv2.BORDER_CONSTANT)
    blocks = spread.reshape(rows + 2 * margin, n, columns + 2 * margin, n)
    taxels = blocks.mean(axis=(1, 3))[margin : margin + rows, margin : margin + columns]
    return np.where(taxels > ROUNDING, taxels, np.float32(0))


def _boussinesq(depth: float) -> FloatArray:
    """Stress z deep under a point load, 3 z^3 / (2 pi (r^2 + z^2)^(5/2)), summing to 1."""
    reach = int(np.ceil(3 * depth)) * OVERSAMPLING
    along = np.arange(-reach, reach + 1) / OVERSAMPLING
    squared = along[:, None] ** 2 + along[None, :] ** 2
    stress = (squared + max(depth, 1e-3) ** 2) ** -2.5
    kernel: FloatArray = (stress / stress.sum()).astype(np.float32)
    return kernel


def random_press(random: np.random.Generator, rows: int, columns: int) -> Press:
    """A press anywhere on the sensor, clipped by the border or not."""
    return Press(
        shape=str(random.choice(list(SHAPES))),
        row=float(random.uniform(0, rows - 1)),
        column=float(random.uniform(0, columns - 1)),
        angle=float(random.uniform(0, np.pi)),
        size=float(random.uniform(0.08, 0.45) * max(min(rows, columns), 8)),
        depth=float(random.uniform(0.5, 1.0)),
        cover=float(random.uniform(0.3, 1.0)),
    )
