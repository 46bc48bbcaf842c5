"""What a perception node says while faults are tried: answers, diagnostics and log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import Log
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification

from tactile_equiv.decoding import decode_image
from tactile_equiv.messages import nanoseconds
from tactile_equiv.quality_of_service import OUTPUT_QOS, STREAM_QOS, own_copy
from tactile_equiv.settings import Settings

from .ledger import Ledger


class Status(NamedTuple):
    """What the node last said of itself."""

    stamp_ns: int
    message: str
    values: dict[str, str]

    @property
    def lost(self) -> int:
        """Frames that it counts as dropped or refused since its start."""
        return int(self.values.get("dropped", 0)) + int(self.values.get("refused", 0))


class Listener:
    """Hears one perception node.

    Args:
        node: that subscribes.
        subject: full name of the perception node.
        ledger: is told of each answer.

    Attributes:
        status: None before the first one.
    """

    def __init__(self, node: Node, subject: str, ledger: Ledger) -> None:
        self.status: Status | None = None
        self._subject = subject
        self._ledger = ledger
        self._words: list[str] = []
        listen = node.create_subscription
        classes, maps = f"{subject}/classification", f"{subject}/contact_map"
        listen(Classification, classes, self._on_class, own_copy(STREAM_QOS))
        listen(Image, maps, self._on_map, own_copy(STREAM_QOS))
        listen(DiagnosticArray, "/diagnostics", self._on_diagnostics, own_copy(STREAM_QOS))
        logs = own_copy(OUTPUT_QOS)
        logs.depth, logs.durability = 1000, DurabilityPolicy.TRANSIENT_LOCAL
        listen(Log, "/rosout", self._on_log, logs)

    def status_after(self, stamp_ns: int) -> Status | None:
        """The last status, where it is newer."""
        return self.status if self.status and self.status.stamp_ns > stamp_ns else None

    def hearing(self, *parts: str) -> Callable[[], str]:
        """A condition: what diagnostics or log said from now on that holds all these parts."""
        known = len(self._words)

        def found() -> str:
            new = self._words[known:]
            return next((text for text in new if all(part in text for part in parts)), "")

        return found

    def _on_class(self, message: Classification) -> None:
        best = next(iter(message.results), None)
        label = None if best is None else int(best.class_id)
        score = 0.0 if best is None else best.score
        self._ledger.hear_class(message.header.frame_id, label, score, time.monotonic())

    def _on_map(self, message: Image) -> None:
        values = decode_image(message, Settings()).copy()
        self._ledger.hear_map(message.header.frame_id, values, time.monotonic())

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.split(":")[0] == self._subject:
                values = {pair.key: pair.value for pair in status.values}
                stamp = nanoseconds(message.header.stamp)
                self.status = Status(stamp, status.message, values)
                self._words.append(status.message)

    def _on_log(self, message: Log) -> None:
        if message.name == self._subject.strip("/").replace("/", "."):
            self._words.append(message.msg)
