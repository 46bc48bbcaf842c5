"""Recording on a live graph: messages as they came, labels at their time, kills survived."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rclpy
from graph_client import LATCHED, Client, image
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Float32MultiArray, String

from tactile_equiv.bag_writer import BagWriter
from tactile_equiv.cut_recordings import CutRecording
from tactile_equiv.errors import DataError
from tactile_equiv.recorder import Recorder

highlevel = pytest.importorskip("rosbags.highlevel")

RELIABLE = QoSProfile(depth=100)
LIMIT_NS = 60 * 10**9
BEST_EFFORT = QoSProfile(depth=100, reliability=ReliabilityPolicy.BEST_EFFORT)


def frame(value: int) -> Image:
    return image(np.full((3, 4), value, np.float32), value)


@pytest.fixture
def record(client: Client, ros_context: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts a recorder of these topics in the client's executor."""
    started = []

    def start(*topics: str, path: Path = tmp_path / "bag", **arguments: Any) -> Any:
        bag = BagWriter(path)
        recorder = Recorder(bag, topics, **arguments, context=ros_context)
        client.executor.add_node(recorder)
        started.append(recorder)
        return recorder, bag

    yield start
    for recorder in started:
        client.executor.remove_node(recorder)
        recorder.destroy_node()


def publish(client: Client, publisher: Any, messages: list[Any]) -> None:
    client.until(publisher.get_subscription_count, "the recorder")
    for message in messages:
        publisher.publish(message)


def recorded(path: Path) -> list[tuple[str, bytes]]:
    with highlevel.AnyReader([path]) as reader:
        return [(connection.topic, bytes(raw)) for connection, _, raw in reader.messages()]


def count(recorder: Any, topic: str) -> int:
    return int(recorder.counts.get(topic, (0, 0))[0])


@pytest.mark.parametrize("qos", [RELIABLE, BEST_EFFORT, LATCHED])
def test_messages_are_recorded_as_they_came(
    client: Client, record: Any, tmp_path: Path, qos: QoSProfile
) -> None:
    recorder, bag = record("image", "taxels")
    publisher = client.node.create_publisher(Image, "image", qos)
    sent = [frame(value) for value in range(5)]
    publish(client, publisher, sent)
    client.until(lambda: count(recorder, "/image") == 5, "the frames")
    assert recorder.waiting == ["/taxels"] and recorder.counts["/image"] == (5, 0)
    bag.close()
    found = recorded(tmp_path / "bag")
    assert [topic for topic, _ in found] == ["/image"] * 5
    assert [deserialize_message(raw, Image) for _, raw in found] == sent


def test_a_latched_message_of_before_is_recorded(client: Client, record: Any) -> None:
    publisher = client.node.create_publisher(String, "info", LATCHED)
    publisher.publish(String(data="once"))
    client.until(lambda: client.node.count_publishers("info"))
    recorder, _ = record("info")
    client.until(lambda: count(recorder, "/info") == 1, "the latched message")


def test_labels_hold_from_their_time_on(client: Client, record: Any, tmp_path: Path) -> None:
    recorder, bag = record("image")
    publisher = client.node.create_publisher(Image, "image", RELIABLE)
    labels = client.node.create_publisher(String, "tactile_label", RELIABLE)
    publish(client, publisher, [frame(1)])
    client.until(lambda: count(recorder, "/image") == 1)
    recorder.set_label("ridges")
    recorder.write_labels()
    publish(client, publisher, [frame(2)])
    client.until(lambda: count(recorder, "/image") == 2)
    publish(client, labels, [String(data="smooth")])
    client.until(lambda: recorder.label == "smooth", "the label of another node")
    publish(client, publisher, [frame(3)])
    client.until(lambda: count(recorder, "/image") == 3)
    bag.close()
    with highlevel.AnyReader([tmp_path / "bag"]) as reader:
        found = []
        for connection, _, raw in reader.messages():
            message = reader.deserialize(raw, connection.msgtype)
            stamped = connection.topic == "/image"
            found.append(message.header.stamp.sec if stamped else message.data)
    assert found == [1, "ridges", 2, "smooth", 3]


