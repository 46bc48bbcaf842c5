"""From a raw sensor frame to network input: tare, dead-zone, fixed normalisation.

After `level` nothing depends on (row, column): untouched skin is exactly 0.0 everywhere, and every
taxel went through the same function. Normalisation is fixed, never computed from the frame itself,
because a scale taken from the frame destroys the magnitude and makes one corner of the skin depend
on another.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import FrameError, ModelError
from tactile_equiv.topology import Box, taken

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

RESPONSES = ("linear", "logarithmic")
SMALLEST, LARGEST = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Normalisation:
    """How sensor units become network units; the same for every taxel and every frame.

    Attributes:
        dead_zone: tared values up to this one are no contact, sensor units, >= 0.
        scale: sensor units that make 1.0 (linear) or log 2 (logarithmic) network units, > 0.
        response: "linear" x / scale, or "logarithmic" log(1 + x / scale).
        signed: keep negative tared values (camera gels); a pressure array sets them to 0.

    Raises:
        ModelError: if a value is out of range.
    """

    dead_zone: float
    scale: float
    response: str = "linear"
    signed: bool = False

    def __post_init__(self) -> None:
        numbers = isinstance(self.dead_zone, (int, float)) and isinstance(self.scale, (int, float))
        if not (numbers and 0 <= self.dead_zone <= LARGEST and SMALLEST <= self.scale <= LARGEST):
            raise ModelError(
                f"normalisation has dead_zone {self.dead_zone!r:.40} and scale {self.scale!r:.40}: "
                "dead_zone must be a float32 >= 0 and scale one > 0, both in sensor units"
            )
        if not isinstance(self.signed, bool):
            raise ModelError(f"signed is {self.signed!r}: use true or false")
        if self.response not in RESPONSES:
            raise ModelError(f"response is {self.response!r}: use one of {RESPONSES}")

    def to_network_units(self, pressure: FloatArray) -> FloatArray:
        """Dead-zoned sensor units to network units, pointwise; 0.0 stays exactly 0.0."""
        scaled = pressure / np.float32(self.scale)
        if self.response == "linear":
            return scaled
        compressed: FloatArray = np.copysign(np.log1p(np.abs(scaled)), scaled)
        return compressed

    def to_json(self) -> dict[str, Any]:
        """The values as plain JSON."""
        return asdict(self)

    @staticmethod
    def from_json(values: dict[str, Any]) -> Normalisation:
        """Inverse of `to_json`.

        Raises:
            ModelError: if a key is unknown or missing, or a value is out of range.
        """
        try:
            return Normalisation(**values)
        except TypeError as error:
            raise ModelError(
                f"normalisation {values!s:.300} is not understood ({error!s:.300}): "
                f"its keys are {sorted(Normalisation.__dataclass_fields__)}"
            ) from error


@dataclass(frozen=True)
class Level:
    """A levelled frame.

    Attributes:
        pressure: (C, H, W) tared and dead-zoned, sensor units, exactly 0.0 where untouched.
        invalid: (H, W) taxels that gave no number; their pressure is filled from their neighbours.
        normalisation: makes network units of it.
        axis: of (H, W) that wraps round a finger; None on a plane.
    """

    pressure: FloatArray
    invalid: BoolArray
    normalisation: Normalisation
    axis: int | None = None

    @cached_property
    def magnitude(self) -> FloatArray:
        """(H, W) sum of the magnitudes over channels, sensor units; 0.0 where untouched."""
        single: FloatArray = self.pressure[0]
        if len(self.pressure) > 1:
            single = np.abs(self.pressure).sum(axis=0)
        elif self.normalisation.signed:
            single = np.abs(single)
        return single

    @property
    def network_input(self) -> FloatArray:
        """(C, H, W) the pressure in network units."""
        return self.normalisation.to_network_units(self.pressure)

    def network_input_of(self, box: Box) -> FloatArray:
        """(C, h, w) taxels of a box; round a finger it may have more lines than the skin."""
        inside = np.ascontiguousarray(taken(self.pressure, box, self.axis))
        return self.normalisation.to_network_units(inside)


def level(
    frame: NDArray[Any],
    normalisation: Normalisation,
    tare: FloatArray | None = None,
    axis: int | None = None,
) -> Level:
    """Tare, dead-zone and normalise one frame.

    Args:
        frame: (H, W) or (H, W, C), any integer or real type, sensor units; NaN or infinite =
            invalid taxel.
        normalisation: dead-zone and scale.
        tare: the untouched sensor, shaped as the frame; None means that the sensor rests at 0.
        axis: of (H, W) that wraps round a finger; None on a plane.

    Raises:
        FrameError: if the frame has no taxels, another shape than the tare, no valid taxel or no
            numbers.
    """
    values = _planes(frame, "frame")  # (C, H, W)
    if tare is not None:
        offset = _planes(tare, "tare")
        if offset.shape != values.shape:
            raise FrameError(
                "size",
                f"frame is {_size(values)} but the tare was taken at {_size(offset)}: "
                "tare again after a change of sensor",
            )
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.subtract(values, offset, out=_unless_of(frame, values))
    values = np.ascontiguousarray(values)
    invalid = np.zeros(values.shape[1:], np.bool_)
    if np.isfinite(values).all():
        pressure = _dead_zone(values, normalisation, out=_unless_of(frame, values))
        return Level(pressure, invalid, normalisation, axis)
    np.logical_not(np.isfinite(values).all(axis=0), out=invalid)
    if invalid.all():
        raise FrameError(
            "invalid",
            f"all {invalid.size} taxels are NaN or infinite: at least one must be a number; "
            "check the driver",
        )
    values = np.where(invalid, np.float32(0), values)
    pressure = _dead_zone(values, normalisation, out=values)
    return Level(_fill(pressure, invalid, axis), invalid, normalisation, axis)


def _unless_of(frame: NDArray[Any], values: FloatArray) -> FloatArray | None:
    """Values that may be overwritten, None where they are the caller's frame."""
    return None if np.may_share_memory(frame, values) else values


