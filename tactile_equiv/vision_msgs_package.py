"""Builds vision_msgs 4.x into this environment where no ROS 2 distribution provides it.

Run `python -m tactile_equiv.vision_msgs_package`. Field lists after the message definitions of
vision_msgs 4; the type hashes are those of the released package, so both talk to each other.
"""

import importlib.util
import json
import sys
from pathlib import Path

from tactile_equiv.errors import TactileError
from tactile_equiv.message_package import BUILDER, build_message_package, builder_digest

PACKAGE = "vision_msgs"
VERSION = "4.1.1"

MESSAGES = {
    "ObjectHypothesis": "string class_id\nfloat64 score\n",
    "Classification": "std_msgs/Header header\nObjectHypothesis[] results\n",
    "ObjectHypothesisWithPose": (
        "ObjectHypothesis hypothesis\ngeometry_msgs/PoseWithCovariance pose\n"
    ),
    "Point2D": "float64 x\nfloat64 y\n",
    "Pose2D": "Point2D position\nfloat64 theta\n",
    "BoundingBox2D": "Pose2D center\nfloat64 size_x\nfloat64 size_y\n",
    "Detection2D": (
        "std_msgs/Header header\nObjectHypothesisWithPose[] results\n"
        "BoundingBox2D bbox\nstring id\n"
    ),
    "Detection2DArray": "std_msgs/Header header\nDetection2D[] detections\n",
    "VisionClass": "uint16 class_id\nstring class_name\n",
    "LabelInfo": "std_msgs/Header header\nVisionClass[] class_map\nfloat32 threshold\n",
}

RELEASED_HASHES = {
    "Classification": "RIHS01_f74db28d0eaef3afb78f48bf2161cd709a1383a0309d3454383b25be11345143",
    "Detection2DArray": "RIHS01_214274120007f4a683866481336b70310268cfa107aebe9d594a6acf75bda968",
    "LabelInfo": "RIHS01_3d37df4015cdf660cc851c51897f2acd957e1ca6205ba0a99aebffb9406b0783",
}


def is_importable() -> bool:
    """Whether some vision_msgs, released or built here, is on the module path."""
    return importlib.util.find_spec(PACKAGE) is not None


def is_current(prefix: Path = Path(sys.prefix)) -> bool:
    """Whether `prefix` holds a complete vision_msgs, built by this code, with released hashes."""
    marked = prefix / "share" / "ament_index" / "resource_index" / "packages" / PACKAGE
    complete = marked.is_file() and RELEASED_HASHES.items() <= installed_hashes(prefix).items()
    return complete and builder_digest() in _manifest(prefix)


def is_built_here(prefix: Path = Path(sys.prefix)) -> bool:
    """Whether the vision_msgs in `prefix`, complete or not, came from this module."""
    return BUILDER in _manifest(prefix)


def _manifest(prefix: Path) -> str:
    path = prefix / "share" / PACKAGE / "package.xml"
    return path.read_text() if path.is_file() else ""


def installed_hashes(prefix: Path) -> dict[str, str]:
    """RIHS01 type hashes (message name to hash) of the vision_msgs in `prefix`, {} without one."""
    found = sorted((prefix / "share" / PACKAGE / "msg").glob("*.json"))
    hashes = [json.loads(path.read_text())["type_hashes"][0]["hash_string"] for path in found]
    return dict(zip((path.stem for path in found), hashes, strict=True))


def main() -> int:
    """Builds and installs vision_msgs unless it is there already; 0, or 1 with one sentence."""
    if is_importable() and (is_current() or not is_built_here()):
        print(f"{PACKAGE} is there already")
        return 0
    try:
        build_message_package(PACKAGE, MESSAGES, version=VERSION, expected_hashes=RELEASED_HASHES)
    except TactileError as error:
        print(f"{PACKAGE} cannot be built: {error}", file=sys.stderr)
        return 1
    print(f"{PACKAGE} built into {sys.prefix}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
