"""How fast a model is, said so that it holds on any machine.

A model costs so many multiply-adds a frame, which follows from its architecture and the size of its
sensor. What else a frame costs (contacts, pooling, calls) was measured once, also in multiply-adds:
as many as a matrix product does in that time on the same core. The *latency class* is the rate that
a reference core holds at twice that cost, with every taxel touched; another core holds as much more
as it multiplies matrices faster. docs/models.md compares it with measured times.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tactile_equiv.architecture import SYMMETRIES, Architecture
from tactile_equiv.percept import perceive
from tactile_equiv.sequence_percept import perceive_sequence
from tactile_equiv.spectrogram import Spectrum

if TYPE_CHECKING:  # the engines of a model are slow to import
    from tactile_equiv.model import Model

REFERENCE_RATE = 40e9
"""Multiply-adds a second of the reference core in a float32 matrix product: AVX2 at 2.5 GHz."""

CALL_WORK = 30e6
"""What a call costs beside its network, in multiply-adds of a matrix product."""

NETWORK_WORK = 2.2
"""What a multiply-add of the network costs, in multiply-adds of a matrix product."""

MARGIN = 2
"""Share of a period that is left to messages and to the rest of the robot: all but 1 / MARGIN."""

RATES = (1000, 300, 100, 30, 10, 3, 1)
"""The latency classes, frames a second."""

MATRIX = 768
RECORDING_WINDOWS = 4


@dataclass(frozen=True)
class Latency:
    """What one frame costs, and the class that follows.

    Attributes:
        rows, columns: of the model's own sensor.
        multiply_adds: of the network for a frame, every taxel touched; for a model of recordings
            the mean over its frames.
        rate_hz: latency class, one of `RATES`, or 0 below the lowest.
    """

    rows: int
    columns: int
    multiply_adds: int
    rate_hz: int

    def to_json(self) -> dict[str, int]:
        """The numbers by name."""
        return asdict(self)


def latency_of(
    architecture: Architecture, rows: int, columns: int, spectrum: Spectrum | None = None
) -> Latency:
    """What a model costs on a sensor of a size."""
    calls = _calls(architecture, spectrum)
    once = multiply_adds(architecture, rows, columns)
    return Latency(rows, columns, round(calls * once), _rate(calls * _work(once)))


def multiply_adds(architecture: Architecture, rows: int, columns: int) -> int:
    """Multiply-adds of the trunk for one frame, on canvases that grow from layer to layer."""
    total, grown, inputs = 0, 0, architecture.input_channels
    for features, dilation in zip(architecture.channels, architecture.dilations, strict=True):
        outputs = features * SYMMETRIES[architecture.symmetry]
        grown += (architecture.kernel - 1) * dilation
        cells = (rows + grown) * (columns + grown)
        total += cells * architecture.kernel**2 * inputs * outputs
        inputs = outputs
    return total


@dataclass(frozen=True)
class MeasuredLatency:
    """One core of this machine.

    Attributes:
        frame_ms: time of the core for `perceive` of a frame touched everywhere.
        matrix_rate: multiply-adds a second of a float32 matrix product on one thread.
        over_expected: measured cost over the cost from which the class follows, both in
            multiply-adds of a matrix product.
        rate_hz: the class that this core holds, as measured.
    """

    frame_ms: float
    matrix_rate: float
    over_expected: float
    rate_hz: int

    def to_json(self) -> dict[str, float]:
        """The numbers by name."""
        return asdict(self)


def measure_latency(model: Model, rows: int, columns: int, rounds: int = 21) -> MeasuredLatency:
    """Time a model and a matrix product in turns, quickest of the rounds of each.

    Engines run on the calling thread. Its own time is taken, which other processes do not lengthen.
    """
    import torch

    torch.set_num_threads(1)
    spectrum = model.card.spectrum
    perceived, frames = _whole_perception(model, rows, columns)
    left, right = torch.rand(MATRIX, MATRIX), torch.rand(MATRIX, MATRIX)
    pairs = [(_seconds(perceived), _seconds(lambda: left @ right)) for _ in range(rounds)]
    quickest, product = np.min(pairs, axis=0).tolist()
    frame, matrix_rate = quickest / frames, MATRIX**3 / product
    expected = _calls(model.card.architecture, spectrum) * _work(
        multiply_adds(model.card.architecture, rows, columns)
    )
    return MeasuredLatency(
        frame_ms=1e3 * frame,
        matrix_rate=matrix_rate,
        over_expected=frame * matrix_rate / expected,
        rate_hz=_rate(frame * REFERENCE_RATE),
    )


def _calls(architecture: Architecture, spectrum: Spectrum | None) -> float:
    """Calls of the network for a frame of the sensor."""
    if spectrum is None:
        return 1
    views = spectrum.views(architecture.input_channels // spectrum.channels)
    return views * spectrum.positions / spectrum.hop


def _work(network: int) -> float:
    """Cost of a call in multiply-adds of a matrix product."""
    return CALL_WORK + NETWORK_WORK * network


def _rate(work: float) -> int:
    return next((rate for rate in RATES if MARGIN * work * rate <= REFERENCE_RATE), 0)


def _whole_perception(model: Model, rows: int, columns: int) -> tuple[Callable[[], Any], int]:
    """Perception with every taxel touched, and how many frames one call perceives."""
    normalisation, spectrum = model.card.normalisation, model.card.spectrum
    bins = 1 if spectrum is None else spectrum.channels
    frames = 1 if spectrum is None else RECORDING_WINDOWS * spectrum.window
    channels = model.card.architecture.input_channels // bins
    press = np.random.default_rng(0).uniform(0.5, 5, (frames, rows, columns, channels))
    recording = (press * normalisation.scale + normalisation.dead_zone).astype(np.float32)
    if spectrum is None:
        return lambda: perceive(model, recording[0]), 1
    return lambda: perceive_sequence(model, recording), frames


def _seconds(function: Callable[[], Any]) -> float:
    """Time of this thread."""
    begun = time.thread_time()
    function()
    return time.thread_time() - begun
