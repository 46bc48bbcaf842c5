"""Recorded frames become a live topic."""

import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.serialization import serialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image
from std_msgs.msg import Float32MultiArray, Header, String

from tactile_equiv.bag_writer import BagWriter, RecordedTopic
from tactile_equiv.decoding import decode_image, decode_multi_array
from tactile_equiv.errors import DataError
from tactile_equiv.message_definitions import definition_of
from tactile_equiv.messages import image_of
from tactile_equiv.player import Pace, Playable, Player, stamp_of
from tactile_equiv.recordings import LABEL_TYPE, RecordedFrame
from tactile_equiv.replay import BagReplay, Replay, restamped
from tactile_equiv.settings import Settings

LIMIT = 30.0
IMAGE = "sensor_msgs/msg/Image"


def frames_of(kind: type) -> list[np.ndarray[Any, Any]]:
    return list(np.arange(60).reshape(3, 4, 5).astype(kind))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32, np.int64])
@pytest.mark.parametrize("topic", ["image", "taxels"])
def test_replayed_frames_arrive_whole_and_in_order(
    ros_context: Any, topic: str, kind: type
) -> None:
    sent = frames_of(kind)
    recorded = [RecordedFrame(frame, None, "") for frame in sent]
    replay = Replay(lambda: iter(recorded), 100.0, topic, context=ros_context)
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
    replay = Replay(lambda: iter([]), 10.0, context=ros_context)
    executor = SingleThreadedExecutor(context=ros_context)
    executor.add_node(replay)
    with pytest.raises(DataError, match="nobody subscribed"):
        replay.wait_for_subscriber(executor, 0.2)
    executor.shutdown()


def test_a_broken_recording_ends_the_replay_with_its_reason(ros_context: Any) -> None:
    def broken() -> Any:
        yield RecordedFrame(np.zeros((2, 2), np.uint8), None, "")
        raise DataError("the file ends here")

    replay = Replay(broken, 100.0, context=ros_context)
    executor = SingleThreadedExecutor(context=ros_context)
    executor.add_node(replay)
    replay.begin()
    executor.spin_until_future_complete(replay.finished, LIMIT)
    with pytest.raises(DataError, match="ends here"):
        replay.finished.result()
    executor.shutdown()


def test_an_empty_recording_is_said(ros_context: Any) -> None:
    replay = Replay(lambda: iter([]), 100.0, context=ros_context)
    replay.begin()
    with pytest.raises(DataError, match="nothing to replay"):
        replay.finished.result()
    replay.destroy_node()


STAMPS = [100, 250, 400]  # milliseconds after the first message was received
BEGUN = 1_700_000_000_000_000_000


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    """Three stamped frames, a label between them, a type that is not installed, no stamp at all."""
    writer = BagWriter(tmp_path / "bag")
    numbers = {
        kind: writer.add_topic(RecordedTopic(name, kind, text))
        for name, kind, text in [
            ("/skin", IMAGE, definition_of(IMAGE)),
            ("/tactile_label", LABEL_TYPE, "string data\n"),
            ("/vendor", "vendor_msgs/msg/Own", "uint8 value\n"),
        ]
    }
    for index, passed in enumerate(STAMPS):
        at = BEGUN + passed * 10**6
        header = Header(stamp=stamp_of(at - 3), frame_id="tip")
        frame = image_of(header, np.full((2, 3), index, np.uint8))
        writer.write(numbers[IMAGE], at, at, bytes(serialize_message(frame)))
        label = serialize_message(String(data=f"class {index}"))
        writer.write(numbers[LABEL_TYPE], at + 1, at + 1, bytes(label))
    writer.write(numbers["vendor_msgs/msg/Own"], BEGUN, BEGUN, b"\0\1\0\0\7")
    writer.close()
    return tmp_path / "bag"


def play_bag(context: Any, bag: Path, clock: bool = False, **arguments: Any) -> Any:
    """What listeners heard of a replay: frames, labels, clocks; and how long it took."""
    replay = BagReplay(bag, context=context, **arguments)
    listener = Node("listener", context=context)
    heard: dict[str, list[Any]] = {"skin": [], "tactile_label": [], "/clock": []}
    for topic, kind in [("skin", Image), ("tactile_label", String), ("/clock", Clock)]:
        listener.create_subscription(kind, topic, heard[topic].append, 10)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(replay)
    executor.add_node(listener)
    deadline = time.monotonic() + LIMIT
    while not all(output.get_subscription_count() for output in replay.outputs):
        executor.spin_once(timeout_sec=0.1)
        assert time.monotonic() < deadline
    begun = time.monotonic()
    replay.begin()
    executor.spin_until_future_complete(replay.finished, LIMIT)
    passed = time.monotonic() - begun
    count = replay.finished.result()
    while len(heard["skin"]) + len(heard["tactile_label"]) < count or (
        clock and heard["/clock"][-1].clock != stamp_of(BEGUN + 400 * 10**6 + 1)
    ):
        executor.spin_once(timeout_sec=0.1)
        assert time.monotonic() < deadline
    executor.shutdown()
    replay.destroy_node()
    listener.destroy_node()
    return heard, passed


