"""A node that sends every image back: the least that a Python node can take for a frame.

    python benchmarks/echo_node.py --executor events --raw --ros-args -r __ns:=/echo

Hears `image` (best effort, depth 1) and answers on `contact_map`, as the perception node does.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.executors import (
    Executor,
    ExternalShutdownException,
    MultiThreadedExecutor,
    SingleThreadedExecutor,
)
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from tactile_equiv.ros_environment import prepare_ros_environment

EXECUTORS: dict[str, Callable[[], Executor]] = {
    "single_threaded": SingleThreadedExecutor,
    "multi_threaded": MultiThreadedExecutor,
    "events": EventsExecutor,
}


def main() -> int:
    """Echo until a signal comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executor", choices=EXECUTORS, default="single_threaded")
    parser.add_argument("--raw", action="store_true", help="serialised bytes in and out")
    options, ros_arguments = parser.parse_known_args()
    prepare_ros_environment()
    rclpy.init(args=[sys.argv[0], *ros_arguments])
    node = Node("tactile_perception")
    answers = node.create_publisher(
        Image, "~/contact_map", QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
    )

    def on_image(message: Any) -> None:
        answers.publish(message)

    node.create_subscription(
        Image,
        "image",
        on_image,
        QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT),
        raw=options.raw,
    )
    executor = EXECUTORS[options.executor]()
    executor.add_node(node)
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        while rclpy.ok():
            executor.spin_once(timeout_sec=1.0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
