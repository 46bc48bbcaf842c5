"""The picture of a soak: memory and latency over time, with what else the machine did."""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from tactile_equiv_sim.check.plot_axes import BAD, FAINT, SECOND, SEEN, STYLE, TRUTH
from tactile_equiv_sim.process_samples import FIGURES, MB
from tactile_equiv_sim.soak_record import BLOCKS, COUNTS, SoakRecord
from tactile_equiv_sim.soak_statistics import TENTHS, quantile, quantiles, tenths
from tactile_equiv_sim.soak_verdict import LATENCY_LIMIT, SoakFinding

COLOURS = (SECOND, SEEN, FAINT)
SIZE, DPI = (8.0, 8.5), 110
SHOWN_MB = 4.0
"""At least so much of the memory's ups and downs is shown."""


def picture(record: SoakRecord, findings: Sequence[SoakFinding]) -> bytes:
    """As PNG."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=SIZE, layout="constrained")
        memory, latency, frames, machine = figure.subplots(
            4, 1, sharex=True, height_ratios=(3, 3, 1.3, 1.3)
        )
        _draw_memory(memory, record, findings)
        _draw_latency(latency, record)
        _draw_frames(frames, record)
        _draw_machine(machine, record)
        machine.set(xlabel="minutes after the warm-up", xlim=(None, record.plan.seconds / 60))
        for axes in (memory, latency, frames, machine):
            axes.axvspan(-record.plan.warm_up_s / 60, 0, color=FAINT, alpha=0.15, linewidth=0)
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})
    return file.getvalue()


def _legend(axes: Axes) -> None:
    """Above the axes, where it hides nothing."""
    axes.legend(fontsize="small", ncols=2, loc="lower left", bbox_to_anchor=(-0.02, 0.97))


def _draw_memory(axes: Axes, record: SoakRecord, findings: Sequence[SoakFinding]) -> None:
    """Resident memory less that at the end of the warm-up."""
    minutes = record.times / 60
    for place, (name, colour) in enumerate(zip(record.plan.processes, COLOURS, strict=True)):
        values = record.processes[:, place, FIGURES.index("rss_mib")] * MB
        begin = float(np.median(values[record.times >= 0][: len(values) // 20 + 1]))
        slope = next(one.estimate for one in findings if name in one.name)
        label = f"{name}, {begin:.0f} MB: {slope.value:+.2f} MB/h"
        axes.plot(minutes, values - begin, color=colour, linewidth=1, label=label)
    hours = record.plan.seconds / 3600
    axes.plot([0, 60 * hours], [0, hours], "--", color=BAD, linewidth=1, label="1 MB/h")
    axes.set(ylabel="resident memory\nless that at the start (MB)")
    axes.set_ylim(-SHOWN_MB, max(SHOWN_MB, axes.dataLim.y1))
    _legend(axes)


def _draw_latency(axes: Axes, record: SoakRecord) -> None:
    minutes = (np.arange(BLOCKS) + 0.5) * record.plan.seconds / BLOCKS / 60
    for share, colour in ((0.99, SEEN), (0.5, TRUTH)):
        values = 1e3 * quantiles(record.latencies, share)
        axes.plot(minutes, values, ".", color=colour, markersize=3, alpha=0.5)
        parts = [1e3 * quantile(one, share) for one in tenths(record.latencies)]
        bounds = np.linspace(0, record.plan.seconds / 60, TENTHS + 1)
        axes.stairs(
            parts, bounds, baseline=None, color=colour, linewidth=2, label=f"p{100 * share:.0f}"
        )
        if share == 0.99:
            limit = LATENCY_LIMIT * parts[0]
            axes.axhline(limit, color=BAD, linewidth=1, linestyle="--", label="1.2 x first tenth")
    axes.set(ylabel="stamp to answer (ms)\ndots: a 200th of the run", ylim=(0, None))
    _legend(axes)


def _draw_frames(axes: Axes, record: SoakRecord) -> None:
    counts = dict(zip(COUNTS, record.counts.T, strict=True))
    minutes = record.times / 60
    uncounted = counts["published"] - sum(counts[name] for name in COUNTS[1:])
    axes.plot(minutes, counts["dropped"], color=SECOND, linewidth=1, label="dropped and counted")
    axes.plot(minutes, uncounted, color=BAD, linewidth=1.5, label="counted by nobody")
    axes.set(ylabel="frames so far")
    _legend(axes)


def _draw_machine(axes: Axes, record: SoakRecord) -> None:
    """Cores kept busy, over a 200th of the run."""
    own = record.processes[:, :, FIGURES.index("cpu_s")].sum(1)
    bounds = np.linspace(record.times[0], record.plan.seconds, BLOCKS + 1)
    for values, colour, label in (
        (record.machine[:, 0] - own, FAINT, "other processes"),
        (own, TRUTH, "the soak"),
    ):
        cores = np.diff(np.interp(bounds, record.times, values)) / np.diff(bounds)
        axes.stairs(cores, bounds / 60, baseline=None, color=colour, linewidth=1, label=label)
    axes.set(ylabel="cores busy", ylim=(0, None))
    _legend(axes)