def times(frames: list[Image]) -> list[int]:
    return [frame.header.stamp.sec * 10**9 + frame.header.stamp.nanosec for frame in frames]


TOPICS = ("/skin", "/tactile_label")


def test_a_bag_is_replayed_as_it_was(ros_context: Any, bag: Path) -> None:
    heard, passed = play_bag(ros_context, bag, topics=TOPICS)
    assert times(heard["skin"]) == [BEGUN + one * 10**6 - 3 for one in STAMPS]
    assert [decode_image(one, Settings()).max() for one in heard["skin"]] == [0, 1, 2]
    assert [one.data for one in heard["tactile_label"]] == ["class 0", "class 1", "class 2"]
    assert passed >= 0.3


def test_a_faster_replay_with_clock_keeps_recorded_times(ros_context: Any, bag: Path) -> None:
    pace = Pace(speed=10, clock_rate=1000)
    heard, passed = play_bag(ros_context, bag, True, topics=TOPICS, pace=pace)
    assert passed >= 0.03
    clocks = [one.clock.sec * 10**9 + one.clock.nanosec for one in heard["/clock"]]
    assert clocks == sorted(clocks)
    assert clocks[0] >= BEGUN + 100 * 10**6 and clocks[-1] == BEGUN + 400 * 10**6 + 1


def test_stamps_are_moved_to_now_and_keep_their_distances(ros_context: Any, bag: Path) -> None:
    before = time.time_ns()
    heard, _ = play_bag(ros_context, bag, topics=TOPICS, restamp=True, pace=Pace(speed=2))
    first, second, third = times(heard["skin"])
    assert before - 10 <= first <= time.time_ns()
    assert (second - first, third - first) == (75_000_000, 150_000_000)


def test_stamps_of_now_are_those_of_now_after_a_delay_too(ros_context: Any) -> None:
    ends: list[int] = []
    stamps: list[int] = []

    def be_late() -> None:
        while time.time_ns() < player.wall_time(BEGUN) + 200 * 10**6:
            pass
        ends.append(time.time_ns())

    def one_pass() -> Any:
        yield Playable(BEGUN, be_late)
        yield Playable(BEGUN + 10**7, lambda: stamps.append(player.wall_time(BEGUN + 10**7)))

    player = Player(one_pass, Pace(), context=ros_context)
    executor = SingleThreadedExecutor(context=ros_context)
    executor.add_node(player)
    player.begin()
    executor.spin_until_future_complete(player.finished, LIMIT)
    assert stamps[0] >= ends[0] - 10**7
    executor.shutdown()
    player.destroy_node()


def test_a_part_is_replayed(ros_context: Any, bag: Path) -> None:
    heard, _ = play_bag(ros_context, bag, topics=TOPICS, start=0.1, duration=0.1)
    assert len(heard["skin"]) == 1 and decode_image(heard["skin"][0], Settings()).max() == 1


def test_a_type_that_is_not_installed_is_left_out_and_named(ros_context: Any, bag: Path) -> None:
    told: list[str] = []
    replay = BagReplay(bag, tell=told.append, context=ros_context)
    assert sorted(output.topic_name for output in replay.outputs) == list(TOPICS)
    assert "/vendor is left out" in told[0] and "vendor_msgs/msg/Own" in told[0]
    replay.destroy_node()
    with pytest.raises(DataError, match="no topic that can be played"):
        BagReplay(bag, ("/vendor",), context=ros_context)


@pytest.mark.parametrize("order", ["<", ">"])
def test_only_a_stamp_is_changed(order: str) -> None:
    raw = bytes([0, order == "<", 0, 0]) + struct.pack(f"{order}iI", 7, 8) + b"rest"
    moved = restamped(raw, lambda nanoseconds: nanoseconds + 10**9)
    assert moved == raw[:4] + struct.pack(f"{order}iI", 8, 8) + b"rest"
    none = raw[:4] + bytes(8) + b"rest"
    assert restamped(none, lambda nanoseconds: 5) == none
