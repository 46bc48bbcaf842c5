"""Contacts on skins of any size, and how far two answers are from each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tactile_equiv.frame import FloatArray
from tactile_equiv.overlap import overlap
from tactile_equiv.symmetry import placed


def on_skin(contact: FloatArray, row: int, column: int, rows: int, columns: int) -> Tensor:
    """An empty skin with a contact (h, w) from (row, column) on, (1, 1, rows, columns).

    Raises:
        ValueError: if the contact does not lie wholly on the skin.
    """
    height, width = contact.shape
    if not (0 <= row <= rows - height and 0 <= column <= columns - width):
        raise ValueError(f"contact {contact.shape} at ({row}, {column}) leaves {rows}x{columns}")
    return torch.from_numpy(placed(contact, row, column, rows, columns))[None, None]


def relative_error(
    got: NDArray[Any] | Tensor, true: NDArray[Any] | Tensor, scale: float | None = None
) -> float:
    """Largest difference, relative to `scale`: the largest true value where none is given."""
    got, true = np.asarray(got, np.float64), np.asarray(true, np.float64)
    return float(np.abs(got - true).max() / (scale or np.abs(true).max()))


def moved(values: NDArray[Any] | Tensor, rows: int, columns: int) -> NDArray[np.float64]:
    """Shift the last two axes (..., H, W) by whole pixels; what enters is 0."""
    source = np.asarray(values, np.float64)
    target = np.zeros_like(source)
    here, there = overlap((rows, columns), source.shape[-2:])
    target[(..., *here)] = source[(..., *there)]
    return target