def test_the_time_of_a_message_is_when_it_came(client: Client, record: Any, tmp_path: Path) -> None:
    mcap = tmp_path / "one.mcap"
    recorder, bag = record("taxels", path=mcap)
    publisher = client.node.create_publisher(Float32MultiArray, "taxels", RELIABLE)
    publish(client, publisher, [Float32MultiArray(data=[1.0])])
    client.until(lambda: count(recorder, "/taxels") == 1)
    bag.close()
    with highlevel.AnyReader([mcap]) as reader:
        ((_, received, _),) = reader.messages()
    assert abs(received - client.node.get_clock().now().nanoseconds) < LIMIT_NS


def test_several_types_on_one_topic_are_refused(
    client: Client, record: Any, ros_domain: int
) -> None:
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=ros_domain)
    other = rclpy.create_node("other", context=context)
    client.node.create_publisher(Image, "mixed", RELIABLE)
    other.create_publisher(String, "mixed", RELIABLE)
    client.until(lambda: client.node.count_publishers("mixed") == 2)
    with pytest.raises(DataError, match="has the types sensor_msgs/msg/Image, std_msgs"):
        record("mixed")
        client.until(lambda: False, "the refusal")
    other.destroy_node()
    rclpy.try_shutdown(context=context)


def test_a_publisher_that_offers_less_is_named(client: Client, record: Any) -> None:
    warnings: list[str] = []
    reliable = client.node.create_publisher(Image, "image", RELIABLE)
    record("image", warn=warnings.append)
    client.until(reliable.get_subscription_count)
    client.node.create_publisher(Image, "image", BEST_EFFORT)
    client.until(lambda: warnings, "the warning")
    assert "offers BEST_EFFORT" in warnings[0] and "/image" in warnings[0]


def test_a_full_disk_ends_the_recording_and_keeps_it(
    client: Client, record: Any, files_up_to: Any
) -> None:
    recorder, bag = record("image")
    publisher = client.node.create_publisher(Image, "image", RELIABLE)
    publish(client, publisher, [frame(1)])
    client.until(lambda: count(recorder, "/image") == 1)
    bag.flush()
    with files_up_to(bag.file.stat().st_size + 10):
        publish(client, publisher, [frame(2)])
        with pytest.raises(DataError, match="ends with 1 messages, which stay readable"):
            client.until(lambda: False, "the refusal")
        with pytest.raises(DataError):
            bag.close()
    assert len(CutRecording(bag.file)) == 1


def test_a_recording_is_not_overwritten(tmp_path: Path) -> None:
    for path in (tmp_path / "bag", tmp_path / "bag.mcap"):
        BagWriter(path).close()
        with pytest.raises(DataError, match="exists already"):
            BagWriter(path)


@pytest.fixture
def recording(tmp_path: Path, ros_domain: int) -> Iterator[Callable[..., Any]]:
    """Starts `tactile-equiv record` in a process."""
    started = []

    def start(*options: str) -> Any:
        command = [sys.executable, "-m", "tactile_equiv.console", "record", *options]
        started.append(
            subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_killed_recorder_loses_no_more_than_its_last_moment(
    client: Client, recording: Any, tmp_path: Path
) -> None:
    file = tmp_path / "bag" / "bag_0.mcap"
    process = recording(str(tmp_path / "bag"))
    publisher = client.node.create_publisher(Image, "image", RELIABLE)
    publish(client, publisher, [frame(value) for value in range(8)])
    client.until(lambda: len(CutRecording(file)) == 8, "the frames on disk")
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    found = CutRecording(file)
    messages = [deserialize_message(raw, Image) for _, _, raw in found.messages([*found.channels])]
    assert messages == [frame(value) for value in range(8)]


def test_a_signal_ends_a_recording_with_its_labels(
    client: Client, recording: Any, tmp_path: Path
) -> None:
    path = tmp_path / "bag"
    process = recording(str(path), "--classes", "smooth,ridges")
    publisher = client.node.create_publisher(Image, "image", RELIABLE)
    publish(client, publisher, [frame(1)])
    process.stdin.write("2\n")
    process.stdin.flush()
    client.until(lambda: len(CutRecording(path / "bag_0.mcap")) == 2, "frame and label on disk")
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0
    said = process.stderr.read()
    assert "1 smooth, 2 ridges" in said and "2 messages over" in said
    assert sorted(topic for topic, _ in recorded(path)) == ["/image", "/tactile_label"]
