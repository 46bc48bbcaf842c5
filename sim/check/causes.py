"""What usually causes errors of this pattern, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .error_patterns import (
    by_margin,
    depth_profile,
    from_distance,
    growth_with_shift,
    jittering,
    stride_of,
    vanishing,
)
from .measurement import Measurements
from .shifts import ShiftError

ROUNDING = 1e-4
"""Relative errors up to this one come from the order of additions."""
VISIBLE = 1e-3
"""Errors on whole-taxel shifts that show between them too."""
FEW = 0.1
"""If a smaller fraction of shifts fails, it is not the network."""


def map_cause(measurements: Measurements, limit: float) -> str:
    """Why the contact map does not move with the contact."""
    shifts = measurements.shifts
    errors = shifts.compared
    values = np.array([error.map_error for error in errors])
    failed = ~(values <= limit)
    if np.isnan(values).any():
        return f"{np.isnan(values).sum()} contact maps hold NaN: a division by 0 or a lost taxel"
    if np.isinf(values).any():
        return "contact maps have another size than the frames: publish one cell for each taxel"
    if shifts.lag:
        return _late(shifts.lag)
    if values.max() <= ROUNDING:
        return (
            "so small an error is rounding that depends on the place: a Winograd or FFT "
            "convolution or half precision does this"
        )
    if failed.mean() < FEW:
        return _single([error for error, bad in zip(errors, failed, strict=True) if bad])
    profile = depth_profile(errors)
    depth = vanishing(profile, limit)
    if depth is not None:
        return (
            f"the error lies within {depth} taxels of the border{_or_seam(measurements)} (there "
            f"{max(profile):.2g}, farther inside at most {max(profile[depth:]):.2g}): padding does "
            "this"
        )
    stride = _map_stride(errors, limit)
    if stride:
        return _strided(stride, "map")
    return _everywhere(errors)


def _or_seam(measurements: Measurements) -> str:
    """Round a finger errors at the seam come from a node that takes the skin for a plane."""
    if all(np.isinf(frame.periods).all() for frame in measurements.stream.injected):
        return ""
    return " or of the seam round the finger, which a node of topology 'plane' takes for a border"


def phantom_cause(measurements: Measurements, limit: float) -> str:
    """Why the map responds where the shift brings in untouched skin."""
    if measurements.shifts.lag:
        return _late(measurements.shifts.lag)
    return "circular or reflecting padding, or a border that biases lift, does this"


def score_cause(measurements: Measurements, limit: float) -> str:
    """Why class scores, or the class alone, change on whole-taxel shifts."""
    shifts = measurements.shifts
    errors = shifts.compared
    values = np.array([error.score_drift for error in errors])
    if np.isnan(values).any():
        return f"{np.isnan(values).sum()} answers hold scores of NaN: a division by 0 does this"
    if not values.any():
        return "the scores stay, so the class is not the best of them, or comes from another frame"
    if values.max() <= ROUNDING:
        return "so small a drift is rounding that depends on the place: accumulate in float64"
    if (values > limit).mean() < FEW:
        return _single([error for error in errors if error.score_drift > limit])
    margin = vanishing(by_margin(errors), limit)
    exact_map = shifts.map_error <= ROUNDING
    if margin is not None:
        where = f"the scores drift only within {margin} taxels of the border"
        if exact_map:
            return f"{where} while the map is exact: pooling a map cropped to the sensor does this"
        return f"{where}: padding, or pooling a map cropped to the sensor, does this"
    stride = 0 if exact_map else _map_stride(errors, limit)
    if stride:
        return _strided(stride, "map")
    stride = stride_of(errors, lambda error: error.score_drift, limit)
    if stride:
        return _strided(stride, "score")
    if exact_map:
        return "the map is exact, so the head depends on the place: a flattened layer does this"
    return map_cause(measurements, limit)


def centroid_cause(measurements: Measurements, limit: float) -> str:
    """Why the seen centroid leaves the true one."""
    tracks = measurements.tracks
    if tracks.centroid_rms != tracks.centroid_rms:
        return "centroids are NaN: the weights of a contact add up to 0"
    if tracks.lag:
        return _late(tracks.lag)
    seen = np.array([place for track in tracks.tracks for place in track.seen])
    seen = seen[np.isfinite(seen).all(axis=1)]
    for cells in (1, 2, 4, 8):
        on_grid = np.ptp((seen / cells) % 1, axis=0).max() < 1e-3
        if on_grid:
            return f"places come in steps of {cells} taxels: an argmax over cells does this"
    if measurements.shifts.map_error > VISIBLE:
        return "the contact map does not move with the contact either: see map_shift_error"
    distances = {d.distance: d.centroid_rms for d in measurements.border.distances if d.frames}
    margin = vanishing(from_distance(distances), limit)
    if margin is not None:
        return f"only within {margin} taxels of the border: padding does this"
    if jittering(tracks.tracks):
        return (
            "the error changes sign from frame to frame: a position taken from one cell, or from "
            "noise, jitters like this"
        )
    return "the error wanders along the track: weights that depend on the place do this"


def slide_cause(measurements: Measurements, limit: float) -> str:
    """Why class or score change along slides."""
    shifts = measurements.shifts
    if shifts.flips or shifts.score_drift > VISIBLE:
        return "they change on whole-taxel shifts already: see class_flips and score_drift"
    return (
        "aliasing between taxels: a stride, a pooling layer or a sharp activation does this, or "
        "the model hardly tells the classes apart"
    )


def _late(lag: int) -> str:
    frames = "one frame" if lag == 1 else f"{lag} frames"
    return (
        f"answers show the contact where it was {frames} earlier: the header stamp is taken from "
        "a later frame than the data, or a buffer is one step behind"
    )


def _strided(n: int, what: str) -> str:
    return (
        f"the {what} holds on shifts by multiples of {n} taxels and on no others: a stride or "
        f"pooling layer (in total {n}) does this"
    )


def _single(errors: Sequence[ShiftError]) -> str:
    stamps = ", ".join(str(error.stamp_ns) for error in errors)
    return (
        "nearly all other shifts hold, so single answers are wrong, or bear the stamp of another "
        f"frame: {stamps:.100}"
    )


def _map_stride(errors: Sequence[ShiftError], limit: float) -> int:
    """The stride by the whole map, or by what is far from the border if padding hides it there."""
    stride = stride_of(errors, lambda error: error.map_error, limit)
    inside = len(depth_profile(errors)) // 2
    far = [error for error in errors if error.margin >= inside]
    return stride or stride_of(
        far, lambda error: max(error.depth_errors[inside:], default=0.0), limit
    )


def _everywhere(errors: Sequence[ShiftError]) -> str:
    """The map is wrong inside too: does its error grow with the length of the shift?"""
    inside = "map errors are as large far inside the sensor as near its border"
    depth = len(depth_profile(errors)) // 2
    deep = [error for error in errors if len(error.depth_errors) > depth]
    for growth in (
        growth_with_shift(errors, lambda error: error.map_error),
        growth_with_shift(deep, lambda error: max(error.depth_errors[depth:])),
    ):
        if growth:
            return (
                f"{inside} and grow with the shift (median {growth[0]:.2g} on short ones, "
                f"{growth[1]:.2g} on long ones): coordinates fed to the network, or a gain that "
                "changes over the sensor, do this"
            )
    return (
        f"{inside}, on short shifts as on long ones: weights that are not shared between places "
        "(locally connected or flattened layers) do this"
    )
