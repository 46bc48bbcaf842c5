"""Does an engine compute what torch computes? A probe holds torch's answers, so torch can stay out.

Two questions are asked: is every answer close to torch's, and is untouched skin exactly 0.0 in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from tactile_equiv.architecture import Architecture
from tactile_equiv.backends import Backend
from tactile_equiv.errors import ModelError
from tactile_equiv.frame import BoolArray, FloatArray

PARITY_TOLERANCE = 1e-4
CELLS = 48
PARTS = ("frame", "contact_map", "cells", "features")


@dataclass(frozen=True)
class Answer:
    """What torch answers to one frame; of the large canvas only some cells.

    Attributes:
        frame: (C, H, W) network units.
        contact_map: (H, W).
        cells: (n, 2) rows and columns of canvas cells.
        features: (F, n) their features.
    """

    frame: FloatArray
    contact_map: FloatArray
    cells: NDArray[np.int32]
    features: FloatArray


@dataclass(frozen=True)
class Probe:
    """Torch's answers to an empty frame, a press at the border and a frame of odd size.

    Attributes:
        radius: receptive radius R of the network, taxels.
        answers: one for each frame.
    """

    radius: int
    answers: tuple[Answer, ...]

    def to_bytes(self) -> bytes:
        """The probe as a safetensors file."""
        return safetensors.numpy.save(
            {
                f"{number}.{part}": np.ascontiguousarray(getattr(answer, part))
                for number, answer in enumerate(self.answers)
                for part in PARTS
            }
        )

    @staticmethod
    def from_bytes(content: bytes, architecture: Architecture) -> Probe:
        """Inverse of `to_bytes`.

        Raises:
            ModelError: if it is no probe of a network of these sizes.
        """
        try:
            arrays = safetensors.numpy.load(content)
            numbers = range(len(arrays) // len(PARTS))
            answers = tuple(Answer(*(arrays[f"{n}.{part}"] for part in PARTS)) for n in numbers)
        except (safetensors.SafetensorError, KeyError) as error:
            raise ModelError(
                f"the probe of the engines, {len(content)} bytes, is not understood "
                f"({error!s:.300}): "
                "copy the whole model directory again"
            ) from error
        if not answers or not all(_fits(answer, architecture) for answer in answers):
            raise ModelError("the probe of the engines is of a network of other sizes")
        return Probe(architecture.radius, answers)


@dataclass(frozen=True)
class Parity:
    """How far a back end is from torch on the frames of a probe.

    Attributes:
        relative_error: largest difference of map and features, relative to the largest value.
        untouched_maximum: largest absolute value further than R from any touched taxel, and on an
            empty frame; must be exactly 0.0.
    """

    relative_error: float
    untouched_maximum: float

    @property
    def holds(self) -> bool:
        """True within `PARITY_TOLERANCE` and with exactly 0.0 on untouched skin."""
        return self.relative_error <= PARITY_TOLERANCE and self.untouched_maximum == 0.0


def probe_of(reference: Backend, architecture: Architecture) -> Probe:
    """Ask torch for its answers to seeded frames."""
    random = np.random.default_rng(0)
    channels = architecture.input_channels
    empty = np.zeros((channels, 11, 13), np.float32)
    border = np.zeros((channels, 12, 17), np.float32)
    border[:, :5, :6] = random.uniform(-1, 3, (channels, 5, 6))
    odd = random.uniform(-1, 3, (channels, 7, 5)).astype(np.float32)
    frames = (empty, border, odd)
    return Probe(architecture.radius, tuple(_answer(reference, f, random) for f in frames))


def measure_parity(backend: Backend, probe: Probe) -> Parity:
    """Compare a back end with torch's answers."""
    errors, untouched = [], []
    for answer in probe.answers:
        contact_map, canvas = backend.run(answer.frame)
        first, (rows, columns) = probe.radius, answer.contact_map.shape
        reached = _reached(answer.frame, probe.radius)  # (H + 2R, W + 2R)
        on_sensor = reached[first : first + rows, first : first + columns]
        if contact_map.shape != on_sensor.shape or canvas.shape[1:] != reached.shape:
            return Parity(float("inf"), float("inf"))
        features = canvas[:, answer.cells[:, 0], answer.cells[:, 1]]  # (F, n)
        errors.append(_relative_error(contact_map, answer.contact_map))
        errors.append(_relative_error(features, answer.features))
        untouched.append(np.abs(contact_map[~on_sensor]).max(initial=0))
        untouched.append(np.abs(canvas[:, ~reached]).max(initial=0))
    return Parity(float(np.max(errors)), float(np.max(untouched)))  # unlike max, np.max keeps NaN


def _answer(reference: Backend, frame: FloatArray, random: np.random.Generator) -> Answer:
    contact_map, canvas = reference.run(frame)
    cells = random.integers(0, canvas.shape[1:], (CELLS, 2), np.int32)
    return Answer(frame, contact_map, cells, canvas[:, cells[:, 0], cells[:, 1]])


def _fits(answer: Answer, architecture: Architecture) -> bool:
    grown = np.add(answer.contact_map.shape, 2 * architecture.radius)
    return (
        answer.frame.ndim == 3
        and answer.frame.shape == (architecture.input_channels, *answer.contact_map.shape)
        and answer.features.shape == (architecture.channels[-1], len(answer.cells))
        and answer.cells.shape == (len(answer.cells), 2)
        and answer.cells.dtype == np.int32
        and bool(((answer.cells >= 0) & (answer.cells < grown)).all())
        and all(_is_finite(part) for part in (answer.frame, answer.contact_map, answer.features))
    )


def _is_finite(values: NDArray[Any]) -> bool:
    return values.dtype == np.float32 and bool(np.isfinite(values).all())


def _reached(frame: FloatArray, radius: int) -> BoolArray:
    """Canvas cells (H + 2R, W + 2R) within R of a touched taxel of the frame (C, H, W)."""
    touched = np.pad((frame != 0).any(axis=0), radius).astype(np.uint8)
    reached: BoolArray = cv2.dilate(touched, np.ones((2 * radius + 1,) * 2, np.uint8)) > 0
    return reached


def _relative_error(got: FloatArray, true: FloatArray) -> float:
    if got.shape != true.shape:
        return float("inf")
    return float(np.abs(got - true).max() / max(np.abs(true).max(), 1e-12))
