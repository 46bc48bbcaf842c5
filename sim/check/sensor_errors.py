"""What the sensor did wrong, apart from what the network made of it. Numbers only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.overlap import turned

from .centroids import Place, deviation, without
from .pairing import Exchange, Stream
from .records import Injected
from .shifts import ShiftErrors
from .summaries import rms, worst
from .tracks import Tracks, measure_tracks

AS_IDEAL = 0.01
"""A frame nowhere farther from its ideal, relative to the range of that, is as good as ideal."""


@dataclass(frozen=True)
class SensorErrors:
    """Frames of an imperfect sensor.

    Attributes:
        frames: answered frames farther than `AS_IDEAL` from what an ideal sensor gives.
        frame_rms, frame_worst: their error over all taxels, relative to the ideal frame's range.
        shifts: whole-taxel shifts whose frames are no exact shifts of each other; input_error,
            map_error: worst of theirs, of the sensor's frames and of the contact maps.
        tracks: tracks of imperfect frames.
        sensor_centroids: frames below; sensor_centroid_rms: energy centroid of the frame - that of
            its ideal, taxels: the part of the error that is the sensor's.
        network_centroid_rms: what is left of the centroid error, less its mean, taxels.
    """

    frames: int
    frame_rms: float
    frame_worst: float
    shifts: int
    input_error: float
    map_error: float
    tracks: Tracks
    sensor_centroids: int
    sensor_centroid_rms: float
    network_centroid_rms: float

    def to_json(self) -> dict[str, Any]:
        """The numbers by name."""
        return asdict(self) | {"tracks": self.tracks.to_json()}


def as_ideal(frame: Injected) -> bool:
    """Whether the sensor was ideal for this frame; taken for granted where no ideal is known."""
    return frame.ideal is None or frame.frame is None or _frame_error(frame).max() <= AS_IDEAL


def measure_sensor(stream: Stream, shifts: ShiftErrors) -> SensorErrors:
    """Errors of the frames that are not `as_ideal`, and of the shifts that the sensor spoilt."""
    imperfect = [e for e in stream.exchanges if not as_ideal(e.injected)]
    errors = [_frame_error(exchange.injected) for exchange in imperfect]
    tracks = measure_tracks(stream, [f for f in stream.injected if not as_ideal(f)])
    parts = [_centroid_parts(exchange) for exchange in imperfect if _has_centroid(exchange)]
    sensor = [part for part, _ in parts]
    network = np.array([part for _, part in parts], np.float64).reshape(-1, 2)
    left = network - network.mean(axis=0) if len(network) else network
    return SensorErrors(
        frames=len(imperfect),
        frame_rms=float(np.sqrt(np.mean([(e**2).mean() for e in errors]))) if errors else 0.0,
        frame_worst=worst(float(error.max()) for error in errors),
        shifts=len(shifts.inexact),
        input_error=worst(error.input_error for error in shifts.inexact),
        map_error=worst(error.map_error for error in shifts.inexact),
        tracks=tracks,
        sensor_centroids=len(parts),
        sensor_centroid_rms=rms(sensor),
        network_centroid_rms=rms((float(down), float(right)) for down, right in left),
    )


def _frame_error(frame: Injected) -> NDArray[np.float64]:
    """Frame - ideal frame, absolute, relative to the ideal's range; a taxel without a number is
    wrong by the whole range.
    """
    ideal = np.asarray(frame.ideal, np.float64)
    seen = np.asarray(frame.frame, np.float64)
    if seen.shape != ideal.shape:
        return np.ones(1)
    error: NDArray[np.float64] = np.abs(seen - ideal) / max(float(np.ptp(ideal)), 1e-12)
    return np.where(np.isfinite(error), error, 1.0)


def _has_centroid(exchange: Exchange) -> bool:
    """One whole contact on a pressure array that rests at 0, and it was seen."""
    frame, answer = exchange
    if frame.ideal is None or frame.ideal.ndim != 2 or not (frame.contained and answer.contacts):
        return False
    return len(frame.contacts) == 1 and bool(frame.ideal.min() == 0 < frame.ideal.max())


def _centroid_parts(exchange: Exchange) -> tuple[Place, Place]:
    """Centroid error of the sensor, and what the network added, (row, column) each, taxels."""
    frame = exchange.injected
    assert frame.frame is not None and frame.ideal is not None
    contact, rows, columns = frame.contacts[0], *frame.ideal.shape
    to_middle = rows // 2 - round(contact.row), columns // 2 - round(contact.column)
    touched, _ = turned(np.asarray(frame.ideal, np.float64), to_middle, frame.periods)
    measured, _ = turned(np.asarray(frame.frame, np.float64), to_middle, frame.periods)
    felt = np.clip(np.nan_to_num(measured), 0, None) * (touched > 0)
    sensor = without(_centroid(touched), _centroid(felt))
    return sensor, without(sensor, deviation(exchange, contact))


def _centroid(weight: NDArray[np.float64]) -> Place:
    total = max(float(weight.sum()), 1e-12)
    rows, columns = (np.arange(length) for length in weight.shape)
    return float(weight.sum(axis=1) @ rows / total), float(weight.sum(axis=0) @ columns / total)
