"""Whole-taxel shifts: does the contact map move along, do class and scores stay? Numbers only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.overlap import overlap, turned
from tactile_equiv.symmetry import map_difference

from .map_depth import by_depth, phantom_response
from .map_lag import map_lag
from .pairing import Exchange, Stream
from .records import Frame, Perceived
from .shift_pairs import (
    Shift,
    margin,
    most_central,
    places,
    sensor_size,
    shift_between,
    shift_groups,
)
from .summaries import worst

SAME_INPUT = 1e-6
"""Frames that differ by more after the shift, relative to their range, are the sensor's doing."""
PHANTOM_MARGIN = 4
"""A reference nearer to the border than this, taxels, cannot tell a phantom from its own halo."""


@dataclass(frozen=True)
class ShiftError:
    """One frame against the reference of its group.

    Attributes:
        stamp_ns, reference_ns: the two frames.
        move: name of the move.
        place: (row, column) of the first contact, taxels.
        shift: from the reference, taxels.
        margin: taxels from the contact to the border.
        input_error: difference of the shifted input frames, relative to their range; 0 where they
            were not recorded.
        map_error: contact map against the shifted reference map where both are on the sensor,
            relative to its maximum; NaN if it holds NaN, infinite if its size is wrong.
        phantom: map in the strip that the shift brings onto the sensor, against its median,
            relative; NaN where the reference is too near to the border or the map
            holds NaN.
        score_drift: largest change of a class score; scored: both answers hold scores.
        flipped: the class changed; classified: one of the answers holds a class.
        depth_errors: largest map error at each distance of a taxel to the border, of either map.
    """

    stamp_ns: int
    reference_ns: int
    move: str
    place: tuple[float, float]
    shift: Shift
    margin: float
    input_error: float
    map_error: float
    phantom: float
    score_drift: float
    scored: bool
    flipped: bool
    classified: bool
    depth_errors: tuple[float, ...]


@dataclass(frozen=True)
class ShiftErrors:
    """All whole-taxel shifts of contained contacts.

    Attributes:
        asked: shifts of the script.
        compared: shifts answered whose input frames were shifts too, with a contact map.
        unmapped: answered, but without a contact map on one side.
        inexact: answered, but the sensor changed the frame; theirs is no error of the network.
        blank_references: reference maps that are the same everywhere, so they show no contact.
        lag: answers show the contact so many frames late; 0 = they do not.
    """

    asked: int
    compared: tuple[ShiftError, ...]
    unmapped: int
    inexact: tuple[ShiftError, ...]
    blank_references: int
    lag: int

    @property
    def map_error(self) -> float:
        """Worst of all, 0 without any."""
        return worst([error.map_error for error in self.compared])

    @property
    def phantom(self) -> float:
        """Worst of those that can be told, 0 without any."""
        told = [error.phantom for error in self.compared if error.phantom == error.phantom]
        return worst(told)

    @property
    def score_drift(self) -> float:
        """Worst of all, 0 without any."""
        return worst([error.score_drift for error in self.compared])

    @property
    def flips(self) -> int:
        """Shifts that changed the class."""
        return sum(error.flipped for error in self.compared)

    def to_json(self) -> dict[str, Any]:
        """The numbers by name, every shift with its own."""
        summary = ("map_error", "phantom", "score_drift", "flips")
        return asdict(self) | {name: getattr(self, name) for name in summary}


