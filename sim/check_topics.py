"""Topics that the check needs: is anybody there, of the right type, with a QoS that fits?"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile

from tactile_equiv.quality_of_service import own_copy, unheard_publishers


def message_class(name: str) -> Any:
    """The class of a message type "package/msg/Type"."""
    package, _, message = name.split("/")
    return getattr(importlib.import_module(f"{package}.msg"), message)


@dataclass
class Topic:
    """A topic to listen to.

    Attributes:
        name: as given, relative to the node's namespace.
        kind: message type, "package/msg/Type".
        parameter: that names the topic.
        qos: requested.
        heard: called with each message and its rclpy message info.
        source: who should publish it, in words.
    """

    name: str
    kind: str
    parameter: str
    qos: QoSProfile
    heard: Callable[[Any, Any], None]
    source: str
    _subscription: Any = None

    def listen(self, node: Node) -> None:
        """Subscribe, once."""
        if self._subscription is None:
            self._subscription = node.create_subscription(
                message_class(self.kind), self.name, self.heard, own_copy(self.qos)
            )

    def trouble(self, node: Node) -> str:
        """Why nothing can come on this topic now; "" = it can."""
        topic = node.resolve_topic_name(self.name)
        publishers = node.get_publishers_info_by_topic(topic)
        kinds = sorted({one.topic_type for one in publishers})
        if not publishers:
            return (
                f"nobody publishes {topic} ({self.kind}): start {self.source}, or name its topic "
                f"with the parameter {self.parameter}"
            )
        if self.kind not in kinds:
            return (
                f"{topic} carries {', '.join(kinds)}, expected is {self.kind}: name another topic "
                f"with the parameter {self.parameter}"
            )
        unheard = unheard_publishers(node, topic, self.qos)
        return f"incompatible QoS: {'; '.join(unheard)}" if len(unheard) == len(publishers) else ""
