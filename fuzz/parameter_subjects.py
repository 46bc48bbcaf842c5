"""Parameters as users and other nodes set them, and what a node then makes of a message."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields
from random import Random
from typing import Any

from rclpy.parameter import Parameter
from tactile_equiv_sim.check_settings import CheckSettings
from tactile_equiv_sim.simulator_settings import SimulatorSettings

from fuzz import message_seeds
from fuzz.cdr_fields import Field, serialised
from fuzz.law import ViolationError
from fuzz.mutations import NUMBERS, TEXTS, pick
from tactile_equiv import parameters
from tactile_equiv.decoding import COMPRESSED, MULTI_ARRAYS
from tactile_equiv.errors import SettingsError
from tactile_equiv.hand_settings import HandSettings
from tactile_equiv.input_kind import input_of
from tactile_equiv.parameter_set import ParameterSet
from tactile_equiv.settings import Settings

PACKAGES = tuple(sorted(sys.stdlib_module_names - {"distutils"}))  # setuptools hooks that one
"""Python packages that are no packages of messages: their names must not import them."""
LIKELY: Mapping[str, tuple[Any, ...]] = {
    "input_type": ("image", "taxels", COMPRESSED, *MULTI_ARRAYS, "sensor_msgs/msg/PointCloud",
                   "sensor_msgs/PointCloud", "sensor_msgs/msg/JointState", "os/msg/Path"),
    "input_field": ("", "data", "points[]", "points[].z", "position", "channels[0].values", "a..b",
                    "points[99999999999]", "header.stamp", "points", "name[].x"),
    "component": ("", "x", "x,y,z", "x,,y", "data", ","),
    "rows": (0, 3, 12, 65535), "cols": (0, 4, 16, 65535), "binning": (1, 2, 64),
    "value_min": (0.0, -1.0), "value_max": (250.0, 0.0), "invert": (True, False),
}  # fmt: skip
ARRAYS: tuple[Any, ...] = ([], [1], [1.5, 2.5], ["a"], [True], [b"a"], b"abc")


class ParameterSubject:
    """Changes of parameters of one node, by their names or as rclpy brings them.

    Args:
        kind_of: the node's parameters.
    """

    kind = "parameter"
    limit_s = 2.0

    def __init__(self, name: str, kind_of: type[ParameterSet]) -> None:
        self.name = name
        self._settings = kind_of()
        self._names = [declared.name for declared in fields(kind_of)]

    def make(self, random: Random) -> dict[str, Any]:
        """Up to three parameters and their values."""
        return {self._name(random): self._value(random) for _ in range(1 + random.randrange(3))}

    def _name(self, random: Random) -> str:
        return pick(random, self._names if random.randrange(8) else TEXTS)

    def _value(self, random: Random) -> Any:
        return pick(random, (*NUMBERS, *TEXTS, *ARRAYS, None, True, False))

    def check(self, given: dict[str, Any]) -> None:
        """See `Subject.check`."""
        settings = self._settings.changed(given)
        for name, value in given.items():
            kept = getattr(settings, name)
            if type(kept) is not type(getattr(self._settings, name)) or kept != value:
                raise ViolationError(f"parameter {name!r} was set to {value!r} and is {kept!r}")
        self._check_as_sent(given, settings)

    def _check_as_sent(self, given: dict[str, Any], expected: ParameterSet) -> None:
        sent = [Parameter(name, value=value) for name, value in given.items()]
        if parameters.changed(self._settings, sent, configured=False) != expected:
            raise ViolationError(f"{given!r:.200} as ROS parameters gives other settings")


class InputSubject:
    """Parameters of the input that are each allowed, together, and messages read by them."""

    kind = "parameter"
    name = "input"
    limit_s = 2.0

    def make(self, random: Random) -> dict[str, Any]:
        """Parameters of the input."""
        chosen = {name: pick(random, LIKELY[name]) for name in LIKELY if random.randrange(3) == 0}
        if random.randrange(8) == 0:
            chosen["input_type"] = f"{pick(random, PACKAGES)}/msg/Image"
            chosen |= {"input_field": "data", "rows": 3, "cols": 4}
        return chosen

    def check(self, given: dict[str, Any]) -> None:
        """See `Subject.check`."""
        settings = Settings(**given)
        before = set(sys.modules)
        try:
            found = input_of(settings)
        except SettingsError:
            package = settings.input_type.partition("/")[0]
            if package in PACKAGES and (new := {*sys.modules} - before):
                raise ViolationError(
                    f"{settings.input_type!r} imported {sorted(new)[:5]}"
                ) from None
            raise
        for fields_of in SEEDS:
            self._check_message(serialised(fields_of(Random(1))), found)

    def _check_message(self, message: bytes, found: Any) -> None:
        try:
            frame, cell = found.decode(found.read(message))
        except SettingsError:
            raise ViolationError("a message was refused by an error of parameters") from None
        except ValueError as refusal:
            if type(refusal).__name__ != "FrameError":
                raise
            return
        if frame.ndim not in (2, 3) or frame.size == 0 or cell < 1:
            raise ViolationError(f"a frame of {frame.shape} in cells of {cell}")


def _array(random: Random) -> list[Field]:
    return message_seeds.multi_array(random, "f4")


def _packed(random: Random) -> list[Field]:
    return message_seeds.compressed_image(random, 1)


SEEDS = (
    *(message_seeds.image, message_seeds.joint_state, message_seeds.point_cloud),
    *(_array, _packed),
)


def parameter_subjects() -> list[ParameterSubject | InputSubject]:
    """The parameters of every node."""
    kinds = {
        "node": Settings,
        "hand": HandSettings,
        "simulator": SimulatorSettings,
        "shift_check": CheckSettings,
    }
    return [*(ParameterSubject(name, kind) for name, kind in kinds.items()), InputSubject()]
