"""Measure equivariance and invariance of anything that answers to frames; tests judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.frame import FloatArray
from tactile_equiv.overlap import overlap, turned
from tactile_equiv.percept import perceive
from tactile_equiv.press import Press, pressure
from tactile_equiv.topology import NO_PERIODS, PLANE, periods, wrapped_axis

if TYPE_CHECKING:  # the engines of a model are slow to import
    from tactile_equiv.model import Model


@dataclass(frozen=True)
class Response:
    """What a subject answers to a frame.

    Attributes:
        contact_map: (H, W), should move with the contact.
        pooled: (F,), should stay.
        scores: (K,) class scores, should stay.
    """

    contact_map: NDArray[Any]
    pooled: NDArray[Any]
    scores: NDArray[Any]


Subject = Callable[[FloatArray], Response]


@dataclass(frozen=True)
class ShiftErrors:
    """Worst errors over all positions, relative to the largest value of the reference.

    Attributes:
        positions: number of positions compared with the reference (the middle of the sensor).
        map_error: contact map against the shifted reference map, where both are on the sensor.
        phantom: response in the strip that the shifted reference leaves blank, against an empty
            sensor; exact subjects show none while the contact in the middle is a receptive radius
            or more away from the border.
        pooled_drift: pooled features against the reference.
        score_drift: class scores against the reference, absolute.
        class_flips: positions where the best class differs.
        distinct_pooled: different bit patterns of the pooled features, 1 = bit-identical.
        empty_ripple: spread (maximum - minimum) of the contact map on an empty frame.
        empty_pooled: largest absolute pooled feature on an empty frame.
    """

    positions: int
    map_error: float
    phantom: float
    pooled_drift: float
    score_drift: float
    class_flips: int
    distinct_pooled: int
    empty_ripple: float
    empty_pooled: float

    def to_json(self) -> dict[str, float]:
        """The numbers by name."""
        return asdict(self)


def subject_of(model: Model, *, contact_threshold: float = 0.5, topology: str = PLANE) -> Subject:
    """A model as a subject, through the whole of `perceive`; scores are of the pooled features.

    The network sees the whole frame: evaluated around the contact alone, it would see the same
    wherever the contact lies, and mistakes of its own would not show. A model of several channels
    sees the frame in each.
    """
    channels = model.card.architecture.input_channels

    def respond(frame: FloatArray) -> Response:
        seen = frame if channels == 1 else np.repeat(frame[:, :, None], channels, axis=2)
        percept = perceive(
            model,
            seen,
            contact_threshold=contact_threshold,
            whole_frame=True,
            topology=topology,
        )
        scores = model.classifier.scores(percept.pooled)
        return Response(percept.contact_map, percept.pooled, scores)

    return respond


def placed(patch: FloatArray, row: int, column: int, rows: int, columns: int) -> FloatArray:
    """An empty frame with a patch (h, w) from (row, column) on, cut at the border."""
    frame = np.zeros((rows, columns), np.float32)
    height, width = patch.shape
    top, left = max(row, 0), max(column, 0)
    bottom, right = min(row + height, rows), min(column + width, columns)
    if top < bottom and left < right:
        visible = patch[top - row : bottom - row, left - column : right - column]
        frame[top:bottom, left:right] = visible
    return frame


def placed_round(
    patch: FloatArray, row: int, column: int, rows: int, columns: int, axis: int | None
) -> FloatArray:
    """The same where an axis wraps round a finger: beyond the seam the patch goes on."""
    if axis is None:
        return placed(patch, row, column, rows, columns)
    start = [row, column]
    start[axis] = 0
    return np.roll(placed(patch, start[0], start[1], rows, columns), (row, column)[axis], axis)


def contained_positions(
    patch: FloatArray, rows: int, columns: int, axis: int | None = None
) -> list[tuple[int, int]]:
    """Every (row, column) at which a patch (h, w) lies wholly on the sensor, border rows included.

    Along an axis that wraps round a finger this is every line.

    Raises:
        ValueError: if the patch is larger than the sensor.
    """
    height, width = patch.shape
    if height > rows or width > columns:
        raise ValueError(
            f"patch {patch.shape} does not fit a sensor of {rows}x{columns}: take a smaller one"
        )
    down = rows if axis == 0 else rows - height + 1
    along = columns if axis == 1 else columns - width + 1
    return [(r, c) for r in range(down) for c in range(along)]


def measure_shifts(
    subject: Subject,
    patch: FloatArray,
    rows: int,
    columns: int,
    positions: Iterable[tuple[int, int]] | None = None,
    axis: int | None = None,
) -> ShiftErrors:
    """Shift a contact over the sensor in whole taxels and compare with the contact in the middle.

    A subject that answers NaN has errors of NaN.

    Args:
        subject: what is measured.
        patch: (h, w) the contact, sensor units.
        rows, columns: size of the sensor.
        positions: first taxels of the patch; every contained position when None.
        axis: of the sensor that wraps round a finger; None on a plane.
    """
    middle = (rows - patch.shape[0]) // 2, (columns - patch.shape[1]) // 2
    reference = subject(placed(patch, *middle, rows, columns))
    empty = subject(np.zeros((rows, columns), np.float32))
    map_scale, pooled_scale = scale(reference.contact_map), scale(reference.pooled)
    errors, patterns, flips = [], set(), 0
    if positions is None:
        positions = contained_positions(patch, rows, columns, axis)
    repeating = periods(axis, (rows, columns))
    for row, column in positions:
        seen = subject(placed_round(patch, row, column, rows, columns, axis))
        shift = row - middle[0], column - middle[1]
        response, left = turned(seen.contact_map - empty.contact_map, shift, repeating)
        errors.append(
            (
                map_difference(seen.contact_map, reference.contact_map, shift, repeating),
                _phantom(response, left),
                np.abs(seen.pooled - reference.pooled).max(),
                np.abs(seen.scores - reference.scores).max(),
            )
        )
        flips += int(seen.scores.argmax() != reference.scores.argmax())
        patterns.add(seen.pooled.tobytes())
    worst = np.array(errors, np.float64).reshape(-1, 4).max(axis=0, initial=0.0)  # keeps NaN
    return ShiftErrors(
        positions=len(errors),
        map_error=float(worst[0]) / map_scale,
        phantom=float(worst[1]) / map_scale,
        pooled_drift=float(worst[2]) / pooled_scale,
        score_drift=float(worst[3]),
        class_flips=flips,
        distinct_pooled=len(patterns),
        empty_ripple=float(empty.contact_map.max() - empty.contact_map.min()),
        empty_pooled=float(np.abs(empty.pooled).max()),
    )


def measure_ridged_press(
    model: Model, rows: int, columns: int, topology: str = PLANE
) -> ShiftErrors:
    """Errors of the ridged press at every contained position, round a finger over the seam too."""
    subject, press = subject_of(model, topology=topology), ridged_press(model, rows, columns)
    return measure_shifts(subject, press, rows, columns, axis=wrapped_axis(topology))


def ridged_press(model: Model, rows: int, columns: int) -> FloatArray:
    """Ridges (h, w) over a third of the sensor at 23 degrees, 30 times the model's scale high."""
    shorter = min(rows, columns)
    side = max(shorter // 3, min(shorter, 3))
    press = Press("ridges", (side - 1) / 2, (side - 1) / 2, angle=0.4, size=0.45 * side)
    height = 30 * model.card.normalisation.scale
    return pressure(press, side, side) * height


def scale(values: NDArray[Any]) -> float:
    """Largest absolute value, what errors are relative to; above 0 also where nothing answers."""
    return max(float(np.abs(values).max()), 1e-12)


def map_difference(
    seen: NDArray[Any],
    reference: NDArray[Any],
    shift: tuple[int, int],
    periods: tuple[float, float] = NO_PERIODS,
) -> float:
    """Largest difference where the shifted reference and the seen map are both on the sensor.

    Args:
        seen, reference: maps (H, W).
        shift: cells, down and along.
        periods: after how many rows and columns the maps repeat, see `topology.periods`.
    """
    reference, left = turned(reference, shift, periods)
    here, there = overlap(left, seen.shape)
    return float(np.abs(seen[here] - reference[there]).max())


def _phantom(response: NDArray[Any], shift: tuple[int, int]) -> float:
    """Largest response (H, W) in the strip that a shift brings onto the sensor."""
    here, _ = overlap(shift, response.shape)
    strip = np.ones(response.shape, bool)
    strip[here] = False
    return float(np.abs(response[strip]).max(initial=0.0))
