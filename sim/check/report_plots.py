"""The plots of a report."""

from __future__ import annotations

from collections.abc import Sequence

from .measurement import Measurements
from .plot_axes import Plot
from .shift_plots import edge_plot, place_plot
from .track_plots import latency_plot, score_plot, track_plot
from .verdict import Finding


def report_plots(measurements: Measurements, findings: Sequence[Finding]) -> list[Plot]:
    """Every plot for which there is something to draw."""
    limits = {finding.name: finding.limit for finding in findings}
    plots = []
    if measurements.border.distances:
        plots.append(edge_plot(measurements, limits))
    if measurements.shifts.compared:
        plots.append(place_plot(measurements, limits))
    if measurements.tracks.felt:
        plots.append(track_plot(measurements, limits))
    if measurements.tracks.scored:
        plots.append(score_plot(measurements))
    if measurements.stream.exchanges:
        plots.append(latency_plot(measurements, limits))
    return plots