def _planes(frame: NDArray[Any], what: str) -> FloatArray:
    array = np.asarray(frame)
    if array.dtype.kind not in "buif":
        raise FrameError(
            "type", f"{what} has type {array.dtype}: it must hold integers or real numbers"
        )
    if array.ndim not in (2, 3) or array.size == 0:
        raise FrameError(
            "shape",
            f"{what} has shape {array.shape}: it must be (rows, columns) or (rows, columns, "
            "channels), none of them 0",
        )
    single = array
    if array.dtype != np.float32:
        with np.errstate(over="ignore"):
            single = array.astype(np.float32)
    return single[None] if single.ndim == 2 else np.moveaxis(single, 2, 0)


def _size(planes: FloatArray) -> str:
    channels, height, width = planes.shape
    return f"{height}x{width}" + (f" with {channels} channels" if channels > 1 else "")


def _dead_zone(
    values: FloatArray, normalisation: Normalisation, out: FloatArray | None
) -> FloatArray:
    """Soft threshold: continuous, so that a contact fades in instead of jumping."""
    threshold = np.float32(normalisation.dead_zone)
    if normalisation.signed:
        kept_back = np.minimum(values, threshold)
        np.maximum(kept_back, -threshold, out=kept_back)
        return np.subtract(values, kept_back, out=kept_back if out is None else out)
    pressed: FloatArray = np.maximum(values, threshold, out=out)
    pressed -= threshold
    return pressed


def _fill(pressure: FloatArray, invalid: BoolArray, axis: int | None) -> FloatArray:
    """Invalid taxels take the mean of their valid neighbours; beyond a border is untouched."""
    _, height, width = pressure.shape
    values = _surrounded(np.where(invalid, np.float32(0), pressure), axis, np.float32(0))
    valid = _surrounded(~invalid, axis, np.True_).astype(np.float32)
    total = np.zeros_like(pressure)
    count = np.zeros((height, width), np.float32)
    for row in range(3):
        for column in range(3):
            total += values[:, row : row + height, column : column + width]
            count += valid[row : row + height, column : column + width]
    mean = total / np.maximum(count, np.float32(1))
    filled: FloatArray = np.where(invalid, mean, pressure)
    return filled


def _surrounded(values: NDArray[Any], axis: int | None, beyond: np.generic) -> NDArray[Any]:
    """One line more on every side (..., H + 2, W + 2): the next one round, or what lies beyond."""
    wide = np.full((*values.shape[:-2], values.shape[-2] + 2, values.shape[-1] + 2), beyond)
    wide[..., 1:-1, 1:-1] = values
    if axis is not None:
        lines = np.moveaxis(wide, axis - 2, 0)  # a view
        lines[0], lines[-1] = lines[-2], lines[1]
    return wide
