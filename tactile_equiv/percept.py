"""From a frame to a percept. `perceive` is the one place where the order of steps is written."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.contacts import Contact, Texture, find_contacts, texture_of, with_filled
from tactile_equiv.errors import FrameError
from tactile_equiv.frame import FloatArray, Level, level
from tactile_equiv.topology import NO_PERIODS, PLANE, periods, wrapped_axis
from tactile_equiv.touched_regions import Evaluation, evaluate

__all__ = ["Contact", "Percept", "Texture", "perceive"]

if TYPE_CHECKING:  # the engines of a model are slow to import
    from tactile_equiv.model import Model


@dataclass(frozen=True)
class Percept:
    """What was felt in one frame.

    Attributes:
        contact_map: (H, W) probability of contact in [0, 1]; NaN = invalid taxel.
        pressure: (H, W) tared and dead-zoned, sensor units; the sum of magnitudes over channels.
        contacts: the contacts, largest load first.
        texture: class of the whole frame; None when nothing is touched.
        pooled: (P,) pooled features of the whole frame, exactly 0.0 when the skin is empty.
        invalid: number of invalid taxels.
        periods: after how many taxels rows and columns repeat, see `topology.periods`.
    """

    contact_map: FloatArray
    pressure: FloatArray
    contacts: tuple[Contact, ...]
    texture: Texture | None
    pooled: FloatArray
    invalid: int
    periods: tuple[float, float] = NO_PERIODS

    def enlarged(self, cell: int) -> Percept:
        """The same percept in smaller taxels, `cell` x `cell` of them for each of its own.

        For frames of fewer taxels than their sensor has pixels (colour filters, binning): maps are
        repeated, the centre of taxel r comes to cell r + (cell - 1) / 2, areas and loads grow by
        cell squared.
        """
        if cell == 1:
            return self
        periods = self.periods[0] * cell, self.periods[1] * cell
        return replace(
            self,
            contact_map=_repeated(self.contact_map, cell),
            pressure=_repeated(self.pressure, cell),
            contacts=tuple(contact.enlarged(cell, periods) for contact in self.contacts),
            invalid=self.invalid * cell**2,
            periods=periods,
        )


def perceive(
    model: Model,
    frame: NDArray[Any],
    tare: FloatArray | None = None,
    *,
    contact_threshold: float = 0.5,
    min_contact_area: int = 2,
    whole_frame: bool = False,
    topology: str = PLANE,
) -> Percept:
    """Perceive one frame: level, network, contacts, texture.

    Args:
        model: a loaded model.
        frame: (H, W) or (H, W, C), sensor units; NaN = invalid taxel.
        tare: the untouched sensor, shaped as the frame, or None for a sensor that rests at 0.
        contact_threshold: contact probability from which a taxel is touched.
        min_contact_area: smaller components are no contact, taxels.
        whole_frame: run the network on the whole frame, not on the touched regions alone; the
            answer is the same (`touched_regions`).
        topology: of the sensor, one of `topology.TOPOLOGIES`; the same models serve all.

    Raises:
        FrameError: if the frame cannot be perceived; `reason` names why.
        SettingsError: for an unknown topology.
    """
    levelled = level_for(model, frame, tare, topology)
    with np.errstate(over="ignore", invalid="ignore"):
        evaluation = evaluate(model, levelled, whole_frame)
    return percept_of(model, levelled, evaluation, contact_threshold, min_contact_area)


def level_for(
    model: Model, frame: NDArray[Any], tare: FloatArray | None = None, topology: str = PLANE
) -> Level:
    """A frame levelled as the model was trained; the first step of `perceive`.

    Raises:
        FrameError: if it cannot be levelled, or has other channels than the model, or the model
            was trained on recordings.
        SettingsError: for an unknown topology.
    """
    levelled = level(frame, model.card.normalisation, tare, wrapped_axis(topology))
    channels, expected = levelled.pressure.shape[0], model.card.architecture.input_channels
    if model.card.spectrum is not None:
        raise FrameError(
            "channels",
            f"model {model.card.name!r} was trained on recordings, not on single frames: "
            "give it recordings (`perceive_sequence`, `tactile-equiv evaluate`)",
        )
    if channels != expected:
        raise FrameError(
            "channels",
            f"frame has {channels} channels but model {model.card.name!r} was trained on "
            f"{expected}: choose a model of this kind of sensor",
        )
    return levelled


def percept_of(
    model: Model,
    levelled: Level,
    evaluation: Evaluation,
    contact_threshold: float,
    min_contact_area: int,
) -> Percept:
    """What the network's answer to a frame says; the last step of `perceive`.

    Raises:
        FrameError: if the answer is not finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        pooled = evaluation.pooled
    if not np.isfinite(pooled).all():
        raise _too_much(levelled)
    with np.errstate(over="ignore", invalid="ignore"):
        contacts = find_contacts(
            model,
            evaluation.regions,
            levelled.magnitude,
            contact_threshold,
            min_contact_area,
            levelled.axis,
        )
    if not all(math.isfinite(contact.load) for contact in contacts):
        raise _too_much(levelled)
    invalid = int(np.count_nonzero(levelled.invalid))
    if invalid:
        evaluation.contact_map[levelled.invalid] = np.nan
        contacts = tuple(with_filled(one, levelled.invalid, levelled.axis) for one in contacts)
    return Percept(
        contact_map=evaluation.contact_map,
        pressure=levelled.magnitude,
        contacts=contacts,
        texture=_texture(model, evaluation, contacts),
        pooled=pooled,
        invalid=invalid,
        periods=periods(levelled.axis, levelled.magnitude.shape),
    )


def _too_much(levelled: Level) -> FrameError:
    return FrameError(
        "range",
        f"frame reaches {np.abs(levelled.pressure).max():.3g}, too much for the network: "
        "check the driver's units",
    )


def _texture(model: Model, evaluation: Evaluation, contacts: tuple[Contact, ...]) -> Texture | None:
    """The class of the whole frame: that of its contact, where it has one only."""
    if len(contacts) == len(evaluation.regions) == 1:
        return contacts[0].texture
    return texture_of(model, evaluation.pooled) if contacts else None


def _repeated(values: FloatArray, cell: int) -> FloatArray:
    """(H, W) to (H cell, W cell); columns first, so that rows are copied whole."""
    return values.repeat(cell, axis=1).repeat(cell, axis=0)
