"""Moves of a shift script: how objects go over the sensor, frame by frame."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from tactile_equiv_sim.options import check, check_name, option
from tactile_equiv_sim.scene import Contact, Pose, Scene
from tactile_equiv_sim.surface import Surface

from tactile_equiv.errors import SettingsError
from tactile_equiv.topology import TOPOLOGIES

Point = tuple[float, float]
Contacts = tuple[Contact, ...]

MOST_STEPS = 100_000


@dataclass(frozen=True)
class Stage:
    """Where moves happen: the scene and the objects by name."""

    scene: Scene
    objects: Mapping[str, Surface]

    @property
    def middle_mm(self) -> Point:
        """Middle (x, y) of the sensor."""
        sensor = self.scene.sensor
        return (sensor.cols - 1) / 2 * sensor.pitch_mm, (sensor.rows - 1) / 2 * sensor.pitch_mm

    @property
    def axis(self) -> int | None:
        """The axis of (rows, columns) that wraps round a finger; None on a plane."""
        axis: int | None = self.scene.sensor.axis
        return axis

    @property
    def size_mm(self) -> Point:
        """Extent (x, y) of the sensor."""
        sensor = self.scene.sensor
        return sensor.cols * sensor.pitch_mm, sensor.rows * sensor.pitch_mm


@dataclass(frozen=True, kw_only=True)
class Move:
    """One object on its way.

    Attributes:
        object: its name in the script.
        name: of the move; its kind when empty.
        load_n: load.
        angle_deg: rotation.

    Raises:
        SettingsError: if a value is of the wrong type or out of range.
    """

    kind: ClassVar[str] = ""

    object: str
    name: str = ""
    load_n: float = option(5.0, minimum=0.0, maximum=1e5)
    angle_deg: float = option(0.0, minimum=-1e6, maximum=1e6)

    def __post_init__(self) -> None:
        check(self)

    @property
    def objects(self) -> tuple[str, ...]:
        """Names of the objects that it needs."""
        return (self.object,)

    def poses(self, stage: Stage, surface: Surface) -> Iterator[Pose]:
        """Poses of the object, one for each frame."""
        raise NotImplementedError

    def contacts(self, stage: Stage) -> Iterator[Contacts]:
        """What is pressed, one for each frame.

        Raises:
            SettingsError: if the object is unknown or the move does not fit the sensor.
        """
        self._check_objects(stage)
        surface = stage.objects[self.object]
        return ((Contact(surface, pose),) for pose in self.poses(stage, surface))

    def _check_objects(self, stage: Stage) -> None:
        for name in self.objects:
            check_name(name, stage.objects, f"object of move {self.name or self.kind!r}")

    def _pose(self, x: float, y: float, turned_deg: float = 0.0, share: float = 1.0) -> Pose:
        return Pose(x, y, math.radians(self.angle_deg + turned_deg), self.load_n * share)


@dataclass(frozen=True, kw_only=True)
class GridMove(Move):
    """Over the whole sensor in whole taxels.

    Attributes:
        step_taxels: step; the last position along an axis is visited in any case.
        phase_taxels: (x, y) of the object's middle between taxels.
        contained: only where all that is felt of the object is on the sensor, border rows
            included; otherwise everywhere with the middle of the object on the sensor. Round a
            finger it is everywhere all the way round, over the seam too.
    """

    kind: ClassVar[str] = "grid"
    step_taxels: int = option(1, minimum=1)
    phase_taxels: Point = (0.0, 0.0)
    contained: bool = True

    def poses(self, stage: Stage, surface: Surface) -> Iterator[Pose]:
        """Row by row."""
        sensor, (x, y) = stage.scene.sensor, self.phase_taxels
        top = left = 0
        bottom, right = sensor.rows - 1, sensor.cols - 1
        if self.contained:
            first = self._pose(x * sensor.pitch_mm, y * sensor.pitch_mm)
            box = stage.scene.support(Contact(surface, first))
            if sensor.axis != 0:
                top, bottom = -box[0], sensor.rows - box[2]
            if sensor.axis != 1:
                left, right = -box[1], sensor.cols - box[3]
            if top > bottom or left > right:
                raise SettingsError(
                    f"move {self.name or self.kind!r}: {self.object} is felt on "
                    f"{box[2] - box[0]}x{box[3] - box[1]} taxels and the sensor has "
                    f"{sensor.rows}x{sensor.cols}: take a smaller object, or contained: false"
                )
        for row in _stops(top, bottom, self.step_taxels):
            for column in _stops(left, right, self.step_taxels):
                yield self._pose((column + x) * sensor.pitch_mm, (row + y) * sensor.pitch_mm)


def _stops(first: int, last: int, step: int) -> list[int]:
    return sorted({*range(first, last + 1, step), last})


@dataclass(frozen=True, kw_only=True)
class Slide(Move):
    """Straight from one place to another in equal steps, which may be parts of a taxel.

    Attributes:
        from_mm, to_mm: (x, y) of the object's middle.
        steps: frames.
        turn_deg: how far the object turns on the way.
    """

    kind: ClassVar[str] = "slide"
    from_mm: Point
    to_mm: Point
    steps: int = option(200, minimum=2, maximum=MOST_STEPS)
    turn_deg: float = option(0.0, minimum=-1e6, maximum=1e6)

    def poses(self, stage: Stage, surface: Surface) -> Iterator[Pose]:
        """From the first to the last place, both included."""
        (x0, y0), (x1, y1) = self.from_mm, self.to_mm
        for share in np.linspace(0, 1, self.steps).tolist():
            place = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
            yield self._pose(*place, turned_deg=share * self.turn_deg)


@dataclass(frozen=True, kw_only=True)
class Circle(Move):
    """Around a centre, the middle of the sensor unless given."""

    kind: ClassVar[str] = "circle"
    radius_mm: float = option(above=0.0, maximum=1e5)
    centre_mm: Point | None = None
    steps: int = option(200, minimum=2, maximum=MOST_STEPS)

    def poses(self, stage: Stage, surface: Surface) -> Iterator[Pose]:
        """Once around."""
        x, y = self.centre_mm or stage.middle_mm
        for step in range(self.steps):
            angle = 2 * math.pi * step / self.steps
            yield self._pose(
                x + self.radius_mm * math.cos(angle), y + self.radius_mm * math.sin(angle)
            )


@dataclass(frozen=True, kw_only=True)
class RandomWalk(Move):
    """Normal steps from the middle of the sensor, reflected where the face would leave it.

    Round a finger it walks on over the seam.

    Attributes:
        step_mm, turn_deg: standard deviations of a step and of its turn.
        steps: frames.
        seed: of the walk.
    """

    kind: ClassVar[str] = "random_walk"
    step_mm: float = option(0.5, minimum=0.0, maximum=1e4)
    turn_deg: float = option(0.0, minimum=0.0, maximum=360.0)
    steps: int = option(200, minimum=2, maximum=MOST_STEPS)
    seed: int = option(0, minimum=0)

    def poses(self, stage: Stage, surface: Surface) -> Iterator[Pose]:
        """The walk."""
        random = np.random.default_rng(self.seed)
        walk = np.cumsum(random.normal(0, self.step_mm, (self.steps, 2)), axis=0)
        turns = np.cumsum(random.normal(0, self.turn_deg, self.steps))
        room = np.maximum((np.array(stage.size_mm) - surface.width_mm) / 2, 0)
        inside = _reflected(walk, room)
        if stage.axis is not None:
            inside[:, 1 - stage.axis] = walk[:, 1 - stage.axis]  # (x, y) are columns, rows
        places = np.array(stage.middle_mm) + inside
        for (x, y), turn in zip(places.tolist(), turns.tolist(), strict=True):
            yield self._pose(x, y, turned_deg=turn)


def _reflected(walk: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Places (n, 2) folded into -room .. room."""
    period = np.maximum(4 * room, 1e-12)
    folded = np.abs((walk - room) % period - period / 2) - room
    return np.where(room > 0, folded, 0.0)


