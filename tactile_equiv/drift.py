"""Whether the untouched sensor still rests where its tare says."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.frame import FloatArray

EVERY = 8
TAXELS = 1024
"""One in `EVERY` untouched frames is looked at, and one less often for every so many taxels."""

LEAST = 8
"""Before so many frames were looked at, nothing is said."""

SLOWEST = 16
"""The means run over about so many frames that were looked at."""

HUGE = 1e12
"""What changes by more is no number."""


class Drift(NamedTuple):
    """Where the untouched sensor rests, counted from its tare, sensor units.

    Attributes:
        offset: mean over the taxels.
        largest: of a taxel, without sign.
        spread: root mean square of what changes from frame to frame.
    """

    offset: float
    largest: float
    spread: float

    def notice(self, dead_zone: float, limit: float) -> str:
        """That a tare is due; empty where it is not.

        Args:
            dead_zone: of the model, sensor units; 0 measures nothing.
            limit: how far a taxel may rest from the tare, dead-zones; 0 = as far as it likes.
        """
        if not 0 < limit * dead_zone <= self.largest:
            return ""
        return (
            f"tare is due: the untouched sensor rests up to {self.largest:.3g} away from its tare, "
            f"the dead-zone is {dead_zone:.3g}: call ~/tare while nothing touches it"
        )


class DriftWatch:
    """Slow mean of the untouched frames of one sensor, taxel by taxel."""

    def __init__(self) -> None:
        self._wait = 0
        self._looked = 0
        self._mean: FloatArray = np.zeros(0, np.float32)
        self._square = 0.0

    def reset(self) -> None:
        """After a tare: what rested before counts no more."""
        self._wait = self._looked = 0
        self._square = 0.0

    def untouched(self, frame: NDArray[Any], tare: FloatArray | None) -> None:
        """A frame without contact.

        Args:
            frame: (H, W) or (H, W, C), sensor units; a taxel without a number keeps its mean.
            tare: shaped as the frame, or None for a sensor that rests at 0.
        """
        self._wait -= 1
        if self._wait > 0:
            return
        every = EVERY + frame.size // TAXELS
        with np.errstate(over="ignore", invalid="ignore"):
            self._look(np.asarray(frame - tare if tare is not None else frame, np.float32))
        self._wait = every

    def drift(self) -> Drift | None:
        """None before enough frames."""
        if self._looked < LEAST:
            return None
        mean = self._mean
        largest = max(float(mean.max()), -float(mean.min()))
        return Drift(float(mean.mean(dtype=np.float64)), largest, math.sqrt(self._square))

    def _look(self, offset: FloatArray) -> None:
        if not self._looked or offset.shape != self._mean.shape:
            self.reset()
            self._mean = np.zeros_like(offset)
        change = offset - self._mean
        numbers = np.abs(change) <= HUGE  # not so NaN
        if not numbers.all():
            change = np.where(numbers, change, np.float32(0))
        self._looked += 1
        if self._looked > 1:
            square = float(np.vdot(change, change)) / change.size
            self._square += (square - self._square) / min(self._looked - 1, SLOWEST)
        self._mean += change / np.float32(min(self._looked, SLOWEST))
