"""Pooled features: sums over the feature canvas, accumulated in float64."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.frame import BoolArray, FloatArray

BLOCK = 1 << 17
"""Values that are widened to float64 at once: 1 MiB, which stays in the cache."""

LEAST = 1e-3
"""A root sum of squares below this counts as this large in correlations: they fade with a feature
that is too weak to tell, and what rounding leaves of a silent one (about 1e-6) has none."""


def pooled_sums(
    canvas: FloatArray, cells: BoolArray | None = None, products: bool = False
) -> NDArray[np.float64]:
    """Sum f and sum f^2 over the canvas (F, H', W'), or some cells (H', W') of it -> (2, F).

    With `products` sum f and the sums f_i f_j of all pairs, (1 + F, F). The sums of regions that do
    not overlap add up to those of the whole canvas.
    """
    chosen = canvas if cells is None else canvas[:, cells]
    return _with_products(chosen) if products else _with_squares(chosen)


def no_sums(features: int, products: bool = False) -> NDArray[np.float64]:
    """The sums over nothing: 0.0, of the shape that `pooled_sums` gives."""
    return np.zeros((1 + features if products else 2, features))


def pooled_features(sums: NDArray[np.float64]) -> FloatArray:
    """What the texture head reads of the sums, cast to float32.

    Sum f and sqrt(sum f^2), (2, F) -> (2F,); with the sums of products, (1 + F, F) -> (P,), after
    them sum f_i f_j / sqrt(sum f_i^2 sum f_j^2) of all pairs i < j: how far two features go
    together, whatever the load (second-order pooling, Carreira et al. 2012, divided by the norms).
    The cast hides the order of summation: a shifted contact gives the same bits.
    """
    if len(sums) == 2:
        return np.concatenate([sums[0], np.sqrt(sums[1])]).astype(np.float32)
    products = sums[1:]
    norms = np.sqrt(products.diagonal())
    first, second = _pairs(len(products))
    size = np.maximum(norms, LEAST)
    together = products[first, second] / (size[first] * size[second])
    return np.concatenate([sums[0], norms, together]).astype(np.float32)


def pool(
    canvas: FloatArray, cells: BoolArray | None = None, correlations: bool = False
) -> FloatArray:
    """Pooled features of the canvas (F, H', W'), or some cells (H', W') of it -> (2F,) or (P,)."""
    return pooled_features(pooled_sums(canvas, cells, correlations))


def _with_squares(canvas: FloatArray) -> NDArray[np.float64]:
    features, size = len(canvas), canvas[0].size
    sums = np.empty((2, features))
    step = max(BLOCK // max(size, 1), 1)
    for first in range(0, features, step):
        block = canvas[first : first + step]
        wide = block.astype(np.float64, order="C").reshape(len(block), size)
        np.einsum("fn->f", wide, out=sums[0, first : first + step])
        np.einsum("fn,fn->f", wide, wide, out=sums[1, first : first + step])
    return sums


def _with_products(canvas: FloatArray) -> NDArray[np.float64]:
    features, size = len(canvas), canvas[0].size
    flat = canvas.reshape(features, size)
    sums = no_sums(features, products=True)
    step = max(BLOCK // features, 1)
    for first in range(0, size, step):
        wide = flat[:, first : first + step].astype(np.float64, order="C")
        sums[0] += wide.sum(axis=1)
        sums[1:] += wide @ wide.T
    return sums


@cache
def _pairs(features: int) -> tuple[NDArray[Any], NDArray[Any]]:
    return np.triu_indices(features, 1)
