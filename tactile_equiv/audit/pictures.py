"""Small pictures of what a layer should have answered, and what it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.audit.border import border_places, start_place
from tactile_equiv.audit.findings import Finding
from tactile_equiv.audit.grids import Grid, moved_map
from tactile_equiv.audit.measurements import LayerMeasurement
from tactile_equiv.audit.probe import Probe, Values
from tactile_equiv.audit.shifts import first_place
from tactile_equiv.frame import FloatArray

PICTURES = 4
"""Of one report, at most."""
Plane = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Picture:
    """One channel of a layer's map.

    Attributes:
        layer: number of the layer, from 1.
        caption: what was done.
        panels: heading and values (H', W'), NaN = unknown; all on one scale.
        largest: value that the strongest colour stands for.
    """

    layer: int
    caption: str
    panels: tuple[tuple[str, Plane], ...]
    largest: float


def pictures(
    probe: Probe,
    layers: Sequence[LayerMeasurement],
    findings: Sequence[Finding],
    smooth: FloatArray,
    steep: FloatArray,
) -> tuple[Picture, ...]:
    """The worst case of every finding on a map; of exact networks one shift of the last map.

    Args:
        smooth, steep: contacts (C, h, w) for the middle and for the border.
    """
    found: list[Picture] = []
    for finding in findings:
        measured = layers[finding.layer - 1]
        if measured.grid is None or len(found) == PICTURES:
            continue
        if finding.limit_name == "integer":
            found.append(_shifted(probe, measured, smooth))
        elif finding.limit_name == "border":
            found.append(_at_border(probe, measured, steep))
        elif finding.limit_name == "ripple":
            found.append(_empty(probe, measured))
    last = [measured for measured in layers if measured.grid and measured.answers]
    if not found and last:
        found.append(_shifted(probe, last[-1], smooth))
    return tuple(found)


def _shifted(probe: Probe, measured: LayerMeasurement, contact: FloatArray) -> Picture:
    cases = [
        (error, axis, shift)
        for axis, by_shift in enumerate(measured.shifts.whole)
        for shift, error in by_shift.items()
    ]
    _, axis, shift = max(cases, key=lambda case: (np.nan_to_num(case[0], nan=np.inf), case[2]))
    start = first_place(probe.stage, contact, 0, axis)
    move = (shift, 0) if axis == 0 else (0, shift)
    pixels = f"{shift} pixel{'s' if shift > 1 else ''} {'along' if axis else 'down'}"
    return _compared(probe, measured, contact, start, move, f"contact moved {pixels}")


def _at_border(probe: Probe, measured: LayerMeasurement, contact: FloatArray) -> Picture:
    cases = [
        (error, side, distance)
        for side, known in measured.border.by_distance.items()
        for distance, error in known.items()
    ]
    _, side, distance = max(cases, key=lambda case: (np.nan_to_num(case[0], nan=np.inf), -case[2]))
    start = start_place(probe.stage, contact)
    move = next(
        place.move
        for place in border_places(probe.stage, contact)
        if (place.side, place.distance) == (side, distance)
    )
    away = f"{distance} pixel{'s' if distance > 1 else ''} from" if distance else "at"
    caption = f"contact {away} the {side} border"
    return _compared(probe, measured, contact, start, move, caption)


def _compared(
    probe: Probe,
    measured: LayerMeasurement,
    contact: FloatArray,
    start: tuple[int, int],
    move: tuple[int, int],
    caption: str,
) -> Picture:
    grid, number = measured.grid, measured.number - 1
    assert grid is not None
    places = (start, (start[0] + move[0], start[1] + move[1]))
    frames = [probe.stage.frame(contact, *place) for place in places]
    reference, seen = (answer[number] for answer in probe.responses(frames))
    channel, expected = _worst_channel(seen, reference, grid, move)
    panels = (
        ("in the middle", reference[channel]),
        ("should be", expected),
        ("is", seen[channel]),
        ("difference", seen[channel] - expected),
    )
    return _picture(measured, f"{caption}, channel {channel}", panels)


def _worst_channel(
    seen: Values, reference: Values, grid: Grid, move: tuple[int, int]
) -> tuple[int, Plane]:
    """The channel with the largest error, or phantom, and what it should be (NaN = unknown)."""
    expected = np.stack([moved_map(plane, grid.moved(move), grid.axis) for plane in reference])
    known = np.nan_to_num(np.abs(seen - expected)).max(axis=(1, 2))  # (C,)
    beyond = np.where(np.isnan(expected), np.abs(seen), 0).max(axis=(1, 2))
    channel = int(np.argmax(known if known.any() else beyond))
    return channel, expected[channel]


def _empty(probe: Probe, measured: LayerMeasurement) -> Picture:
    answer = probe.empty[measured.number - 1]
    channel = int(np.argmax(np.ptp(answer, axis=(1, 2))))
    ripple = answer[channel] - np.median(answer[channel])
    panels: tuple[tuple[str, Plane], ...] = (("answer to the empty frame", ripple),)
    return _picture(measured, f"nothing touched, channel {channel}, less its median", panels)


def _picture(
    measured: LayerMeasurement, caption: str, panels: tuple[tuple[str, Plane], ...]
) -> Picture:
    largest = float(np.max([np.nanmax(np.abs(plane), initial=0) for _, plane in panels]))
    return Picture(measured.number, caption, panels, largest or 1.0)
