"""The untouched sensor, averaged over some frames."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import FrameError
from tactile_equiv.frame import FloatArray


class TareCollector:
    """Averages the next frames of an untouched sensor, taxel by taxel."""

    def __init__(self, frames: int) -> None:
        self._wanted = frames
        self._frames: list[NDArray[np.float64]] = []

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
