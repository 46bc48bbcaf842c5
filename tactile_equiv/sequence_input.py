"""From a recording to what the network sees: levelled, in windows, frequency bins as channels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import FrameError
from tactile_equiv.frame import BoolArray, FloatArray, Normalisation, level
from tactile_equiv.spectrogram import Spectrum, at_positions, short_time_spectrum


def level_sequence(
    sequence: NDArray[Any], normalisation: Normalisation, tare: FloatArray | None = None
) -> tuple[FloatArray, BoolArray]:
    """Tare and dead-zone all frames of a recording, as `level` does with one.

    A taxel that gives no number in one frame is invalid in all, and filled from its neighbours.

    Args:
        sequence: (T, H, W) or (T, H, W, C), sensor units.
        normalisation: dead-zone.
        tare: the untouched sensor, shaped as a frame; None means that the sensor rests at 0.

    Returns:
        Pressure (T, C, H, W), sensor units, and invalid taxels (H, W).

    Raises:
        FrameError: if the recording has no frames, or they cannot be levelled.
    """
    frames = np.asarray(sequence)
    if frames.ndim not in (3, 4) or frames.size == 0:
        raise FrameError(
            "shape",
            f"recording has shape {frames.shape}: it must be (frames, rows, columns) or (frames, "
            "rows, columns, channels), none of them 0",
        )
    if frames.ndim == 3:
        frames = frames[..., None]
    count, rows, columns, channels = frames.shape
    planes = np.moveaxis(frames, 0, 2).reshape(rows, columns, count * channels)
    rest = None
    if tare is not None:
        if tare.reshape(*tare.shape[:2], -1).shape != (rows, columns, channels):
            raise FrameError(
                "size",
                f"frames have shape {frames.shape[1:]} but the tare {tare.shape}: "
                "tare again after a change of sensor",
            )
        rest = np.tile(tare.reshape(rows, columns, channels), (1, 1, count))
    levelled = level(planes, normalisation, rest)
    return levelled.pressure.reshape(count, channels, rows, columns), levelled.invalid


def views_of(pressure: FloatArray, spectrum: Spectrum) -> list[FloatArray]:
    """What is pooled by itself of a levelled recording (T, C, H, W).

    The whole recording, or with `apart` each channel with the others at rest; with `load` also the
    total load of each channel, (T, C, 1, 1). All keep their bits where contacts move over the skin;
    with `apart`, also where those of one channel do.
    """
    views = [pressure]
    if spectrum.apart:
        own = np.eye(pressure.shape[1], dtype=bool)[:, :, None, None]
        views = [np.where(channel, pressure, np.float32(0)) for channel in own]
    return [*views, total_load(pressure)] if spectrum.load else views


def total_load(pressure: FloatArray) -> FloatArray:
    """Sum over the skin, (T, C, H, W) to (T, C, 1, 1); rounded once, so that places leave no trace.

    What float32 cannot hold is its largest number.
    """
    skins = pressure.reshape(-1, math.prod(pressure.shape[2:])).tolist()
    largest = np.finfo(np.float32).max
    loads = np.clip([math.fsum(skin) for skin in skins], -largest, largest)
    return loads.astype(np.float32).reshape(*pressure.shape[:2], 1, 1)


def windows_of(pressure: FloatArray, spectrum: Spectrum) -> FloatArray:
    """What the network sees of a levelled recording, before normalisation.

    Args:
        pressure: (T, C, H, W) sensor units, a recording or a view of it.
        spectrum: windows and bins.

    Returns:
        (K, P, C channels, H, W) at every window and place in pitch, the bins of each channel of the
        sensor one after another.
    """
    bins = short_time_spectrum(np.moveaxis(pressure, 1, 0), spectrum)  # (C, K, 1 + bins, H, W)
    seen = np.moveaxis(at_positions(bins, spectrum), 0, 2)  # (K, P, C, channels, H, W)
    return seen.reshape(*seen.shape[:2], -1, *seen.shape[4:])


def touched_hops(pressure: FloatArray, spectrum: Spectrum) -> float:
    """Frames of a levelled recording (T, C, H, W) in which something is touched, in hops.

    What sums over windows are divided by: unlike the number of windows it stays when a recording
    moves by a part of a hop.
    """
    return max(int(pressure.any(axis=(1, 2, 3)).sum()), 1) / spectrum.hop


def pooled_windows(windows: Sequence[FloatArray], spectrum: Spectrum) -> BoolArray:
    """Which windows of a recording are pooled together.

    Args:
        windows: of each view of it, (K, P, C channels, H, W).
        spectrum: with `ends`, those at the beginning of touch and those at its end, counted from
            the first and the last window in which any view is touched; they may overlap.

    Returns:
        (1, K), all True, or with `ends` (2, K).
    """
    count = len(windows[0])
    if not spectrum.ends:
        return np.ones((1, count), bool)
    touched = np.any([view.any(axis=(1, 2, 3, 4)) for view in windows], axis=0)  # (K,)
    places = np.flatnonzero(touched) if touched.any() else np.zeros(1, np.int64)
    order = np.arange(count)
    return np.stack([order < places[0] + spectrum.ends, order > places[-1] - spectrum.ends])


def pooled_length(pressure: FloatArray, spectrum: Spectrum) -> float:
    """What sums over pooled windows of a levelled recording (T, C, H, W) are divided by, hops."""
    return spectrum.ends or touched_hops(pressure, spectrum)
