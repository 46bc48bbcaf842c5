"""A subscriber that never reads: reliable, with a long history, and asleep.

Usage: python -m tactile_equiv_sim.faults.idle_subscriber NODE --ros-args ...
"""

from __future__ import annotations

import sys

import rclpy
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification

from tactile_equiv.quality_of_service import STREAM_QOS
from tactile_equiv.ros_environment import prepare_ros_environment

NODE_NAME = "idle_subscriber"


def main() -> int:
    """Subscribe and never take a message; ends with a signal."""
    prepare_ros_environment()
    own = sys.argv[1 : sys.argv.index("--ros-args")]
    rclpy.init(args=sys.argv[2:], signal_handler_options=SignalHandlerOptions.NO)
    node = Node(NODE_NAME)
    for name, kind in {"contact_map": Image, "classification": Classification}.items():
        node.create_subscription(kind, f"{own[0]}/{name}", print, STREAM_QOS)
    sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
