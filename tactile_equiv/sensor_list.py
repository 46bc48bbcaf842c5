"""Several sensors in one list: a perception node for each, from a YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tactile_equiv.errors import SettingsError
from tactile_equiv.process_descriptions import NodeDescription, absolute, perception_description
from tactile_equiv.yaml_files import check_keys, read_yaml

KEYS = ("namespace", "params_file", "parameters", "remappings")


def read_sensors(file: Path | str) -> list[NodeDescription]:
    """A perception node for each entry of a YAML list with the keys `KEYS`; all are optional.

    A relative `params_file` is looked for beside the list.

    Raises:
        SettingsError: if the file cannot be read, an entry is wrong, or two nodes would have the
            same name.
    """
    path = Path(file)
    values = read_yaml(path, "sensors")
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
    check_keys(entry, KEYS, what)
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
