"""Does the contact map show the contact where it was some frames ago?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tactile_equiv.symmetry import map_difference

from .pairing import Exchange, Stream
from .records import Injected
from .shift_pairs import shift_between

LONGEST = 3
"""Lags looked for, frames."""
SAMPLE = 40
"""Pairs looked at."""
FITS = 1e-3
"""A map differs by less, relative to its maximum, from one that shows the same contact there."""


def map_lag(stream: Stream, exchanges: Sequence[Exchange], reference: Exchange) -> int:
    """The lag in frames that explains nine of ten maps which no lag does not; 0 if none does.

    Args:
        stream: gives the frames before.
        exchanges: answered frames of one group of whole-taxel shifts.
        reference: one of them.
    """
    sample = exchanges[:: max(len(exchanges) // SAMPLE, 1)]
    if _fraction_that_fits(sample, reference, {}) > 0.5:
        return 0
    for lag in range(1, LONGEST + 1):
        if _fraction_that_fits(sample, reference, stream.before(lag)) >= 0.9:
            return lag
    return 0


def _fraction_that_fits(
    sample: Sequence[Exchange], reference: Exchange, before: dict[int, Injected]
) -> float:
    expected = reference.perceived.contact_map
    fits = []
    for frame, answer in sample:
        shift = shift_between(
            before.get(frame.stamp_ns, frame),
            before.get(reference.injected.stamp_ns, reference.injected),
        )
        seen = answer.contact_map
        if frame is reference.injected or shift is None or seen is None or expected is None:
            continue
        if seen.shape != expected.shape or max(map(abs, shift)) >= min(seen.shape):
            continue
        difference = map_difference(seen, expected, shift)
        fits.append(difference <= FITS * max(float(np.nanmax(expected)), 1e-12))
    return float(np.mean(fits)) if fits else 0.0
