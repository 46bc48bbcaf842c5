"""Band-limited contacts, and their exact shift by any part of a pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.frame import FloatArray

WAVES = 6
"""Plane waves under the envelope of one contact."""


def band_limited_contact(side: int, seed: int = 0, highest: float = 0.2) -> FloatArray:
    """A textured contact (side, side) in [0, 1] that fades to 4e-6 of its peak at its border.

    A Gaussian envelope times a sum of plane waves of random direction, so that next to nothing of
    its spectrum lies beyond the sensor's sampling limit of 0.5 cycles per pixel.

    Args:
        side: width and height, pixels; the larger, the less of its spectrum is cut off.
        seed: chooses the waves.
        highest: highest frequency of a wave, cycles per pixel.
    """
    random = np.random.default_rng(seed)
    middle = (side - 1) / 2
    rows, columns = np.mgrid[:side, :side] - middle
    waves = np.zeros((side, side))
    for _ in range(WAVES):
        frequency, angle, phase = random.uniform((0, 0, 0), (highest, np.pi, 2 * np.pi))
        along = rows * np.sin(angle) + columns * np.cos(angle)
        waves += np.cos(2 * np.pi * frequency * along + phase)
    envelope = np.exp(-12.5 * (rows**2 + columns**2) / max(middle, 1) ** 2)
    textured = envelope * (1 + waves / WAVES)
    contact: FloatArray = (textured / textured.max()).astype(np.float32)
    return contact


def fourier_shift(values: NDArray[Any], rows: float, columns: float) -> NDArray[np.float64]:
    """Shift the last two axes (..., H, W) by any number of pixels, circularly.

    Exact for band-limited values (the shift theorem of the discrete Fourier transform). A contact
    is shifted as on an endless empty plane when it keeps that distance from the border.
    """
    shifted = values.astype(np.float64)
    for axis, pixels in ((-2, rows), (-1, columns)):
        if pixels:
            size = shifted.shape[axis]
            wave = np.exp(-2j * np.pi * pixels * np.fft.rfftfreq(size))
            spectrum = np.fft.rfft(shifted, axis=axis) * (wave[:, None] if axis == -2 else wave)
            shifted = np.fft.irfft(spectrum, size, axis=axis)
    return shifted
