"""The observer of a soak: hears frames, answers and diagnostics, counts, keeps no message."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.task import Future
from sensor_msgs.msg import Image
from std_msgs.msg import UInt32
from std_srvs.srv import Trigger
from tactile_equiv_sim.frame_accounts import FrameAccounts
from vision_msgs.msg import Classification, Detection2DArray

from tactile_equiv.errors import TactileError
from tactile_equiv.frame_input import with_info
from tactile_equiv.process_descriptions import PERCEPTION, SIMULATOR
from tactile_equiv.quality_of_service import LATCHED_QOS, OUTPUT_QOS, STREAM_QOS, own_copy

NODE_NAME = "soak_observer"
STAMP = struct.Struct("<iI")  # follows the four bytes that say how a message is serialised
PATIENCE = 300.0  # seconds that each step of the start may take
PERIOD = 0.1  # seconds between two looks at how far the start is
HEARD_TOO = {"contact_map": Image, "contacts": Detection2DArray}
"""Outputs that are made only while somebody hears them."""


class SoakObserver(Node):
    """Counts the frames of `tactile_simulator` and the answers of `tactile_perception`.

    Both are in its own namespace. `started` is done when frames are answered, the sensor is tared
    and the script was played once; it fails with `TactileError` where that does not come to pass.

    Attributes:
        accounts: of the frames.
        late: frames that left the simulator late.

    Args:
        on_answer: called with the time from stamp to arrival of each answer, seconds.
    """

    def __init__(self, on_answer: Callable[[float], None], **node_arguments: Any) -> None:
        super().__init__(NODE_NAME, **node_arguments)
        self.accounts = FrameAccounts()
        self.started: Future[None] = Future()
        self.late = 0
        self._said, self._broken = "", False
        self._on_answer = on_answer
        self._answers = self._frames_played = self._frames_of_script = 0
        self._tare: Future[Any] | None = None
        self._tare_client = self.create_client(Trigger, f"{PERCEPTION}/tare")
        self._phase: Callable[[], None] = self._await_answer
        self._begun = time.monotonic()
        self._hear(Image, "image", STREAM_QOS, self._on_frame)
        self._hear(Classification, f"{PERCEPTION}/classification", STREAM_QOS, self._on_class)
        for name, kind in HEARD_TOO.items():
            self._hear(kind, f"{PERCEPTION}/{name}", OUTPUT_QOS, _ignore)
        self._hear(DiagnosticArray, "/diagnostics", OUTPUT_QOS, self._on_diagnostics, raw=False)
        self._truth_subscriptions: list[Any] = []
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(PERIOD, self._look, clock=steady)

    def _hear(
        self,
        kind: Any,
        topic: str,
        qos: QoSProfile,
        heard: Callable[[Any, Any], None],
        raw: bool = True,
    ) -> Any:
        return self.create_subscription(kind, topic, with_info(heard), own_copy(qos), raw=raw)

    def _on_frame(self, serialised: bytes, info: Any) -> None:
        self.accounts.frame(info["publication_sequence_number"], _stamp(serialised))

    def _on_class(self, serialised: bytes, info: Any) -> None:
        stamp = _stamp(serialised)
        number, sent = info["publication_sequence_number"], info["source_timestamp"]
        self.accounts.answer(number, stamp, sent)
        self._answers += 1
        if self.started.done():
            self._on_answer((info["received_timestamp"] - stamp) / 1e9)

    def _on_diagnostics(self, message: DiagnosticArray, info: Any) -> None:
        prefix = self.get_namespace().rstrip("/")
        for status in message.status:
            node = status.name.split(":")[0]
            values = {pair.key: pair.value for pair in status.values}
            if node == f"{prefix}/{PERCEPTION}":
                self._said = status.message
                self._broken = status.level == DiagnosticStatus.ERROR
                if self.started.done():
                    counted = int(values["dropped"]), int(values["refused"])
                    self.accounts.stated(info["source_timestamp"], *counted)
            elif node == f"{prefix}/{SIMULATOR}":
                self.late = int(values["late"])
                played, _, script = values["frames"].split()
                self._frames_played, self._frames_of_script = int(played), int(script)

    def _look(self) -> None:
        if self.started.done():
            return
        if self._broken or time.monotonic() - self._begun > PATIENCE:
            self._end(TactileError(self._trouble()))
        else:
            self._phase()

    def _enter(self, phase: Callable[[], None]) -> None:
        self._phase, self._begun = phase, time.monotonic()

    def _trouble(self) -> str:
        awaited = self._phase.__name__.replace("_await_", "").replace("_", " ")
        waited = time.monotonic() - self._begun
        return (
            f"the soak did not start: it waited {waited:.0f} s for the {awaited}, while "
            f"{self.accounts.newest_frame} frames and {self._answers} answers came; "
            f"{PERCEPTION} says: {self._said or 'nothing'}"
        )

    def _await_answer(self) -> None:
        if self._answers and self._tare_client.service_is_ready():
            self._tare = self._tare_client.call_async(Trigger.Request())
            self._enter(self._await_tare)

    def _await_tare(self) -> None:
        if self._tare is None or not self._tare.done():
            return
        result: Any = self._tare.result()
        if not result.success:
            self._end(TactileError(f"the tare failed: {result.message}"))
            return
        truth = f"{SIMULATOR}/truth"
        self._truth_subscriptions = [
            self._hear(Detection2DArray, f"{truth}/contacts", OUTPUT_QOS, _ignore),
            self._hear(DiagnosticArray, f"{truth}/injection", OUTPUT_QOS, _ignore),
            self._hear(UInt32, f"{truth}/finished", LATCHED_QOS, _ignore),
        ]
        self._enter(self._await_script)

    def _await_script(self) -> None:
        """The simulator waits for listeners to the truth; once it began, none is needed."""
        if self._frames_played:
            for subscription in self._truth_subscriptions:
                self.destroy_subscription(subscription)
            self._truth_subscriptions = []
            self._enter(self._await_whole_script)

    def _await_whole_script(self) -> None:
        """The first pass fills what the nodes keep."""
        if self._frames_played >= self._frames_of_script:
            self._end(None)

    def _end(self, error: TactileError | None) -> None:
        self.destroy_timer(self._timer)
        if error is None:
            self.started.set_result(None)
        else:
            self.started.set_exception(error)


def _stamp(serialised: bytes) -> int:
    """Nanoseconds; each of these messages begins with its header."""
    seconds, nanoseconds = STAMP.unpack_from(serialised, 4)
    return int(seconds) * 1_000_000_000 + int(nanoseconds)


def _ignore(message: Any, info: Any) -> None:
    pass
