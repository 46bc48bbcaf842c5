"""Replays frames as `image` or `taxels`, or all topics of a recording as they were."""

from __future__ import annotations

import array
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Float32MultiArray, Header, MultiArrayDimension

from tactile_equiv.bags import open_bag
from tactile_equiv.errors import DataError
from tactile_equiv.message_definitions import class_of
from tactile_equiv.messages import image_of
from tactile_equiv.player import AS_RECORDED, Pace, Playable, Player, stamp_of
from tactile_equiv.recordings import RecordedFrame

REPLAY_QOS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
FRAME_RATE = 30.0
STAMPED = {"header": "std_msgs/Header", "stamp": "builtin_interfaces/Time"}
"""First fields that begin with a stamp."""
STAMP = slice(4, 12)
"""Bytes of that stamp in a serialised message."""


class Replay(Player):
    """Publishes frames, `image` as Image or `taxels` as Float32MultiArray, stamped now.

    Args:
        frames: gives all frames, from the beginning.
        rate: frames a second; 0 = as `seconds_of` says.
        topic: "image" or "taxels".
        frame_id: of the messages' headers.
        pace: how fast.
        node_arguments: passed on to the node.
    """

    def __init__(
        self,
        frames: Callable[[], Iterator[RecordedFrame]],
        rate: float,
        topic: str = "image",
        frame_id: str = "tactile_sensor",
        pace: Pace = AS_RECORDED,
        **node_arguments: Any,
    ) -> None:
        super().__init__(self._playable, pace, **node_arguments)
        self._frames = frames
        self._rate = rate
        self._frame_id = frame_id
        self._base = self.get_clock().now().nanoseconds
        message_class = Image if topic == "image" else Float32MultiArray
        self._publisher = self.create_publisher(message_class, topic, REPLAY_QOS)
        self._message = self._image if topic == "image" else _array
        self.outputs.append(self._publisher)

    def _playable(self) -> Iterator[Playable]:
        for index, recorded in enumerate(self._frames()):
            at = self._base + round(seconds_of(index, recorded, self._rate) * 1e9)
            yield Playable(at, partial(self._send, at, recorded))

    def _send(self, at: int, recorded: RecordedFrame) -> None:
        now = at if self.clocked else self.get_clock().now().nanoseconds
        self._publisher.publish(self._message(now, recorded.frame))

    def _image(self, now: int, frame: NDArray[Any]) -> Image:
        return image_of(Header(stamp=stamp_of(now), frame_id=self._frame_id), frame)


def seconds_of(index: int, recorded: RecordedFrame, rate: float) -> float:
    """When a frame is due: so many a second, or (0) at its own time, or (it has none) 30 a second.

    Seconds since the first frame.
    """
    if not rate and recorded.time is not None:
        return recorded.time
    return index / (rate or FRAME_RATE)


def _array(now: int, frame: NDArray[Any]) -> Float32MultiArray:
    return multi_array_of(frame)


class BagReplay(Player):
    """Publishes the topics of a recording as they were, serialised as they came.

    Args:
        path: rosbag2 recording.
        topics: which; empty = all.
        restamp: move the stamps of headers to now; equal stamps stay equal.
        start, duration: the part that is played, seconds of the recording; 0 = to its end.
        tell: hears what cannot be played.
        pace: how fast.
        node_arguments: passed on to the node.

    Raises:
        DataError: if the recording cannot be read, or no topic can be played.
    """

    def __init__(
        self,
        path: Path,
        topics: tuple[str, ...] = (),
        restamp: bool = False,
        start: float = 0.0,
        duration: float = 0.0,
        tell: Callable[[str], None] = lambda notice: None,
        pace: Pace = AS_RECORDED,
        **node_arguments: Any,
    ) -> None:
        super().__init__(self._playable, pace, **node_arguments)
        self._part = start, duration or float("inf")
        self._restamp = restamp
        self._open = ExitStack()
        self._bag = self._open.enter_context(open_bag(path, tell))
        self._targets: dict[Any, tuple[Any, bool]] = {}
        for connection in self._bag.connections:
            if not topics or connection.topic in topics:
                self._add(connection, tell)
        if not self._targets:
            raise DataError(f"{path} has no topic that can be played here: {_listed(self._bag)}")

    def destroy_node(self) -> None:
        """Close the recording, too."""
        self._open.close()
        super().destroy_node()

    def _add(self, connection: Any, tell: Callable[[str], None]) -> None:
        try:
            message_class = class_of(connection.msgtype)
        except DataError as error:
            tell(f"{connection.topic} is left out: {error}")
            return
        publisher = self.create_publisher(message_class, connection.topic, _qos(connection))
        first = next(iter(message_class.get_fields_and_field_types().items()), ("", ""))
        self._targets[connection.id] = publisher, STAMPED.get(first[0]) == first[1]
        self.outputs.append(publisher)

    def _playable(self) -> Iterator[Playable]:
        start, duration = (seconds * 1e9 for seconds in self._part)
        wanted = [c for c in self._bag.connections if c.id in self._targets]
        begun = None
        for connection, at, raw in self._bag.messages(connections=wanted):
            begun = at if begun is None else begun
            if start <= at - begun < start + duration:
                yield Playable(at, partial(self._send, connection, bytes(raw)))

    def _send(self, connection: Any, raw: bytes) -> None:
        publisher, stamped = self._targets[connection.id]
        if stamped and self._restamp:
            raw = restamped(raw, self.wall_time)
        publisher.publish(raw)


def restamped(raw: bytes, moved: Callable[[int], int]) -> bytes:
    """A serialised message that begins with a stamp, with another stamp; none (0) stays none."""
    order = "<" if raw[1] & 1 else ">"
    sec, nanosec = struct.unpack(f"{order}iI", raw[STAMP])
    if not sec and not nanosec:
        return raw
    stamp = struct.pack(f"{order}iI", *divmod(moved(sec * 10**9 + nanosec), 10**9))
    return raw[: STAMP.start] + stamp + raw[STAMP.stop :]


def multi_array_of(frame: NDArray[Any]) -> Float32MultiArray:
    """(H, W) or (H, W, C) of any type to a Float32MultiArray with its layout."""
    message = Float32MultiArray(data=array.array("f", frame.astype(np.float32).tobytes()))
    for axis, label in zip(range(frame.ndim), ("rows", "columns", "channels"), strict=False):
        stride = int(np.prod(frame.shape[axis:]))
        message.layout.dim.append(
            MultiArrayDimension(label=label, size=frame.shape[axis], stride=stride)
        )
    return message


def _qos(connection: Any) -> QoSProfile:
    """Reliable, and latched where the recorded publisher was."""
    offered = getattr(getattr(connection, "ext", None), "offered_qos_profiles", ())
    latched = any(profile.durability.name == "TRANSIENT_LOCAL" for profile in offered)
    durability = DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE
    return QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE, durability=durability)


def _listed(bag: Any) -> str:
    return ", ".join(f"{c.topic} ({c.msgtype})" for c in bag.connections) or "it has none"
