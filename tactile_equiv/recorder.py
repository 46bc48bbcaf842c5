"""The node that records: messages as they came, and labels, into one recording."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import String

from tactile_equiv.bag_writer import BagWriter, RecordedTopic
from tactile_equiv.errors import DataError
from tactile_equiv.message_definitions import class_of, definition_of
from tactile_equiv.quality_of_service import unheard_publishers
from tactile_equiv.recordings import LABEL_TOPIC, LABEL_TYPE
from tactile_equiv.stream_statistics import DropCounter

DEPTH = 1000
PERIOD = 0.1  # seconds between looks at the graph and at typed labels
FLUSHES = 5  # periods between writes to disk
INFINITE = {"sec": 9223372036, "nsec": 854775807}


@dataclass
class _Stream:
    """A recorded topic."""

    name: str
    number: int
    subscription: Any = None
    missing: int = 0
    drops: DropCounter = field(default_factory=DropCounter)


class Recorder(Node):
    """Records topics as soon as somebody publishes them; a label holds until the next one.

    The log time of a message is when it came, its publish time when it was sent. Labels, also those
    set by `set_label`, are messages of `label_topic`.

    Args:
        bag: what is written to.
        topics: names, relative or full.
        label_topic: name of the labels, std_msgs/String.
        warn: hears what does not fit.
        node_arguments: passed on to the node.

    Raises:
        DataError: while spinning, when the recording cannot be written or a topic cannot be
            recorded.
    """

    def __init__(
        self,
        bag: BagWriter,
        topics: Sequence[str],
        label_topic: str = LABEL_TOPIC,
        warn: Callable[[str], None] = lambda text: None,
        **node_arguments: Any,
    ) -> None:
        super().__init__("tactile_recorder", **node_arguments)
        self._bag = bag
        self._warn = warn
        self._warned: set[str] = set()
        self._label_topic = self.resolve_topic_name(label_topic)
        self._waiting = [self.resolve_topic_name(topic) for topic in topics]
        self._streams: dict[str, _Stream] = {}
        self._typed: SimpleQueue[tuple[int, str]] = SimpleQueue()
        self._ticks = 0
        self.label = ""
        self._add_labels()
        self.create_timer(PERIOD, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._look()

    @property
    def waiting(self) -> list[str]:
        """Topics that nobody has published yet."""
        return list(self._waiting)

    @property
    def counts(self) -> Mapping[str, tuple[int, int]]:
        """Topic to messages recorded and messages that never came (known of one publisher)."""
        return {
            name: (self._bag.count(stream.number), stream.missing)
            for name, stream in self._streams.items()
        }

    def set_label(self, label: str) -> None:
        """From now on frames are of this class; "" ends it. May be called from any thread."""
        self._typed.put((time.time_ns(), label))
        self.label = label

    def write_labels(self) -> None:
        """Write the labels that were set since."""
        while True:
            try:
                at, label = self._typed.get_nowait()
            except Empty:
                return
            number = self._streams[self._label_topic].number
            self._bag.write(number, at, at, bytes(serialize_message(String(data=label))))

    def _tick(self) -> None:
        self.write_labels()
        self._look()
        self._ticks += 1
        if self._ticks % FLUSHES == 0:
            self._bag.flush()
            self._look_for_unheard()

    def _look(self) -> None:
        """Subscribe to the topics that have appeared."""
        for topic in self.waiting:
            types = {one.topic_type for one in self.get_publishers_info_by_topic(topic)}
            if len(types) > 1:
                raise DataError(
                    f"{topic} has the types {', '.join(sorted(types))}: a recorded topic has one"
                )
            if types:
                self._waiting.remove(topic)
                self._add(topic, types.pop())

    def _add(self, topic: str, message_type: str) -> None:
        publishers = self.get_publishers_info_by_topic(topic)
        number = self._bag.add_topic(
            RecordedTopic(
                topic,
                message_type,
                definition_of(message_type),
                str(publishers[0].topic_type_hash) if publishers else "",
                [_described(publisher.qos_profile) for publisher in publishers],
            )
        )
        stream = self._streams[topic] = _Stream(topic, number)
        stream.subscription = self.create_subscription(
            class_of(message_type),
            topic,
            partial(self._heard, stream),
            fitting_qos([publisher.qos_profile for publisher in publishers]),
            raw=True,
            event_callbacks=SubscriptionEventCallbacks(use_default_callbacks=False),
        )

    def _add_labels(self) -> None:
        """The topic of the labels is recorded from the start, whether it is published or not."""
        self._add(self._label_topic, LABEL_TYPE)

    def _heard(self, stream: _Stream, serialised: bytes, info: Any) -> None:
        received = info["received_timestamp"] or time.time_ns()
        self._bag.write(stream.number, received, info["source_timestamp"] or received, serialised)
        if stream.subscription.get_publisher_count() == 1:
            stream.missing += stream.drops.missing(info.get("publication_sequence_number"))
        else:
            stream.drops = DropCounter()
        if stream.name == self._label_topic:
            self.label = str(deserialize_message(serialised, String).data).strip()

    def _look_for_unheard(self) -> None:
        for stream in self._streams.values():
            requested = stream.subscription.qos_profile
            for text in unheard_publishers(self, stream.name, requested):
                if text not in self._warned:
                    self._warned.add(text)
                    self._warn(text)


def fitting_qos(offered: Sequence[QoSProfile]) -> QoSProfile:
    """The strongest profile that is compatible with all that is offered."""
    reliable = all(one.reliability == ReliabilityPolicy.RELIABLE for one in offered)
    latched = bool(offered) and all(
        one.durability == DurabilityPolicy.TRANSIENT_LOCAL for one in offered
    )
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=DEPTH,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


def _described(profile: QoSProfile) -> dict[str, Any]:
    """A publisher's profile as rosbag2's metadata has it."""
    return {
        "history": profile.history.name.lower(),
        "depth": profile.depth,
        "reliability": profile.reliability.name.lower(),
        "durability": profile.durability.name.lower(),
        "deadline": INFINITE,
        "lifespan": INFINITE,
        "liveliness": profile.liveliness.name.lower(),
        "liveliness_lease_duration": INFINITE,
        "avoid_ros_namespace_conventions": profile.avoid_ros_namespace_conventions,
    }
