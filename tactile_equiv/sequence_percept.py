"""From a recording to what was felt over its time: texture, contact map of every window."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.contacts import Texture, texture_of
from tactile_equiv.errors import FrameError, ModelError
from tactile_equiv.frame import BoolArray, FloatArray, Level
from tactile_equiv.pooling import pooled_features
from tactile_equiv.sequence_input import (
    level_sequence,
    pooled_length,
    pooled_windows,
    views_of,
    windows_of,
)
from tactile_equiv.spectrogram import Spectrum
from tactile_equiv.touched_regions import evaluate

if TYPE_CHECKING:  # the engines of a model are slow to import
    from tactile_equiv.model import Model


@dataclass(frozen=True)
class SequencePercept:
    """What was felt in one recording.

    Attributes:
        contact_maps: (K, H, W) probability of contact in each window, in [0, 1]; NaN = invalid
            taxel.
        centres: (K,) middle of each window, in frames from the first one.
        texture: class of the whole recording; None when nothing is touched.
        pooled: (2F,) pooled features, exactly 0.0 when nothing is touched; of several views
            (`views_of`) and several poolings of each (`pooled_windows`) one after another.
        invalid: number of invalid taxels.
    """

    contact_maps: FloatArray
    centres: NDArray[np.float64]
    texture: Texture | None
    pooled: FloatArray
    invalid: int


def perceive_sequence(
    model: Model,
    sequence: NDArray[Any],
    tare: FloatArray | None = None,
    *,
    contact_threshold: float = 0.5,
) -> SequencePercept:
    """Perceive one recording: level, windows, network, sums over skin, time and pitch.

    Args:
        model: one that was trained on recordings.
        sequence: (T, H, W) or (T, H, W, C), sensor units; NaN = invalid taxel.
        tare: the untouched sensor, shaped as a frame, or None for a sensor that rests at 0.
        contact_threshold: contact probability from which a taxel is touched.

    Raises:
        FrameError: if the recording cannot be perceived; `reason` names why.
        ModelError: if the model was trained on single frames.
    """
    spectrum = spectrum_of(model)
    pressure, invalid = level_sequence(sequence, model.card.normalisation, tare)  # (T, C, H, W)
    expected = model.card.architecture.input_channels // spectrum.channels
    if pressure.shape[1] != expected:
        raise FrameError(
            "channels",
            f"recording has {pressure.shape[1]} channels but model {model.card.name!r} was "
            f"trained on {expected}: choose a model of this kind of sensor",
        )
    views = [windows_of(view, spectrum) for view in views_of(pressure, spectrum)]
    together, length = pooled_windows(views, spectrum), pooled_length(pressure, spectrum)
    answers = []
    for view in views:
        filled = invalid if view.shape[3:] == invalid.shape else np.zeros(view.shape[3:], bool)
        answers.append(_answers(model, view, filled, together))
    pooled = np.concatenate([pooled_features(s / length) for _, sums in answers for s in sums])
    on_skin = answers[:-1] if spectrum.load else answers
    contact_maps = np.max([contact_map for contact_map, _ in on_skin], axis=0)  # (K, H, W)
    if not np.isfinite(pooled).all():
        raise FrameError(
            "range",
            f"recording reaches {np.abs(pressure).max():.3g}, too much for the network: "
            "check the driver's units",
        )
    touched = bool((contact_maps >= contact_threshold).any() and pooled.any())
    contact_maps[:, invalid] = np.nan
    middle = spectrum.hop - (spectrum.window + 1) / 2  # of the first window
    return SequencePercept(
        contact_maps=contact_maps,
        centres=middle + np.arange(len(contact_maps), dtype=np.float64) * spectrum.hop,
        texture=texture_of(model, pooled) if touched else None,
        pooled=pooled,
        invalid=int(np.count_nonzero(invalid)),
    )


def spectrum_of(model: Model) -> Spectrum:
    """Windows and bins of a model.

    Raises:
        ModelError: if the model was trained on single frames.
    """
    if model.card.spectrum is None:
        raise ModelError(
            f"model {model.card.name!r} was trained on single frames: recordings need one that "
            "`tactile-equiv train` made from recordings"
        )
    return model.card.spectrum


def _answers(
    model: Model, windows: FloatArray, invalid: BoolArray, together: BoolArray
) -> tuple[FloatArray, NDArray[np.float64]]:
    """Contact maps (K, H, W), the highest of all places in pitch, and sums of f and f^2.

    The sums (Q, 2, F) are over windows that are pooled together (Q, K), and rounded once each
    (`math.fsum`), so that their order leaves no trace.
    """
    maps = np.zeros((len(windows), *windows.shape[3:]), np.float32)
    touched = windows.any(axis=(2, 3, 4))  # (K, P)
    sums: list[list[NDArray[np.float64]]] = [[] for _ in together]
    for window, place in np.argwhere(touched).tolist():
        seen = Level(windows[window, place], invalid, model.card.normalisation)
        with np.errstate(over="ignore", invalid="ignore"):
            answer = evaluate(model, seen)
        np.maximum(maps[window], answer.contact_map, out=maps[window])
        for part, pooled in zip(sums, together[:, window], strict=True):
            part += [answer.sums.ravel()] * int(pooled)
    return maps, np.stack([_totals(part, model.card.architecture.channels[-1]) for part in sums])


def _totals(sums: list[NDArray[np.float64]], features: int) -> NDArray[np.float64]:
    if not sums:
        return np.zeros((2, features))
    totals = [_sum(values) for values in np.transpose(sums).tolist()]
    return np.array(totals).reshape(2, features)


def _sum(values: list[float]) -> float:
    return math.fsum(values) if all(map(math.isfinite, values)) else math.nan
