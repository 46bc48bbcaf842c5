"""Counts and times of a stream of frames; numbers only."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass

import numpy as np

WINDOW = 1000
SENDERS = 8
"""Publishers of a topic that are remembered."""


@dataclass(frozen=True)
class StreamSummary:
    """A stream at one moment.

    Attributes:
        perceived, dropped: frames since the start.
        refused: refused frames since the start, by reason.
        rate: perceived frames a second since the last summary.
        refused_since: refused frames since the last summary.
        refusal: why the last of them was, in words, "" = none or not said.
        latency_p50, latency_p99: message in hand to results published, seconds, NaN at first.
        age: of the newest result when it was published, seconds since its stamp, NaN at first.
        silence: seconds since the last message, NaN before the first.
    """

    perceived: int
    dropped: int
    refused: dict[str, int]
    rate: float
    refused_since: int
    refusal: str
    latency_p50: float
    latency_p99: float
    age: float
    silence: float


class StreamStatistics:
    """Collects what happened to the frames of one stream."""

    def __init__(self, now: float) -> None:
        self._perceived = 0
        self._dropped = 0
        self._refused: Counter[str] = Counter()
        self._refusal = ""
        self._latencies: deque[float] = deque(maxlen=WINDOW)
        self._age = float("nan")
        self._last_message = float("nan")
        self._summary_at = now
        self._perceived_at_summary = 0
        self._refused_at_summary = 0

    def received(self, now: float) -> None:
        """A message came at `now`, seconds on a steady clock."""
        self._last_message = now

    def perceived(self, latency: float, age: float) -> None:
        """A frame was perceived; both in seconds."""
        self._perceived += 1
        self._latencies.append(latency)
        self._age = age

    def refused(self, reason: str, why: str = "") -> None:
        """A frame was refused; `reason` in a word, `why` in a sentence."""
        self._refused[reason] += 1
        self._refusal = why

    def dropped(self, count: int) -> None:
        """Frames were published but never reached us."""
        self._dropped += count

    def forget_times(self) -> None:
        """After a jump of the clock, old latencies and ages mean nothing; counts stay."""
        self._latencies.clear()
        self._age = float("nan")

    def summary(self, now: float) -> StreamSummary:
        """The stream now; rates count from the last summary."""
        refused = self._refused.total()
        period = max(now - self._summary_at, 1e-9)
        latencies = np.asarray(self._latencies)
        p50, p99 = (
            np.percentile(latencies, [50, 99]) if latencies.size else (float("nan"), float("nan"))
        )
        summary = StreamSummary(
            perceived=self._perceived,
            dropped=self._dropped,
            refused=dict(self._refused),
            rate=(self._perceived - self._perceived_at_summary) / period,
            refused_since=refused - self._refused_at_summary,
            refusal=self._refusal if refused > self._refused_at_summary else "",
            latency_p50=float(p50),
            latency_p99=float(p99),
            age=self._age,
            silence=now - self._last_message,
        )
        self._summary_at = now
        self._perceived_at_summary = self._perceived
        self._refused_at_summary = refused
        return summary


class DropCounter:
    """Frames missing between those that came, from the publisher's sequence numbers."""

    def __init__(self) -> None:
        self._last: int | None = None

    def missing(self, sequence_number: int | None) -> int:
        """Frames lost since the last call; 0 at first, after a restart, for an unknown number."""
        last, self._last = self._last, sequence_number
        if last is None or sequence_number is None:
            return 0
        return max(sequence_number - last - 1, 0)


class SenderCounter:
    """Counts what is missing of each publisher of a topic, and notices when several send at once.

    A publisher that begins after another one has ended is its successor; one that goes on after
    another one has sent is a rival.
    """

    def __init__(self) -> None:
        self._drops: dict[bytes, DropCounter] = {}
        self._last = b""
        self._rivals: set[bytes] = set()

    def missing(self, publisher: bytes, sequence_number: int | None) -> int:
        """Frames of this publisher lost since the last call for it, see `DropCounter.missing`."""
        if publisher != self._last:
            self._change(publisher)
        return self._drops[publisher].missing(sequence_number)

    def take_rivals(self) -> frozenset[bytes]:
        """Publishers that sent at once since the last call."""
        rivals, self._rivals = frozenset(self._rivals), set()
        return rivals

    def _change(self, publisher: bytes) -> None:
        if publisher in self._drops:
            self._rivals |= {publisher, self._last}
        else:
            if len(self._drops) == SENDERS:
                del self._drops[next(iter(self._drops))]
            self._drops[publisher] = DropCounter()
        self._last = publisher
