"""Taxels that give no true value: found from the stream of one sensor, and masked.

A look compares the frame of now with an earlier one (`taxel_evidence`). A taxel that kept its value
while its neighbours changed has a strike. A texture may hold a living taxel in a groove, for hours
if nothing else happens; so strikes count once for each way of being touched, and a taxel is faulty
that gave no answer to several of them. One answer takes all strikes of a living taxel back, a few
in a row those of a faulty one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.frame import BoolArray, FloatArray
from tactile_equiv.taxel_evidence import Evidence, evidence, reachable

EVERY = 16
TAXELS = 1024
"""One in `EVERY` frames is looked at, and one less often for every so many taxels."""

HELD = 4
"""After so many looks the frame of now becomes the earlier one."""

STRIKES = 7
"""Ways of being touched that a taxel did not answer, until it is faulty; fewer near a border, where
there are fewer ways."""

LIVES = 4
"""Answers in a row with which a faulty taxel lives again."""

NAMED = 4
"""Faults that are said one by one; of more only the number."""


class TaxelFault(NamedTuple):
    """A faulty taxel.

    Attributes:
        row, column: where.
        kind: "dead": it reads as if untouched; "saturated": it keeps the highest value that the
            sensor has shown; "stuck": it keeps another one.
    """

    row: int
    column: int
    kind: str


class TaxelHealth:
    """Watches the taxels of one sensor; what it knows ends where the size of the frames changes.

    Attributes:
        faults: the faulty taxels, row by row.
    """

    def __init__(self) -> None:
        self.faults: tuple[TaxelFault, ...] = ()
        self._age = 0
        self._highest = np.float32(-np.inf)
        self._earlier: FloatArray = np.zeros((1, 1), np.float32)
        self._faulty: BoolArray = np.zeros((1, 1), np.bool_)
        self.forget()

    def forget(self) -> None:
        """Begin anew: it may be another sensor."""
        self._wait = 0
        self._begin(np.zeros((1, 1), np.float32))

    def masked(self, frame: NDArray[Any]) -> NDArray[Any]:
        """A frame (H, W) or (H, W, C) as float32 with NaN at the faulty taxels.

        The frame itself where there are none, or where it has another size than those before it.
        """
        if not self.faults or frame.shape[:2] != self._faulty.shape:
            return frame
        seen = frame.astype(np.float32)
        seen[self._faulty] = np.nan
        return seen

    def watch(self, frame: NDArray[Any], tare: FloatArray | None, dead_zone: float) -> bool:
        """Learn from the next frame.

        Args:
            frame: (H, W) or (H, W, C), sensor units, not masked; of channels the sum is judged.
            tare: shaped as the frame, or None for a sensor that rests at 0.
            dead_zone: of the model, sensor units.

        Returns:
            Whether the faulty taxels are others than before.
        """
        self._wait -= 1
        if self._wait > 0:
            return False
        self._wait = EVERY + frame.size // TAXELS
        with np.errstate(over="ignore", invalid="ignore"):
            now = _sum_of_channels(frame)
            if now.shape != self._earlier.shape:
                return self._begin(now)
            rest = np.float32(0) if tare is None else _sum_of_channels(tare)
            living = ~self._faulty if self.faults else None
            found = evidence(now, self._earlier, rest, living, dead_zone)
        self._age += 1
        if self._age >= HELD:
            self._earlier, self._age = now, 0
        if found is None:
            return False
        self._highest = np.fmax(self._highest, np.fmax.reduce(now, axis=None))
        if not self._count(found):
            return False
        self.faults = tuple(self._described(now, np.abs(now - rest) <= dead_zone))
        return True

    def _begin(self, frame: FloatArray) -> bool:
        """From this frame (H, W) on; whether that changes what is faulty."""
        knew, self.faults = bool(self.faults), ()
        self._age, self._highest = 0, np.float32(-np.inf)
        self._earlier = frame
        self._faulty = np.zeros(frame.shape, np.bool_)
        self._ways = np.zeros(frame.shape, np.uint32)  # a bit for each way
        self._lives = np.zeros(frame.shape, np.uint8)
        self._enough = np.rint(STRIKES * np.sqrt(reachable(frame.shape)))  # (H, W)
        return knew

    def _count(self, found: Evidence) -> bool:
        """Count strikes and answers; whether other taxels are faulty now."""
        before = self._faulty
        self._ways |= found.ways
        self._ways[found.answered & ~before] = 0
        failed = found.silent & ~before
        failed[failed] = _bits(self._ways[failed]) >= self._enough[failed]
        revived = found.answered & before
        if before.any():
            self._lives[found.silent | failed] = 0
            self._lives += revived
            revived &= self._lives >= LIVES
            self._ways[revived] = 0
        self._faulty = (before | failed) & ~revived
        return bool((failed | revived).any())

    def _described(self, values: FloatArray, resting: BoolArray) -> list[TaxelFault]:
        found: list[list[int]] = np.argwhere(self._faulty).tolist()
        kinds = np.where(values >= self._highest, "saturated", "stuck")
        return [
            TaxelFault(row, column, "dead" if resting[row, column] else str(kinds[row, column]))
            for row, column in found
        ]


def named(faults: Sequence[TaxelFault]) -> str:
    """The first faults in words."""
    words = ", ".join(f"({row}, {column}) {kind}" for row, column, kind in faults[:NAMED])
    more = len(faults) - NAMED
    return f"{words} and {more} more" if more > 0 else words


def notice(faults: Sequence[TaxelFault], masked: bool) -> str:
    """What is wrong and what to do, empty where nothing is."""
    if not faults:
        return ""
    answer = "masked and filled from their neighbours" if masked else "left as they are"
    return (
        f"{len(faults)} faulty taxels, row and column {named(faults)}: they do not answer where "
        f"their neighbours are pressed, and are {answer}: check the sensor and its cable"
    )


def _sum_of_channels(frame: NDArray[Any]) -> FloatArray:
    """(H, W) float32."""
    single: FloatArray = frame.astype(np.float32)
    return single if single.ndim == 2 else np.asarray(single.sum(axis=2), np.float32)


def _bits(ways: NDArray[np.uint32]) -> NDArray[np.int64]:
    """How many bits are set in each of (n,)."""
    bits: NDArray[np.int64] = np.unpackbits(ways[:, None].view(np.uint8), axis=1).sum(axis=1)
    return bits.astype(np.int64)
