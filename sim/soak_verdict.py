"""Judges a soak: the only place where it says good or bad.

A figure fails where its whole interval is beyond the limit, passes where its whole interval is
within, and otherwise is not decided: a short run, or a busy machine, cannot tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from tactile_equiv_sim.frame_accounts import Totals
from tactile_equiv_sim.process_samples import FIGURES, MB
from tactile_equiv_sim.soak_record import OBSERVER, SoakRecord
from tactile_equiv_sim.soak_statistics import (
    Array,
    Estimate,
    growth_of_halves,
    slope,
    slower,
)

from tactile_equiv.errors import TactileError

MEMORY_LIMIT = 1.0  # MB an hour
LATENCY_LIMIT = 1.2  # p99 of the last tenth over that of the first
LEAST_GROWTH = 1.0
"""MB: a process that grew less is not failed."""
LEAST_TENTH = 60.0
"""Seconds: shorter tenths say more about the machine than about the node."""

Outcome = Literal["passed", "failed", "not decided", "reported"]


@dataclass(frozen=True)
class SoakFinding:
    """One judgement.

    Attributes:
        name: what is judged.
        outcome: "reported" = a figure without a limit.
        estimate: the figure and its interval, which is empty where the figure is a count.
        limit: most that passes.
        why: it is not decided, or "".
    """

    name: str
    outcome: Outcome
    estimate: Estimate
    limit: float
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """The values by name."""
        return asdict(self)


def judge(record: SoakRecord) -> tuple[SoakFinding, ...]:
    """All findings.

    Raises:
        TactileError: if there is nothing to judge.
    """
    totals = totals_of(record)
    if not totals.answered:
        raise TactileError(
            f"nothing can be judged: of {totals.published} frames none was answered between two "
            "diagnostics of the node: let it run longer"
        )
    return (
        _count("frames that nobody counted", totals.uncounted + record.notes["unbalanced"]),
        _count("answers repeated or out of order", record.notes["repeated"]),
        *(_memory(record, name) for name in record.plan.processes),
        _latency(record),
        *_held(record),
    )


def exit_code(findings: tuple[SoakFinding, ...], decide: bool) -> int:
    """0, 1 where one failed, 2 where all must be decided and one is not."""
    outcomes = {finding.outcome for finding in findings}
    if "failed" in outcomes:
        return 1
    return 2 if decide and "not decided" in outcomes else 0


def totals_of(record: SoakRecord) -> Totals:
    """Frames of the whole run."""
    return Totals(*(int(count) for count in record.counts[-1]))


def measured(record: SoakRecord) -> Array:
    """(N,) which samples were taken after the warm-up."""
    return record.times >= 0


def memory_slope(record: SoakRecord, process: str) -> Estimate:
    """Growth of the resident memory of a process after the warm-up, MB an hour."""
    hours, values = _series(record, process, "rss_mib")
    return slope(hours, values * MB)


def _series(record: SoakRecord, process: str, figure: str) -> tuple[Array, Array]:
    """Hours and values of a figure after the warm-up."""
    chosen = measured(record)
    column = record.plan.processes.index(process), FIGURES.index(figure)
    return record.times[chosen] / 3600, record.processes[chosen, column[0], column[1]]


def _count(name: str, count: float) -> SoakFinding:
    estimate = Estimate(count, count, count)
    return SoakFinding(name, "failed" if count else "passed", estimate, 0)


def _memory(record: SoakRecord, process: str) -> SoakFinding:
    estimate = memory_slope(record, process)
    outcome, why = _judged(estimate, MEMORY_LIMIT)
    if outcome == "failed" and not _goes_on(record, process):
        outcome, why = "not decided", "too little, or no longer: let it run longer"
    if process == OBSERVER:
        outcome, why = "reported", ""
    name = f"memory of the {process}, MB an hour"
    return SoakFinding(name, outcome, estimate, MEMORY_LIMIT, why)


def _goes_on(record: SoakRecord, process: str) -> bool:
    """A leak does, while caches and pools fill once: they grow less and less."""
    _, values = _series(record, process, "rss_mib")
    first, second = growth_of_halves(values * MB)
    return bool(first + second >= LEAST_GROWTH and second >= first / 2)


def _latency(record: SoakRecord) -> SoakFinding:
    estimate = slower(record.latencies)
    outcome, why = _judged(estimate, LATENCY_LIMIT)
    if record.plan.seconds < 10 * LEAST_TENTH:
        least = 10 * LEAST_TENTH / 60
        outcome, why = "not decided", f"needs {least:g} minutes"
    name = "latency p99, last tenth / first"
    return SoakFinding(name, outcome, estimate, LATENCY_LIMIT, why)


def _judged(estimate: Estimate, limit: float) -> tuple[Outcome, str]:
    if estimate.low > limit:
        return "failed", ""
    if estimate.high <= limit:
        return "passed", ""
    return "not decided", "the interval holds the limit"


def _held(record: SoakRecord) -> Iterator[SoakFinding]:
    """Threads and file descriptors: more at the end than there ever were at the start?"""
    for figure in ("threads", "descriptors"):
        more = 0.0
        for process in record.plan.processes:
            _, values = _series(record, process, figure)
            part = max(len(values) // 10, 1)
            more = max(more, float(np.min(values[-part:]) - np.max(values[:part])))
        yield _count(f"more {figure} at the end", more)
