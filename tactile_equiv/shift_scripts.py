"""Where shift scripts lie, and what the node under test has to know of one: the sensor's topology.

The simulator reads all of a script (`tactile_equiv_sim.script`).
"""

from __future__ import annotations

from pathlib import Path

from tactile_equiv.errors import SettingsError
from tactile_equiv.share import share_directory
from tactile_equiv.topology import PLANE, TOPOLOGIES
from tactile_equiv.yaml_files import read_yaml


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


def topology_of(file: Path | str) -> str:
    """Topology of the sensor of a script; of one that is wrong a plane: the simulator says why."""
    try:
        topology = read_yaml(find_script(file), "script")["sensor"]["topology"]
    except (SettingsError, TypeError, KeyError, IndexError):
        return PLANE
    return topology if topology in TOPOLOGIES else PLANE
