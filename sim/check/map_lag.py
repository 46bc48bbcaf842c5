"""Does the contact map show the contact where it was some frames ago?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tactile_equiv.symmetry import map_difference

from .pairing import Exchange, Stream
from .records import Injected
from .shift_pairs import shift_between

LONGEST = 3
"""Lags looked for, frames."""
FEWEST = 3
"""Maps that a lag is judged from."""
EXPLAINED = 0.8
"""Fraction of the wrong maps that a lag must explain."""
FITS = 1e-3
"""A map differs by less, relative to its maximum, from one that shows the same contact there."""


def map_lag(stream: Stream, exchanges: Sequence[Exchange], reference: Exchange) -> int:
    """The lag in frames that explains the maps which do not fit; 0 if none does.

    Args:
        stream: gives the frames before.
        exchanges: answered frames of one group of whole-taxel shifts.
        reference: one of them; a steady lag is its lag too.
    """
    wrong = [exchange for exchange in exchanges if _fits(exchange, reference, {}) is False]
    for lag in range(1, LONGEST + 1):
        before = stream.before(lag)
        fits = [_fits(exchange, reference, before) for exchange in wrong]
        told = [fit for fit in fits if fit is not None]
        if len(told) >= FEWEST and np.mean(told) >= EXPLAINED:
            return lag
    return 0


def _fits(exchange: Exchange, reference: Exchange, before: Mapping[int, Injected]) -> bool | None:
    """Whether a map shows the contact of the frame before; None if that cannot be told."""
    seen, expected = exchange.perceived.contact_map, reference.perceived.contact_map
    late, shown = (before.get(one.injected.stamp_ns, one.injected) for one in (exchange, reference))
    shift = shift_between(late, shown)
    if shift is None or seen is None or expected is None or seen.shape != expected.shape:
        return None
    if abs(shift[0]) >= seen.shape[0] or abs(shift[1]) >= seen.shape[1]:
        return None
    scale = max(float(np.nanmax(expected, initial=0.0)), 1e-12)
    return map_difference(seen, expected, shift, late.periods) <= FITS * scale
