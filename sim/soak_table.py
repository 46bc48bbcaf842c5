"""The figures of a soak as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from tactile_equiv_sim.process_samples import FIGURES, MB
from tactile_equiv_sim.soak_record import COUNTS, SoakRecord
from tactile_equiv_sim.soak_statistics import TENTHS, Array, quantile, tenths
from tactile_equiv_sim.soak_verdict import SoakFinding, measured, totals_of

from tactile_equiv.aligned_lines import aligned_lines

CPU = FIGURES.index("cpu_s")
PROCESS_ROWS = {
    "resident_mb": "{:.1f}",
    "shared_mb": "{:.1f}",
    "cores_busy": "{:.2f}",
    "threads": "{:g}",
    "descriptors": "{:g}",
}
TENTH_ROWS = {
    "answers": "{:.0f}",
    "p50_ms": "{:.2f}",
    "p99_ms": "{:.2f}",
    "missed_deadlines": "{:.0f}",
    "node_cpu_ms_an_answer": "{:.2f}",
    "cores_busy_elsewhere": "{:.2f}",
    "cores_taken_by_host": "{:.2f}",
}


def table(record: SoakRecord, findings: Sequence[SoakFinding]) -> str:
    """Everything as lines of text."""
    plan, totals = record.plan, totals_of(record)
    frames = ", ".join(f"{name} {count}" for name, count in asdict(totals).items())
    return "\n".join(
        [
            f"{plan.seconds / 60:g} minutes at {plan.rate_hz:g} Hz after {plan.warm_up_s:g} s of "
            f"warm-up; {plan.machine}",
            f"frames: {frames}, counted by nobody {totals.uncounted}",
            "",
            aligned_lines(_process_rows(record)),
            "",
            aligned_lines(_tenth_rows(record)),
            "",
            aligned_lines(_finding_rows(findings)),
        ]
    )


def figures_of_processes(record: SoakRecord) -> dict[str, dict[str, float]]:
    """Of each process after the warm-up: medians of what it held, cores that it kept busy."""
    chosen = measured(record)
    times, values = record.times[chosen], record.processes[chosen]  # (N,), (N, P, F)
    figures = {}
    for place, name in enumerate(record.plan.processes):
        one = dict(zip(FIGURES, np.median(values[:, place], 0).tolist(), strict=True))
        spent = values[-1, place, CPU] - values[0, place, CPU]
        figures[name] = {
            "resident_mb": one["rss_mib"] * MB,
            "shared_mb": one["shared_mib"] * MB,
            "cores_busy": float(spent / (times[-1] - times[0])),
            "threads": one["threads"],
            "descriptors": one["descriptors"],
        }
    return figures


def _process_rows(record: SoakRecord) -> list[list[str]]:
    return [
        ["process", *(name.replace("_", " ").replace(" mb", " MB") for name in PROCESS_ROWS)],
        *(
            [name, *(form.format(one[figure]) for figure, form in PROCESS_ROWS.items())]
            for name, one in figures_of_processes(record).items()
        ),
    ]


def figures_of_tenths(record: SoakRecord) -> dict[str, list[float]]:
    """Answers, latency, missed deadlines, CPU of the node and of others, tenth by tenth."""
    latencies = tenths(record.latencies)
    own = record.processes[:, :, CPU].sum(1)  # (N,)
    node = record.processes[:, record.plan.processes.index("perception"), CPU]
    answered = _spent(record, record.counts[:, COUNTS.index("answered")])
    seconds = record.plan.seconds / TENTHS
    return {
        "answers": latencies.sum(1).tolist(),
        "p50_ms": [1e3 * quantile(one, 0.5) for one in latencies],
        "p99_ms": [1e3 * quantile(one, 0.99) for one in latencies],
        "missed_deadlines": tenths(record.missed).tolist(),
        "node_cpu_ms_an_answer": (1e3 * _spent(record, node) / np.maximum(answered, 1)).tolist(),
        "cores_busy_elsewhere": (_spent(record, record.machine[:, 0] - own) / seconds).tolist(),
        "cores_taken_by_host": (_spent(record, record.machine[:, 1]) / seconds).tolist(),
    }


def _spent(record: SoakRecord, sums: Array) -> Array:
    """(10,) increase in each tenth of (N,) what grows from sample to sample."""
    bounds = np.linspace(0, record.plan.seconds, TENTHS + 1)
    return np.asarray(np.diff(np.interp(bounds, record.times, sums)))


def _tenth_rows(record: SoakRecord) -> list[list[str]]:
    figures = figures_of_tenths(record)
    return [
        ["tenth of the run", *(str(number) for number in range(1, TENTHS + 1))],
        *(
            [name.replace("_", " "), *(form.format(value) for value in figures[name])]
            for name, form in TENTH_ROWS.items()
        ),
    ]


def _finding_rows(findings: Sequence[SoakFinding]) -> list[list[str]]:
    rows = [["judged", "measured", "95 % interval", "limit", "outcome"]]
    for one in findings:
        estimate = one.estimate
        between = f"{estimate.low:.2f} .. {estimate.high:.2f}"
        interval = "" if estimate.low == estimate.high else between
        outcome = f"{one.outcome}: {one.why}" if one.why else one.outcome
        limit = "" if one.outcome == "reported" else f"{one.limit:g}"
        rows.append([one.name, f"{estimate.value:.3g}", interval, limit, outcome])
    return rows
