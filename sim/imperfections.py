"""What a real sensor adds to the ideal one; each imperfection has its own switch and its own seed.

Order, as in a real signal path: creep of the cover, gain mismatch, offset drift, noise, dead and
stuck taxels, saturation, quantisation, then the wire: dropped and late frames. With all of them
off the ideal frame comes through bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tactile_equiv_sim.options import check, check_keys, option, read

from tactile_equiv.frame import FloatArray


@dataclass(frozen=True, kw_only=True)
class _Imperfection:
    seed: int = option(0, minimum=0)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class Creep(_Imperfection):
    """Standard linear solid (Johnson, Contact Mechanics, 1985, section 6.5).

    A share of the reading follows only after a while and stays for a while after lifting, so
    loading and unloading take different paths (hysteresis).

    Attributes:
        share: of the reading that comes late.
        time_s: time constant.
    """

    share: float = option(0.15, minimum=0.0, maximum=1.0)
    time_s: float = option(0.5, above=0.0, maximum=1e6)


@dataclass(frozen=True, kw_only=True)
class GainMismatch(_Imperfection):
    """Every taxel has a gain of its own, normal around 1, not below 0."""

    std: float = option(0.05, minimum=0.0, maximum=10.0)


@dataclass(frozen=True, kw_only=True)
class OffsetDrift(_Imperfection):
    """Offsets that grow with time, at a rate of each taxel's own.

    Attributes:
        units_per_minute: mean rate, sensor units.
        spread: standard deviation of the rates, sensor units per minute.
    """

    units_per_minute: float = option(1.0)
    spread: float = option(0.5, minimum=0.0)


@dataclass(frozen=True, kw_only=True)
class Noise(_Imperfection):
    """White Gaussian noise, new in every frame; `std` in sensor units."""

    std: float = option(1.0, minimum=0.0)


@dataclass(frozen=True, kw_only=True)
class DeadTaxels(_Imperfection):
    """Some taxels always read `reading`, sensor units; `as_nan` lets them read NaN instead."""

    share: float = option(0.01, minimum=0.0, maximum=1.0)
    reading: float = option(0.0)
    as_nan: bool = False


@dataclass(frozen=True, kw_only=True)
class StuckTaxels(_Imperfection):
    """Some taxels each hold a value of their own, uniform in 0 .. `largest` sensor units."""

    share: float = option(0.01, minimum=0.0, maximum=1.0)
    largest: float = option(100.0, minimum=0.0)


@dataclass(frozen=True, kw_only=True)
class Saturation(_Imperfection):
    """Readings end at `lowest` and `highest`, sensor units."""

    lowest: float = option(0.0)
    highest: float = option(255.0)


@dataclass(frozen=True, kw_only=True)
class Quantisation(_Imperfection):
    """Readings are whole multiples of `step` sensor units."""

    step: float = option(1.0, above=0.0)


@dataclass(frozen=True, kw_only=True)
class DroppedFrames(_Imperfection):
    """A share of the frames never arrives."""

    share: float = option(0.02, minimum=0.0, maximum=1.0)


@dataclass(frozen=True, kw_only=True)
class LateFrames(_Imperfection):
    """A share of the frames arrives late, by up to `delay_s`, so order may change."""

    share: float = option(0.02, minimum=0.0, maximum=1.0)
    delay_s: float = option(0.05, minimum=0.0, maximum=3600.0)


@dataclass(frozen=True, kw_only=True)
class Imperfections:
    """Which imperfections are on; None = off.

    Raises:
        SettingsError: from `from_mapping`, if a key is unknown or a value out of range.
    """

    creep: Creep | None = None
    gain: GainMismatch | None = None
    drift: OffsetDrift | None = None
    noise: Noise | None = None
    dead: DeadTaxels | None = None
    stuck: StuckTaxels | None = None
    saturation: Saturation | None = None
    quantisation: Quantisation | None = None
    dropped: DroppedFrames | None = None
    late: LateFrames | None = None

    @staticmethod
    def from_mapping(values: Any, what: str = "imperfections") -> Imperfections:
        """From YAML: name -> values, `true` for the defaults, `false` or nothing for off."""
        values = {} if values is None else values
        check_keys(values, KINDS, what)
        switched = {name: {} if value is True else value for name, value in values.items()}
        chosen: dict[str, Any] = {
            name: read(KINDS[name], value, f"{name} of {what}")
            for name, value in switched.items()
            if value is not False and value is not None
        }
        return Imperfections(**chosen)

    @property
    def any(self) -> bool:
        """Whether at least one is on."""
        return any(getattr(self, field.name) is not None for field in fields(self))


KINDS: dict[str, type[_Imperfection]] = {
    "creep": Creep,
    "gain": GainMismatch,
    "drift": OffsetDrift,
    "noise": Noise,
    "dead": DeadTaxels,
    "stuck": StuckTaxels,
    "saturation": Saturation,
    "quantisation": Quantisation,
    "dropped": DroppedFrames,
    "late": LateFrames,
}
"""Name in a script -> dataclass with its values."""


@dataclass(frozen=True, eq=False)
class Delivery:
    """What the wire brings of one frame.

    Attributes:
        values: (H, W) or (H, W, 3) sensor units.
        dropped: the frame never arrives.
        late_s: how much later than its time it arrives.
    """

    values: FloatArray
    dropped: bool
    late_s: float


class ImperfectSensor:
    """Imperfections of one sensor specimen; keeps the state of creep and counts frames.

    Deterministic: specimen and noise depend on the seeds and the number of the frame alone.
    """

    def __init__(self, imperfections: Imperfections, shape: tuple[int, ...]) -> None:
        """Args: what is on, and the shape of a frame, (H, W) or (H, W, 3)."""
        self._kinds = imperfections
        self._shape = shape
        self._index = 0
        self._crept: FloatArray | None = None
        self._time_s = 0.0
        self._gain, self._rate = self._specimen()
        self._dead = self._chosen(imperfections.dead)
        self._stuck = self._chosen(imperfections.stuck)

    def deliver(self, ideal: FloatArray, time_s: float) -> Delivery:
        """The next frame as this sensor gives it.

        Args:
            ideal: (H, W) or (H, W, 3), sensor units.
            time_s: its time, not before the last one's.
        """
        values = self._broken(self._analogue(ideal, time_s))
        delivery = Delivery(self._digital(values), *self._wire())
        self._index += 1
        return delivery

    def _specimen(self) -> tuple[FloatArray | None, FloatArray | None]:
        gain, drift = self._kinds.gain, self._kinds.drift
        gains = rates = None
        if gain is not None:
            spread = gain.std * _normal(np.random.default_rng([gain.seed, 1]), self._shape)
            gains = np.maximum(np.float32(1) + spread, np.float32(0))
        if drift is not None:
            rates = drift.spread * _normal(np.random.default_rng([drift.seed, 2]), self._shape)
            rates = (rates + np.float32(drift.units_per_minute)) / np.float32(60)
        return gains, rates

    def _chosen(self, kind: DeadTaxels | StuckTaxels | None) -> NDArray[np.int64]:
        """Indices of broken taxels of the flattened (H, W)."""
        if kind is None:
            return np.zeros(0, np.int64)
        taxels = self._shape[0] * self._shape[1]
        random = np.random.default_rng([kind.seed, 3 if isinstance(kind, DeadTaxels) else 4])
        return random.permutation(taxels)[: round(kind.share * taxels)]

    def _analogue(self, ideal: FloatArray, time_s: float) -> FloatArray:
        noise = self._kinds.noise
        values = self._creep(ideal, time_s)
        if self._gain is not None:
            values = values * self._gain
        if self._rate is not None:
            values = values + self._rate * np.float32(time_s)
        if noise is not None:
            random = np.random.default_rng([noise.seed, 5, self._index])
            values = values + np.float32(noise.std) * _normal(random, self._shape)
        return values

    def _creep(self, ideal: FloatArray, time_s: float) -> FloatArray:
        creep = self._kinds.creep
        if creep is None:
            return ideal
        if self._crept is None:
            self._crept, self._time_s = ideal, time_s
        passed = max(time_s - self._time_s, 0.0)
        followed = np.float32(-np.expm1(-passed / creep.time_s))
        self._crept = self._crept + (ideal - self._crept) * followed
        self._time_s = time_s
        return ideal + (self._crept - ideal) * np.float32(creep.share)

    def _broken(self, values: FloatArray) -> FloatArray:
        dead, stuck = self._kinds.dead, self._kinds.stuck
        if dead is None and stuck is None:
            return values
        flat = values.reshape(self._shape[0] * self._shape[1], -1).copy()  # (H W, C)
        if stuck is not None:
            random = np.random.default_rng([stuck.seed, 6])
            flat[self._stuck] = random.uniform(0, stuck.largest, (len(self._stuck), 1))
        if dead is not None:
            flat[self._dead] = np.nan if dead.as_nan else dead.reading
        return flat.reshape(self._shape)

    def _digital(self, values: FloatArray) -> FloatArray:
        saturation, quantisation = self._kinds.saturation, self._kinds.quantisation
        if saturation is not None:
            low, high = np.float32(saturation.lowest), np.float32(saturation.highest)
            values = np.clip(values, low, high)
        if quantisation is not None:
            step = np.float32(quantisation.step)
            values = np.rint(values / step) * step
        return values

    def _wire(self) -> tuple[bool, float]:
        dropped, late = self._kinds.dropped, self._kinds.late
        lost, delay = False, 0.0
        if dropped is not None:
            lost = np.random.default_rng([dropped.seed, 7, self._index]).random() < dropped.share
        if late is not None:
            chance, amount = np.random.default_rng([late.seed, 8, self._index]).random(2)
            delay = float(amount) * late.delay_s if chance < late.share else 0.0
        return bool(lost), delay


def _normal(random: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    return random.standard_normal(shape, np.float32)
