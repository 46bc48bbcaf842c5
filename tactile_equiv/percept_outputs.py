"""The topics on which percepts are published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rclpy.event_handler import PublisherEventCallbacks
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import qos_policy_name_from_kind
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Classification, Detection2DArray, LabelInfo
from visualization_msgs.msg import MarkerArray

from tactile_equiv import messages
from tactile_equiv.cdr import write_image
from tactile_equiv.hand import HandPercept
from tactile_equiv.markers import Pitch, contact_markers
from tactile_equiv.percept import Percept
from tactile_equiv.picture import overlay
from tactile_equiv.quality_of_service import (
    LATCHED_QOS,
    OUTPUT_QOS,
    deaf_subscribers,
    described,
    overridable,
    own_copy,
)
from tactile_equiv.repeated_warnings import RepeatedWarnings
from tactile_equiv.settings import Settings

TYPES = {
    "classification": Classification,
    "contact_map": Image,
    "contact_map_mono8": Image,
    "contacts": Detection2DArray,
    "overlay": Image,
    "markers": MarkerArray,
    "label_info": LabelInfo,
}


class PerceptOutputs:
    """Lifecycle publishers below `~/`; nothing is computed for a topic that nobody hears.

    Args:
        node: that publishes.
        warn: says what does not fit.
        below: namespace of the topics below `~/`, "" = none.
        names: the topics, of those in `TYPES`.
    """

    def __init__(
        self,
        node: LifecycleNode,
        warn: RepeatedWarnings,
        below: str = "",
        names: Iterable[str] = TYPES,
    ) -> None:
        self._node = node
        self._warn = warn
        self._prefix = f"{below}/" if below else ""
        self._publishers: dict[str, Any] = {}
        self._deaf: dict[str, str] = {}
        self._untold: set[str] = set()
        try:
            for name in names:
                self._publishers[name] = self._created(name)
        except Exception:
            self.destroy()
            raise

    def destroy(self) -> None:
        """Remove the publishers."""
        for publisher in self._publishers.values():
            self._node.destroy_lifecycle_publisher(publisher)

    def notices(self) -> list[str]:
        """What diagnostics warn of: subscribers that ask for more than is offered.

        Each is also a warning, once its name is known: the graph may learn it later than the
        middleware finds that two sides do not fit.
        """
        found = {name: notice for name in self._deaf if (notice := self._deaf_notice(name))}
        for name in self._untold & found.keys():
            self._warn(f"qos {self._publishers[name].topic_name}", found[name])
        gone = self._deaf.keys() - found.keys() - self._untold
        self._untold -= found.keys()
        for name in gone:
            del self._deaf[name]
        return list(found.values())

    def publish(
        self, header: Header, percept: Percept, numbers: Sequence[int], settings: Settings
    ) -> None:
        """Publish one percept; `numbers` are the tracked numbers of its contacts."""
        self.publish_class(header, percept, settings)
        if self._wanted("contact_map"):
            self._publish_image("contact_map", header, "32FC1", percept.contact_map)
        if self._wanted("contacts"):
            found = messages.contacts(header, percept.contacts, numbers, settings)
            self._publish("contacts", found)
        if self._wanted("contact_map_mono8"):
            grey = messages.mono(percept.contact_map)
            self._publish_image("contact_map_mono8", header, "mono8", grey)
        if self._wanted("overlay"):
            drawn = overlay(percept, numbers, settings.touched_from)
            self._publish_image("overlay", header, "bgr8", drawn)
        if self._wanted("markers"):
            self._publish_markers(header, percept, numbers, settings)

    def publish_class(
        self, header: Header, percept: Percept | HandPercept, settings: Settings
    ) -> None:
        """Publish the class alone."""
        if self._wanted("classification"):
            self._publish("classification", messages.classification(header, percept, settings))

    def publish_labels(self, header: Header, classes: Sequence[str], settings: Settings) -> None:
        """Publish the model's classes, for whoever listens now or later."""
        self._publish("label_info", messages.label_info(header, classes, settings))

    def _publish_markers(
        self, header: Header, percept: Percept, numbers: Sequence[int], settings: Settings
    ) -> None:
        pitch = Pitch(settings.row_pitch, settings.col_pitch)
        if pitch.known:
            self._publish("markers", contact_markers(header, percept, numbers, pitch))
        else:
            self._warn("pitch", "markers need metres: set row_pitch and col_pitch to publish them")

    def _publish_image(self, name: str, header: Header, encoding: str, values: Any) -> None:
        """Serialised here: half the time that a message object takes."""
        self._publish(name, write_image(header.stamp, header.frame_id, encoding, values))

    def _publish(self, name: str, message: Any) -> None:
        self._publishers[name].publish(message)

    def _wanted(self, name: str) -> bool:
        return bool(self._publishers[name].get_subscription_count())

    def _created(self, name: str) -> Any:
        def on_incompatible(event: Any) -> None:
            self._deaf[name] = qos_policy_name_from_kind(event.last_policy_kind)
            self._untold.add(name)
            self.notices()

        return self._node.create_lifecycle_publisher(
            TYPES[name],
            f"~/{self._prefix}{name}",
            own_copy(LATCHED_QOS if name == "label_info" else OUTPUT_QOS),
            event_callbacks=PublisherEventCallbacks(incompatible_qos=on_incompatible),
            qos_overriding_options=overridable(),
        )

    def _deaf_notice(self, name: str) -> str:
        """Names both sides; "" where nobody is deaf, or not known yet."""
        topic = self._publishers[name].topic_name
        offered = self._publishers[name].qos_profile
        deaf = ", ".join(deaf_subscribers(self._node, topic, offered))
        if not deaf:
            return ""
        return (
            f"incompatible QoS ({self._deaf[name]}) on {topic}: {self._node.get_name()} offers "
            f"{described(offered)}, {deaf}"
        )
