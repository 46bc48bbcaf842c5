"""Patterns in the errors that tell their cause. Numbers only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .shift_pairs import Shift
from .shifts import ShiftError
from .tracks import Track

STRIDES = range(2, 17)
"""Strides looked for, taxels."""
SMALL = 0.05
"""Errors below this part of the largest one have vanished."""
CHANCE = 0.01
"""A pattern that chance makes as likely as this is none."""
GROWN = 0.6
"""Errors on short shifts below this part of those on long ones grow with the shift."""
UNRELATED = 0.3
"""Correlation of following errors below which they jitter."""

ShiftValue = Callable[[ShiftError], float]


def stride_of(errors: Sequence[ShiftError], value: ShiftValue, limit: float) -> int:
    """The least n so that errors vanish on shifts by multiples of n only; 0 if there is none.

    That they vanish there by chance, as often as elsewhere, must be less likely than `CHANCE`.
    """
    moved = [error for error in errors if error.shift != (0, 0)]
    for n in STRIDES:
        on = np.array([value(error) for error in moved if on_lattice(error.shift, n)])
        off = np.array([value(error) for error in moved if not on_lattice(error.shift, n)])
        failing = off[off > limit]
        if len(on) < 2 or not len(failing):
            continue
        small = max(limit, SMALL * float(np.median(failing)))
        chance = (1 - len(failing) / len(off)) ** len(on)
        if float(np.quantile(on, 0.9)) <= small and chance <= CHANCE:
            return n
    return 0


def on_lattice(shift: Shift, n: int) -> bool:
    """Whether both parts of a shift are multiples of n."""
    return shift[0] % n == 0 and shift[1] % n == 0


def growth_with_shift(
    errors: Sequence[ShiftError], value: ShiftValue
) -> tuple[float, float] | None:
    """Median errors on the shortest and on the longest shifts; None if they do not grow."""
    lengths = np.array([max(map(abs, error.shift)) for error in errors])
    values = np.array([value(error) for error in errors])
    longest = lengths.max(initial=0)
    near, far = lengths <= max(2, 0.2 * longest), lengths >= 0.7 * longest
    if not near.any() or not far.any():
        return None
    short, long = float(np.median(values[near])), float(np.median(values[far]))
    return (short, long) if short < GROWN * long else None


def depth_profile(errors: Sequence[ShiftError]) -> list[float]:
    """Largest map error of all shifts at each distance of a taxel to the border."""
    profile = [0.0] * max((len(error.depth_errors) for error in errors), default=0)
    for error in errors:
        for depth, value in enumerate(error.depth_errors):
            profile[depth] = max(profile[depth], value)
    return profile


def by_margin(errors: Sequence[ShiftError]) -> list[float]:
    """Largest score drift at each whole distance of a contact to the border."""
    drifts: dict[int, float] = {}
    for error in errors:
        margin = int(error.margin)
        drifts[margin] = max(drifts.get(margin, 0.0), error.score_drift)
    return from_distance(drifts)


def vanishing(profile: Sequence[float], limit: float) -> int | None:
    """The least distance to the border from which on errors vanish; None if they never do.

    Vanished is below the limit, or else below `SMALL` of the largest error.
    """
    for small in (limit, SMALL * max(profile, default=0.0)):
        failing = [distance for distance, value in enumerate(profile) if not value <= small]
        first = failing[-1] + 1 if failing else 0
        if 0 < first <= len(profile) - 2:
            return first
    return None


def jittering(tracks: Sequence[Track]) -> bool:
    """Whether errors of following frames are as good as unrelated."""
    related = total = 0.0
    for track in tracks:
        errors = np.array(track.felt).reshape(-1, 2)
        related += float((errors[1:] * errors[:-1]).sum())
        total += float((errors[1:] ** 2).sum())
    return related < UNRELATED * total


def from_distance(values: dict[int, float]) -> list[float]:
    """Values by distance as a list; a distance that was never met counts as no error."""
    return [values.get(distance, 0.0) for distance in range(max(values, default=-1) + 1)]