@dataclass(frozen=True, kw_only=True)
class AcrossBorder(Move):
    """From wholly on the sensor across the middle of one side until nothing is left on it."""

    kind: ClassVar[str] = "across_border"
    side: str = option("right", choices=("left", "right", "top", "bottom"))
    steps: int = option(200, minimum=2, maximum=MOST_STEPS)

    def poses(self, stage: Stage, surface: Surface) -> Iterator[Pose]:
        """From one width inside the border to one width outside.

        Raises:
            SettingsError: if the skin goes on round a finger there.
        """
        (x, y), width = stage.middle_mm, surface.width_mm
        across = self.side in ("left", "right")
        if stage.axis == (1 if across else 0):
            raise SettingsError(
                f"move {self.name or self.kind!r}: {self.side} is no border of a "
                f"{TOPOLOGIES[1 + stage.axis]}, whose skin goes on there: take another side"
            )
        sign = 1 if self.side in ("right", "bottom") else -1
        border = stage.size_mm[0 if across else 1] / 2
        for off in np.linspace(border - width, border + width, self.steps).tolist():
            yield self._pose(x + sign * off, y) if across else self._pose(x, y + sign * off)


@dataclass(frozen=True, kw_only=True)
class Roll(Move):
    """The finger rolls over the object: the contact goes round it, over the seam.

    True of what looks the same from the contact all the way, such as a ball or a rod; any other
    object rests, and the finger slips as it turns.

    Attributes:
        turns: of the finger; below 0 the other way round.
        from_mm: (x, y) of the object's middle at first, the middle of the sensor unless given.
        along_mm: how far the contact moves along the finger on the way.
        steps: frames.
    """

    kind: ClassVar[str] = "roll"
    turns: float = option(1.0, minimum=-1000.0, maximum=1000.0)
    from_mm: Point | None = None
    along_mm: float = option(0.0, minimum=-1e5, maximum=1e5)
    steps: int = option(200, minimum=2, maximum=MOST_STEPS)

    def poses(self, stage: Stage, surface: Surface) -> Iterator[Pose]:
        """From the first to the last place, both included.

        Raises:
            SettingsError: if the sensor is no finger.
        """
        if stage.axis is None:
            raise SettingsError(
                f"move {self.name or self.kind!r}: a plane does not roll: take a slide, or give "
                f"the sensor a topology, {' or '.join(TOPOLOGIES[1:])}"
            )
        x, y = self.from_mm or stage.middle_mm
        around = self.turns * stage.size_mm[1 - stage.axis]
        for share in np.linspace(0, 1, self.steps).tolist():
            along, turned = share * self.along_mm, share * around
            right, down = (along, turned) if stage.axis == 0 else (turned, along)
            yield self._pose(x + right, y + down)


