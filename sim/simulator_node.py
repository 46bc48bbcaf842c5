"""The simulator node: publishes frames like a sensor's driver, and on its own topics the truth."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.task import Future
from rclpy.time import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Float32MultiArray, Header, UInt32
from tactile_equiv_sim import truth_messages
from tactile_equiv_sim.frame_sources import SourceFrame, open_source, reseeded
from tactile_equiv_sim.imperfections import Delivery, ImperfectSensor
from tactile_equiv_sim.simulator_settings import SimulatorSettings
from vision_msgs.msg import Detection2DArray

from tactile_equiv import parameters
from tactile_equiv.diagnostics import diagnostic_array
from tactile_equiv.node_process import node_main, spinning
from tactile_equiv.quality_of_service import LATCHED_QOS, OUTPUT_QOS, STREAM_QOS, own_copy
from tactile_equiv.replay import multi_array_of

NODE_NAME = "tactile_simulator"
AWAITED = ("contacts", "injection")
"""Topics of truth that a check cannot do without."""
DIAGNOSTICS_PERIOD = 1.0  # seconds
ACKNOWLEDGE_LIMIT = 10.0  # seconds until all must have arrived that was published


class SimulatorNode(Node):
    """Publishes `image` or `taxels`, and `~/truth/...` (`truth_messages`).

    `finished` is done when the last frame of a script that ends has been published.

    Raises:
        TactileError: if a parameter, the script or the recording is wrong.
    """

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__(NODE_NAME, **node_arguments)
        self.settings = parameters.declare(self, SimulatorSettings)
        self._source = open_source(self.settings.script, self.settings.recording)
        self.rate_hz = self.settings.rate_hz or self._source.rate_hz
        self._imperfections = reseeded(self._source.imperfections, self.settings.seed)
        self._idle = self._new_sensor()
        self._total = len(self._source)
        self.finished: Future[int] = Future()
        self._began = not self.settings.wait_for_subscribers
        self._schedule = Schedule(1 / self.rate_hz)
        self._coming = self._frames()
        self._next = next(self._coming, None)
        self._late: set[Any] = set()
        self._published, self._stamp = 0, 0
        self._create_publishers()
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(1 / self.rate_hz, self._tick, clock=self._steady)
        self.create_timer(DIAGNOSTICS_PERIOD, self.publish_diagnostics, clock=self._steady)
        self.get_logger().info(
            f"{self._total} frames at {self.rate_hz:g} Hz on {self._frame_topic.topic_name}"
        )

    def _create_publishers(self) -> None:
        image = self.settings.output == "image"
        self._frame_topic = self.create_publisher(
            Image if image else Float32MultiArray, self.settings.output, own_copy(STREAM_QOS)
        )
        truth = {
            "contacts": Detection2DArray,
            "contact_mask": Image,
            "injection": DiagnosticArray,
            **({"ideal": Image} if self._imperfections.any else {}),
        }
        self._truth = {
            name: self.create_publisher(kind, f"~/truth/{name}", own_copy(STREAM_QOS))
            for name, kind in truth.items()
        }
        self._end = self.create_publisher(UInt32, "~/truth/finished", own_copy(LATCHED_QOS))
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", OUTPUT_QOS)

    def _new_sensor(self) -> ImperfectSensor:
        return ImperfectSensor(self._imperfections, self._source.rest().values.shape)

    def _frames(self) -> Iterator[tuple[SourceFrame, Delivery]]:
        """What the sensor delivers, pass after pass; its specimen goes on through all of them."""
        sensor, count = self._new_sensor(), 0
        while True:
            for one in self._source:
                yield one, sensor.deliver(one.frame.values, count / self.rate_hz)
                count += 1
            if not (self.settings.loop or self._source.loop):
                return

    def _tick(self) -> None:
        if self.finished.done():
            return
        self._began = self._began or self._heard()
        if not self._began:
            self._publish_idle()
            return
        self._schedule.tick(time.monotonic())
        if self._next is not None:
            self._publish(*self._next)
            self._next = next(self._coming, None)  # made ahead, so that it leaves in time
        elif not self._late:
            self._end.publish(UInt32(data=self._published))
            self.publish_diagnostics()
            self.finished.set_result(self._published)

    def _heard(self) -> bool:
        return all(topic.get_subscription_count() for topic in self._awaited())

    def _awaited(self) -> list[Any]:
        return [self._frame_topic, *(self._truth[name] for name in AWAITED), self._end]

    def _publish_idle(self) -> None:
        rest = self._source.rest()
        delivery = self._idle.deliver(rest.values, 0.0)
        self._frame_topic.publish(self._frame_message(self._header(), delivery))

    def _publish(self, one: SourceFrame, delivery: Delivery) -> None:
        """Truth first, so that no answer comes before it."""
        header, frame = self._header(), one.frame
        truth = {
            "contacts": truth_messages.contacts_message(header, frame, one.move),
            "injection": truth_messages.injection_message(
                header, frame, one.move, delivery.late_s, delivery.dropped
            ),
        }
        if self._truth["contact_mask"].get_subscription_count():
            truth["contact_mask"] = truth_messages.mask_message(header, frame.mask)
        if "ideal" in self._truth:
            truth["ideal"] = truth_messages.frame_image(header, frame.values, self._source.encoding)
        for name, message in truth.items():
            self._truth[name].publish(message)
        self._published += 1
        if not delivery.dropped:
            self._send(self._frame_message(header, delivery), delivery.late_s)

    def _send(self, message: Any, late_s: float) -> None:
        if not late_s:
            self._frame_topic.publish(message)
            return

        def send() -> None:
            self._frame_topic.publish(message)
            self._late.discard(timer)
            self.destroy_timer(timer)

        timer = self.create_timer(late_s, send, clock=self._steady)
        self._late.add(timer)

    def _header(self) -> Header:
        """Now, and later than the last stamp: a stamp is the name of a frame."""
        self._stamp = max(self.get_clock().now().nanoseconds, self._stamp + 1)
        stamp = Time(nanoseconds=self._stamp).to_msg()
        return Header(stamp=stamp, frame_id=self.settings.frame_id)

    def _frame_message(self, header: Header, delivery: Delivery) -> Any:
        if self.settings.output == "taxels":
            return multi_array_of(delivery.values)
        return truth_messages.frame_image(header, delivery.values, self._source.encoding)

    def publish_diagnostics(self) -> None:
        """Publish how far the script is, and whether frames leave in time."""
        schedule = self._schedule
        level, message = DiagnosticStatus.OK, self._state()
        if schedule.late:
            level = DiagnosticStatus.WARN
            message += f"; {schedule.late} frames late: {self.rate_hz:g} Hz is too fast here"
        values = {
            "frames": f"{self._published} of {self._total}",
            "rate_hz": f"{self.rate_hz:g}",
            "late": schedule.late,
            "worst_lateness_ms": f"{1000 * schedule.worst:.3f}",
        }
        stamp, name = self.get_clock().now().to_msg(), self.get_fully_qualified_name()
        self._diagnostics.publish(
            diagnostic_array(
                stamp, f"{name}: simulation", level, message, values, self.settings.frame_id
            )
        )

    def _state(self) -> str:
        if not self._began:
            deaf = [t.topic_name for t in self._awaited() if not t.get_subscription_count()]
            return f"waiting for a subscriber to {', '.join(deaf)}"
        running = self._next is not None or bool(self._late)
        return "running" if running else "finished"

    def wait_until_arrived(self) -> None:
        """Wait until all reliable subscribers have everything, for a limited time."""
        limit = Duration(seconds=ACKNOWLEDGE_LIMIT)
        for topic in (self._end, self._frame_topic, *self._truth.values()):
            topic.wait_for_all_acked(limit)


class Schedule:
    """How late frames leave: a frame is late when it leaves more than one period after its time.

    A late frame moves those after it, so that none come in bursts.
    """

    def __init__(self, period: float) -> None:
        self._period = period
        self._due = math.nan
        self.late = 0
        self.worst = 0.0

    def tick(self, now: float) -> None:
        """A frame leaves now, seconds of a steady clock."""
        lateness = now - self._due
        if lateness > 0:
            self.worst = max(self.worst, lateness)
        if lateness > self._period:
            self.late += 1
        behind = not lateness <= self._period  # also before the first frame
        self._due = (now if behind else self._due) + self._period


def simulate() -> int:
    """Publish until the script ends; for ever where it loops."""
    with spinning(SimulatorNode) as (node, executor):
        executor.spin_until_future_complete(node.finished)
        node.wait_until_arrived()
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the node; 2 where an argument, a parameter, the script or the recording is wrong."""
    return node_main("simulator_node", simulate, arguments)


if __name__ == "__main__":
    sys.exit(main())
