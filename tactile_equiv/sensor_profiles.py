"""Parameter files of the perception node, read without ROS; ready ones for some sensors."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from tactile_equiv.errors import SettingsError
from tactile_equiv.settings import Settings
from tactile_equiv.share import share_directory
from tactile_equiv.yaml_files import read_yaml

VALUES = "ros__parameters"


def profile_names() -> list[str]:
    """Names of the shipped sensor profiles, `config/sensors/NAME.yaml`."""
    return sorted(path.stem for path in (share_directory() / "config" / "sensors").glob("*.yaml"))


def find_profile(name: str) -> Path:
    """The file of a shipped profile, or the file of that name.

    Raises:
        SettingsError: if there is neither; names the nearest shipped one.
    """
    shipped = share_directory() / "config" / "sensors" / f"{name}.yaml"
    for file in (Path(name), shipped):
        if file.is_file():
            return file
    names = profile_names()
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.0)[0]
    raise SettingsError(
        f"sensor {name!r} is neither a parameter file nor a shipped sensor: did you mean "
        f"{nearest!r}? All: {', '.join(names)}"
    )


def read_profile(name: str) -> Settings:
    """The parameters in a file as the node takes them, or in a shipped profile.

    Raises:
        SettingsError: if there is no such file, it cannot be read, or a parameter is unknown, of
            the wrong type or out of range.
    """
    file = find_profile(name)
    return Settings().changed(_parameters(read_yaml(file, "parameters"), file))


def _parameters(values: Any, file: Path) -> dict[str, Any]:
    """The parameters of the only node in a file."""
    nodes = list(values.values()) if isinstance(values, dict) else []
    if len(nodes) == 1 and isinstance(nodes[0], dict) and isinstance(nodes[0].get(VALUES), dict):
        return {str(key): value for key, value in nodes[0][VALUES].items()}
    raise SettingsError(
        f"parameters {file} must hold one node: '/**/tactile_perception:', below it '{VALUES}:', "
        "below that 'name: value' lines"
    )
