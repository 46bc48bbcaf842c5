"""The subscription to tactile frames, serialised as they came: no message object is built."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import qos_policy_name_from_kind

from tactile_equiv.frame_decoder import SensorFrame
from tactile_equiv.input_kind import input_of
from tactile_equiv.quality_of_service import (
    GID_BYTES,
    INPUT_QOS,
    overridable,
    own_copy,
    publisher_names,
    unheard_publishers,
)
from tactile_equiv.repeated_warnings import RepeatedWarnings
from tactile_equiv.settings import Settings
from tactile_equiv.stream_statistics import SenderCounter


class FrameInput:
    """Hears frames of the configured type, counts those that never came, says what is wrong.

    Args:
        node: that subscribes.
        settings: `input_type` names the message type, and with it the topic; others say how a
            message is read.
        on_message: called with each serialised message and its rclpy message info.
        warn: says what does not fit.
        topic: other than the one that the type brings along.

    Raises:
        SettingsError: if messages of the type cannot be read as frames (`input_of`).
    """

    def __init__(
        self,
        node: Node,
        settings: Settings,
        on_message: Callable[[bytes, Any], None],
        warn: RepeatedWarnings,
        topic: str = "",
    ) -> None:
        self._node = node
        self._warn = warn
        self._senders = SenderCounter()
        self._kind = input_of(settings)
        self._subscription = node.create_subscription(
            self._kind.message_class,
            topic or self._kind.topic,
            with_info(on_message),
            own_copy(INPUT_QOS),
            event_callbacks=SubscriptionEventCallbacks(incompatible_qos=self._on_incompatible),
            qos_overriding_options=overridable(),
            raw=True,
        )
        self.topic: str = self._subscription.topic_name

    def destroy(self) -> None:
        """Stop to listen."""
        self._node.destroy_subscription(self._subscription)

    def read(self, serialised: bytes) -> Any:
        """The contents of a message: attributes named as in its type, its data a view.

        Raises:
            FrameError: if the bytes are no such message.
        """
        return self._kind.read(serialised)

    def decode(self, contents: Any) -> SensorFrame:
        """The frame of a message.

        Raises:
            FrameError: if the message is no such frame.
        """
        return self._kind.decode(contents)

    def missing(self, info: Any) -> int:
        """Frames that were published but never came, before this one, by its publisher.

        An rclpy that does not name the publisher cannot tell the numbers of several apart: it
        counts while there is one.
        """
        publisher = info.get("publisher_gid")
        if publisher is None and self._subscription.get_publisher_count() != 1:
            self.forget()
            return 0
        identifier = b"" if publisher is None else publisher["data"][:GID_BYTES]
        return self._senders.missing(identifier, info.get("publication_sequence_number"))

    def forget(self) -> None:
        """Count missing frames from the next message on."""
        self._senders = SenderCounter()

    def unheard(self) -> list[str]:
        """Publishers whose frames cannot arrive, and why."""
        return unheard_publishers(self._node, self.topic, self._subscription.qos_profile)

    def notices(self) -> list[str]:
        """What diagnostics warn of: publishers that are not heard, or that send at once."""
        return [*self.unheard(), *self._rivals()]

    def _rivals(self) -> list[str]:
        rivals = self._senders.take_rivals()
        if not rivals:
            return []
        names = publisher_names(self._node, self.topic, rivals)
        notice = (
            f"{len(rivals)} publishers send on {self.topic} at once ({', '.join(names)}): contacts "
            "of two sensors are mixed; stop all but one, or give each sensor its own node"
        )
        self._warn(f"rivals {self.topic}", notice)
        return [notice]

    def _on_incompatible(self, event: Any) -> None:
        policy = qos_policy_name_from_kind(event.last_policy_kind)
        found = "; ".join(self.unheard()) or f"a publisher of {self.topic} offers less"
        self._warn(f"qos {self.topic}", f"incompatible QoS ({policy}): {found}")


def with_info(on_message: Callable[[bytes, Any], None]) -> Callable[..., None]:
    """A callback that rclpy gives the message info, by whichever executor it is called.

    SingleThreadedExecutor passes message and info as two arguments, EventsExecutor of rclpy 9.1 as
    one pair. rclpy counts the arguments of the signature.
    """

    def heard(*arguments: Any) -> None:
        serialised, info = arguments if len(arguments) == 2 else arguments[0]
        on_message(serialised, info)

    heard.__signature__ = inspect.signature(on_message)  # type: ignore[attr-defined]
    return heard
