"""Figures of a soak with their uncertainty: does memory grow, do answers become slower?

All intervals are of 95 %. What neighbouring blocks of a run have in common (a machine that is busy
for a minute, an allocator that keeps what it took) is part of the uncertainty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tactile_equiv_sim.soak_record import EDGES

Array = NDArray[Any]

MEANS = 20
"""Means of equal parts of the run, through which the line of a slope is laid."""
T_QUANTILE = 2.101
"""97.5 % quantile of Student's t with MEANS - 2 degrees of freedom."""
MOST_CORRELATED = 0.9
STEP_MB = 0.25
"""An allocator takes and gives back so much at once: no growth below it is a trend, MB."""
TENTHS = 10
T_QUANTILE_TENTHS = 2.306
"""The same with TENTHS - 2 degrees of freedom."""


@dataclass(frozen=True)
class Estimate:
    """A figure and its interval; NaN where it cannot be told."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3g} ({self.low:.3g} .. {self.high:.3g})"


def slope(hours: Array, values: Array) -> Estimate:
    """Growth an hour: a straight line through `MEANS` means of equal parts.

    The standard error is that of ordinary least squares times sqrt((1 + r) / (1 - r)), where r is
    the correlation of neighbouring residuals; the interval is Student's, and on either side wider
    by one step of an allocator over the whole run.

    Args:
        hours: (N,) of the values.
        values: (N,) MB.
    """
    if len(hours) < 2 * MEANS:
        return Estimate(math.nan, -math.inf, math.inf)
    across = np.array([part.mean() for part in np.array_split(hours, MEANS)])
    up = np.array([part.mean() for part in np.array_split(values, MEANS)])
    centred = across - across.mean()
    spread = float(centred @ centred)
    growth = float(centred @ up) / spread
    left = up - up.mean() - growth * centred
    error = math.sqrt(float(left @ left) / (MEANS - 2) / spread)
    related = min(max(_neighbours(left), 0.0), MOST_CORRELATED)
    step = STEP_MB / float(hours[-1] - hours[0])
    half = T_QUANTILE * error * math.sqrt((1 + related) / (1 - related)) + step
    return Estimate(growth, growth - half, growth + half)


def growth_of_halves(values: Array) -> tuple[float, float]:
    """How much each half of a series grew, by the straight line through it.

    Args:
        values: (N,) at equal distances.
    """
    first, second = (
        float(np.polyfit(np.linspace(0, 1, len(half)), half, 1)[0])
        for half in np.array_split(values, 2)
    )
    return first, second


def _neighbours(left: Array) -> float:
    """Correlation of neighbouring residuals; 0 where there are none."""
    power = float(left @ left)
    return float(left[1:] @ left[:-1]) / power if power > 1e-12 else 0.0


def quantile(latencies: Array, share: float) -> float:
    """Latency that a share of the answers does not exceed, seconds; NaN without answers.

    Args:
        latencies: (B,) answers by bin of `EDGES`.
        share: such as 0.99.
    """
    return float(quantiles(latencies[None], share)[0])


def quantiles(latencies: Array, share: float) -> Array:
    """(N,) `quantile` of each row of (N, B)."""
    summed = np.cumsum(latencies, 1, np.float64)  # (N, B)
    wanted = share * summed[:, -1]
    place = np.argmax(summed >= wanted[:, None], 1)  # (N,)
    rows = np.arange(len(latencies))
    inside = latencies[rows, place]
    before = summed[rows, place] - inside
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(summed[:, -1] > 0, (wanted - before) / inside, np.nan)
    return np.asarray(EDGES[place] * (EDGES[place + 1] / EDGES[place]) ** part)


def tenths(blocks: Array) -> Array:
    """(10, ...) sums over the tenths of (BLOCKS, ...)."""
    return np.asarray(blocks.reshape(TENTHS, -1, *blocks.shape[1:]).sum(1, dtype=np.int64))


def slower(latencies: Array, share: float = 0.99) -> Estimate:
    """Quantile of the last tenth over that of the first.

    A machine that others use is slow for minutes, so answers, or blocks of them, are no independent
    draws. The interval therefore rests on how the tenths scatter about a straight line through
    their logarithms: a node that ages stays near its line, a busy machine does not. With the
    residual deviation s it is the ratio times exp(+-t s sqrt(2)), Student's t with 8 degrees of
    freedom.

    Args:
        latencies: (BLOCKS, B) answers by block and bin of `EDGES`.
        share: which quantile.
    """
    parts = np.log([quantile(tenth, share) for tenth in tenths(latencies)])
    if not np.isfinite(parts).all():
        return Estimate(math.nan, -math.inf, math.inf)
    numbers = np.arange(TENTHS)
    left = parts - np.polyval(np.polyfit(numbers, parts, 1), numbers)
    deviation = math.sqrt(float(left @ left) / (TENTHS - 2))
    ratio = math.exp(parts[-1] - parts[0])
    factor = math.exp(T_QUANTILE_TENTHS * deviation * math.sqrt(2))
    return Estimate(ratio, ratio / factor, ratio * factor)
