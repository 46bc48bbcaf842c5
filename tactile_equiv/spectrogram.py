"""Vibration per taxel: the short-time spectrum, with frequency bins as channels.

Every taxel goes through the same bank of filters, window by window, and nothing else: the spectrum
commutes with shifts over the skin, bit for bit, and with shifts in time by whole hops. Windows
reach beyond both ends of a recording, where nothing is touched: what lies inside a recording meets
the same windows wherever in it it lies.

With the bins as channels a network over the skin is equivariant to place and time, but not to
pitch: it tells a fine texture from a coarse one. With `reach`, it sees `reach` neighbouring bins at
a time and slides over them: equivariant to pitch as well, which on a logarithmic axis is the speed
of the stroke (ridges of spacing d under a finger of speed v vibrate at v / d).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import ModelError
from tactile_equiv.frame import FloatArray

LARGEST_WINDOW, LARGEST_OCTAVE = 1024, 24  # frames, bins
CYCLES = 2
"""Cycles of a wave packet on the logarithmic axis."""


@dataclass(frozen=True)
class Spectrum:
    """How a recording becomes windows of frequency bins; the same for every taxel.

    Attributes:
        window: frames in a window (Hann), >= 5 and a multiple of `hop`.
        hop: frames from one window to the next, >= 1.
        octave: bins of an octave on a logarithmic axis; 0 = the linear axis of the Fourier
            transform.
        reach: neighbouring bins that the network sees at once, sliding over all; 0 = all of them,
            as channels.
        emphasis: gain of vibration over steady pressure before both are normalised alike, > 0.
        apart: each channel of the sensor is a skin of its own (a finger of a hand): seen with the
            others at rest, and pooled by itself.
        load: the total load of each channel is seen too, as a skin of one taxel, and pooled by
            itself.
        ends: so many windows at the beginning of touch and at its end are pooled, each by
            themselves: how something is met, and how it is held then; 0 = all windows together.

    Raises:
        ModelError: if a value is out of range.
    """

    window: int = 16
    hop: int = 8
    octave: int = 0
    reach: int = 0
    emphasis: float = 16.0
    apart: bool = False
    load: bool = False
    ends: int = 0

    def __post_init__(self) -> None:
        whole = (self.window, self.hop, self.octave, self.reach, self.ends)
        if any(type(value) is not int or value < 0 for value in whole):
            raise ModelError(f"{self} has a size that is no whole number from 0")
        if self.octave > LARGEST_OCTAVE:
            raise ModelError(f"octave is {self.octave}: it has at most {LARGEST_OCTAVE} bins")
        if not 5 <= self.window <= LARGEST_WINDOW or not self.hop or self.window % self.hop:
            raise ModelError(
                f"window is {self.window} and hop {self.hop}: a window has 5 to {LARGEST_WINDOW} "
                "frames and is a whole number of hops"
            )
        if not (isinstance(self.emphasis, (int, float)) and 0 < self.emphasis < 1e6):
            raise ModelError(f"emphasis is {self.emphasis!r:.40}: it must be a number above 0")
        if type(self.apart) is not bool or type(self.load) is not bool:
            raise ModelError(
                f"apart is {self.apart!r:.40} and load {self.load!r:.40}: true or false"
            )
        if self.reach > len(self.frequencies):
            raise ModelError(
                f"reach is {self.reach}: there are {len(self.frequencies)} bins of vibration"
            )

    @cached_property
    def frequencies(self) -> NDArray[np.float64]:
        """Centres of the bins of vibration, (bins,) cycles per frame, above 0 and below 0.5."""
        if not self.octave:
            return np.arange(1, (self.window + 1) // 2) / self.window
        lowest = CYCLES / self.window
        bins = int(np.ceil(self.octave * np.log2(0.5 / lowest) - 1e-9))
        centres: NDArray[np.float64] = lowest * 2 ** (np.arange(bins) / self.octave)
        return centres

    @property
    def channels(self) -> int:
        """Channels that the network sees for each channel of the sensor: steady pressure first."""
        return 1 + (self.reach or len(self.frequencies))

    @property
    def positions(self) -> int:
        """Places in pitch at which the network looks, those beyond both ends of the axis too."""
        return len(self.frequencies) + self.reach - 1 if self.reach else 1

    def views(self, sensor_channels: int) -> int:
        """What `views_of` makes of a recording."""
        return (sensor_channels if self.apart else 1) + self.load

    def poolings(self, sensor_channels: int) -> int:
        """Pooled vectors of a recording: one of each view, or with `ends` two."""
        return self.views(sensor_channels) * (2 if self.ends else 1)

    @cached_property
    def filters(self) -> NDArray[np.float64]:
        """(1 + 2 n, window): the weighted mean, then cosine and sine of each wave packet.

        Amplitudes: a tone at the centre of a bin answers with its height. Steady pressure answers
        in the mean alone: it is taken off the others.
        """
        return np.stack([self._hann(self.window / 2, self.window), *(f for f, _ in self._packets)])

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """(bins, n) share of each wave packet in the power of each bin."""
        return np.stack([share for _, share in self._packets[::2]], axis=1)

    def windows(self, frames: int) -> int:
        """Windows of a recording of so many frames."""
        return -(-(frames + self.window - self.hop) // self.hop)

    @cached_property
    def _packets(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Filter (window,) and share (bins,) of every cosine and sine.

        On the linear axis each bin has one packet, as long as the window. On a logarithmic one a
        packet has `CYCLES` cycles, so that faster is shorter and nothing else, and the packets of a
        bin lie half over one another all along the window.
        """
        packets, time = [], np.arange(self.window) + 0.5
        for place, frequency in enumerate(self.frequencies):
            length = CYCLES / frequency if self.octave else self.window
            middles = np.arange(length / 2, self.window - length / 2 + 1e-9, length / 2)
            weights = np.sin(np.pi * middles / self.window) ** 2
            for middle, weight in zip(middles, weights / weights.sum(), strict=True):
                hann, share = self._hann(middle, length), np.zeros(len(self.frequencies))
                share[place] = weight
                for wave in (np.cos, np.sin):
                    seen = wave(2 * np.pi * frequency * (time - middle))
                    packets.append((2 * hann * (seen - hann @ seen), share))
        return packets

    def _hann(self, middle: float, length: float) -> NDArray[np.float64]:
        """Weights (window,) that add up to 1."""
        distance = (np.arange(self.window) + 0.5 - middle) / length
        weights = np.where(np.abs(distance) < 0.5, np.cos(np.pi * distance) ** 2, 0)
        normalised: NDArray[np.float64] = weights / weights.sum()
        return normalised

    def to_json(self) -> dict[str, Any]:
        """The values as plain JSON."""
        return asdict(self)

    @staticmethod
    def from_json(values: dict[str, Any]) -> Spectrum:
        """Inverse of `to_json`.

        Raises:
            ModelError: if a key is unknown, or a value is out of range.
        """
        try:
            return Spectrum(**values)
        except TypeError as error:
            raise ModelError(
                f"spectrum {values!s:.300} is not understood ({error!s:.300}): "
                f"its keys are {sorted(Spectrum.__dataclass_fields__)}"
            ) from error


