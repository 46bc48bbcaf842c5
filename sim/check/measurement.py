"""All numbers of a run; `verdict` judges them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .border import Border, measure_border
from .contact_counts import ContactCounts, measure_contact_counts
from .liveness import Liveness, measure_liveness
from .pairing import Stream, pair
from .records import Injected, Perceived
from .sensor_errors import SensorErrors, as_ideal, measure_sensor
from .shifts import ShiftErrors, measure_shifts
from .tracks import Tracks, measure_tracks


@dataclass(frozen=True)
class Measurements:
    """What was measured.

    Attributes:
        stream: the frames and answers themselves, paired.
        liveness, shifts, tracks, border, counts: of the subject; frames of an imperfect sensor
            count for liveness alone.
        sensor: frames of an imperfect sensor.
    """

    stream: Stream
    liveness: Liveness
    shifts: ShiftErrors
    tracks: Tracks
    border: Border
    counts: ContactCounts
    sensor: SensorErrors

    def to_json(self) -> dict[str, Any]:
        """The numbers by group, without frames and maps."""
        groups = ("liveness", "shifts", "tracks", "border", "counts", "sensor")
        return {name: getattr(self, name).to_json() for name in groups}


def measure(
    injected: Sequence[Injected], perceived: Sequence[Perceived], dropped: int = 0
) -> Measurements:
    """Pair by stamp and measure everything.

    Args:
        injected: every frame of the script.
        perceived: every answer, as received.
        dropped: frames that the node under test says it dropped or refused.

    Raises:
        DataError: if two frames bear one stamp.
    """
    stream = pair(injected, perceived)
    shifts = measure_shifts(stream)
    tracks = measure_tracks(stream, [frame for frame in stream.injected if as_ideal(frame)])
    ideal = [exchange for exchange in stream.exchanges if as_ideal(exchange.injected)]
    return Measurements(
        stream=stream,
        liveness=measure_liveness(stream, dropped),
        shifts=shifts,
        tracks=tracks,
        border=measure_border(ideal, shifts, tracks),
        counts=measure_contact_counts(ideal),
        sensor=measure_sensor(stream, shifts),
    )
