"""Shift scripts: a sensor, objects and moves in one YAML file; see `config/scripts/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tactile_equiv_sim.imperfections import Imperfections
from tactile_equiv_sim.mechanics import Cover
from tactile_equiv_sim.moves import MOVES, Contacts, Move, Stage
from tactile_equiv_sim.options import check, check_keys, check_name, option, read
from tactile_equiv_sim.scene import Contact, Scene
from tactile_equiv_sim.sensor import CameraGel, Sensor, TaxelArray
from tactile_equiv_sim.surface import FAMILIES, Surface

from tactile_equiv.errors import SettingsError
from tactile_equiv.shift_scripts import find_script
from tactile_equiv.yaml_files import read_yaml

SENSORS: dict[str, type[TaxelArray] | type[CameraGel]] = {"taxels": TaxelArray, "gel": CameraGel}
TIMING = ("rate_hz", "rest_frames", "gap_frames", "loop")
PARTS = ("sensor", "cover", "objects", "imperfections", "moves")
REST = "rest"
"""Name of the move of frames in which nothing is pressed on purpose."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """When frames come.

    Attributes:
        rate_hz: frames per second.
        rest_frames: frames without contact at the start, for tare.
        gap_frames: frames without contact after each move.
        loop: begin again at the end.
    """

    rate_hz: float = option(100.0, above=0.0, maximum=10000.0)
    rest_frames: int = option(20, minimum=0, maximum=100_000)
    gap_frames: int = option(5, minimum=0, maximum=100_000)
    loop: bool = False

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Step:
    """One frame to be: time from the start in seconds, name of the move, what is pressed."""

    time_s: float
    move: str
    contacts: Contacts


@dataclass(frozen=True, eq=False)
class Script:
    """A script; iterate over it for its steps, once through."""

    sensor: Sensor
    cover: Cover
    timing: Timing
    objects: Mapping[str, Surface]
    imperfections: Imperfections
    moves: tuple[tuple[str, Move], ...]

    def scene(self) -> Scene:
        """A scene with sensor and cover; `prepare` it with `contacts` before real time begins."""
        return Scene(self.sensor, self.cover)

    def contacts(self) -> Iterator[Contact]:
        """Every contact of every step."""
        return (contact for step in self for contact in step.contacts)

    @property
    def labels(self) -> tuple[str, ...]:
        """Texture classes of the objects, each once."""
        return tuple(dict.fromkeys(surface.texture_class for surface in self.objects.values()))

    def __len__(self) -> int:
        return sum(1 for _ in self._frames())

    def __iter__(self) -> Iterator[Step]:
        for index, (move, contacts) in enumerate(self._frames()):
            yield Step(index / self.timing.rate_hz, move, contacts)

    def _frames(self) -> Iterator[tuple[str, Contacts]]:
        stage = Stage(self.scene(), self.objects)
        nothing: tuple[str, Contacts] = (REST, ())
        yield from [nothing] * self.timing.rest_frames
        for name, move in self.moves:
            yield from ((name, contacts) for contacts in move.contacts(stage))
            yield from [nothing] * self.timing.gap_frames


def load_script(file: Path | str) -> Script:
    """Read and check a script.

    Args:
        file: a YAML file, or the name of a script in `config/scripts` without its ending.

    Raises:
        SettingsError: if it is missing or no YAML, a key is unknown, a value is out of range, or an
            object is never over the sensor.
        DataError: if a height map cannot be read.
    """
    path = find_script(file)
    return script_from(read_yaml(path, "script"), path.parent)


def script_from(values: Any, folder: Path) -> Script:
    """A script from YAML values; height maps are looked for from `folder` on. As `load_script`."""
    check_keys(values, (*PARTS, *TIMING), "script")
    for part in ("sensor", "objects", "moves"):
        if not values.get(part):
            raise SettingsError(f"script lacks {part!r}: add it, see config/scripts for examples")
    script = Script(
        sensor=_sensor(values["sensor"]),
        cover=read(Cover, values.get("cover") or {}, "cover"),
        timing=read(Timing, {k: values[k] for k in TIMING if k in values}, "script"),
        objects=_objects(values["objects"], folder),
        imperfections=Imperfections.from_mapping(values.get("imperfections")),
        moves=_moves(values["moves"]),
    )
    _check_reach(script)
    return script


def _sensor(values: Any) -> Sensor:
    kind, rest = _kind(values, "kind", SENSORS, "sensor")
    return read(SENSORS[kind], rest, "sensor")


def _objects(values: Any, folder: Path) -> dict[str, Surface]:
    if not isinstance(values, Mapping):
        raise SettingsError(
            f"objects is {values!r:.60}: it must hold 'name: {{family: ...}}' pairs"
        )
    objects = {}
    for name, described in values.items():
        family, rest = _kind(described, "family", FAMILIES, f"object {name}")
        if isinstance(rest.get("file"), str):
            rest["file"] = str(folder / rest["file"])
        objects[str(name)] = read(FAMILIES[family], rest, f"object {name}")
    return objects


def _moves(values: Any) -> tuple[tuple[str, Move], ...]:
    if not isinstance(values, list):
        raise SettingsError(f"moves is {values!r:.60}: it must be a list of '- move: ...' entries")
    named: dict[str, Move] = {}
    for number, described in enumerate(values, start=1):
        kind, rest = _kind(described, "move", MOVES, f"move {number}")
        move = read(MOVES[kind], rest, f"move {number} ({kind})")
        name = move.name or kind
        if name in named or name == REST:
            name = f"{name} {number}"
        named[name] = move
    return tuple(named.items())


def _kind(values: Any, key: str, known: Mapping[str, Any], what: str) -> tuple[str, dict[str, Any]]:
    """The value of the key that names the kind, and the other values."""
    if not isinstance(values, Mapping) or key not in values:
        raise SettingsError(
            f"{what} is {values!r:.60}: it must have the key {key!r}, one of {', '.join(known)}"
        )
    check_name(values[key], known, f"{key} of {what}")
    return values[key], {name: value for name, value in values.items() if name != key}


def _check_reach(script: Script) -> None:
    """Every object of every move must come over the sensor, or nothing can be learnt from it."""
    stage = Stage(script.scene(), script.objects)
    for name, move in script.moves:
        missing = set(move.objects)
        for contacts in move.contacts(stage):
            for wanted, contact in zip(move.objects, contacts, strict=True):
                if wanted in missing and _over(stage, contact):
                    missing.remove(wanted)
            if not missing:
                break
        if missing:
            width, height = stage.size_mm
            raise SettingsError(
                f"move {name!r}: {', '.join(sorted(missing))} is never over the sensor, which "
                f"reaches over {width:g} x {height:g} mm (x, y) from its first taxel, or has no "
                "load: move it there"
            )


def _over(stage: Stage, contact: Contact) -> bool:
    pose, reach = contact.pose, contact.surface.width_mm / 2
    apart = [
        max(abs(place - middle) - size / 2, 0)
        for place, middle, size in zip(
            (pose.x_mm, pose.y_mm), stage.middle_mm, stage.size_mm, strict=True
        )
    ]
    if stage.axis is not None:
        apart[1 - stage.axis] = 0.0  # everywhere round the finger there is skin
    return bool(pose.load_n > 0 and apart[0] ** 2 + apart[1] ** 2 < reach**2)
