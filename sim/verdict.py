"""Judges measurements against thresholds: the only place where the check says good or bad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from .criteria import CRITERIA
from .criterion import FRACTION, Criterion
from .measurement import Measurements
from .thresholds import Thresholds

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
        sentence: what was measured on what, the limit, and when failed its usual cause.
    """

    name: str
    outcome: Outcome
    measured: float | None
    limit: float | None
    unit: str
    at_least: bool
    sentence: str

    @property
    def passed(self) -> bool:
        """Nothing is wrong."""
        return self.outcome in ("passed", "reported")

    def to_json(self) -> dict[str, Any]:
        """The values by name."""
        return asdict(self)


def judge(measurements: Measurements, thresholds: Thresholds) -> tuple[Finding, ...]:
    """A finding for every criterion that the script asks for.

    One finding "stream", unmeasurable, when nothing came of the run at all.
    """
    trouble = _stream_trouble(measurements)
    if trouble:
        return (_unmeasurable("stream", trouble),)
    findings = [
        _finding(criterion, measurements, thresholds[criterion.name])
        for criterion in CRITERIA
        if criterion.subjects.asked(measurements)
    ]
    if not _anything_moved(measurements):
        findings.append(
            _unmeasurable(
                "moving_contacts",
                "the script holds no whole contact that moves, so nothing can be said about "
                "shifts: add a grid or a slide",
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
            f"whether {criterion.good} could not be measured: {asked:.0f} {subjects.words} were "
            f"injected, but {subjects.lacking}",
        )
    measured = float(criterion.number(measurements))
    outcome = _outcome(measured, limit, criterion.at_least)
    sentence = criterion.quantity.format(
        value=quantity(measured, criterion.unit), count=f"{answered:.0f}"
    )
    if limit is not None:
        bound = "at least" if criterion.at_least else "at most"
        claim = criterion.bad if outcome == "failed" else criterion.good
        sentence = f"{claim}: {sentence} (limit: {bound} {quantity(limit, criterion.unit)})"
    if outcome == "failed" and limit is not None:
        sentence += f"; {criterion.cause(measurements, limit)}"
    return Finding(
        criterion.name, outcome, measured, limit, criterion.unit, criterion.at_least, sentence
    )


def _outcome(measured: float, limit: float | None, at_least: bool) -> Outcome:
    if limit is None:
        return "reported"
    passed = measured >= limit if at_least else measured <= limit  # False for NaN
    return "passed" if passed else "failed"


def _unmeasurable(name: str, sentence: str) -> Finding:
    return Finding(name, "unmeasurable", None, None, "", False, sentence)


def quantity(value: float, unit: str) -> str:
    """A number as a person reads it, with its unit; fractions in per cent."""
    if unit == FRACTION:
        return f"{100 * value:.3g} %"
    text = f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e6 else f"{value:.3g}"
    return f"{text} {unit}".strip()
