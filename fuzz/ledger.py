"""What became of the inputs: counted by subject and reason, with everything that broke the law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from fuzz.law import Outcome
from fuzz.memory import peak_bytes, resident_bytes, slope

MOST_FINDINGS = 40
GROWTH_LIMIT = 48 << 20
"""Bytes by which a campaign may grow after its warm-up, by its slope."""
LEAP_LIMIT = 1 << 30
"""Bytes by which one input may raise the peak."""


@dataclass
class Tally:
    """The inputs of one subject.

    Attributes:
        kind: of the subject.
        inputs, answered: how many.
        refused: how many, by reason.
        slowest_s: processor time of the slowest.
    """

    kind: str
    inputs: int = 0
    answered: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    slowest_s: float = 0.0


@dataclass
class Finding:
    """Inputs that broke the law in the same way.

    Attributes:
        subject: that read them.
        kind, place, detail: see `Outcome`; of the first.
        source: how to make the first again.
        count: how many there were.
    """

    subject: str
    kind: str
    place: str
    detail: str
    source: str
    count: int = 1


class Ledger:
    """Counts outcomes and watches the memory of this process."""

    def __init__(self) -> None:
        self.tallies: dict[str, Tally] = {}
        self.findings: list[Finding] = []
        self._samples: list[tuple[int, int]] = []
        self._peak = peak_bytes()

    @property
    def inputs(self) -> int:
        """Of all subjects."""
        return sum(tally.inputs for tally in self.tallies.values())

    def add(self, subject: str, kind: str, outcome: Outcome, source: str) -> None:
        """Count one input.

        Args:
            subject: its name.
            kind: of the subject.
            outcome: of the input.
            source: how to make it again.
        """
        tally = self.tallies.setdefault(subject, Tally(kind))
        tally.inputs += 1
        tally.slowest_s = max(tally.slowest_s, outcome.seconds)
        if outcome.kind == "answered":
            tally.answered += 1
        elif outcome.kind == "refused":
            tally.refused[outcome.reason] = tally.refused.get(outcome.reason, 0) + 1
        else:
            self.found(Finding(subject, outcome.kind, outcome.reason, outcome.detail, source))
        self._watch_peak(subject, source)

    def found(self, finding: Finding) -> None:
        """Keep a finding, together with those that are alike."""
        for known in self.findings:
            if (known.subject, known.kind, known.place) == (
                finding.subject,
                finding.kind,
                finding.place,
            ):
                known.count += 1
                return
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)

    def sample_memory(self) -> None:
        """Note how much is in use now."""
        self._samples.append((self.inputs, resident_bytes()))

    def close(self, name: str) -> None:
        """Judge the memory of the whole campaign, called `name`."""
        if self._growth > GROWTH_LIMIT:
            grown = f"grew by {self._growth / 1e6:.0f} MB over {self.inputs} inputs"
            self.found(Finding(name, "leak", "memory", grown, "the whole campaign"))

    @property
    def _growth(self) -> float:
        """Bytes, after the warm-up."""
        if not self._samples:
            return 0.0
        return slope(self._samples) * (self._samples[-1][0] - self._samples[0][0])

    def _watch_peak(self, subject: str, source: str) -> None:
        peak = peak_bytes()
        if peak - self._peak > LEAP_LIMIT:
            leap = f"one input took {(peak - self._peak) / 1e6:.0f} MB"
            self.found(Finding(subject, "memory", subject, leap, source))
        self._peak = peak

    def to_json(self) -> Mapping[str, Any]:
        """All of it as plain values."""
        return {
            "tallies": {name: asdict(tally) for name, tally in self.tallies.items()},
            "findings": [asdict(finding) for finding in self.findings],
            "memory": {
                "peak_mb": peak_bytes() / 1e6,
                "bytes_an_input": slope(self._samples),
                "samples": len(self._samples),
            },
        }
