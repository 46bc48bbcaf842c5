"""Sends a stream of frames to nodes and measures how long each answer takes: a process of its own.

Reads one JSON object a line from standard input, writes one to standard output:

    {"namespace": "/echo", "answers": ["contact_map"], "rows": 32, "columns": 32,
     "rate_hz": 200.0, "frames": 400}

An answer is complete when one message with the frame's stamp came on each of the `answers`.
"""

from __future__ import annotations

import argparse
import array
import json
import struct
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import rclpy
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification, Detection2DArray

from tactile_equiv.realtime import use_fifo
from tactile_equiv.ros_environment import prepare_ros_environment

TYPES = {"contact_map": Image, "classification": Classification, "contacts": Detection2DArray}
STAMP = struct.Struct("=iI")  # follows the four bytes that say how a message is serialised
POSITIONS = 16
PATIENCE_S = 0.5  # silence after which an answer no longer comes
FIND_LIMIT_S = 20.0


@dataclass
class Answers:
    """What came back for one stream.

    Attributes:
        latency_us: from publish to the callback of the last answer, of every answered frame.
        sent: frames published.
        rate_hz: at which they left; below the asked rate where this process is the bottleneck.
    """

    latency_us: list[float] = field(default_factory=list)
    sent: int = 0
    rate_hz: float = 0.0


def frames(rows: int, columns: int) -> list[bytearray]:
    """Serialised 32FC1 images of one contact of 8x8 taxels, at `POSITIONS` places."""
    random = np.random.default_rng(0)
    blob = random.uniform(60, 200, (8, 8)).astype(np.float32)
    made = []
    for _ in range(POSITIONS):
        values = np.zeros((rows, columns), np.float32)
        row, column = random.integers(0, rows - 7), random.integers(0, columns - 7)
        values[row : row + 8, column : column + 8] = blob
        image = Image(height=rows, width=columns, encoding="32FC1", step=4 * columns)
        image.data = array.array("B", values.tobytes())
        made.append(bytearray(serialize_message(image)))
    return made


class Client:
    """One publisher and the subscriptions to the answers of one node."""

    def __init__(self, node: Node, executor: Any, namespace: str, answers: list[str]) -> None:
        self._executor = executor
        self._wanted = len(answers)
        self._pending: dict[bytes, tuple[int, int]] = {}  # stamp -> begun, answers to come
        self._answers = Answers()
        self._last = 0
        best_effort = QoSProfile(depth=1000, reliability=ReliabilityPolicy.BEST_EFFORT)
        self._publisher = node.create_publisher(Image, f"{namespace}/image", best_effort)
        topics = [f"{namespace}/tactile_perception/{name}" for name in answers]
        subscriptions = [
            node.create_subscription(
                TYPES[name], topic, self._on_answer, QoSProfile(depth=1000), raw=True
            )
            for name, topic in zip(answers, topics, strict=True)
        ]
        deadline = time.monotonic() + FIND_LIMIT_S
        while not (
            self._publisher.get_subscription_count()
            and all(one.get_publisher_count() for one in subscriptions)
        ):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no node below {namespace} after {FIND_LIMIT_S} s")
            executor.spin_once(timeout_sec=0.05)

    def stream(self, messages: list[bytearray], rate_hz: float, count: int) -> Answers:
        """Send `count` frames at a rate and wait for the answers."""
        self._answers, self._pending = Answers(), {}
        begun = time.perf_counter()
        for number in range(count):
            due = begun + number / rate_hz
            while (left := due - time.perf_counter()) > 0:
                self._executor.spin_once(timeout_sec=left)
            self._send(messages[number % len(messages)])
        self._answers.sent = count
        self._answers.rate_hz = count / max(time.perf_counter() - begun, count / rate_hz)
        self._last = time.perf_counter_ns()
        while self._pending and time.perf_counter_ns() - self._last < PATIENCE_S * 1e9:
            self._executor.spin_once(timeout_sec=0.05)
        return self._answers

    def _send(self, message: bytearray) -> None:
        stamp = STAMP.pack(*divmod(time.time_ns(), 1_000_000_000))
        message[4 : 4 + STAMP.size] = stamp
        serialised = bytes(message)
        self._pending[stamp] = (time.perf_counter_ns(), self._wanted)
        self._publisher.publish(serialised)

    def _on_answer(self, serialised: bytes) -> None:
        now = time.perf_counter_ns()
        stamp = serialised[4 : 4 + STAMP.size]
        begun, to_come = self._pending.pop(stamp, (0, 0))
        self._last = now
        if to_come > 1:
            self._pending[stamp] = (begun, to_come - 1)
        elif to_come:
            self._answers.latency_us.append((now - begun) / 1e3)


def main() -> int:
    """Serve requests until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--priority", type=int, default=0, help="SCHED_FIFO priority, 0 = none")
    options = parser.parse_args()
    prepare_ros_environment()
    rclpy.init(args=[])
    node = Node("stream_client")
    executor = EventsExecutor()
    executor.add_node(node)
    if options.priority:
        use_fifo(options.priority)
    clients: dict[str, Client] = {}
    images: dict[tuple[int, int], list[bytearray]] = {}
    for line in sys.stdin:
        request = json.loads(line)
        name, size = request["namespace"], (request["rows"], request["columns"])
        if name not in clients:
            clients[name] = Client(node, executor, name, request["answers"])
        if size not in images:
            images[size] = frames(*size)
        answers = clients[name].stream(images[size], request["rate_hz"], request["frames"])
        print(json.dumps(asdict(answers)), flush=True)
    executor.shutdown()
    rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
