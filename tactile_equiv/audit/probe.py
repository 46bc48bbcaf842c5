"""Shows frames to a network and gives what every layer answers, a few frames at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.audit.stimuli import Stage, smooth_contact
from tactile_equiv.audit.traced import LayerOutput, Subject
from tactile_equiv.errors import AuditError
from tactile_equiv.frame import FloatArray

BATCH_BYTES = 64 * 2**20
"""Memory for what all layers answer to one batch."""
LARGEST_BATCH = 16
REPEATABLE = 1e-4
"""Largest difference, relative, between two answers to one frame."""
DEAF = 1e-4
"""A layer that changes less under a contact, relative to its values, does not answer to it."""

Values = NDArray[np.floating[Any]]
Answer = list[Values]
"""For every layer a map (C, H', W') or a vector (F,)."""


@dataclass(frozen=True)
class Layer:
    """What is known of a layer before it is measured.

    Attributes:
        name, operation, settings, is_output: see `LayerOutput`.
        shape: (C, H', W') or (F,).
        scale: largest response to a contact in the middle; 0 = it does not answer.
        noise: rounding of its values, relative to `scale`; smaller errors mean nothing.
    """

    name: str
    operation: str
    settings: dict[str, Any]
    is_output: bool
    shape: tuple[int, ...]
    scale: float
    noise: float

    @property
    def is_map(self) -> bool:
        """It should move with the contact."""
        return len(self.shape) == 3


class Probe:
    """A network and the sensor before it.

    Responses are what a contact changes: the answer minus that to the empty frame.

    Raises:
        AuditError: if the network answers NaN or infinity, differently to the same frame, or its
            outputs not at all.
    """

    def __init__(self, subject: Subject, stage: Stage) -> None:
        self.subject, self.stage = subject, stage
        contact = smooth_contact(stage, 0)
        touched = stage.frame(contact, *stage.middle(contact))
        outputs = _checked(subject.layers(touched[None]))
        alone = next(_answers(outputs, 1))
        size = sum(values.nbytes for values in alone)
        self._batch = int(np.clip(BATCH_BYTES // max(size, 1), 1, LARGEST_BATCH))
        self._shapes = [(output.name, output.values.shape[1:]) for output in outputs]
        self.empty, beside_empty = self.answers([stage.empty(), touched])
        self.layers = tuple(map(_layer, outputs, self.empty, beside_empty))
        self._refuse_the_random(alone, beside_empty)
        self._refuse_the_deaf()

    def answers(self, frames: Iterable[FloatArray]) -> Iterator[Answer]:
        """What every layer answers to each frame (C, H, W)."""
        remaining = iter(frames)
        while batch := list(itertools.islice(remaining, self._batch)):
            outputs = _checked(self.subject.layers(np.stack(batch)))
            if [(output.name, output.values.shape[1:]) for output in outputs] != self._shapes:
                raise AuditError(
                    f"{self.subject.name} runs other layers, or layers of other sizes, on another "
                    "frame of the same size: its program depends on the values of the frame, "
                    "which cannot be audited layer by layer"
                )
            yield from _answers(outputs, len(batch))

    def responses(self, frames: Iterable[FloatArray]) -> Iterator[Answer]:
        """The same, less what they answer to the empty frame."""
        for answer in self.answers(frames):
            yield [values - empty for values, empty in zip(answer, self.empty, strict=True)]

    def _refuse_the_random(self, alone: Answer, beside_empty: Answer) -> None:
        for layer, before, after in zip(self.layers, alone, beside_empty, strict=True):
            if np.abs(after - before).max(initial=0) > REPEATABLE * np.abs(before).max(initial=0):
                raise AuditError(
                    f"layer {layer.name!r} ({layer.operation}) answers differently to the same "
                    "frame, alone and beside an empty one: random layers (dropout) must be off, "
                    "and a frame must not depend on the others in its batch"
                )

    def _refuse_the_deaf(self) -> None:
        outputs = [layer for layer in self.layers if layer.is_output] or self.layers[-1:]
        if not any(layer.scale for layer in outputs):
            raise AuditError(
                f"the outputs of {self.subject.name} do not answer to a contact of "
                f"{self.stage.amplitude:g} on {self.stage.background:g}: give the range that the "
                "network is used with (--amplitude, --background)"
            )


def _checked(outputs: list[LayerOutput]) -> list[LayerOutput]:
    if not outputs:
        raise AuditError("the network tells of no layer: there is nothing to audit")
    for number, output in enumerate(outputs, 1):
        if not np.isfinite(output.values).all():
            raise AuditError(
                f"layer {number} {output.name!r} ({output.operation}) answers NaN or infinity to a "
                "finite frame: mend it, or give the range that the network is used with "
                "(--amplitude, --background)"
            )
    return outputs


def _answers(outputs: list[LayerOutput], count: int) -> Iterator[Answer]:
    for frame in range(count):
        yield [_map_or_vector(output, frame, count) for output in outputs]


def _map_or_vector(output: LayerOutput, frame: int, count: int) -> Values:
    """A map of a single cell, and what is no map, as a vector."""
    if output.values.shape[:1] != (count,):
        raise AuditError(
            f"layer {output.name!r} ({output.operation}) answers {output.values.shape} to a batch "
            f"of {count} frames: the first axis must be the batch"
        )
    values: Values = output.values[frame]
    is_map = output.is_map and values.shape[1] * values.shape[2] > 1
    return values if is_map else values.reshape(-1)


def _layer(output: LayerOutput, empty: Values, touched: Values) -> Layer:
    largest = float(max(np.abs(empty).max(initial=0), np.abs(touched).max(initial=0)))
    scale = float(np.abs(touched - empty).max(initial=0))
    scale = scale if scale > DEAF * largest else 0.0
    return Layer(
        output.name,
        output.operation,
        output.settings,
        output.is_output,
        empty.shape,
        scale,
        4 * float(np.finfo(np.float32).eps) * largest / scale if scale else 0.0,
    )
