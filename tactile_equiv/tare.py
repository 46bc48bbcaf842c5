"""The untouched sensor, averaged over some frames."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import FrameError
from tactile_equiv.frame import FloatArray
from tactile_equiv.percept import Percept


def seems_touched(percept: Percept, tared: bool) -> bool:
    """Whether a frame that is felt so is one of a touched sensor.

    Args:
        percept: of the frame, by the tare so far.
        tared: there is a tare. A sensor without one may rest anywhere: where more than half of its
            taxels are pressed, it is taken for untouched.
    """
    if not percept.contacts:
        return False
    return tared or 2 * int(np.count_nonzero(percept.pressure)) <= percept.pressure.size


class TareCollector:
    """Averages the next frames of an untouched sensor, taxel by taxel."""

    def __init__(self, frames: int) -> None:
        self._wanted = frames
        self._frames: list[NDArray[np.float64]] = []

    def unsteady(self, dead_zone: float) -> int:
        """How many taxels changed: their standard deviation is larger than the dead-zone.

        0 where there is no dead-zone to tell a change from noise.
        """
        if dead_zone <= 0:
            return 0
        with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
            warnings.simplefilter("ignore", RuntimeWarning)
            spread = np.nanstd(self._frames, axis=0)  # (H, W) or (H, W, C)
        changed = spread > dead_zone
        return int(np.count_nonzero(changed if changed.ndim == 2 else changed.any(axis=2)))

    def add(self, frame: NDArray[Any]) -> FloatArray | None:
        """Take one frame; the mean (same shape) once enough came (NaN where none had a number),
        else None.

        Raises:
            FrameError: if no taxel has a number, or the size changes on the way (collecting starts
                again).
        """
        if self._frames and frame.shape != self._frames[0].shape:
            before = self._frames[0].shape
            self._frames = []
            raise FrameError(
                "size", f"frame changed from {before} to {frame.shape} during tare: tare again"
            )
        values = frame.astype(np.float64)
        numbers = np.isfinite(values)
        if not numbers.any():
            raise FrameError("invalid", f"all {frame.size} taxels are NaN or infinite during tare")
        self._frames.append(np.where(numbers, values, np.nan))
        if len(self._frames) < self._wanted:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            mean: FloatArray = np.nanmean(self._frames, axis=0).astype(np.float32)
        return mean
