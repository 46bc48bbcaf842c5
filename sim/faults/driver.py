"""A sensor's driver that may die: publishes numbered frames and writes down which it sent.

Usage: python -m tactile_equiv_sim.faults.driver MODEL ROWS COLS SEED FIRST RATE FILE --ros-args ...
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from tactile_equiv.messages import image_of
from tactile_equiv.model_directory import load_card
from tactile_equiv.node_process import node_main, spinning

from .ledger import name_of
from .presses import pressed_frames

DEPTH = 100
NODE_NAME = "fault_driver"


class Driver(Node):
    """Publishes frames on `image`.

    Args:
        name: of the node.
        reliability: most drivers publish best effort.
        node_arguments: passed on to rclpy.
    """

    def __init__(
        self,
        name: str = NODE_NAME,
        reliability: ReliabilityPolicy = ReliabilityPolicy.BEST_EFFORT,
        **node_arguments: Any,
    ) -> None:
        super().__init__(name, **node_arguments)
        qos = QoSProfile(depth=DEPTH, reliability=reliability)
        self._frames = self.create_publisher(Image, "image", qos)

    @property
    def topic(self) -> str:
        """Full name of the topic of the frames."""
        return str(self._frames.topic_name)

    @property
    def heard(self) -> bool:
        """Somebody listens."""
        return bool(self._frames.get_subscription_count())

    def send(self, frame: NDArray[Any], bank: int, number: int) -> None:
        """Publish a frame, stamped now."""
        stamp = self.get_clock().now().to_msg()
        self._frames.publish(image_of(Header(stamp=stamp, frame_id=name_of(bank, number)), frame))


def drive(arguments: list[str]) -> int:
    """Publish until the process ends."""
    model, rows, cols, seed, first, rate, file = arguments
    frames = pressed_frames(load_card(Path(model)), int(rows), int(cols), int(seed))
    number, period = int(first), 1 / float(rate)
    with spinning(Driver) as (node, executor), Path(file).open("wb", buffering=0) as sent:
        while node.context.ok():
            if node.heard:
                node.send(frames[number % len(frames)], 0, number)
                sent.write(b"%d\n" % number)
                number += 1
            due = time.monotonic() + period
            while (left := due - time.monotonic()) > 0:
                executor.spin_once(timeout_sec=left)
    return 0


def main() -> int:
    """Run the driver."""
    own = sys.argv[1 : sys.argv.index("--ros-args")]
    return node_main("driver", lambda: drive(own), sys.argv[len(own) + 1 :])


if __name__ == "__main__":
    sys.exit(main())
