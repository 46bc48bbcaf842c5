"""Measure what moving a stroke over the skin, in time and in pitch does to a model's answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.frame import FloatArray
from tactile_equiv.overlap import overlap
from tactile_equiv.sequence_percept import SequencePercept, perceive_sequence, spectrum_of
from tactile_equiv.symmetry import placed, scale

if TYPE_CHECKING:  # the engines of a model are slow to import
    from tactile_equiv.model import Model

HEIGHT = 30.0  # times the model's scale
SHAKE = 0.2  # share of the height that vibrates


@dataclass(frozen=True)
class StrokeErrors:
    """Errors of a model's answer to a moved stroke, relative to the largest value before.

    Attributes:
        map_error: contact maps against the moved ones.
        pooled_drift: pooled features against those before.
        same_bits: whether the pooled features are bit-identical.
    """

    map_error: float
    pooled_drift: float
    same_bits: bool

    def to_json(self) -> dict[str, float]:
        """The numbers by name; 1 for the same bits."""
        return {**asdict(self), "same_bits": int(self.same_bits)}


def measure_stroke(model: Model, rows: int, columns: int) -> dict[str, StrokeErrors]:
    """A stroke of a few hops in a quiet recording, then moved.

    Returns:
        "place": to the first corner of the skin; "hops": three hops later; "frames": one frame
        later, which is no whole hop; "pitch": vibrating faster by a bin (a half octave on the
        linear axis).

    Raises:
        ModelError: if the model was trained on single frames.
    """
    spectrum = spectrum_of(model)
    later = 3 * spectrum.hop
    faster = 2 ** (1 / (spectrum.octave or 2))
    here = _perceived(model, rows, columns)
    return {
        "place": _errors(_perceived(model, rows, columns, corner=True), here, corner=True),
        "hops": _errors(_perceived(model, rows, columns, later=later), here, windows=3),
        "frames": _errors(_perceived(model, rows, columns, later=1), here),
        "pitch": _errors(_perceived(model, rows, columns, faster=faster), here),
    }


def stroke(model: Model, side: int, faster: float = 1.0) -> FloatArray:
    """A patch (T, side, side) whose pressure vibrates, two windows long, sensor units."""
    spectrum = spectrum_of(model)
    frames = 2 * spectrum.window
    lowest = float(spectrum.frequencies[len(spectrum.frequencies) // 3])
    time, place = np.arange(frames), np.arange(side * side).reshape(side, side)
    envelope = np.sin(np.pi * (time + 0.5) / frames)[:, None, None]
    phase = 2 * np.pi * lowest * faster * time[:, None, None] + place
    relief = 1 + 0.5 * np.cos(2.1 * place)
    height = HEIGHT * model.card.normalisation.scale
    moving: NDArray[np.float64] = height * envelope * relief * (1 + SHAKE * np.sin(phase))
    return moving.astype(np.float32)


def _perceived(
    model: Model,
    rows: int,
    columns: int,
    *,
    corner: bool = False,
    later: int = 0,
    faster: float = 1.0,
) -> SequencePercept:
    spectrum = spectrum_of(model)
    side = max(min(rows, columns) // 2, 1)
    patch = stroke(model, side, faster)
    row, column = (0, 0) if corner else _middle(rows, columns)
    channels = model.card.architecture.input_channels // spectrum.channels
    sequence = np.zeros((len(patch) + 5 * spectrum.hop, rows, columns, channels), np.float32)
    for frame, pressed in enumerate(patch, spectrum.hop + later):
        sequence[frame] = placed(pressed, row, column, rows, columns)[..., None]
    return perceive_sequence(model, sequence)


def _middle(rows: int, columns: int) -> tuple[int, int]:
    side = max(min(rows, columns) // 2, 1)
    return (rows - side) // 2, (columns - side) // 2


def _errors(
    seen: SequencePercept, before: SequencePercept, *, corner: bool = False, windows: int = 0
) -> StrokeErrors:
    reference: NDArray[Any] = before.contact_maps
    count, rows, columns = reference.shape
    row, column = _middle(rows, columns)
    here, there = overlap((-row, -column) if corner else (0, 0), (rows, columns))
    now = seen.contact_maps[windows:][(..., *here)]
    then = reference[: count - windows][(..., *there)]
    return StrokeErrors(
        map_error=float(np.abs(now - then).max()) / scale(reference),
        pooled_drift=float(np.abs(seen.pooled - before.pooled).max()) / scale(before.pooled),
        same_bits=seen.pooled.tobytes() == before.pooled.tobytes(),
    )
