"""Contacts, and the frames that show them anywhere on a sensor."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tactile_equiv.band_limited import band_limited_contact, fourier_shift
from tactile_equiv.dataset import UNREADABLE, require_room
from tactile_equiv.errors import AuditError
from tactile_equiv.frame import FloatArray

SMOOTH_SIDE, STEEP_SIDE = 16, 8
"""Largest sides of the contacts, pixels."""
SMALLEST_SENSOR = 8
"""A contact must move and still leave most of the sensor empty: rows and columns at least."""
FADING = 8
"""Empty pixels on every side of a frame while it is shifted by parts of a pixel."""


@dataclass(frozen=True)
class Stage:
    """The sensor that contacts are shown to.

    Attributes:
        shape: (C, H, W) of a frame.
        amplitude: largest value of a contact above the background.
        background: value of an untouched pixel.
        axis: of (H, W) that wraps round a finger; None on a plane.

    Raises:
        AuditError: if the sensor is too small, or a value is not finite or 0.
    """

    shape: tuple[int, int, int]
    amplitude: float = 1.0
    background: float = 0.0
    axis: int | None = None

    def __post_init__(self) -> None:
        if min(self.shape[1:]) < SMALLEST_SENSOR:
            raise AuditError(
                f"frames of {self.shape[1]}x{self.shape[2]} pixels are too small to move a contact "
                f"in: audit with at least {SMALLEST_SENSOR}x{SMALLEST_SENSOR} (--input CxHxW)"
            )
        values = np.array([self.amplitude, self.background, self.amplitude + self.background])
        if not (np.abs(values) < np.finfo(np.float32).max).all() or self.amplitude == 0:
            raise AuditError(
                f"amplitude is {self.amplitude:g}, background is {self.background:g}: both must be "
                "finite, and the amplitude not 0"
            )

    @property
    def sides(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.shape[1], self.shape[2]

    def empty(self) -> FloatArray:
        """The untouched sensor (C, H, W)."""
        return np.full(self.shape, self.background, np.float32)

    def middle(self, contact: FloatArray) -> tuple[int, int]:
        """(row, column) of the first pixel of a contact (C, h, w) in the middle."""
        _, height, width = contact.shape
        return (self.sides[0] - height) // 2, (self.sides[1] - width) // 2

    def frame(self, contact: FloatArray, row: float, column: float) -> FloatArray:
        """(C, H, W) with the first pixel of a contact (C, h, w) at (row, column).

        Whole pixels are copied. Parts of a pixel are a Fourier shift of the frame with empty
        pixels around it, exact for band-limited contacts. Round a finger the contact goes on beyond
        the seam.
        """
        (height, width), (rows, columns) = contact.shape[1:], self.sides
        whole = int(np.floor(row)), int(np.floor(column))
        above, left = (0 if k == self.axis else FADING for k in (0, 1))
        top, start = (empty + (whole[k] if empty else 0) for k, empty in enumerate((above, left)))
        wide = np.zeros((len(contact), rows + 2 * above, columns + 2 * left), np.float32)
        wide[:, top : top + height, start : start + width] = contact
        if self.axis is not None:
            wide = np.roll(wide, whole[self.axis], axis=1 + self.axis)
        if (row, column) != whole:
            wide = fourier_shift(wide, row - whole[0], column - whole[1]).astype(np.float32)
        inside = wide[:, above : above + rows, left : left + columns]
        return (self.background + self.amplitude * inside).astype(np.float32)


def smooth_contact(stage: Stage, seed: int) -> FloatArray:
    """A band-limited contact (C, s, s) in [0, 1] of half the sensor or 16 pixels, each channel
    with a texture of its own; for shifts by parts of a pixel, and on coarser grids."""
    side = min(SMOOTH_SIDE, min(stage.sides) // 2)
    return np.stack([band_limited_contact(side, 100 * seed + c) for c in range(stage.shape[0])])


def steep_contact(stage: Stage, seed: int) -> FloatArray:
    """A rough disc (C, s, s) in [0, 1] that ends at once, so that it can touch the border."""
    side = min(STEEP_SIDE, min(stage.sides) // 4)
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    disc = np.hypot(rows, columns) <= side / 2
    textured = random.uniform(0.4, 1.0, (stage.shape[0], side, side)) * disc
    contact: FloatArray = (textured / textured.max()).astype(np.float32)
    return contact


def recorded_contact(file: Path, stage: Stage, index: int = 0) -> FloatArray:
    """The touched part (C, h, w) of a recorded frame, its largest value 1.

    Args:
        file: .npz with `frames` (N, H, W) or (N, H, W, C), or `frame` (H, W) or (H, W, C).
        stage: tells channels, background and largest size.
        index: which of the frames.

    Raises:
        AuditError: if there is no such frame, its channels do not fit, nothing is touched, or the
            contact is larger than half the sensor.
    """
    frame = _recorded_frame(file, index)
    if frame.ndim not in (2, 3) or not frame.size or frame.dtype.kind not in "biuf":
        raise AuditError(
            f"{file} holds frames of {frame.shape} {frame.dtype}: give numbers, (H, W) or (H, W, C)"
        )
    pixels = frame[None] if frame.ndim == 2 else np.moveaxis(frame, -1, 0)  # (C, H, W)
    if len(pixels) != stage.shape[0]:
        raise AuditError(f"{file} has {len(pixels)} channels, the network takes {stage.shape[0]}")
    with np.errstate(over="ignore"):
        raised = np.nan_to_num(pixels.astype(np.float32)) - np.float32(stage.background)
    touched = np.abs(raised).max(axis=0) > 0.02 * np.abs(raised).max()
    if not touched.any():
        raise AuditError(f"frame {index} of {file} is untouched: choose another one")
    rows, columns = np.flatnonzero(touched.any(axis=1)), np.flatnonzero(touched.any(axis=0))
    contact = raised[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    contact = np.where(touched[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], contact, 0)
    height, width = contact.shape[1:]
    if height > stage.sides[0] // 2 or width > stage.sides[1] // 2:
        raise AuditError(
            f"the contact in frame {index} of {file} is {height}x{width} pixels: it must leave "
            f"half of the {stage.sides[0]}x{stage.sides[1]} sensor free to be moved; audit with "
            "larger frames (--input CxHxW) or choose a smaller contact"
        )
    normal: FloatArray = (contact / np.abs(contact).max()).astype(np.float32)
    return normal


def _recorded_frame(file: Path, index: int) -> FloatArray:
    try:
        require_room(file)
        with np.load(file, allow_pickle=False) as arrays:
            if "frame" in arrays:
                return np.asarray(arrays["frame"])
            frames = arrays["frames"]
            len(frames)
    except UNREADABLE as error:
        raise AuditError(
            f"{file} is no .npz with `frame` or `frames` ({' '.join(str(error).split()):.300})"
        ) from error
    if not 0 <= index < len(frames):
        raise AuditError(f"{file} has {len(frames)} frames, there is none numbered {index}")
    return np.asarray(frames[index])