@dataclass(frozen=True, kw_only=True)
class LiftAndPress(Move):
    """Pressed and lifted again at one place; the load follows a raised cosine up to `load_n`.

    Attributes:
        at_mm: (x, y), the middle of the sensor unless given.
        presses: how often.
        steps: frames of one press.
    """

    kind: ClassVar[str] = "lift_and_press"
    at_mm: Point | None = None
    presses: int = option(3, minimum=1, maximum=1000)
    steps: int = option(50, minimum=2, maximum=MOST_STEPS)

    def poses(self, stage: Stage, surface: Surface) -> Iterator[Pose]:
        """Begins and ends lifted."""
        place = self.at_mm or stage.middle_mm
        for step in range(self.presses * self.steps + 1):
            share = (1 - math.cos(2 * math.pi * step / self.steps)) / 2
            yield self._pose(*place, share=share)


@dataclass(frozen=True, kw_only=True)
class Crossing(Move):
    """Two objects pass each other side by side in opposite directions, along x.

    Attributes:
        other: name of the second object.
        lane_mm: distance of their paths; 0 = faces and covers just clear each other.
        steps: frames.
    """

    kind: ClassVar[str] = "crossing"
    other: str
    lane_mm: float = option(0.0, minimum=0.0, maximum=1e5)
    steps: int = option(200, minimum=2, maximum=MOST_STEPS)

    @property
    def objects(self) -> tuple[str, ...]:
        """Both."""
        return self.object, self.other

    def contacts(self, stage: Stage) -> Iterator[Contacts]:
        """Both objects, from inside one border to inside the other."""
        self._check_objects(stage)
        one, other = stage.objects[self.object], stage.objects[self.other]
        width = max(one.width_mm, other.width_mm)
        clear = (one.width_mm + other.width_mm) / 2 + 4 * stage.scene.cover.thickness_mm
        lane, (x, y) = self.lane_mm or clear, stage.middle_mm
        way = max(stage.size_mm[0] - width, 0) / 2
        for off in np.linspace(-way, way, self.steps).tolist():
            yield (
                Contact(one, self._pose(x + off, y - lane / 2)),
                Contact(other, self._pose(x - off, y + lane / 2)),
            )


MOVES: dict[str, type[Move]] = {
    move.kind: move
    for move in (GridMove, Slide, Circle, Roll, RandomWalk, AcrossBorder, LiftAndPress, Crossing)
}
"""Kind in a script -> dataclass with its values."""
