"""What rclpy takes for an image: as a message object, and as serialised bytes; one process.

    python benchmarks/messages.py

Times are those of the calling thread on the CPU, the quietest of several rounds.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable

import numpy as np
import rclpy
import rclpy.duration
from rclpy.qos import QoSProfile
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header

import tactile_equiv.perception_node  # noqa: F401 (a collection visits what the node imports)
from tactile_equiv.cdr import read_image, write_image
from tactile_equiv.messages import float_image
from tactile_equiv.ros_environment import prepare_ros_environment

SIZES = ((32, 32), (240, 320), (480, 640))
ROUNDS = 200
ARRIVE_S = 5.0


def best_us(call: Callable[[], object], prepare: Callable[[], object] = lambda: None) -> float:
    """Shortest CPU time of a call, after `prepare` each time."""
    times = []
    for _ in range(ROUNDS):
        prepare()
        begun = time.thread_time()
        call()
        times.append(time.thread_time() - begun)
    return 1e6 * min(times)


def main() -> int:
    """Print a table."""
    prepare_ros_environment()
    rclpy.init(args=[])
    node = rclpy.create_node("messages")
    subscription = node.create_subscription(Image, "image", lambda message: None, 1)
    publisher = node.create_publisher(Image, "image", QoSProfile(depth=1))
    header = Header(frame_id="fingertip")

    def arrived(sent: bytes) -> None:
        """One message waits in the subscription."""
        publisher.publish(sent)
        publisher.wait_for_all_acked(rclpy.duration.Duration(seconds=ARRIVE_S))

    print(f"{'us':20}{'size':>9}{'object':>9}{'bytes':>9}")
    for rows, columns in SIZES:
        values = np.random.default_rng(0).random((rows, columns), np.float32)
        sent = serialize_message(float_image(header, values))

        def take(raw: bool, sent: bytes = sent) -> float:
            handle = subscription.handle
            return best_us(lambda: handle.take_message(Image, raw), lambda: arrived(sent))

        def publish_object(values: np.ndarray = values) -> None:
            publisher.publish(float_image(header, values))

        def publish_bytes(values: np.ndarray = values) -> None:
            publisher.publish(write_image(header.stamp, header.frame_id, "32FC1", values))

        size = f"{rows}x{columns}"
        read = best_us(lambda sent=sent: read_image(sent))
        print(f"{'take and read':20}{size:>9}{take(False):9.1f}{take(True) + read:9.1f}")
        made = best_us(publish_object), best_us(publish_bytes)
        print(f"{'build and publish':20}{size:>9}{made[0]:9.1f}{made[1]:9.1f}")
    full = best_us(gc.collect)
    gc.freeze()
    print(
        f"full collection: {full / 1e3:.1f} ms, after gc.freeze {best_us(gc.collect) / 1e3:.1f} ms"
    )
    rclpy.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
