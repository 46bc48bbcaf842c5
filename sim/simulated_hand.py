"""A hand of many patches in simulation: one object pressed onto one patch, or onto all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from tactile_equiv_sim.scene import Contact, Pose, Scene
from tactile_equiv_sim.script import Script
from tactile_equiv_sim.sensor import TaxelArray
from tactile_equiv_sim.surface import Surface

from tactile_equiv.errors import SettingsError
from tactile_equiv.frame import FloatArray
from tactile_equiv.hand_description import Hand
from tactile_equiv.settings import Settings

LOADS = (1.5, 2.0, 3.0, 4.0)  # newtons


@dataclass(frozen=True, eq=False)
class HandFrame:
    """What all patches read at one moment.

    Attributes:
        values: (H, W) of every patch by its name, sensor units.
        touched: the patches that the object is pressed onto.
        label: its texture class, "" where nothing is pressed.
    """

    values: Mapping[str, FloatArray]
    touched: tuple[str, ...]
    label: str


@dataclass(frozen=True)
class Press:
    """How an object is pressed; the same on every patch.

    Attributes:
        surface: the object.
        angle_rad: its rotation.
        load_n: newtons.
        phase: row and column of its middle between taxels, in [-0.5, 0.5).
    """

    surface: Surface
    angle_rad: float
    load_n: float
    phase: tuple[float, float]


class SimulatedHand:
    """Patches of the sizes of a hand, made of the taxels and the cover of a script.

    Args:
        hand: its patches need `rows` and `cols`.
        script: sensor (an array of taxels), cover and objects.

    Raises:
        SettingsError: if a patch has no size, or the sensor of the script is no array.
    """

    def __init__(self, hand: Hand, script: Script) -> None:
        if not isinstance(script.sensor, TaxelArray):
            raise SettingsError("the hand is simulated of taxels: the script's sensor is a gel")
        self.objects = tuple(script.objects.values())
        self._scenes: dict[str, Scene] = {}
        for patch in hand.patches:
            settings = patch.settings(Settings())
            if not (settings.rows and settings.cols):
                raise SettingsError(f"patch {patch.name!r} has no rows and cols: set both")
            sensor = replace(script.sensor, rows=settings.rows, cols=settings.cols)
            self._scenes[patch.name] = Scene(sensor, script.cover)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the patches."""
        return tuple(self._scenes)

    def rest(self) -> HandFrame:
        """Nothing is touched."""
        return HandFrame({name: self._read(name, []) for name in self.names}, (), "")

    def pressed(self, press: Press, *touched: str) -> HandFrame:
        """One object on the middle of these patches, as near to it as its phase allows."""
        values = {
            name: self._read(name, [self._contact(name, press)] if name in touched else [])
            for name in self.names
        }
        return HandFrame(values, touched, press.surface.texture_class)

    def presses(self, random: np.random.Generator) -> Iterator[Press]:
        """Every object again and again, at any angle, load and phase."""
        while True:
            for surface in self.objects:
                rows, columns = random.uniform(-0.5, 0.5, 2)
                yield Press(
                    surface,
                    float(random.uniform(0, 2 * np.pi)),
                    float(random.choice(LOADS)),
                    (float(rows), float(columns)),
                )

    def frames(self, random: np.random.Generator) -> Iterator[HandFrame]:
        """For ever: a press on each patch alone, then on all of them, then nothing."""
        for press in self.presses(random):
            for name in self.names:
                yield self.pressed(press, name)
            yield self.pressed(press, *self.names)
            yield self.rest()

    def _contact(self, name: str, press: Press) -> Contact:
        sensor = self._scenes[name].sensor
        row, column = (
            round((lines - 1) / 2 - phase) + phase
            for lines, phase in zip((sensor.rows, sensor.cols), press.phase, strict=True)
        )
        pitch = sensor.pitch_mm
        pose = Pose(column * pitch, row * pitch, press.angle_rad, press.load_n)
        return Contact(press.surface, pose)

    def _read(self, name: str, contacts: list[Contact]) -> FloatArray:
        values: FloatArray = self._scenes[name].frame(contacts).values
        return values
