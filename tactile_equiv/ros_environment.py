"""Prepares the process environment before rclpy is imported; imports nothing of ROS itself."""

import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from tactile_equiv.errors import TactileError
from tactile_equiv.share import share_directory

BOOTSTRAP_MARK = "_ROS_WHEELS_BOOTSTRAP_COMPLETE"
PROFILE_VARIABLES = ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE")
PATH_VARIABLES = ("AMENT_PREFIX_PATH", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH")


@dataclass(frozen=True)
class RosEnvironment:
    """Where ROS 2 comes from ("wheels", "distribution" or "nowhere") and the Fast DDS profile set.

    `profile` is None when the user's own settings, or a distribution's, were left as they are.
    """

    source: str
    profile: Path | None = None

    def __str__(self) -> str:
        profile = f"Fast DDS profile {self.profile}" if self.profile else "middleware settings kept"
        return f"ROS 2 from {self.source}, {profile}"


def prepare_ros_environment(environ: MutableMapping[str, str] = os.environ) -> RosEnvironment:
    """Completes `environ` so that rclpy works, and returns what was found and set.

    With ROS 2 wheels: `sys.prefix` joins AMENT_PREFIX_PATH (the wheels leave it unset and the
    ament index would be empty), and the shipped Fast DDS profile is chosen unless the user set
    one or chose another middleware. A sourced distribution is left as it is.
    """
    source = ros_source()
    if source != "wheels":
        return RosEnvironment(source)
    prefixes = _parts(environ.get("AMENT_PREFIX_PATH", ""))
    if sys.prefix not in prefixes:
        environ["AMENT_PREFIX_PATH"] = os.pathsep.join([*prefixes, sys.prefix])
    return RosEnvironment(source, _choose_profile(environ))


def ros_source() -> str:
    """Where rclpy comes from: "wheels" in this `sys.prefix`, a "distribution", or "nowhere"."""
    rclpy = importlib.util.find_spec("rclpy")
    if rclpy is None or rclpy.origin is None:
        return "nowhere"
    in_prefix = Path(sys.prefix) in Path(rclpy.origin).parents
    bootstrapped = importlib.util.find_spec("ros_wheels_bootstrapper") is not None
    return "wheels" if in_prefix and bootstrapped else "distribution"


def child_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """A copy of `environ` for a child process that runs another Python environment.

    Without the mark of the wheels' loader, without the paths inside this `sys.prefix`, and
    without the Fast DDS profile that `prepare_ros_environment` chose.
    """
    child = {name: value for name, value in environ.items() if name != BOOTSTRAP_MARK}
    for name in PATH_VARIABLES:
        kept = [part for part in _parts(child.pop(name, "")) if not _inside(part)]
        if kept:
            child[name] = os.pathsep.join(kept)
    if child.get("VIRTUAL_ENV") == sys.prefix:
        del child["VIRTUAL_ENV"]
    for name in PROFILE_VARIABLES:
        if child.get(name) == str(_shipped_profile()):
            del child[name]
    return child


def _parts(paths: str) -> list[str]:
    return [part for part in paths.split(os.pathsep) if part]


def _inside(path: str) -> bool:
    return Path(sys.prefix) in [Path(path), *Path(path).parents]


def _choose_profile(environ: MutableMapping[str, str]) -> Path | None:
    other_middleware = environ.get("RMW_IMPLEMENTATION", "rmw_fastrtps_cpp") != "rmw_fastrtps_cpp"
    profile = _shipped_profile()
    chosen = [environ[name] for name in PROFILE_VARIABLES if environ.get(name)]
    if chosen == [str(profile)]:
        return profile
    if other_middleware or chosen or profile is None:
        return None
    environ[profile_variable()] = str(profile)
    return profile


def profile_variable() -> str:
    """The variable that these wheels read; Kilted (rclpy 9) warns about the one of Jazzy."""
    major = int(importlib.metadata.version("ros-rclpy").split(".")[0])
    return PROFILE_VARIABLES[0] if major >= 9 else PROFILE_VARIABLES[1]


def _shipped_profile() -> Path | None:
    try:
        profile = share_directory() / "config" / "fastdds.xml"
    except TactileError:
        return None
    return profile if profile.is_file() else None