def measure_shifts(stream: Stream) -> ShiftErrors:
    """Compare every answered whole-taxel shift with the most central answered one of its group."""
    answered = {exchange.injected.stamp_ns: exchange for exchange in stream.exchanges}
    size = sensor_size(e.perceived.contact_map for e in stream.exchanges)
    groups = shift_groups(one for one in stream.injected if not one.lost)
    compared: list[ShiftError] = []
    inexact: list[ShiftError] = []
    unmapped = blank = lag = 0
    for frames in groups:
        exchanges = [answered[one.stamp_ns] for one in frames if one.stamp_ns in answered]
        mapped = [e for e in exchanges if e.perceived.contact_map is not None]
        unmapped += len(exchanges) - len(mapped)
        if len(mapped) < 2:
            continue
        centre = most_central([exchange.injected for exchange in mapped], size)
        reference = answered[centre.stamp_ns]
        blank += _is_blank(reference.perceived)
        for exchange in mapped:
            if exchange is not reference:
                error = shift_error(exchange, reference)
                (compared if error.input_error <= SAME_INPUT else inexact).append(error)
        lag = max(lag, map_lag(stream, mapped, reference))
    asked = sum(len(frames) - 1 for frames in groups)
    return ShiftErrors(asked, tuple(compared), unmapped, tuple(inexact), blank, lag)


def shift_error(exchange: Exchange, reference: Exchange) -> ShiftError:
    """One answer against the reference, both with contact maps."""
    frame, centre = exchange.injected, reference.injected
    shift = shift_between(frame, centre)
    assert shift is not None, "only frames of one group are compared"
    seen, expected = exchange.perceived.contact_map, reference.perceived.contact_map
    assert seen is not None and expected is not None
    fits = seen.shape == expected.shape == _size_of(frame.frame, seen)
    scale = max(float(np.nan_to_num(np.abs(expected)).max()), 1e-12)
    told = fits and margin(centre) >= PHANTOM_MARGIN and bool(np.isfinite(seen).all())
    (row, column), periods = places(frame)[0], frame.periods
    return ShiftError(
        stamp_ns=frame.stamp_ns,
        reference_ns=centre.stamp_ns,
        move=frame.move,
        place=(float(row), float(column)),
        shift=shift,
        margin=margin(frame),
        input_error=_input_error(frame.frame, centre.frame, shift, periods),
        map_error=map_difference(seen, expected, shift, periods) / scale if fits else float("inf"),
        phantom=phantom_response(seen, shift, periods) / scale if told else float("nan"),
        score_drift=score_drift(exchange.perceived, reference.perceived),
        scored=bool(exchange.perceived.scores and reference.perceived.scores),
        flipped=exchange.perceived.label != reference.perceived.label,
        classified=bool(exchange.perceived.label or reference.perceived.label),
        depth_errors=by_depth(seen, expected, shift, scale, periods) if fits else (),
    )


def score_drift(answer: Perceived, reference: Perceived) -> float:
    """Largest change of a class score; a class that one of them left out scored no more there
    than the least that was published.
    """
    both = [answer.scores, reference.scores]
    names = set(both[0]) | set(both[1])
    least = [min(scores.values(), default=0.0) for scores in both]
    drifts = []
    for name in names:
        if name in both[0] and name in both[1]:
            drifts.append(abs(both[0][name] - both[1][name]))
        else:
            there = 0 if name in both[0] else 1
            drifts.append(max(both[there][name] - least[1 - there], 0.0))
    return worst(drifts)


def _input_error(
    frame: Frame | None, reference: Frame | None, shift: Shift, periods: tuple[float, float]
) -> float:
    if frame is None or reference is None:
        return 0.0
    seen, expected = np.asarray(frame, np.float32), np.asarray(reference, np.float32)
    if seen.shape != expected.shape:
        return float("inf")
    moved, left = turned(expected, shift, periods)
    here, there = overlap(left, seen.shape[:2])
    difference = float(np.abs(seen[here] - moved[there]).max())
    return difference / max(float(np.ptp(expected)), 1e-12)


def _size_of(frame: Frame | None, contact_map: NDArray[np.float32]) -> tuple[int, ...]:
    return contact_map.shape if frame is None else frame.shape[:2]


def _is_blank(answer: Perceived) -> bool:
    values = np.asarray(answer.contact_map)
    return bool(np.isfinite(values).any()) and not float(np.nanmax(values) - np.nanmin(values)) > 0
