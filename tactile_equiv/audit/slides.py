"""Vectors while a contact slides over the whole sensor: what drifts, and which class wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.audit.grids import AXES
from tactile_equiv.audit.probe import Probe
from tactile_equiv.audit.shifts import drift, worse
from tactile_equiv.frame import FloatArray

WHOLE_WAY, PART_OF_WAY = 48, 12
"""Pixels: ways up to the first are slid from end to end."""


@dataclass
class SlideErrors:
    """Of one layer that answers a vector.

    Attributes:
        drift_by_position: worst difference to the middle, relative, by position of the contact's
            first pixel, (down the rows, along the columns); whole pixels.
        steps, flips: steps of one pixel, and those at which another value becomes the largest.
        half_steps, half_flips: the same for half pixels.
    """

    drift_by_position: tuple[dict[int, float], dict[int, float]] = field(
        default_factory=lambda: ({}, {})
    )
    steps: int = 0
    flips: int = 0
    half_steps: int = 0
    half_flips: int = 0

    @property
    def drift(self) -> float:
        """Worst over all positions."""
        errors = [e for found in self.drift_by_position for e in found.values()]
        return float(np.max(errors)) if errors else 0.0


def measure_slides(probe: Probe, contacts: Sequence[FloatArray]) -> tuple[SlideErrors | None, ...]:
    """Slide contacts (C, h, w) in half pixels from border to border, or round; None for maps.

    On a way longer than `WHOLE_WAY` they slide at both ends and in the middle, `PART_OF_WAY` each.
    """
    found = tuple(
        None if layer.is_map or not layer.scale else SlideErrors() for layer in probe.layers
    )
    if not any(found):
        return found
    for contact in contacts:
        for axis in AXES:
            _slide(probe, contact, axis, found)
    return found


def _slide(
    probe: Probe, contact: FloatArray, axis: int, found: Sequence[SlideErrors | None]
) -> None:
    last = probe.stage.sides[axis]  # all the way round a finger
    if axis != probe.stage.axis:
        last -= contact.shape[1 + axis]
    middle = probe.stage.middle(contact)
    positions = _positions(last)
    places = [(p, middle[1]) if axis == 0 else (middle[0], p) for p in positions.tolist()]
    answers = probe.answers(probe.stage.frame(contact, *place) for place in [middle, *places])
    in_the_middle = next(answers)
    winners: list[list[int]] = [[] for _ in found]
    for position, answer in zip(positions.tolist(), answers, strict=True):
        for number, errors in enumerate(found):
            if errors is None:
                continue
            winners[number].append(int(answer[number].argmax()))
            if position == int(position):
                empty = probe.empty[number]
                moved = drift(answer[number] - empty, in_the_middle[number] - empty)
                known = errors.drift_by_position[axis]
                known[int(position)] = worse(known.get(int(position), 0.0), moved)
    for errors, classes in zip(found, winners, strict=True):
        if errors is not None:
            _count_flips(errors, positions, np.array(classes))


def _positions(last: int) -> NDArray[np.float64]:
    """Half pixels from 0 to the last position."""
    every = np.arange(2 * last + 1) / 2
    if last <= WHOLE_WAY:
        return every
    middle = last // 2 - PART_OF_WAY // 2
    ends = (every <= PART_OF_WAY) | (every >= last - PART_OF_WAY)
    return every[ends | ((every >= middle) & (every <= middle + PART_OF_WAY))]


def _count_flips(
    errors: SlideErrors, positions: NDArray[np.float64], classes: NDArray[np.int_]
) -> None:
    """Positions (P,) and the classes (P,) that win there."""
    whole = positions % 1 == 0
    steps, flips = _steps(positions[whole], classes[whole], 1.0)
    errors.steps, errors.flips = errors.steps + steps, errors.flips + flips
    steps, flips = _steps(positions, classes, 0.5)
    errors.half_steps, errors.half_flips = errors.half_steps + steps, errors.half_flips + flips


def _steps(
    positions: NDArray[np.float64], classes: NDArray[np.int_], length: float
) -> tuple[int, int]:
    """How many steps of that length there are, and at how many of them the class changes."""
    steps = np.diff(positions) == length
    return int(steps.sum()), int((steps & (np.diff(classes) != 0)).sum())
