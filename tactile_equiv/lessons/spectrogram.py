"""Vibration over time: what a convolution over a spectrogram does not mind depends on its axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tactile_equiv.lessons.drawing import BREAKS, HOLDS, NEUTRAL
from tactile_equiv.lessons.lesson import Finding, Lesson, Table
from tactile_equiv.lessons.planes import moved, relative_error
from tactile_equiv.lessons.random_trunk import random_trunk

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RATE, SAMPLES, HOP = 4000, 8192, 64  # samples per second, of a recording, of a step in time
TEXTURE = np.array([0.8, 1.2, 1.8, 2.7])  # ridges per millimetre
SPEED = 100.0  # millimetres per second
STROKE = 0.2  # seconds, standard deviation of the envelope
BINS, OCTAVE = 64, 12  # bins of a spectrogram, and of an octave on its logarithmic axis
LATER = 8  # steps in time
DEAD_ZONE = 0.02

LINEAR = 20.0 * np.arange(2, BINS + 2)
LOGARITHMIC = 40.0 * 2 ** (np.arange(BINS) / OCTAVE)
"""Centres of the bins, hertz."""
WIDTHS = {"linear": np.full(BINS, 14.0), "logarithmic": LOGARITHMIC / OCTAVE}
CENTRES = {"linear": LINEAR, "logarithmic": LOGARITHMIC}


def stroke(speed: float, later: int = 0) -> NDArray[np.float64]:
    """Vibration of a ridged texture under a finger that strokes it, (SAMPLES,).

    Args:
        speed: millimetres per second; a ridge spacing d is heard as speed / d.
        later: samples by which it begins later.
    """
    time = (np.arange(SAMPLES) - later) / RATE - SAMPLES / RATE / 2 + 0.2  # seconds
    tones = np.sin(2 * np.pi * speed * TEXTURE[:, None] * time + np.arange(len(TEXTURE))[:, None])
    vibration: NDArray[np.float64] = np.exp(-((time / STROKE) ** 2) / 2) * tones.sum(axis=0)
    return vibration


def spectrogram(vibration: NDArray[np.float64], axis: str) -> Tensor:
    """Magnitude behind Gaussian band-pass filters, (1, 1, BINS, SAMPLES / HOP), silence is 0.0."""
    frequencies = np.fft.fftfreq(SAMPLES, 1 / RATE)
    distance = (frequencies - CENTRES[axis][:, None]) / WIDTHS[axis][:, None]
    bands = np.fft.ifft(np.exp(-(distance**2) / 2) * np.fft.fft(vibration))[:, ::HOP]
    loud = np.maximum(np.abs(bands) - DEAD_ZONE, 0)
    return torch.from_numpy(loud.astype(np.float32))[None, None]


@dataclass(frozen=True)
class Network:
    """A network over a spectrogram.

    Attributes:
        axis: of pitch, a key of `CENTRES`.
        one_dimensional: whether the bins are its channels.
        faster: bins by which the lowest tone rises when the stroke is twice as fast.
    """

    axis: str
    one_dimensional: bool = False
    faster: int = 0

    def __call__(self, seen: Tensor) -> Tensor:
        if self.one_dimensional:  # bins as channels of a strip that is one row high
            return _trunk(BINS)(seen.transpose(1, 2))
        return _trunk(1)(seen)


def _trunk(channels: int) -> Callable[[Tensor], Tensor]:
    return random_trunk((channels, 8, 8, 8))


NETWORKS = {
    "1-D, bins as channels": Network("logarithmic", one_dimensional=True),
    "2-D, linear pitch": Network("linear", faster=4),
    "2-D, logarithmic pitch": Network("logarithmic", faster=OCTAVE),
}
COLUMNS = (
    "network",
    *("later: map", "later: pooled", "12 bins up: map", "12 bins up: pooled"),
    *("twice as fast: map", "twice as fast: pooled"),
)


def measure() -> Finding:
    """Answers to a stroke, to it later, to its spectrogram moved in pitch, to a faster stroke."""
    rows = []
    for name, network in NETWORKS.items():
        here = spectrogram(stroke(SPEED), network.axis)
        up = torch.from_numpy(moved(here, OCTAVE, 0)).float()
        later = spectrogram(stroke(SPEED, LATER * HOP), network.axis)
        faster = spectrogram(stroke(2 * SPEED), network.axis)
        answer, by_pitch = network(here), not network.one_dimensional
        rows.append(
            (
                name,
                *_errors(network(later), answer, 0, LATER),
                *_errors(network(up), answer, OCTAVE * by_pitch, 0),
                *_errors(network(faster), answer, network.faster, 0),
            )
        )
    pictures = {
        f"{axis} {speed:.0f}": spectrogram(stroke(speed), axis)[0, 0].numpy()
        for axis in CENTRES
        for speed in (SPEED, 2 * SPEED)
    }
    return Finding(Table(COLUMNS, tuple(rows)), pictures)


def _errors(seen: Tensor, answer: Tensor, bins: int, steps: int) -> tuple[float, float]:
    """Of the map, against the moved answer, and of the pooled features."""
    pooled = relative_error(seen.double().sum((2, 3)), answer.double().sum((2, 3)))
    return relative_error(seen, moved(answer, bins, steps)), pooled


def draw(finding: Finding, figure: Figure) -> None:
    """The same stroke at two speeds on two axes of pitch; what the networks make of it."""
    axes = figure.subplots(1, 5, width_ratios=(2, 2, 2, 2, 3))
    for panel, (name, seen) in zip(axes, finding.pictures.items(), strict=False):
        axis, speed = name.split()
        panel.imshow(seen, origin="lower", aspect="auto", cmap="magma")
        panel.set_title(f"{axis}, {speed} mm/s", fontsize=8)
        ticks = [0, 12, 24, 36, 48, 60]
        panel.set_yticks(ticks, [f"{CENTRES[axis][tick]:.0f}" for tick in ticks], fontsize=7)
        panel.set_xticks([])
        panel.set_xlabel("time")
        panel.grid(False)
    axes[0].set_ylabel("pitch, hertz")
    drift = [finding.table.value(name, "twice as fast: pooled") for name in NETWORKS]
    axes[4].barh(range(3), drift, color=(BREAKS, NEUTRAL, HOLDS), height=0.45)
    axes[4].set_xscale("log")
    axes[4].set_yticks([])
    for place, name in enumerate(NETWORKS):
        axes[4].text(1.2e-3, place + 0.4, name, fontsize=8)
    axes[4].set(xlim=(1e-3, 10), ylim=(2.7, -0.5))
    axes[4].set_title("drift, stroked twice as fast", fontsize=8)


LESSON = Lesson(
    name="spectrogram",
    title="Vibration as a spectrogram",
    law="A convolution commutes with shifts along the axes over which its kernel moves. With the "
    "frequency bins as channels it moves in time alone; as the second axis of an image, also in "
    "pitch. A texture stroked twice as fast sounds an octave higher: a shift on a logarithmic axis "
    "of pitch, a stretch on a linear one.",
    measure=measure,
    draw=draw,
)
