"""Raw frames of colour cameras: the positions of the filter pattern as channels.

A Bayer pattern repeats every two pixels, so the lift commutes with shifts by two and no others
(`tactile_equiv.lessons.bayer` measures what others do).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import FrameError

PATTERNS = ("rggb", "bggr", "gbrg", "grbg")
"""Filters of the pixels (0, 0), (0, 1), (1, 0) and (1, 1)."""
PERIOD = 2
"""Pixels after which a pattern repeats, down and across."""


def pattern_of(encoding: str) -> str:
    """The pattern that an encoding such as "bayer_rggb8" names, "" for none."""
    if not encoding.startswith("bayer_"):
        return ""
    name = encoding[6:10]
    return name if name in PATTERNS else ""


def lift(raw: NDArray[Any], pattern: str, channels: int) -> NDArray[Any]:
    """Raw (H, W) to (H / 2, W / 2, C): each taxel holds the filters of 2 x 2 pixels.

    Args:
        raw: as the sensor reads it.
        pattern: one of `PATTERNS`.
        channels: 4 = red, green beside red, green beside blue, blue, of the type of `raw`; 3 = red,
            mean of the greens, blue, float32 (exact for 8 and 16 bits).

    Raises:
        FrameError: if a side is odd, or the frame has colours already.
    """
    if raw.ndim != 2 or raw.shape[0] % PERIOD or raw.shape[1] % PERIOD:
        raise FrameError(
            "size",
            f"raw frame has shape {raw.shape}: a Bayer pattern needs (rows, columns), both even; "
            "correct the driver's region of interest",
        )
    red, blue = pattern.index("r"), pattern.index("b")
    colours = [raw[place // 2 :: 2, place % 2 :: 2] for place in (red, red ^ 1, blue ^ 1, blue)]
    if channels == 4:
        return np.stack(colours, axis=2)
    first, greens, second, last = (colour.astype(np.float32) for colour in colours)
    greens += second
    greens /= 2
    return np.stack((first, greens, last), axis=2)