def short_time_spectrum(pressure: FloatArray, spectrum: Spectrum) -> FloatArray:
    """Steady pressure and amplitude of vibration of every taxel, in every window.

    A taxel that is 0.0 throughout a window is exactly 0.0 in all bins. The recording moved by a
    multiple of the hop, inside quiet, has the same windows, moved, bit for bit; moved by another
    number of frames it has other ones.

    Args:
        pressure: (..., T, H, W) tared and dead-zoned, sensor units.
        spectrum: window, hop and bins.

    Returns:
        (..., K, 1 + bins, H, W), sensor units: the weighted mean pressure, then the amplitude of
        each bin times `emphasis`. Window k begins at frame k hop - (window - hop).
    """
    frames, count = pressure.shape[-3], spectrum.windows(pressure.shape[-3])
    before = spectrum.window - spectrum.hop
    after = (count - 1) * spectrum.hop + spectrum.window - before - frames
    quiet = [(0, 0)] * (pressure.ndim - 3)
    padded = np.pad(pressure, [*quiet, (before, after), (0, 0), (0, 0)])
    shape = *pressure.shape[:-3], count, len(spectrum.filters), *pressure.shape[-2:]
    answers = np.zeros(shape)  # (..., K, 1 + 2 bins, H, W)
    for frame, gains in enumerate(spectrum.filters.T[:, :, None, None]):
        last = frame + (count - 1) * spectrum.hop + 1
        seen = padded[..., frame : last : spectrum.hop, None, :, :]  # (..., K, 1, H, W)
        answers += gains * seen.astype(np.float64)
    power = answers[..., 1::2, :, :] ** 2 + answers[..., 2::2, :, :] ** 2  # (..., K, n, H, W)
    amplitude = spectrum.emphasis * np.sqrt(_shared(power, spectrum.shares))
    with np.errstate(over="ignore"):
        return np.concatenate([answers[..., :1, :, :], amplitude], axis=-3).astype(np.float32)


def _shared(power: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power of wave packets (..., n, H, W) to that of bins (..., bins, H, W).

    Packet after packet, not as a product of matrices, whose order of summation may depend on where
    a taxel lies in memory.
    """
    bins = np.zeros((*power.shape[:-3], len(shares), *power.shape[-2:]))
    for packet in range(power.shape[-3]):
        place = int(np.argmax(shares[:, packet]))
        bins[..., place, :, :] += shares[place, packet] * power[..., packet, :, :]
    return bins


def at_positions(bins: FloatArray, spectrum: Spectrum) -> FloatArray:
    """What the network sees at each place in pitch.

    Args:
        bins: (..., 1 + bins, H, W) of `short_time_spectrum`.
        spectrum: without `reach` there is one place, that sees all bins.

    Returns:
        (..., P, channels, H, W): steady pressure, and `reach` neighbouring bins.
    """
    if not spectrum.reach:
        return bins[..., None, :, :, :]
    steady, vibration = bins[..., :1, :, :], bins[..., 1:, :, :]
    beyond = [(0, 0)] * (bins.ndim - 3) + [(spectrum.reach - 1,) * 2, (0, 0), (0, 0)]
    padded = np.pad(vibration, beyond)
    views = [
        np.concatenate([steady, padded[..., first : first + spectrum.reach, :, :]], axis=-3)
        for first in range(spectrum.positions)
    ]
    return np.stack(views, axis=-4)
