"""Pooled features: sums over the feature canvas, accumulated in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.frame import BoolArray, FloatArray

BLOCK = 1 << 17
"""Values that are widened to float64 at once: 1 MiB, which stays in the cache."""


def pooled_sums(canvas: FloatArray, cells: BoolArray | None = None) -> NDArray[np.float64]:
    """Sum f and sum f^2 over the canvas (F, H', W'), or some cells (H', W') of it -> (2, F).

    The sums of regions that do not overlap add up to those of the whole canvas.
    """
    chosen = canvas if cells is None else canvas[:, cells]
    features, size = len(chosen), chosen[0].size
    sums = np.empty((2, features))
    step = max(BLOCK // max(size, 1), 1)
    for first in range(0, features, step):
        block = chosen[first : first + step]
        wide = block.astype(np.float64, order="C").reshape(len(block), size)
        np.einsum("fn->f", wide, out=sums[0, first : first + step])
        np.einsum("fn,fn->f", wide, wide, out=sums[1, first : first + step])
    return sums


def pooled_features(sums: NDArray[np.float64]) -> FloatArray:
    """Sum f and sqrt(sum f^2) from the sums (2, F), cast to float32 -> (2F,).

    The cast hides the order of summation: a shifted contact gives the same bits.
    """
    return np.concatenate([sums[0], np.sqrt(sums[1])]).astype(np.float32)


def pool(canvas: FloatArray, cells: BoolArray | None = None) -> FloatArray:
    """Sum f and sqrt(sum f^2) over the canvas (F, H', W'), or some cells (H', W') -> (2F,)."""
    return pooled_features(pooled_sums(canvas, cells))
