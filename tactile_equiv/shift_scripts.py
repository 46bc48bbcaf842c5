"""Where shift scripts lie, and what the node under test has to know of one: the sensor's topology.

The simulator reads all of a script (`tactile_equiv_sim.script`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tactile_equiv.errors import SettingsError
from tactile_equiv.share import share_directory
from tactile_equiv.topology import PLANE, TOPOLOGIES


def find_script(file: Path | str) -> Path:
    """A YAML file, or the script of that name in `config/scripts`, without its ending.

    Raises:
        SettingsError: if it does not exist.
    """
    shipped = share_directory() / "config" / "scripts"
    path = Path(file)
    if path.is_file():
        return path
    if not path.suffix and (shipped / f"{file}.yaml").is_file():
        return shipped / f"{file}.yaml"
    names = ", ".join(sorted(one.stem for one in shipped.glob("*.yaml")))
    raise SettingsError(f"script {file} does not exist: name a YAML file, or one of {names}")


def script_values(path: Path) -> Any:
    """The YAML values of a script.

    Raises:
        SettingsError: if it cannot be read.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"script {path} cannot be read ({reason}): it must be YAML") from error


def topology_of(file: Path | str) -> str:
    """Topology of the sensor of a script; of one that is wrong a plane: the simulator says why."""
    try:
        topology = script_values(find_script(file))["sensor"]["topology"]
    except (SettingsError, TypeError, KeyError, IndexError):
        return PLANE
    return topology if topology in TOPOLOGIES else PLANE
