"""Was every frame answered, once, in order and in time? Numbers only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .pairing import Stream

SECOND = 1e-9
"""Seconds in a nanosecond."""


@dataclass(frozen=True)
class Liveness:
    """Counts and times of a stream.

    Attributes:
        injected: frames of the script; lost: those that the simulated sensor dropped on purpose.
        answered: frames with an answer.
        dropped: frames that the node under test says it dropped or refused.
        missing: frames neither answered nor among `dropped`.
        duplicates, strangers: further answers to a frame; answers to no frame.
        out_of_order: answers received after the answer to a frame published later.
        incomplete: answers without contact map, contacts, or the class of a contact.
        age_p50, age_p99: from stamp to answer, seconds; NaN without answers.
        latency_p50, latency_p99: from publishing to answer, seconds; NaN without answers.
    """

    injected: int
    lost: int
    answered: int
    dropped: int
    missing: int
    duplicates: int
    strangers: int
    out_of_order: int
    incomplete: int
    age_p50: float
    age_p99: float
    latency_p50: float
    latency_p99: float

    def to_json(self) -> dict[str, Any]:
        """The numbers by name."""
        return asdict(self)


def measure_liveness(stream: Stream, dropped: int = 0) -> Liveness:
    """Counts and times; `dropped` = frames that the node under test says it dropped or refused."""
    exchanges = stream.exchanges
    age = np.array([a.received_ns - i.stamp_ns for i, a in exchanges], np.float64) * SECOND
    latency = np.array([a.received_ns - i.published_ns for i, a in exchanges], np.float64) * SECOND
    return Liveness(
        injected=len(stream.injected),
        lost=sum(one.lost for one in stream.injected),
        answered=len(exchanges),
        dropped=dropped,
        missing=max(len(stream.unanswered) - dropped, 0),
        duplicates=len(stream.duplicates),
        strangers=len(stream.strangers),
        out_of_order=_out_of_order(stream),
        incomplete=sum(not answer.complete for _, answer in exchanges),
        age_p50=_percentile(age, 50),
        age_p99=_percentile(age, 99),
        latency_p50=_percentile(latency, 50),
        latency_p99=_percentile(latency, 99),
    )


def _out_of_order(stream: Stream) -> int:
    """Exchanges are in the order of publishing; an answer is late when a later frame's came."""
    rank = {one.stamp_ns: order for order, (one, _) in enumerate(stream.exchanges)}
    received = sorted((answer for _, answer in stream.exchanges), key=lambda a: a.received_ns)
    late, newest = 0, -1
    for answer in received:
        late += rank[answer.stamp_ns] < newest
        newest = max(newest, rank[answer.stamp_ns])
    return late


def _percentile(values: NDArray[np.float64], percent: float) -> float:
    return float(np.percentile(values, percent)) if values.size else float("nan")
