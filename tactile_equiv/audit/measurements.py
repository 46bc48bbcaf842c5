"""Everything that is measured of a network, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tactile_equiv.audit.border import BorderErrors, measure_border
from tactile_equiv.audit.grids import Grid, measure_grids
from tactile_equiv.audit.probe import Layer, Probe
from tactile_equiv.audit.shifts import ShiftErrors, lattice, measure_shifts
from tactile_equiv.audit.slides import SlideErrors, measure_slides
from tactile_equiv.audit.stillness import Ripple, measure_ripple, measure_rotation
from tactile_equiv.audit.stimuli import Stage, smooth_contact, steep_contact
from tactile_equiv.frame import FloatArray

EXACT = 1e-5
"""Errors up to this, relative to the largest response, are rounding."""


@dataclass(frozen=True)
class LayerMeasurement:
    """What was measured of one layer; errors are relative to its largest response.

    Attributes:
        number: from 1, in order of execution.
        layer: name, operation, settings, shape.
        grid: how its map moves with the contact; None for vectors.
        shifts, border: see there.
        ripple: on the empty frame; None for vectors.
        rotation: by 90 degrees; None where it cannot be measured.
        slides: of vectors; None for maps.
    """

    number: int
    layer: Layer
    grid: Grid | None
    shifts: ShiftErrors
    border: BorderErrors
    ripple: Ripple | None
    rotation: float | None
    slides: SlideErrors | None

    @property
    def answers(self) -> bool:
        """A contact changes it."""
        return self.layer.scale > 0

    @property
    def exact(self) -> float:
        """Errors up to this are rounding."""
        return max(EXACT, self.layer.noise)

    @property
    def lattice(self) -> tuple[int | None, int | None]:
        """Pixels, down and along, all of whose multiples shift the map exactly; None = none."""
        rows, columns = (lattice(by_shift, self.exact) for by_shift in self.shifts.whole)
        return rows, columns

    @property
    def shift_error(self) -> float:
        """Worst under whole pixels in the middle; NaN if any is, 0 for vectors."""
        return _worst([e for by_shift in self.shifts.whole for e in by_shift.values()])

    @property
    def part_error(self) -> float:
        """Worst under parts of a pixel."""
        return _worst(list(self.shifts.parts.values()))

    @property
    def border_error(self) -> float:
        """Worst near the border, phantoms at the opposite border included."""
        return self.border.worst

    @property
    def ripple_error(self) -> float:
        """On the empty frame; 0 for vectors."""
        return self.ripple.anywhere if self.ripple else 0.0

    @property
    def rotation_error(self) -> float:
        """By 90 degrees; 0 where it cannot be measured."""
        return self.rotation or 0.0

    @property
    def flips(self) -> float:
        """Share of one-pixel steps at which the largest value of a vector changes place."""
        return self.slides.flips / self.slides.steps if self.slides else 0.0

    @property
    def half_flips(self) -> float:
        """The same for half pixels."""
        return self.slides.half_flips / self.slides.half_steps if self.slides else 0.0

    @property
    def drift(self) -> float:
        """Of the vector, or of the map summed over its cells, wherever the contact lies."""
        sliding = self.slides.drift if self.slides else 0.0
        return _worst([self.shifts.drift_whole, self.border.drift, sliding])

    def to_json(self) -> dict[str, Any]:
        """All numbers by name; keys that do not apply are None."""
        is_map, layer, slides = self.layer.is_map and self.answers, self.layer, self.slides
        rows, columns = self.shifts.whole
        return {
            "number": self.number,
            "name": layer.name,
            "operation": layer.operation,
            "settings": layer.settings,
            "shape": list(layer.shape),
            "is_map": layer.is_map,
            "is_output": layer.is_output,
            "response": layer.scale,
            "rounding": layer.noise,
            "cells_per_pixel": [float(s) for s in self.grid.scale] if self.grid else None,
            "follows_contact": list(self.grid.follows) if self.grid else None,
            "lattice": list(self.lattice) if is_map else None,
            "shift_error": self.shift_error if is_map else None,
            "shift_error_by_pixels": {"rows": rows, "columns": columns} if is_map else None,
            "subpixel_error": self.part_error if is_map else None,
            "subpixel_error_by_pixels": self.shifts.parts if is_map else None,
            "border_error": self.border_error if self.border.measured else None,
            "border_error_by_distance": self.border.by_distance if is_map else None,
            "border_error_by_depth": self.border.by_depth if is_map else None,
            "border_cells": self.border.depth(self.exact) if self.border.measured else None,
            "phantom_by_side": self.border.phantoms if is_map else None,
            "ripple": self.ripple.anywhere if self.ripple else None,
            "ripple_middle": self.ripple.middle if self.ripple else None,
            "rotation_error": self.rotation,
            "pooled_drift": self.drift if self.answers else None,
            "pooled_drift_shift": self.shifts.drift_whole if self.answers else None,
            "pooled_drift_border": self.border.drift if self.answers else None,
            "pooled_drift_subpixel": self.shifts.drift_parts if self.answers else None,
            "drift_by_position": dict(
                zip(("rows", "columns"), slides.drift_by_position, strict=True)
            )
            if slides
            else None,
            "steps": slides.steps if slides else None,
            "flips": slides.flips if slides else None,
            "half_steps": slides.half_steps if slides else None,
            "half_flips": slides.half_flips if slides else None,
        }


def _worst(errors: Sequence[float]) -> float:
    return float(np.max(errors)) if len(errors) else 0.0  # unlike max, np.max keeps NaN


def contacts_of(
    stage: Stage, seeds: int, recorded: FloatArray | None
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Smooth and steep contacts (C, h, w); both the recorded one where it is given."""
    if recorded is not None:
        return [recorded], [recorded]
    smooth = [smooth_contact(stage, seed) for seed in range(seeds)]
    return smooth, [steep_contact(stage, seed) for seed in range(seeds)]


def measure(
    probe: Probe, smooth: Sequence[FloatArray], steep: Sequence[FloatArray]
) -> tuple[LayerMeasurement, ...]:
    """Measure every layer with smooth contacts (C, h, w), and with steep ones at the border."""
    grids = measure_grids(probe)
    shifts = measure_shifts(probe, grids, smooth)
    steps = [_steps(*known) for known in zip(probe.layers, grids, shifts, strict=True)]
    measured = zip(
        probe.layers,
        grids,
        shifts,
        measure_border(probe, grids, steps, steep),
        measure_ripple(probe),
        measure_rotation(probe, smooth),
        measure_slides(probe, smooth),
        strict=True,
    )
    return tuple(LayerMeasurement(number, *parts) for number, parts in enumerate(measured, 1))


def _steps(layer: Layer, grid: Grid | None, shifts: ShiftErrors) -> tuple[int, int]:
    """Pixels on whose multiples a layer is compared at the border: its lattice, else its stride."""
    if grid is None:
        return 1, 1
    rows, columns = (
        max(lattice(by_shift, max(EXACT, layer.noise)) or 1, scale.denominator)
        for by_shift, scale in zip(shifts.whole, grid.scale, strict=True)
    )
    return rows, columns
