"""Malformed messages mixed into a good stream, over DDS, to a perception node in its own process.

    python -m fuzz.live image --count 10000 --folder FOLDER

Every good frame must be answered as it is answered here, and every malformed one be counted by the
node under the reason for which it is refused here. Nothing may be lost that would excuse a
difference: both sides are reliable and keep more messages than are ever on their way, since the
next burst goes out when the good frame behind the last one has been answered.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification

from fuzz.ledger import GROWTH_LIMIT, Finding
from fuzz.live_messages import Answer, bursts, difference, good_frames
from fuzz.memory import slope
from fuzz.message_subjects import MessageSubject, message_subjects
from fuzz.watched import Watched
from fuzz.worker import DOING, RESULT
from tactile_equiv.input_kind import input_of

DEPTH = 64
"""Messages that each side keeps."""
LIMIT_S = 120.0
NODE = "tactile_perception"
KINDS = ("image", "compressed", "array_f4")
MODEL = "simulated_textures"
"""With which `fuzz.message_subjects` reads messages of these kinds."""
RELIABLE = QoSProfile(depth=DEPTH, reliability=ReliabilityPolicy.RELIABLE)


class StreamError(Exception):
    """What the node did wrong."""


@dataclass
class Mixed:
    """What was sent, and what the node said of it.

    Attributes:
        sent: malformed messages by the reason for which they are refused.
        good: good messages.
        memory: (messages so far, resident bytes of the node).
        problem: what was wrong, "" = nothing.
    """

    sent: Counter[str]
    good: int = 0
    memory: list[tuple[int, int]] | None = None
    problem: str = ""


def mixed_stream(
    kind: str, count: int, log: Path, seed: int = 0, watched: Watched | None = None
) -> Mixed:
    """Send `count` malformed messages among good ones to a node in the ROS domain of the process.

    Args:
        kind: of the messages, one of `KINDS`.
        count: of malformed messages.
        log: what the node says is written here.
        seed: of everything that is drawn.
        watched: told of each burst.
    """
    subject = next(one for one in message_subjects() if one.name == kind)
    context = rclpy.Context()
    rclpy.init(context=context)
    stream = Stream(context, subject, log)
    mixed = Mixed(Counter(), memory=[])
    try:
        stream.connect(mixed)
        for burst in bursts(subject, count, seed):
            if watched is not None:
                watched.begins(mixed.good, f"live {kind}", LIMIT_S, burst[0][0])
            stream.send_burst(burst, mixed)
        stream.settle(mixed)
    except StreamError as error:
        mixed.problem = str(error)
    finally:
        stream.close()
        rclpy.try_shutdown(context=context)
    return mixed


class Stream:
    """A publisher of frames, and the answers of the node that hears them.

    Args:
        context: of rclpy.
        subject: says how messages are made and read.
        log: of the node.
    """

    def __init__(self, context: Any, subject: MessageSubject, log: Path) -> None:
        self._node = Node("fuzz", context=context)
        self._executor = SingleThreadedExecutor(context=context)
        self._executor.add_node(self._node)
        self._classes: list[Classification] = []
        self._maps: list[Image] = []
        self._values: dict[str, str] = {}
        listen = self._node.create_subscription
        listen(Classification, f"{NODE}/classification", self._classes.append, RELIABLE)
        listen(Image, f"{NODE}/contact_map", self._maps.append, RELIABLE)
        listen(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)
        found = input_of(subject.settings)
        self._publisher = self._node.create_publisher(found.message_class, found.topic, RELIABLE)
        self._subject = subject
        self._frames = itertools.cycle(good_frames(subject))
        with log.open("w") as file:
            command = _node_command(subject, found.topic)
            self._process = subprocess.Popen(command, stdout=file, stderr=file)

    def close(self) -> None:
        """End the node, and leave the graph."""
        self._process.terminate()
        try:
            self._process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._executor.shutdown()
        self._node.destroy_node()

    def connect(self, mixed: Mixed) -> None:
        """Send good frames until one is answered on every topic: each side knows the other then."""
        self._until(self._publisher.get_subscription_count, "the node to listen")
        message, _ = next(self._frames)
        while not (self._classes and self._maps):
            mixed.good += 1
            self._publisher.publish(message)
            self._until(lambda: self._classes and self._maps, "an answer", 1.0, False)
        expected = self._send_good(mixed)
        self._until(
            lambda: not difference(self._classes[-1], self._maps[-1], expected),
            "the answer to the second frame, which comes behind all others",
        )
        self._classes.clear()
        self._maps.clear()

    def send_burst(self, burst: Sequence[tuple[bytes, str]], mixed: Mixed) -> None:
        """Some malformed messages, then a good one, whose answer is awaited and compared."""
        for message, reason in burst:
            self._publisher.publish(message)
            mixed.sent[reason] += 1
        expected = self._send_good(mixed)
        self._until(lambda: self._classes and self._maps, "the answer to a good frame")
        if len(self._classes) > 1 or len(self._maps) > 1:
            raise StreamError(f"{len(self._classes)} answers to one good frame")
        if found := difference(self._classes.pop(), self._maps.pop(), expected):
            raise StreamError(found)
        assert mixed.memory is not None
        mixed.memory.append((mixed.sent.total() + mixed.good, _resident(self._process.pid)))

    def _send_good(self, mixed: Mixed) -> Answer:
        """Send the next good frame; what it must be answered with."""
        message, expected = next(self._frames)
        mixed.good += 1
        self._publisher.publish(message)
        return expected

    def settle(self, mixed: Mixed) -> None:
        """Wait until diagnostics count what was sent, and nothing else."""
        total = mixed.good + mixed.sent.total()
        counts = ("perceived", "refused", "dropped")
        self._until(lambda: sum(map(self._count, counts)) >= total, f"{total} messages counted")
        reasons = [name for name in self._values if name.startswith("refused.")]
        counted = {name: self._count(name) for name in (*counts, *reasons)}
        sent = {f"refused.{reason}": count for reason, count in mixed.sent.items()}
        expected = {"perceived": mixed.good, "refused": mixed.sent.total(), "dropped": 0, **sent}
        if counted != expected:
            raise StreamError(f"sent {expected}, counted {counted}")

    def _count(self, name: str) -> int:
        return int(self._values.get(name, 0))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if NODE in status.name:
                self._values = {pair.key: pair.value for pair in status.values}

    def _until(
        self, condition: Callable[[], Any], what: str, limit_s: float = LIMIT_S, must: bool = True
    ) -> None:
        end = time.monotonic() + limit_s
        while not condition():
            if self._process.poll() is not None:
                raise StreamError(f"the node ended with {self._process.returncode}")
            if time.monotonic() > end:
                if must:
                    raise StreamError(f"waited {limit_s:.0f} s for {what}")
                return
            self._executor.spin_once(timeout_sec=0.05)


def _node_command(subject: MessageSubject, topic: str) -> list[str]:
    quality = f"qos_overrides./{topic}.subscription"
    parameters = {
        "model_path": MODEL,
        "backend": subject.model.backend.name,
        "device": "cpu",
        "input_type": subject.settings.input_type,
        f"{quality}.reliability": "reliable",
        f"{quality}.depth": DEPTH,
    }
    given = [word for name, value in parameters.items() for word in ("-p", f"{name}:={value}")]
    return [sys.executable, "-m", "tactile_equiv.perception_node", "--ros-args", *given]


def _resident(pid: int) -> int:
    """Bytes; 0 where the process is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    except OSError:
        return 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the stream that the command line asks for, and write `result.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    log, watched = options.folder / "node.log", Watched(options.folder / DOING)
    mixed = mixed_stream(options.kind, options.count, log, options.seed, watched)
    result = as_result(f"live_{options.kind}", mixed)
    (options.folder / RESULT).write_text(json.dumps(result, indent=1), "utf-8")


def as_result(name: str, mixed: Mixed) -> dict[str, Any]:
    """As the ledger of a campaign has it."""
    memory = mixed.memory or []
    growth = slope(memory) * (memory[-1][0] if memory else 0)
    problems = [("wrong", mixed.problem)] if mixed.problem else []
    if growth > GROWTH_LIMIT:
        problems.append(("leak", f"the node grew by {growth / 1e6:.0f} MB"))
    findings = [Finding(name, kind, "live stream", said, "live") for kind, said in problems]
    refused = mixed.sent.total()
    tally = {"kind": "live", "inputs": refused + mixed.good, "answered": mixed.good}
    return {
        "tallies": {name: {**tally, "refused": dict(mixed.sent), "slowest_s": 0.0}},
        "findings": [asdict(finding) for finding in findings],
        "memory": {
            "peak_mb": max((used for _, used in memory), default=0) / 1e6,
            "bytes_an_input": slope(memory),
            "samples": len(memory),
        },
    }


if __name__ == "__main__":
    from tactile_equiv.ros_environment import prepare_ros_environment

    prepare_ros_environment()
    main()
