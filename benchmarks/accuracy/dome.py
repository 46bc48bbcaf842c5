"""Frames of a dome that a camera sees from within (VT-60): what changed, moves, turns, rings."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

ABOVE = 2
"""Rows by which the middle of the dome lies above that of the picture, by its untouched light."""
RADIUS = 45.0
"""Of the membrane, pixels."""
TAXEL, RINGS, SECTORS = 4, 8, 32
"""Pixels along the side of a taxel; rings around the middle, and their cells."""
FINER = 5, 4
"""Samples across a ring and along a cell of it, of which the mean is taken."""
QUIET = 0.25
"""Share of the frames that are taken as untouched."""
TOUCHED = 0.02, 20.0
"""A frame has a contact where this share of the membrane changed by so many counts."""
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


def changes(frames: NDArray[np.uint8], learned: Mask) -> Floats:
    """Changes of brightness (N, H, W), counts, the dome in the middle, 0.0 beside the membrane."""
    rest = untouched(frames[learned])
    return np.roll(frames - rest, ABOVE, axis=1) * on_skin(len(rest), RADIUS)


def untouched(frames: NDArray[np.uint8]) -> Floats:
    """The untouched membrane (H, W): median of the frames nearest to the median of all."""
    median = np.median(frames, axis=0).astype(np.float32)
    skin = on_skin(len(median), RADIUS)
    apart = np.abs(frames[:, skin] - median[skin]).mean(axis=1)
    quiet = frames[apart <= np.quantile(apart, QUIET)]
    return np.median(quiet, axis=0).astype(np.float32)


def touched(change: Floats) -> Mask:
    """Frames (N,) with a contact; the threshold knows no category."""
    share, counts = TOUCHED
    skin = on_skin(change.shape[1], RADIUS)
    return (np.abs(change[:, skin]) > counts).mean(axis=1) > share


def left(change: Floats) -> Mask:
    """Frames (N,) whose contact lies left of the middle: the mean place of what changed."""
    columns = np.maximum(np.abs(change) - TOUCHED[1], 0).sum(axis=1)  # (N, W)
    away = np.arange(change.shape[2]) - (change.shape[2] - 1) / 2
    return columns @ away < 0


def on_skin(side: int, radius: float) -> Mask:
    """(side, side) which pixels look at the membrane: those in a circle around the middle."""
    away = np.arange(side) - (side - 1) / 2
    return np.hypot(away[:, None], away) < radius


def moved(change: Floats, random: np.random.Generator) -> Floats:
    """Frames (N, H, W) moved by whole taxels, up to a quarter of the side each way."""
    side = change.shape[1]
    reach = side // 4 // TAXEL * TAXEL
    padded = np.pad(change, ((0, 0), (reach, reach), (reach, reach)))
    starts = TAXEL * random.integers(2 * reach // TAXEL + 1, size=(len(change), 2))
    return np.stack(
        [p[r : r + side, c : c + side] for p, (r, c) in zip(padded, starts, strict=True)]
    )


def turned(change: Floats, random: np.random.Generator) -> Floats:
    """Frames (N, H, W) turned about the middle by any angle, every other one mirrored."""
    height, width = change.shape[1:]
    middle = (width - 1) / 2, (height - 1) / 2
    flips, angles = random.integers(2, size=len(change)), random.uniform(0, 360, len(change))
    turns = [cv2.getRotationMatrix2D(middle, angle, 1.0) for angle in angles]
    sides = [frame[:, ::-1] if flip else frame for frame, flip in zip(change, flips, strict=True)]
    pairs = zip(sides, turns, strict=True)
    return np.stack(
        [cv2.warpAffine(np.ascontiguousarray(f), turn, (width, height)) for f, turn in pairs]
    )


def ringed(change: Floats) -> Floats:
    """Frames (N, H, W) as rings around the middle (N, RINGS, SECTORS)."""
    across, along = FINER
    radius = (np.arange(RINGS * across) + 0.5) * RADIUS / (RINGS * across)
    angle = (np.arange(SECTORS * along) + 0.5) * 2 * np.pi / (SECTORS * along)
    columns, rows = np.outer(radius, np.cos(angle)), np.outer(radius, np.sin(angle))
    middle = (change.shape[1] - 1) / 2
    places = (columns + middle).astype(np.float32), (rows + middle).astype(np.float32)
    samples = np.stack([cv2.remap(frame, *places, cv2.INTER_LINEAR) for frame in change])
    return samples.reshape(len(change), RINGS, across, SECTORS, along).mean(axis=(2, 4))
