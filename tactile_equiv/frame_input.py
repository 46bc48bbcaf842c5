"""The subscription to tactile frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import qos_policy_name_from_kind

from tactile_equiv.messages import input_of
from tactile_equiv.quality_of_service import INPUT_QOS, overridable, own_copy, unheard_publishers
from tactile_equiv.repeated_warnings import RepeatedWarnings
from tactile_equiv.settings import Settings
from tactile_equiv.stream_statistics import DropCounter


class FrameInput:
    """Hears frames of the configured type, counts those that never came, names who is not heard.

    Args:
        node: that subscribes.
        settings: `input_type` names the message type, and with it the topic.
        on_message: called with each message and its rclpy message info.
        warn: says what does not fit.

    Raises:
        SettingsError: if the type cannot be read as a frame.
    """

    def __init__(
        self,
        node: Node,
        settings: Settings,
        on_message: Callable[[Any, Any], None],
        warn: RepeatedWarnings,
    ) -> None:
        self._node = node
        self._warn = warn
        self._drops = DropCounter()
        message_class, topic, self._decoder = input_of(settings.input_type)
        self._subscription = node.create_subscription(
            message_class,
            topic,
            on_message,
            own_copy(INPUT_QOS),
            event_callbacks=SubscriptionEventCallbacks(incompatible_qos=self._on_incompatible),
            qos_overriding_options=overridable(),
        )
        self.topic: str = self._subscription.topic_name

    def destroy(self) -> None:
        """Stop to listen."""
        self._node.destroy_subscription(self._subscription)

    def decode(self, message: Any, settings: Settings) -> NDArray[Any]:
        """The frame of a message, (H, W) or (H, W, C).

        Raises:
            FrameError: if the message is no such frame.
        """
        return self._decoder(message, settings)

    def missing(self, info: Any) -> int:
        """Frames that were published but never came, between the last message and this one."""
        if self._node.count_publishers(self.topic) != 1:
            return 0
        return self._drops.missing(info.get("publication_sequence_number"))

    def forget(self) -> None:
        """Count missing frames from the next message on."""
        self._drops = DropCounter()

    def unheard(self) -> list[str]:
        """Publishers whose frames cannot arrive, and why."""
        return unheard_publishers(self._node, self.topic, self._subscription.qos_profile)

    def _on_incompatible(self, event: Any) -> None:
        policy = qos_policy_name_from_kind(event.last_policy_kind)
        found = "; ".join(self.unheard()) or f"a publisher of {self.topic} offers less"
        self._warn("qos input", f"incompatible QoS ({policy}): {found}")
