"""Frames whose headers tell which they are, and what perceiving them offline gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.card import Card
from tactile_equiv.errors import ModelError
from tactile_equiv.frame import FloatArray
from tactile_equiv.model import Model
from tactile_equiv.percept import perceive
from tactile_equiv.press import pressure, random_press

COUNT = 12
"""Different frames of a bank; frame number n is one of these, n modulo `COUNT`."""
STRENGTH = 4.0
"""Largest value, in dead-zone plus scale of the model."""


@dataclass(frozen=True)
class Expected:
    """The correct answer to a frame.

    Attributes:
        label: index of the class, None where nothing is felt.
        score: of that class.
        contact_map: (H, W) probability.
    """

    label: int | None
    score: float
    contact_map: FloatArray


def pressed_frames(card: Card, rows: int, cols: int, seed: int) -> list[NDArray[Any]]:
    """`COUNT` frames (rows, cols) float32, or (rows, cols, 3) uint8 for a model of colours.

    Raises:
        ModelError: if the model has neither 1 nor 3 channels.
    """
    channels = card.architecture.input_channels
    if channels not in (1, 3):
        raise ModelError(
            f"model {card.name!r} perceives {channels} channels: an image has 1 or 3; choose "
            "another model"
        )
    random = np.random.default_rng(seed)
    strength = STRENGTH * (card.normalisation.dead_zone + card.normalisation.scale)
    frames = [pressure(random_press(random, rows, cols), rows, cols) for _ in range(COUNT)]
    if channels == 1:
        return [np.float32(strength) * frame for frame in frames]
    tints = random.uniform(0.3, 1.0, (COUNT, 3))
    return [
        np.clip(strength * frame[:, :, None] * tint, 0, 255).astype(np.uint8)
        for frame, tint in zip(frames, tints, strict=True)
    ]


class Bank:
    """Frames of one size with their answers.

    Args:
        model: perceives them offline.
        frames: any number of frames of one size.
    """

    def __init__(self, model: Model, frames: list[NDArray[Any]]) -> None:
        self.frames = frames
        self._expected = [_expected(model, frame) for frame in frames]

    def frame(self, number: int) -> NDArray[Any]:
        """The frame with this number."""
        return self.frames[number % len(self.frames)]

    def expected(self, number: int) -> Expected:
        """The answer to the frame with this number."""
        return self._expected[number % len(self.frames)]


def _expected(model: Model, frame: NDArray[Any]) -> Expected:
    percept = perceive(model, frame)
    texture = percept.texture
    if texture is None:
        return Expected(None, 0.0, percept.contact_map)
    return Expected(texture.index, texture.score, percept.contact_map)
