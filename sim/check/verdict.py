"""Judges measurements against thresholds: the only place where the check says good or bad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from .criteria import CRITERIA
from .criterion import FRACTION, Criterion
from .measurement import Measurements
from .thresholds import Thresholds

NOTHING = 1e-12
"""Smaller numbers are shown as 0."""

Outcome = Literal["passed", "failed", "reported", "unmeasurable"]


@dataclass(frozen=True)
class Finding:
    """One judgement.

    Attributes:
        name: of the criterion, or "stream" when nothing at all could be measured.
        outcome: "reported" = a number without a limit.
        measured: the number; None when it could not be measured.
        limit: most (or least, see `at_least`) that passes; None = not judged.
        unit: of both, or "".
        at_least: the limit is a least.
        claim: what holds, or is wrong; "" when it is not judged.
        detail: the number in words, or why there is none.
        cause: what usually makes it fail; "" unless it failed.
    """

    name: str
    outcome: Outcome
    measured: float | None
    limit: float | None
    unit: str
    at_least: bool
    claim: str
    detail: str
    cause: str = ""

    @property
    def passed(self) -> bool:
        """Nothing is wrong."""
        return self.outcome in ("passed", "reported")

    @property
    def sentence(self) -> str:
        """What was measured on what, the limit, and when failed its usual cause."""
        text = f"{self.claim}: {self.detail}" if self.claim else self.detail
        if self.limit is not None:
            bound = "at least" if self.at_least else "at most"
            text += f" (limit: {bound} {quantity(self.limit, self.unit)})"
        return f"{text}; {self.cause}" if self.cause else text

    def to_json(self) -> dict[str, Any]:
        """The values by name."""
        return asdict(self) | {"sentence": self.sentence}


def judge(measurements: Measurements, thresholds: Thresholds) -> tuple[Finding, ...]:
    """A finding for every criterion that the script asks for.

    One finding "stream", unmeasurable, when nothing came of the run at all.
    """
    trouble = _stream_trouble(measurements)
    if trouble:
        return (_unmeasurable("stream", "nothing could be measured", trouble),)
    findings = [
        _finding(criterion, measurements, thresholds[criterion.name])
        for criterion in CRITERIA
        if criterion.subjects.asked(measurements)
    ]
    if not _anything_moved(measurements):
        findings.append(
            _unmeasurable(
                "moving_contacts",
                "nothing can be said about shifts",
                "the script holds no whole contact that moves: add a grid or a slide",
            )
        )
    return tuple(findings)


def exit_code(findings: Sequence[Finding]) -> int:
    """1 when something failed, else 2 when something could not be measured, else 0."""
    outcomes = {finding.outcome for finding in findings}
    if "failed" in outcomes:
        return 1
    return 2 if "unmeasurable" in outcomes or not findings else 0


def _stream_trouble(measurements: Measurements) -> str:
    stream = measurements.stream
    if not stream.injected:
        return "no frame was injected: is the simulator running, and on the same topics?"
    if not stream.answers:
        return (
            f"{len(stream.injected)} frames were injected and not one answer came: is the node "
            "active, and do topic names, message types and QoS fit?"
        )
    if not stream.exchanges:
        return (
            f"{len(stream.answers)} answers came, but none bears the stamp of one of the "
            f"{len(stream.injected)} injected frames: copy header.stamp from the frame"
        )
    return ""


def _anything_moved(measurements: Measurements) -> bool:
    tracks = measurements.tracks.asked + measurements.sensor.tracks.asked
    return measurements.shifts.asked + tracks > 0


def _finding(criterion: Criterion, measurements: Measurements, limit: float | None) -> Finding:
    subjects = criterion.subjects
    asked, answered = subjects.asked(measurements), subjects.answered(measurements)
    if not answered:
        return _unmeasurable(
            criterion.name,
            f"whether {criterion.good} cannot be said",
            f"{asked:.0f} {subjects.words} were injected, but {subjects.lacking}",
        )
    measured = float(criterion.number(measurements))
    outcome = _outcome(measured, limit, criterion.at_least)
    claims = {"passed": criterion.good, "failed": criterion.bad}
    cause = criterion.cause(measurements, limit or 0.0) if outcome == "failed" else ""
    return Finding(
        name=criterion.name,
        outcome=outcome,
        measured=measured,
        limit=limit,
        unit=criterion.unit,
        at_least=criterion.at_least,
        claim=claims.get(outcome, ""),
        detail=criterion.quantity.format(
            value=quantity(measured, criterion.unit), count=f"{answered:.0f}"
        ),
        cause=cause,
    )


def _outcome(measured: float, limit: float | None, at_least: bool) -> Outcome:
    if limit is None:
        return "reported"
    passed = measured >= limit if at_least else measured <= limit  # False for NaN
    return "passed" if passed else "failed"


def _unmeasurable(name: str, claim: str, detail: str) -> Finding:
    return Finding(name, "unmeasurable", None, None, "", False, claim, detail)


def quantity(value: float, unit: str) -> str:
    """A number as a person reads it, with its unit; fractions in per cent."""
    if unit == FRACTION:
        return f"{100 * value:.3g} %"
    if abs(value) < NOTHING:
        value = 0.0
    text = f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e6 else f"{value:.3g}"
    return f"{text} {unit}".strip()
