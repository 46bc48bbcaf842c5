"""Which patches of skin a hand has and where their frames come from: a YAML file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tactile_equiv.cdr import Layout, MultiArrayContent
from tactile_equiv.decoding import MULTI_ARRAYS, full_type
from tactile_equiv.errors import FrameError, SettingsError
from tactile_equiv.settings import Settings
from tactile_equiv.yaml_files import check_keys, find_yaml, read_yaml

KEYS = ("defaults", "patches")
SOURCE = ("topic", "first")
OF_THE_NODE = (
    *("model_path", "path_root", "backend", "device"),
    *("autostart", "executor", "realtime_priority"),
    *("tare_frames", "tare_timeout_s", "tare_while_touched"),
)
"""Parameters that patches cannot have each for itself."""
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Patch:
    """One patch of skin.

    Attributes:
        name: below which its results are published.
        topic: of its frames, "" = its name and the usual topic of its input type.
        first: number of its first value in an array that holds several patches, or None.
        parameters: those of the perception node that are its own, over the node's.
    """

    name: str
    topic: str = ""
    first: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def settings(self, node: Settings) -> Settings:
        """The node's parameters with those of the patch over them.

        Raises:
            SettingsError: if one is of the wrong type or out of range, or contradicts another.
        """
        settings = self.over(node)
        self._check(settings)
        return settings

    def over(self, node: Settings) -> Settings:
        """The same, whether or not they contradict each other.

        Raises:
            SettingsError: if one is of the wrong type or out of range.
        """
        try:
            return node.changed({"frame_id": self.name, **self.parameters})
        except SettingsError as error:
            raise SettingsError(f"patch {self.name!r:.60}: {error}") from error

    def part_of(self, contents: Any, settings: Settings) -> Any:
        """The contents of a message that are this patch's; all of them without `first`.

        Raises:
            FrameError: if the array ends before the patch does.
        """
        if self.first is None:
            return contents
        begin = contents.layout.data_offset + self.first
        end = begin + settings.rows * settings.cols
        if len(contents.data) < end:
            raise FrameError(
                "data",
                f"array has {len(contents.data)} values: patch {self.name!r}, {settings.rows} x "
                f"{settings.cols}, begins at value {begin} and ends before {end}",
            )
        return MultiArrayContent(Layout((), 0), contents.data[begin:end])

    def _check(self, settings: Settings) -> None:
        if self.first is None:
            return
        if full_type(settings.input_type, settings.input_field) not in MULTI_ARRAYS:
            raise SettingsError(
                f"patch {self.name!r}: first is {self.first}, but only std_msgs/msg/...MultiArray "
                "are cut by numbers: name the field of the patch with input_field"
            )
        if not (settings.rows and settings.cols):
            raise SettingsError(
                f"patch {self.name!r}: first is {self.first} and rows, cols are {settings.rows}, "
                f"{settings.cols}: set both, so that it is known where the patch ends"
            )


@dataclass(frozen=True)
class Hand:
    """All patches of a hand; no two have the same name."""

    patches: tuple[Patch, ...]


def read_hand(file: Path | str) -> Hand:
    """Read and check a hand.

    Args:
        file: a YAML file, or the name of a hand in `config/hands` without its ending.

    Raises:
        SettingsError: if it is missing or no YAML, or a key or value is wrong.
    """
    path = find_yaml(file, "hands", "hand")
    return hand_from(read_yaml(path, "hand"), f"hand {path}")


def hand_from(values: Any, what: str) -> Hand:
    """A hand from YAML values; `what` names it in messages. As `read_hand`."""
    check_keys(values, KEYS, what)
    defaults, patches = values.get("defaults") or {}, values.get("patches")
    check_keys(defaults, _patch_keys(), f"defaults of {what}")
    if not isinstance(patches, Mapping) or not patches:
        raise SettingsError(f"{what} has no patches: give 'name: {{rows: 13, cols: 6}}' for each")
    return Hand(tuple(_patch(name, given, defaults, what) for name, given in patches.items()))


def _patch(name: Any, given: Any, defaults: Mapping[str, Any], what: str) -> Patch:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise SettingsError(
            f"{what} has a patch {name!r:.60}: a name is letters, digits and _, and begins with a "
            "letter, because topics are named by it"
        )
    whose = f"patch {name!r:.60} of {what}"
    check_keys(given or {}, _patch_keys(), whose)
    parameters = {**defaults, **(given or {})}
    topic, first = parameters.pop("topic", ""), parameters.pop("first", None)
    if not isinstance(topic, str):
        raise SettingsError(f"topic of {whose} is {topic!r:.60}: it must be a text")
    if first is not None and (type(first) is not int or first < 0):
        raise SettingsError(f"first of {whose} is {first!r:.60}: it must be a number from 0 on")
    patch = Patch(name, topic, first, parameters)
    patch.over(Settings())
    return patch


def _patch_keys() -> tuple[str, ...]:
    return (*SOURCE, *(one.name for one in fields(Settings) if one.name not in OF_THE_NODE))
