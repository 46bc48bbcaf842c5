"""Seen centroids against true ones: offsets, and answers that come late. Numbers only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from tactile_equiv.topology import apart

from .pairing import Exchange, Stream
from .records import Injected, SeenContact, TrueContact
from .summaries import rms

LONGEST_LAG = 3
"""Lags looked for, frames."""
FEWEST = 5
"""Frames that a lag is judged from."""
LAG_EXPLAINS = 0.3
"""A lag is named when it leaves less than this part of the error."""
NEGLIGIBLE = 1e-3
"""Errors that need no explanation, taxels."""

Kind = tuple[str, float, float]
Place = tuple[float, float]
NOWHERE = (float("nan"), float("nan"))


def nearest(exchange: Exchange, true: TrueContact) -> SeenContact | None:
    """The seen contact nearest to where it should be; None if there is none."""
    periods = exchange.injected.periods
    seen = exchange.perceived.contacts or ()
    return min(seen, key=lambda one: float(np.hypot(*_from(one, true, periods))), default=None)


def _from(seen: SeenContact, true: TrueContact, periods: tuple[float, float]) -> Place:
    return apart(seen.row, true.row, periods[0]), apart(seen.column, true.column, periods[1])


def deviation(exchange: Exchange, true: TrueContact) -> Place:
    """Seen centroid - true centroid (row, column), taxels; NaN where no contact was seen.

    Round a finger the shorter way.
    """
    seen = nearest(exchange, true)
    return _from(seen, true, exchange.injected.periods) if seen else NOWHERE


def without(offset: Place, error: Place) -> Place:
    """An error (row, column) less an offset."""
    return error[0] - offset[0], error[1] - offset[1]


def centroid_offsets(exchanges: Sequence[Exchange]) -> dict[Kind, Place]:
    """Mean of seen - true (row, column) by kind of contact, where one was seen, taxels."""
    errors: dict[Kind, list[Place]] = defaultdict(list)
    for exchange in exchanges:
        contact = exchange.injected.contacts[0]
        if exchange.perceived.contacts:
            errors[contact.kind].append(deviation(exchange, contact))
    means = {kind: np.mean(values, axis=0) for kind, values in errors.items()}
    return {kind: (float(mean[0]), float(mean[1])) for kind, mean in means.items()}


def centroid_lag(stream: Stream, exchanges: Sequence[Exchange]) -> int:
    """The first lag, frames, that explains nearly all of the centroid errors; 0 if none does."""
    here = stream.before(0)
    for lag in range(1, LONGEST_LAG + 1):
        before = {stamp: frame for stamp, frame in stream.before(lag).items() if frame.contacts}
        both = [e for e in exchanges if e.injected.stamp_ns in before and e.perceived.contacts]
        if len(both) < FEWEST:
            continue
        error = _centroid_rms_against(here, both)
        late = _centroid_rms_against(before, both)
        if error > NEGLIGIBLE and late < LAG_EXPLAINS * error:
            return lag
    return 0


def _centroid_rms_against(frames: Mapping[int, Injected], exchanges: Sequence[Exchange]) -> float:
    """Centroid error against the truth of other frames, with the offsets fitted to these."""
    shown = [Exchange(frames[answer.stamp_ns], answer) for _, answer in exchanges]
    offsets = centroid_offsets(shown)
    errors = []
    for exchange in shown:
        contact = exchange.injected.contacts[0]
        errors.append(without(offsets[contact.kind], deviation(exchange, contact)))
    return rms(errors)
