"""Many errors as one number; an error that is NaN is never hidden by the others."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def worst(values: Iterable[float]) -> float:
    """The largest, NaN if one is NaN, 0 without any."""
    return float(np.max(np.fromiter(values, np.float64), initial=0.0))


def rms(vectors: Iterable[tuple[float, float]]) -> float:
    """Root of the mean squared length, NaN if one is NaN, 0 without any."""
    pairs = np.array(list(vectors), np.float64).reshape(-1, 2)
    return float(np.sqrt((pairs**2).sum(axis=1).mean())) if len(pairs) else 0.0


def fraction(part: int, whole: int) -> float:
    """`part` of `whole`, 1 of nothing."""
    return part / whole if whole else 1.0
