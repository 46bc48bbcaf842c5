"""The linear discriminant: a texture head in closed form, from pooled features and labels alone.

Classes are taken as normal distributions of one covariance, which is estimated within the classes
and shrunk towards the identity (Friedman 1989, Regularized Discriminant Analysis). Where there are
few recordings of each class it is better than a head trained by gradient descent, because it
discounts what varies between recordings of one class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
LEAST_SCALE = 1e-6


@dataclass(frozen=True)
class LinearDiscriminant:
    """Scores of standardised features: (x - mean) / scale @ weight.T + bias.

    Attributes:
        weight: (K, F), bias: (K,), mean: (F,), scale: (F,).
    """

    weight: FloatArray
    bias: FloatArray
    mean: FloatArray
    scale: FloatArray

    def scores(self, values: FloatArray) -> FloatArray:
        """Log-odds (N, K) of features (N, F), classes equally likely."""
        scores: FloatArray = (values - self.mean) / self.scale @ self.weight.T + self.bias
        return scores


def linear_discriminant(
    values: FloatArray, labels: NDArray[np.int64], shrinkage: float
) -> LinearDiscriminant:
    """Fit a discriminant.

    Args:
        values: (N, F) features.
        labels: (N,) classes 0 to K - 1, each at least once.
        shrinkage: share of the identity in the covariance, > 0 and <= 1.
    """
    mean, scale = values.mean(axis=0), np.maximum(values.std(axis=0), LEAST_SCALE)
    scaled = (values - mean) / scale
    means = np.stack([scaled[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
    within = scaled - means[labels]
    covariance = within.T @ within / len(within)  # (F, F)
    size = max(float(np.trace(covariance)) / len(covariance), 1e-12)
    covariance *= 1 - shrinkage
    covariance[np.diag_indices_from(covariance)] += shrinkage * size
    weight = np.linalg.solve(covariance, means.T).T  # (K, F)
    return LinearDiscriminant(weight, -(means * weight).sum(axis=1) / 2, mean, scale)
