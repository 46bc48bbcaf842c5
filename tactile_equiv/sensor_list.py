"""Several sensors in one list: a perception node for each, from a YAML file."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tactile_equiv.errors import SettingsError
from tactile_equiv.process_descriptions import NodeDescription, absolute, perception_description

KEYS = ("namespace", "params_file", "parameters", "remappings")


def read_sensors(file: Path | str) -> list[NodeDescription]:
    """A perception node for each entry of a YAML list with the keys `KEYS`; all are optional.

    A relative `params_file` is looked for beside the list.

    Raises:
        SettingsError: if the file cannot be read, an entry is wrong, or two nodes would have the
            same name.
    """
    path = Path(file)
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(
            f"sensors {path} cannot be read ({reason}): it must be a YAML list"
        ) from error
    if not isinstance(values, list) or not values:
        raise SettingsError(
            f"sensors {path} must be a list of entries with the keys {', '.join(KEYS)}"
        )
    nodes = [
        sensor_node(entry, f"sensor {number} in {path}", path.parent)
        for number, entry in enumerate(values, start=1)
    ]
    names = [absolute(node.namespace) for node in nodes]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(
                f"sensors {path} names the namespace {name!r} {names.count(name)} times: every "
                "sensor needs one of its own"
            )
    return nodes


def sensor_node(entry: Any, what: str, folder: Path) -> NodeDescription:
    """The perception node of one sensor.

    Args:
        entry: mapping with some of the keys `KEYS`.
        what: names it in messages.
        folder: where a relative `params_file` is looked for.

    Raises:
        SettingsError: if a key is unknown or a value of the wrong type.
    """
    if not isinstance(entry, Mapping):
        raise SettingsError(f"{what} is {entry!r:.60}: it must hold the keys {', '.join(KEYS)}")
    for key in entry:
        if key not in KEYS:
            nearest = difflib.get_close_matches(str(key), KEYS, n=1, cutoff=0.0)[0]
            raise SettingsError(f"key {key!r} of {what} is unknown: did you mean {nearest!r}?")
    file = _text(entry.get("params_file") or "", f"params_file of {what}")
    remappings = _pairs(entry, "remappings", what)
    return perception_description(
        namespace=_text(entry.get("namespace") or "", f"namespace of {what}"),
        parameters=_pairs(entry, "parameters", what),
        parameters_file=folder / file if file else None,
        remappings={k: _text(v, f"remapping of {k!r} of {what}") for k, v in remappings.items()},
    )


def _pairs(entry: Mapping[str, Any], key: str, what: str) -> dict[str, Any]:
    pairs = entry.get(key) or {}
    if not isinstance(pairs, Mapping) or not all(isinstance(name, str) for name in pairs):
        raise SettingsError(f"{key} of {what} is {pairs!r:.60}: it must hold 'name: value' pairs")
    return dict(pairs)


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise SettingsError(f"{what} is {value!r:.60}: it must be a text")
    return value
