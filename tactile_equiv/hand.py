"""A hand of many patches with one set of weights: each perceived, and the texture of all of them.

The patches may have any sizes. The network is translation-equivariant and its class invariant, so a
texture that lies wholly on a fingertip gets the very answer that it gets on the palm.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.contacts import Texture
from tactile_equiv.errors import FrameError
from tactile_equiv.frame import FloatArray, Level
from tactile_equiv.patch_batch import evaluate_together
from tactile_equiv.percept import Percept, level_for, percept_of
from tactile_equiv.topology import PLANE
from tactile_equiv.touched_regions import plan

if TYPE_CHECKING:  # the engines of a model are slow to import
    from tactile_equiv.model import Model


@dataclass(frozen=True)
class PatchFrame:
    """A frame of one patch; the fields are the arguments of `perceive`."""

    frame: NDArray[Any]
    tare: FloatArray | None = None
    contact_threshold: float = 0.5
    min_contact_area: int = 2
    whole_frame: bool = False
    topology: str = PLANE


@dataclass(frozen=True)
class HandPercept:
    """What a hand felt.

    Attributes:
        patches: percept of every patch whose frame was good, by its name.
        refused: why the frame of every other patch was refused, by its name.
        texture: class of what the patches touch; None when nothing is touched.
    """

    patches: Mapping[str, Percept]
    refused: Mapping[str, FrameError]
    texture: Texture | None


def perceive_hand(model: Model, frames: Mapping[str, PatchFrame]) -> HandPercept:
    """Perceive the frames of several patches; each gets the percept that `perceive` gives.

    A frame that cannot be perceived takes nothing from the other patches.
    """
    levels, refused = _levelled(model, frames)
    plans = [plan(model, levels[name], frames[name].whole_frame) for name in levels]
    radius = model.card.architecture.radius
    with np.errstate(over="ignore", invalid="ignore"):
        evaluations = evaluate_together(model.backend, radius, plans)
    percepts = {}
    for (name, levelled), evaluation in zip(levels.items(), evaluations, strict=True):
        one = frames[name]
        try:
            percepts[name] = percept_of(
                model, levelled, evaluation, one.contact_threshold, one.min_contact_area
            )
        except FrameError as error:
            refused[name] = error
    return HandPercept(percepts, refused, fused_texture(p.texture for p in percepts.values()))


def fused_texture(textures: Iterable[Texture | None]) -> Texture | None:
    """The mean of the scores over the patches that are touched; None where none is.

    Each sum is rounded once (`math.fsum`): whatever the order of the patches the bits are the same,
    an untouched patch changes none of them, and one touched patch gives its own.

    The mean of scores is right more often than pooled features that are added up or averaged over
    patches, and than the surest or the most loaded patch (docs/hand.md): the classifier learned
    from one contact, and a sum over five looks like one of five times the load.
    """
    touched = [texture for texture in textures if texture is not None]
    if not touched:
        return None
    columns = np.stack([texture.scores for texture in touched], axis=1).tolist()  # (K, n)
    scores = np.array([math.fsum(column) for column in columns]) / len(touched)
    return Texture(touched[0].names, scores)


def _levelled(
    model: Model, frames: Mapping[str, PatchFrame]
) -> tuple[dict[str, Level], dict[str, FrameError]]:
    levels: dict[str, Level] = {}
    refused: dict[str, FrameError] = {}
    for name, one in frames.items():
        try:
            levels[name] = level_for(model, one.frame, one.tare, one.topology)
        except FrameError as error:
            refused[name] = error
    return levels, refused
