"""The frames of one sensor on their way through a node: stamps, counts, numbers of contacts."""

from __future__ import annotations

import time
from typing import Any

from rclpy.node import Node
from std_msgs.msg import Header

from tactile_equiv.errors import FrameError
from tactile_equiv.percept import Percept
from tactile_equiv.repeated_warnings import RepeatedWarnings
from tactile_equiv.result_headers import ResultHeaders
from tactile_equiv.settings import Settings
from tactile_equiv.stream_statistics import StreamStatistics
from tactile_equiv.tracking import ContactTracker


class SensorStream:
    """Follows one stream.

    Attributes:
        statistics: what happened to its frames.

    Args:
        node: that hears it.
        warn: says what is wrong with it.
        name: of the sensor, begins what is said; "" where the node has one.
    """

    def __init__(self, node: Node, warn: RepeatedWarnings, name: str = "") -> None:
        self.statistics = StreamStatistics(time.monotonic())
        self._node = node
        self._warn = warn
        self._name = name
        self._tracker = ContactTracker()
        self._headers = ResultHeaders(node.get_clock(), warn)

    def header(self, contents: Any, settings: Settings) -> Header:
        """The header of the results of a message.

        Raises:
            FrameError: if the frame is too old.
        """
        return self._headers.of(getattr(contents, "header", None), settings)

    def went_backwards(self) -> bool:
        """True if the frame of the last header is older than the one before it."""
        return self._headers.went_backwards()

    def numbers(self, percept: Percept) -> tuple[int, ...]:
        """The tracked numbers of the contacts of the next frame."""
        return self._tracker.update(percept.contacts, percept.periods)

    def forget_contacts(self) -> None:
        """Contacts are new from the next frame on."""
        self._tracker.reset()

    def forget_times(self) -> None:
        """After a gap or a jump of the clock."""
        self._tracker.reset()
        self.statistics.forget_times()

    def forget_stamps(self) -> None:
        """The next frame may have any stamp."""
        self._headers.reset()

    def perceived(self, begun: float) -> None:
        """The results of the last frame are published; it came at `begun`, a steady time."""
        self.statistics.perceived(time.monotonic() - begun, self._headers.age())

    def failed(self, error: Exception) -> None:
        """A frame is refused; a defect in our code must not take the skin from the robot."""
        if isinstance(error, FrameError):
            self._refuse(error.reason, str(error))
        elif self._node.context.ok():  # otherwise the process ends: nothing can be published
            self._refuse("internal", f"internal error {type(error).__name__}: {error}")

    def _refuse(self, reason: str, message: str) -> None:
        self.statistics.refused(reason)
        of = f" of {self._name}" if self._name else ""
        self._warn(f"{reason}{of}", f"frame{of} refused ({reason}): {message}")
