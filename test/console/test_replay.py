"""Recorded frames become a live topic."""

from typing import Any

import numpy as np
import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Float32MultiArray

from tactile_equiv.decoding import decode_image, decode_multi_array
from tactile_equiv.errors import DataError
from tactile_equiv.recordings import RecordedFrame
from tactile_equiv.replay import Replay
from tactile_equiv.settings import Settings

LIMIT = 30.0


def frames_of(kind: type) -> list[np.ndarray[Any, Any]]:
    return list(np.arange(60).reshape(3, 4, 5).astype(kind))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32, np.int64])
@pytest.mark.parametrize("topic", ["image", "taxels"])
def test_replayed_frames_arrive_whole_and_in_order(
    ros_context: Any, topic: str, kind: type
) -> None:
    sent = frames_of(kind)
    replay = Replay(
        iter([RecordedFrame(frame, None, "") for frame in sent]), 100.0, topic, context=ros_context
    )
    listener = Node("listener", context=ros_context)
    heard: list[Any] = []
    message_class, decode = {
        "image": (Image, decode_image),
        "taxels": (Float32MultiArray, decode_multi_array),
    }[topic]
    listener.create_subscription(message_class, topic, heard.append, 10)
    executor = SingleThreadedExecutor(context=ros_context)
    executor.add_node(replay)
    executor.add_node(listener)
    replay.wait_for_subscriber(executor, LIMIT)
    replay.begin()
    executor.spin_until_future_complete(replay.finished, LIMIT)
    while len(heard) < len(sent):
        executor.spin_once(timeout_sec=LIMIT)
    assert replay.finished.result() == len(sent)
    for message, frame in zip(heard, sent, strict=True):
        assert np.array_equal(decode(message, Settings()), frame)
    executor.shutdown()


def test_nobody_listening_is_said(ros_context: Any) -> None:
    replay = Replay(iter([]), 10.0, context=ros_context)
    executor = SingleThreadedExecutor(context=ros_context)
    executor.add_node(replay)
    with pytest.raises(DataError, match="nobody subscribed"):
        replay.wait_for_subscriber(executor, 0.2)
    executor.shutdown()


def test_a_broken_recording_ends_the_replay_with_its_reason(ros_context: Any) -> None:
    def broken() -> Any:
        yield RecordedFrame(np.zeros((2, 2), np.uint8), None, "")
        raise DataError("the file ends here")

    replay = Replay(broken(), 100.0, context=ros_context)
    executor = SingleThreadedExecutor(context=ros_context)
    executor.add_node(replay)
    replay.begin()
    executor.spin_until_future_complete(replay.finished, LIMIT)
    with pytest.raises(DataError, match="ends here"):
        replay.finished.result()
    executor.shutdown()
