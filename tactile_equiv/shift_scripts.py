"""Where shift scripts lie, and what the node under test has to know of one: the sensor's topology.

The simulator reads all of a script (`tactile_equiv_sim.script`).
"""

from __future__ import annotations

from pathlib import Path

from tactile_equiv.errors import SettingsError
from tactile_equiv.topology import PLANE, TOPOLOGIES
from tactile_equiv.yaml_files import find_yaml, read_yaml


def find_script(file: Path | str) -> Path:
    """A YAML file, or the script of that name in `config/scripts`, without its ending.

    Raises:
        SettingsError: if it does not exist.
    """
    return find_yaml(file, "scripts", "script")


def topology_of(file: Path | str) -> str:
    """Topology of the sensor of a script; of one that is wrong a plane: the simulator says why."""
    try:
        topology = read_yaml(find_script(file), "script")["sensor"]["topology"]
    except (SettingsError, TypeError, KeyError, IndexError):
        return PLANE
    return topology if topology in TOPOLOGIES else PLANE
