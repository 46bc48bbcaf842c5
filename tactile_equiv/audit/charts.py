"""Small drawings in SVG for the page of an audit; errors on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

FLOOR, TOP = -7.0, 0.5
"""Powers of ten at the foot (and below: exact) and at the top of a scale."""
INK, FAINT = "#24292f", "#d0d7de"
MARKS = ((0.0, "exact"), (1e-5, "1e-5"), (1e-3, "0.1 %"), (0.1, "10 %"), (1.0, "100 %"))
At = Callable[[float, float], tuple[float, float]]
COLOURS = ("#1f6feb", "#bc4c00", "#8250df", "#1a7f37")


def height_of(error: float) -> float:
    """From 0 (exact) to 1 (as large as the response, and more, and NaN)."""
    if not math.isfinite(error):
        return 1.0
    power = math.log10(error) if error > 0 else FLOOR
    return min(max((power - FLOOR) / (TOP - FLOOR), 0.0), 1.0)


def colour_of(error: float, limit: float) -> str:
    """Pale green up to the limit, then from yellow to red."""
    if error <= limit:
        return "#e6f4ea"
    share = height_of(error)
    hue, light = 52 - 52 * share, 88 - 22 * share
    return f"hsl({hue:.0f} 92% {light:.0f}%)"


def bars(errors: Mapping[int, float], limit: float, label: str) -> str:
    """A bar for every error by shift or distance; exact ones are a green stub."""
    step, tall = 9, 26
    drawn = []
    for place, (key, error) in enumerate(sorted(errors.items())):
        high = max(height_of(error) * tall, 2.0)
        colour = "#57ab5a" if error <= limit else colour_of(error, limit)
        drawn.append(
            f'<rect x="{place * step}" y="{tall - high:.1f}" width="{step - 2}" '
            f'height="{high:.1f}" fill="{colour}"><title>{key}: {error:.2g}</title></rect>'
        )
    width = max(len(errors) * step, 1)
    return (
        f'<svg width="{width}" height="{tall}" viewBox="0 0 {width} {tall}" role="img" '
        f'aria-label="{escape(label)}">{"".join(drawn)}</svg>'
    )


def curves(
    series: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    across: str,
    limit: float | None,
    ticks: Sequence[float],
    size: tuple[int, int] = (430, 190),
) -> str:
    """Lines of error against something, with a legend.

    Args:
        series: name and points (x, error) of each line.
        across: what x is.
        limit: drawn dashed; None = not.
        ticks: x values that are labelled.
        size: width and height, CSS pixels.
    """
    width, high = size
    left, right, top, foot = 52, 12, 22 if len(series) > 1 else 10, 36
    lowest, highest = min(ticks), max(ticks)

    def at(x: float, error: float) -> tuple[float, float]:
        share = (x - lowest) / ((highest - lowest) or 1)
        return (
            left + share * (width - left - right),
            high - foot - height_of(error) * (high - top - foot),
        )

    drawn = [_grid(at, ticks, high - foot)]
    if limit is not None:
        (x0, y), (x1, _) = at(lowest, limit), at(highest, limit)
        drawn.append(
            f'<path d="M{x0:.1f} {y:.1f}H{x1:.1f}" stroke="#cf222e" stroke-dasharray="4 3"/>'
        )
    for number, (name, points) in enumerate(series):
        drawn.append(_line([at(*point) for point in points], COLOURS[number % 4]))
        if len(series) > 1:
            drawn.append(_legend(name, left + 92 * number, COLOURS[number % 4]))
    middle = (left + width - right) / 2
    drawn.append(f'<text x="{middle}" y="{high - 4}" text-anchor="middle">{escape(across)}</text>')
    return (
        f'<svg class="curves" width="{width}" height="{high}" viewBox="0 0 {width} {high}" '
        f'role="img" aria-label="error against {escape(across)}">{"".join(drawn)}</svg>'
    )


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6"/>' for x, y in points)
    return (
        f'<g fill="{colour}"><path d="M{path}" fill="none" stroke="{colour}" '
        f'stroke-width="1.6" opacity=".75"/>{dots}</g>'
    )


def _legend(name: str, x: float, colour: str) -> str:
    return (
        f'<circle cx="{x + 4}" cy="8" r="4" fill="{colour}"/>'
        f'<text x="{x + 12}" y="12">{escape(name)}</text>'
    )


def _grid(at: At, ticks: Sequence[float], foot: float) -> str:
    lowest, highest, drawn = min(ticks), max(ticks), []
    for error, label in MARKS:
        (x0, y), (x1, _) = at(lowest, error), at(highest, error)
        drawn.append(f'<path d="M{x0:.1f} {y:.1f}H{x1:.1f}" stroke="{FAINT}"/>')
        drawn.append(f'<text x="{x0 - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    for x in ticks:
        place = at(x, 0.0)[0]
        drawn.append(f'<text x="{place:.1f}" y="{foot + 15}" text-anchor="middle">{x:g}</text>')
    return "".join(drawn)
