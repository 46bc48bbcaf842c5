"""Messages as drivers of tactile sensors send them, built from their field lists."""

import importlib
import sys
import sysconfig
from pathlib import Path

from tactile_equiv.message_package import build_message_package

PACKAGES = {
    "xela_server_ros2": {
        "Taxel": "uint16 x\nuint16 y\nuint16 z\n",
        "SensorFull": "Taxel[] taxels\n",
        "SensStream": "SensorFull[] sensors\n",
    },
    "robotiq_tactile_msgs": {
        "Taxels": "uint16[28] values\n",
        "StaticData": "Taxels[2] taxels\n",
    },
    "tactile_msgs": {
        "TactileState": "std_msgs/Header header\nsensor_msgs/ChannelFloat32[] sensors\n",
    },
}


def build(prefix: Path) -> dict[str, type]:
    """Build every package into `prefix`, put it on the path; message classes by their name.

    Raises:
        BuildError: where they cannot be built.
    """
    for package, messages in PACKAGES.items():
        build_message_package(package, messages, prefix)
    variables = {"base": str(prefix), "platbase": str(prefix)}
    sys.path.append(sysconfig.get_path("platlib", vars=variables))
    importlib.invalidate_caches()
    return {
        name: getattr(importlib.import_module(f"{package}.msg"), name)
        for package, messages in PACKAGES.items()
        for name in messages
    }
