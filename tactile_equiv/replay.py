"""Publishes recorded frames as a live topic."""

from __future__ import annotations

import array
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.task import Future
from sensor_msgs.msg import Image
from std_msgs.msg import Float32MultiArray, Header, MultiArrayDimension

from tactile_equiv.errors import DataError
from tactile_equiv.messages import image_of
from tactile_equiv.recordings import RecordedFrame

REPLAY_QOS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)


class Replay(Node):
    """Publishes frames at a fixed rate, `image` as Image or `taxels` as Float32MultiArray.

    `finished` holds the number of published frames at the end, or what the recording raised.
    """

    def __init__(
        self,
        frames: Iterator[RecordedFrame],
        rate: float,
        topic: str = "image",
        frame_id: str = "tactile_sensor",
        told: Callable[[int, RecordedFrame], None] = lambda index, frame: None,
        **node_arguments: Any,
    ) -> None:
        """
        Args:
            frames: what is published.
            rate: frames a second.
            topic: "image" or "taxels".
            frame_id: of the messages' headers.
            told: called after each published frame with its number and the frame.
            node_arguments: passed on to the node.
        """
        super().__init__("tactile_replay", **node_arguments)
        self._frames = frames
        self._frame_id = frame_id
        self._told = told
        self._count = 0
        self.finished: Future[int] = Future()
        message_class = Image if topic == "image" else Float32MultiArray
        self._publisher = self.create_publisher(message_class, topic, REPLAY_QOS)
        self._message = self._image if topic == "image" else multi_array_of
        self._timer = self.create_timer(1 / rate, self._publish_next)
        self._timer.cancel()

    def begin(self) -> None:
        """Start to publish."""
        self._timer.reset()

    def subscribers(self) -> int:
        """How many subscriptions listen to the frames."""
        return int(self._publisher.get_subscription_count())

    def wait_for_subscriber(self, executor: Executor, limit: float) -> None:
        """Spin until somebody listens.

        Args:
            executor: that holds this node.
            limit: seconds; 0 does not wait.

        Raises:
            DataError: if nobody listens in time.
        """
        end = time.monotonic() + limit
        while limit and not self.subscribers():
            if time.monotonic() > end:
                raise DataError(
                    f"nobody subscribed to {self._publisher.topic_name} within {limit:.0f} s: "
                    "start the perception node, or replay without --wait"
                )
            executor.spin_once(timeout_sec=0.1)

    def _publish_next(self) -> None:
        if self.finished.done():
            return
        try:
            recorded = next(self._frames)
        except StopIteration:
            self.finished.set_result(self._count)
            return
        except Exception as error:
            self.finished.set_exception(error)
            return
        self._publisher.publish(self._message(recorded.frame))
        self._told(self._count, recorded)
        self._count += 1

    def _image(self, frame: NDArray[Any]) -> Image:
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=self._frame_id)
        return image_of(header, frame)


def multi_array_of(frame: NDArray[Any]) -> Float32MultiArray:
    """(H, W) or (H, W, C) of any type to a Float32MultiArray with its layout."""
    message = Float32MultiArray(data=array.array("f", frame.astype(np.float32).tobytes()))
    for axis, label in zip(range(frame.ndim), ("rows", "columns", "channels"), strict=False):
        stride = int(np.prod(frame.shape[axis:]))
        message.layout.dim.append(
            MultiArrayDimension(label=label, size=frame.shape[axis], stride=stride)
        )
    return message


def play(
    frames: Iterator[RecordedFrame], rate: float, topic: str, frame_id: str, wait: float
) -> int:
    """Publish all frames in the default context and return how many.

    Args:
        frames, rate, topic, frame_id: see `Replay`.
        wait: seconds to wait for a subscriber before the first frame; 0 begins at once.

    Raises:
        DataError: if nobody listens in time.
        TactileError: from the recording.
    """
    node = Replay(frames, rate, topic, frame_id)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        node.wait_for_subscriber(executor, wait)
        node.begin()
        executor.spin_until_future_complete(node.finished)
        return node.finished.result() or 0
    finally:
        executor.shutdown()
        node.destroy_node()
