"""Frames of fewer, larger taxels: exactly equivariant to shifts by whole taxels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import FrameError


def binned(frame: NDArray[Any], side: int) -> NDArray[Any]:
    """Mean of `side` x `side` pixels, (H, W[, C]) to float32 (H / side, W / side[, C]).

    A taxel with an invalid pixel (NaN) is invalid. Summed in one order for every taxel, so that the
    rounding does not depend on where it lies. `side` 1 gives the frame itself.

    Raises:
        FrameError: if `side` does not divide the size.
    """
    if side == 1:
        return frame
    height, width = frame.shape[:2]
    if height % side or width % side:
        raise FrameError(
            "size",
            f"frame has size {height}x{width}: binning {side} needs a multiple of {side} in both; "
            "choose another binning",
        )
    rows = frame[::side].astype(np.float32)
    for row in range(1, side):
        rows += frame[row::side]
    total = rows[:, ::side].copy()
    for column in range(1, side):
        total += rows[:, column::side]
    total /= np.float32(side * side)
    return total
