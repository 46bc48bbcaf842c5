"""What an untouched sensor answers, and what a turned contact answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tactile_equiv.audit.probe import Probe, Values
from tactile_equiv.audit.shifts import drift, worse
from tactile_equiv.frame import FloatArray


@dataclass(frozen=True)
class Ripple:
    """Differences between the cells of a map while nothing is touched, relative to the response.

    Attributes:
        anywhere: largest difference between two cells of one channel.
        middle: the same in the middle half of the map.
    """

    anywhere: float
    middle: float


def measure_ripple(probe: Probe) -> tuple[Ripple | None, ...]:
    """Ripple of every layer on the empty frame; None for vectors and layers without a response."""
    return tuple(
        _ripple(values, layer.scale) if layer.is_map and layer.scale else None
        for layer, values in zip(probe.layers, probe.empty, strict=True)
    )


def _ripple(values: Values, scale: float) -> Ripple:
    _, height, width = values.shape
    rows, columns = height // 4, width // 4
    middle = values[:, rows : height - rows, columns : width - columns]
    spreads = [float(np.ptp(part, axis=(1, 2)).max()) / scale for part in (values, middle)]
    return Ripple(*spreads)


def measure_rotation(probe: Probe, contacts: Sequence[FloatArray]) -> tuple[float | None, ...]:
    """Error when the whole frame is turned by 90 degrees: maps turned alike, channels fixed.

    None for maps and frames that are not square, for layers without a response, and round a finger,
    whose axes differ.
    """
    rows, columns = probe.stage.sides
    if rows != columns or probe.stage.axis is not None:
        return (None,) * len(probe.layers)
    worst: list[float | None] = [0.0 if layer.scale else None for layer in probe.layers]
    for contact in contacts:
        frame = probe.stage.frame(contact, *probe.stage.middle(contact))
        turned_frame = np.ascontiguousarray(np.rot90(frame, axes=(1, 2)))
        upright, turned = probe.responses([frame, turned_frame])
        for number, layer in enumerate(probe.layers):
            before = worst[number]
            error = _turning_error(turned[number], upright[number], layer.scale)
            worst[number] = None if before is None or error is None else worse(before, error)
    return tuple(worst)


def _turning_error(turned: Values, upright: Values, scale: float) -> float | None:
    if upright.ndim != 3:
        return drift(turned, upright)
    if upright.shape[1] != upright.shape[2]:
        return None
    return float(np.abs(turned - np.rot90(upright, axes=(1, 2))).max()) / max(scale, 1e-30)
