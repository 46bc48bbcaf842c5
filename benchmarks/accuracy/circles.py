"""Circle of a ball pressed into a gel, fitted to the change of colour without any network.

A ball tilts the coat all round its contact, and each light shows the tilt towards it or away. The
three lights together change least where the coat is level, in the middle, and stop changing
where it is level again, at the rim. The circle is that of the rim:

1. change: root of the summed squares over the channels, smoothed over a few pixels;
2. a first centre: centroid of where the change exceeds half of its largest value;
3. rim: on rays from the centre, the outermost place where the change falls through a share of
   that ray's own largest value, so that a side in shadow counts as much as a lit one;
4. circle through the rim points by least squares (Kåsa, IEEE Trans. Instrum. Meas. 25, 1976), with
   Tukey's biweights against points off the circle; then 3 again from the new centre.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SMOOTHING = 2.0
"""Standard deviation, pixels."""
RAYS, REACH, STEP = 72, 60.0, 0.25
"""Number of rays, their length and the distance of samples on them, pixels."""
RIM = 0.5
"""Share of a ray's largest change at the rim."""
ROUNDS, REWEIGHTINGS = 3, 10


@dataclass(frozen=True)
class Circle:
    """A circle; pixels from the middle of the first one.

    Attributes:
        row, column: its centre.
        radius: its radius.
        residual: median distance of the rim points from it.
    """

    row: float
    column: float
    radius: float
    residual: float


def fit_circle(difference: NDArray[np.float32]) -> Circle:
    """The circle of one pressed ball, from tared colours (H, W, C), counts.

    Raises:
        ValueError: if nothing changed.
    """
    change = cv2.GaussianBlur(np.linalg.norm(difference, axis=2), (0, 0), SMOOTHING)
    if not change.max() > 0:
        raise ValueError("nothing changed: there is no ball to fit a circle to")
    rows, columns = np.nonzero(_largest_part(change > change.max() / 2))
    centre = np.array([rows.mean(), columns.mean()])
    for _ in range(ROUNDS):
        points = rim_points(change, centre)
        centre, radius, distances = circle_through(points)
    return Circle(*centre, radius, float(np.median(np.abs(distances))))


def rim_points(change: NDArray[np.float32], centre: Floats) -> Floats:
    """Outermost places (n, 2) on rays from `centre` where the change falls through its rim share.

    Rays that leave the picture before are left out.
    """
    angle = 2 * np.pi * np.arange(RAYS) / RAYS
    away = np.arange(0, REACH, STEP)
    rows = centre[0] + np.sin(angle)[:, None] * away  # (RAYS, n)
    columns = centre[1] + np.cos(angle)[:, None] * away
    height, width = change.shape
    inside = (rows >= 0) & (rows <= height - 1) & (columns >= 0) & (columns <= width - 1)
    maps = columns.astype(np.float32), rows.astype(np.float32)
    seen = np.where(inside, cv2.remap(change, *maps, cv2.INTER_LINEAR), 0)
    high = seen >= RIM * seen.max(axis=1, keepdims=True)
    last = away.size - 1 - high[:, ::-1].argmax(axis=1)
    ray = np.arange(RAYS)
    kept = inside[ray, np.minimum(last + 1, away.size - 1)]
    return np.stack([rows[ray, last], columns[ray, last]], axis=1)[kept]


def circle_through(points: Floats) -> tuple[Floats, float, Floats]:
    """Centre (2,), radius and signed distances (n,) of a circle through most of points (n, 2)."""
    weight = np.ones(len(points))
    for _ in range(REWEIGHTINGS):
        centre, radius = _least_squares(points, weight)
        distance = np.hypot(*(points - centre).T) - radius
        scale = max(1.4826 * float(np.median(np.abs(distance))), 0.1)
        weight = np.maximum(1 - (distance / (4.685 * scale)) ** 2, 0) ** 2
    return centre, radius, distance


def _least_squares(points: Floats, weight: Floats) -> tuple[Floats, float]:
    """x^2 + y^2 = 2 a x + 2 b y + c is linear in the centre (a, b) and c = r^2 - a^2 - b^2."""
    root = np.sqrt(weight)
    design = np.column_stack([2 * points, np.ones(len(points))]) * root[:, None]
    right = (points**2).sum(axis=1) * root
    a, b, c = np.linalg.lstsq(design, right, rcond=None)[0]
    return np.array([a, b]), float(np.sqrt(c + a**2 + b**2))


def _largest_part(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    largest: NDArray[np.bool_] = labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return largest
