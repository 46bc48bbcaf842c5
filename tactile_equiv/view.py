"""Passes what perception nodes publish on to browsers: `tactile-equiv view`.

A process of its own with best-effort subscriptions, made only while a browser asks for the topic:
what nobody looks at costs the perception node nothing, and a slow browser never waits on it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from tactile_equiv.message_definitions import class_of, definition_of
from tactile_equiv.quality_of_service import INPUT_QOS, LATCHED_QOS, own_copy
from tactile_equiv.view_server import ViewServer

OUTPUTS = {
    "classification": "vision_msgs/msg/Classification",
    "label_info": "vision_msgs/msg/LabelInfo",
    "contacts": "vision_msgs/msg/Detection2DArray",
    "contact_map": "sensor_msgs/msg/Image",
    "overlay": "sensor_msgs/msg/Image",
    "markers": "visualization_msgs/msg/MarkerArray",
}
MARKS = ("classification", "label_info")
"""Whoever publishes these two is a perception node, or a patch of one."""
UNSTAMPED = ("label_info", "diagnostics")
DIAGNOSTICS = {"/diagnostics": "diagnostic_msgs/msg/DiagnosticArray"}
REFRESH = 0.2
"""Seconds between looks at the graph and at the browsers' wishes."""
PATIENCE = 5.0
"""Seconds without any node after which the command says so."""
STAMP = slice(4, 12)
"""Place of the header's stamp in a serialised message that begins with one."""


class FrameGate:
    """Lets frames through at most `rate` times a second: all messages of a stamp, or none."""

    def __init__(self, rate: float) -> None:
        self._period = 1 / rate
        self._let_in_at = -math.inf
        self._let_in = self._refused = b""

    def admits(self, stamp: bytes, now: float) -> bool:
        """Whether a message with this stamp passes; `now` in seconds."""
        if stamp in (self._let_in, self._refused):
            return stamp == self._let_in
        if now - self._let_in_at < self._period:
            self._refused = stamp
            return False
        self._let_in, self._let_in_at = stamp, now
        return True


def perceptions(topics: Mapping[str, str], node: str = "") -> dict[str, dict[str, str]]:
    """Topics of perception nodes: for each node or patch its topics and their types.

    Args:
        topics: type of every topic.
        node: only those below this absolute name, "" = all.
    """
    found: dict[str, dict[str, str]] = {}
    for topic, kind in sorted(topics.items()):
        owner, _, name = topic.rpartition("/")
        if OUTPUTS.get(name) == kind and f"{owner}/".startswith(f"{node}/" if node else "/"):
            found.setdefault(owner, {})[topic] = kind
    return {
        owner: kinds
        for owner, kinds in found.items()
        if all(f"{owner}/{mark}" in kinds for mark in MARKS)
    }


class Relay(Node):
    """Subscribes to what browsers ask for and hands it to the server as it came, serialised."""

    def __init__(
        self,
        server: ViewServer,
        rate: float,
        node: str = "",
        told: Callable[[str], None] = print,
        **node_arguments: Any,
    ) -> None:
        """
        Args:
            server: that hears the messages.
            rate: frames a second at most.
            node: absolute name of the perception node, "" = all.
            told: hears one line about each node that is found.
            node_arguments: passed on to the node.
        """
        super().__init__("tactile_view", **node_arguments)
        self._server, self._rate, self._only, self._told = server, rate, node, told
        self._begun = time.monotonic()
        self._known: dict[str, set[str]] = {}
        self._types: dict[str, str] = {}
        self._gates: dict[str, FrameGate] = {}
        self._heard: dict[str, Any] = {}
        self._asked: dict[str, int] = {}
        self._warned = False
        self.create_timer(REFRESH, self.refresh)

    def refresh(self) -> None:
        """Offer new topics; subscribe to what is asked for, unsubscribe from the rest."""
        if not self.context.ok():
            return
        published = {name: kinds[0] for name, kinds in self.get_topic_names_and_types()}
        for owner, topics in perceptions(published, self._only).items():
            self._offer(owner, topics)
        if not self._known and not self._warned and time.monotonic() - self._begun > PATIENCE:
            self._warned = True
            self._told(self._nobody())
        wanted = self._server.wanted()
        for topic in [*self._heard]:
            if topic not in wanted:
                self.destroy_subscription(self._heard.pop(topic))
        for topic, asked in wanted.items():
            if topic in self._heard and asked != self._asked[topic] and _is_latched(topic):
                self.destroy_subscription(self._heard.pop(topic))  # the newcomer needs the latched
            self._asked[topic] = asked
            if topic not in self._heard:
                self._heard[topic] = self._subscription(topic)

    def _offer(self, owner: str, topics: Mapping[str, str]) -> None:
        offered = {**topics, **DIAGNOSTICS}
        new = offered.keys() - self._types.keys()
        for topic in new:
            self._types[topic] = offered[topic]
            self._gates.setdefault(owner, FrameGate(self._rate))
            self._server.offer(topic, offered[topic], definition_of(offered[topic]))
        names = {topic.rpartition("/")[2] for topic in topics}
        if names != self._known.get(owner):
            self._known[owner] = names
            self._told(f"found {owner}: {', '.join(sorted(names))}")

    def _subscription(self, topic: str) -> Any:
        owner, _, name = topic.rpartition("/")
        gate = None if name in UNSTAMPED else self._gates[owner]

        def on_message(serialised: bytes) -> None:
            if gate is None or gate.admits(serialised[STAMP], time.monotonic()):
                self._server.send(topic, serialised)

        qos = own_copy(LATCHED_QOS if _is_latched(topic) else INPUT_QOS)
        return self.create_subscription(
            class_of(self._types[topic]), topic, on_message, qos, raw=True
        )

    def _nobody(self) -> str:
        whom = self._only or "a perception node"
        return (
            f"no topics of {whom} after {PATIENCE:.0f} s: is it running, with this ROS_DOMAIN_ID "
            "and namespace? (ros2 node list; ros2 run tactile_equiv perception_node). Still waiting"
        )


def _is_latched(topic: str) -> bool:
    return topic.endswith("/label_info")


def view(server: ViewServer, rate: float, node: str, ros_arguments: Sequence[str] = ()) -> None:
    """Serve until the context is shut down."""
    with rclpy.init(args=list(ros_arguments)):
        relay = Relay(server, rate, node, lambda line: print(line, flush=True))
        executor = SingleThreadedExecutor()
        executor.add_node(relay)
        try:
            executor.spin()
        except ExternalShutdownException:
            pass
        finally:
            executor.shutdown()
            relay.destroy_node()
