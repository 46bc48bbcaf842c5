"""Quality of service of the node's topics, and what to say when two sides do not fit."""

from __future__ import annotations

import copy
from collections.abc import Container

from rclpy.duration import Duration, Infinite
from rclpy.node import Node
from rclpy.qos import (
    DurabilityPolicy,
    QoSCompatibility,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
)
from rclpy.qos_overriding_options import QoSOverridingOptions

INPUT_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
OUTPUT_QOS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
STREAM_QOS = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)
"""For streams of which not one message may be lost."""
GID_BYTES = 16
LATCHED_QOS = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)


def own_copy(profile: QoSProfile) -> QoSProfile:
    """A profile for one topic alone: rclpy writes the user's overrides into what it is given."""
    return copy.copy(profile)


def overridable() -> QoSOverridingOptions:
    """Lets the user override history, depth and reliability by parameter."""
    return QoSOverridingOptions.with_default_policies()


def described(profile: QoSProfile) -> str:
    """The policies that can be incompatible, in words."""
    return f"{profile.reliability.name} {profile.durability.name}"


def unheard_publishers(node: Node, topic: str, requested: QoSProfile) -> list[str]:
    """Publishers of `topic` whose messages cannot arrive, and why, naming both sides."""
    return [
        f"{other.node_name} offers {described(other.qos_profile)} on {topic}, {node.get_name()} "
        f"requests {described(requested)}: no frame will come from it"
        for other in node.get_publishers_info_by_topic(topic)
        if not _compatible(other.qos_profile, requested)
    ]


def publisher_names(node: Node, topic: str, identifiers: Container[bytes]) -> list[str]:
    """Full names of the nodes of some publishers of a topic, without those that have gone.

    Args:
        node: that looks.
        topic: full name.
        identifiers: of the publishers (gid), 16 bytes each.
    """
    return sorted(
        f"{other.node_namespace.rstrip('/')}/{other.node_name}"
        for other in node.get_publishers_info_by_topic(topic)
        if bytes(other.endpoint_gid[:GID_BYTES]) in identifiers
    )


def deaf_subscribers(node: Node, topic: str, offered: QoSProfile) -> list[str]:
    """Subscribers of `topic` that cannot receive what is offered."""
    return [
        f"{other.node_name} requests {described(other.qos_profile)}"
        for other in node.get_subscriptions_info_by_topic(topic)
        if not _compatible(offered, other.qos_profile)
    ]


def _compatible(offered: QoSProfile, requested: QoSProfile) -> bool:
    verdict, _ = qos_check_compatible(_as_written(offered), _as_written(requested))
    return bool(verdict != QoSCompatibility.ERROR)


def _as_written(profile: QoSProfile) -> QoSProfile:
    """Endpoints found in the graph have infinite durations where their profile names none."""
    written = own_copy(profile)
    for name in ("deadline", "lifespan", "liveliness_lease_duration"):
        if getattr(written, name) == Infinite:
            setattr(written, name, Duration())
    return written
