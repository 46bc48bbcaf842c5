"""Measure what a quarter turn or a mirror of the sensor changes; tests judge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.frame import FloatArray
from tactile_equiv.symmetry import Subject, placed, ridged_press, scale, subject_of
from tactile_equiv.topology import PLANE, wrapped_axis

if TYPE_CHECKING:  # the engines of a model are slow to import
    from tactile_equiv.model import Model

Element = tuple[int, bool]
"""Quarter turns counter-clockwise, after a mirror of left and right or not."""

QUARTER_TURNS: tuple[Element, ...] = ((1, False), (2, False), (3, False))
HALF_TURN: tuple[Element, ...] = ((2, False),)
AXIS_MIRRORS: tuple[Element, ...] = ((0, True), (2, True))
"""What leaves rows rows: of the others a skin round a finger knows nothing."""
MIRRORS: tuple[Element, ...] = ((0, True), (1, True), (2, True), (3, True))


@dataclass(frozen=True)
class TurnErrors:
    """Worst errors over frames and turns, relative to the largest value of the upright frame.

    Attributes:
        turned: number of turned frames.
        map_error: contact map against the turned map of the upright frame.
        pooled_drift: pooled features against those of the upright frame.
        score_drift: class scores against those of the upright frame, absolute.
        class_flips: turned frames whose best class differs.
    """

    turned: int
    map_error: float
    pooled_drift: float
    score_drift: float
    class_flips: int

    def to_json(self) -> dict[str, float]:
        """The numbers by name."""
        return asdict(self)


def turned(values: NDArray[Any], element: Element) -> NDArray[Any]:
    """Turn and mirror a frame or map (H, W)."""
    turns, mirrored = element
    return np.ascontiguousarray(np.rot90(values[:, ::-1] if mirrored else values, turns))


def measure_turns(
    subject: Subject, frames: Iterable[FloatArray], elements: Sequence[Element]
) -> TurnErrors:
    """Turn whole frames (H, W) and compare with the upright ones.

    A subject that answers NaN has errors of NaN.
    """
    found = [_errors(subject, frame, element) for frame in frames for element in elements]
    errors = np.array(found, np.float64).reshape(-1, 4)
    worst = errors[:, :3].max(axis=0, initial=0.0)  # keeps NaN
    return TurnErrors(
        turned=len(errors),
        map_error=float(worst[0]),
        pooled_drift=float(worst[1]),
        score_drift=float(worst[2]),
        class_flips=int(errors[:, 3].sum()),
    )


def measure_turned_press(
    model: Model, rows: int, columns: int, topology: str = PLANE
) -> dict[str, dict[str, float]]:
    """Errors of the ridged press in the middle and in every corner: "quarter_turn", "mirror".

    Round a finger, whose axes differ, "half_turn" and "mirror".
    """
    press, subject = ridged_press(model, rows, columns), subject_of(model, topology=topology)
    kinds = {"quarter_turn": QUARTER_TURNS, "mirror": MIRRORS}
    if wrapped_axis(topology) is not None:
        kinds = {"half_turn": HALF_TURN, "mirror": AXIS_MIRRORS}
    down, right = rows - press.shape[0], columns - press.shape[1]
    corners = [(0, 0), (0, right), (down, 0), (down, right)]
    frames = [placed(press, *at, rows, columns) for at in [(down // 2, right // 2), *corners]]
    return {
        name: measure_turns(subject, frames, elements).to_json() for name, elements in kinds.items()
    }


def _errors(subject: Subject, frame: FloatArray, element: Element) -> tuple[float, ...]:
    upright, seen = subject(frame), subject(turned(frame, element))
    expected = turned(upright.contact_map, element)
    return (
        float(np.abs(seen.contact_map - expected).max()) / scale(expected),
        float(np.abs(seen.pooled - upright.pooled).max()) / scale(upright.pooled),
        float(np.abs(seen.scores - upright.scores).max()),
        float(seen.scores.argmax() != upright.scores.argmax()),
    )
