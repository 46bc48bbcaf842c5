"""Frames of several patches come one after the other; which of them belong together.

Patches have no common clock and may have different rates, and one may be missing. So a *set* holds
at most one new frame of each patch. It is complete as soon as every patch that is awaited has given
one, or as soon as a patch gives its next, or when its first frame has waited too long. Awaited are
the patches that were heard a short time ago: the first sets after a patch fell silent wait for the
next frame of another one, later ones do not.

Frames that are measured together come in a burst. Where a set began in the middle of one, because a
patch was heard for the first time there, it is cut at its longest pause, and the frames after that
begin the next set: from then on a set is a burst.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Generic, TypeVar

from tactile_equiv.contacts import Texture
from tactile_equiv.hand import HandPercept, fused_texture

Frame = TypeVar("Frame")

CLEAR = 2.0
"""A set is cut at a pause so many times as long as the one before it."""


class PatchSets(Generic[Frame]):
    """Collects frames to sets.

    Args:
        names: of all patches; at first all are awaited.
        max_age_s: a patch that was silent for longer is not awaited, seconds.
        now: a steady time, seconds.
    """

    def __init__(self, names: Iterable[str], max_age_s: float, now: float) -> None:
        self._max_age_s = max_age_s
        self._open: dict[str, tuple[float, Frame | None]] = {}
        self._heard = dict.fromkeys(names, now)
        self._last = -math.inf  # when the last frame of the set before came

    def ended_by(self, names: Iterable[str]) -> dict[str, Frame]:
        """The set that ends because these patches give their next frame; empty if none does."""
        return self._ended(len(self._open)) if any(name in self._open for name in names) else {}

    def add(self, frames: Mapping[str, Frame | None], now: float) -> dict[str, Frame]:
        """The set that these frames complete, empty if they do not.

        Args:
            frames: by patch, those of one message, None = refused; no patch that has one in the set
                already (`ended_by`).
            now: a steady time, seconds.
        """
        self._open |= {name: (now, frame) for name, frame in frames.items()}
        self._heard |= dict.fromkeys(frames, now)
        if any(name not in self._open for name in self._awaited(now)):
            return {}
        return self._ended(self._burst())

    def overdue(self, now: float) -> dict[str, Frame]:
        """The set whose first frame has waited too long; empty if there is none."""
        late = self._open and now - next(iter(self._open.values()))[0] > self._max_age_s
        return self._ended(len(self._open)) if late else {}

    def _awaited(self, now: float) -> Iterable[str]:
        return (name for name, heard in self._heard.items() if now - heard <= self._max_age_s)

    def _burst(self) -> int:
        """How many frames of the open set came before the pause that ends it, all without one."""
        times = [self._last, *(at for at, _ in self._open.values())]
        pauses = [after - before for before, after in pairwise(times)]
        if not pauses[1:] or max(pauses[1:]) <= CLEAR * pauses[0]:
            return len(self._open)
        return pauses.index(max(pauses[1:]), 1)

    def _ended(self, count: int) -> dict[str, Frame]:
        """Take the first frames out of the open set."""
        names = list(self._open)[:count]
        taken = {name: self._open.pop(name) for name in names}
        self._last = max((at for at, _ in taken.values()), default=self._last)
        return {name: frame for name, (_, frame) in taken.items() if frame is not None}


class HandTexture:
    """The texture that a hand touches, set after set.

    A patch that has no frame in a set counts with its last one, unless that is too old.

    Args:
        names: of all patches.
        max_age_s: how long the texture of a patch counts, seconds.
    """

    def __init__(self, names: Iterable[str], max_age_s: float) -> None:
        self._names = tuple(names)
        self._max_age_s = max_age_s
        self._last: dict[str, tuple[float, Texture | None]] = {}

    def update(self, percept: HandPercept, now: float) -> Texture | None:
        """The texture after a set; None where nothing is touched."""
        self._last |= {name: (now, felt.texture) for name, felt in percept.patches.items()}
        absent = self.absent(now)
        return fused_texture(
            texture for name, (_, texture) in self._last.items() if name not in absent
        )

    def absent(self, now: float) -> list[str]:
        """The patches that do not count at a time, in the order of their names."""
        return [
            name
            for name in self._names
            if name not in self._last or now - self._last[name][0] > self._max_age_s
        ]
