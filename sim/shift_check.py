"""The check: pairs what was injected with what was perceived, measures, judges, reports, ends."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.task import Future
from sensor_msgs.msg import Image
from std_msgs.msg import UInt32
from std_srvs.srv import Trigger
from tactile_equiv_sim.check.measurement import Measurements, measure
from tactile_equiv_sim.check.report import VERDICTS, write_report
from tactile_equiv_sim.check.thresholds import load_thresholds
from tactile_equiv_sim.check.verdict import Finding, exit_code, judge
from tactile_equiv_sim.check_records import Records
from tactile_equiv_sim.check_settings import DETECTIONS, IMAGE, CheckSettings
from tactile_equiv_sim.check_topics import Topic
from vision_msgs.msg import LabelInfo

from tactile_equiv import parameters
from tactile_equiv.diagnostics import diagnostic_array
from tactile_equiv.errors import TactileError
from tactile_equiv.node_process import node_main, spinning
from tactile_equiv.quality_of_service import LATCHED_QOS, OUTPUT_QOS, STREAM_QOS, own_copy

NODE_NAME = "shift_check"
PERIOD = 0.02  # seconds between two looks at how far things are
DIAGNOSTICS_PERIOD = 1.0  # seconds
DROPS_LIMIT = 3.0  # seconds for the node under test to say how many frames it dropped


class UnmeasurableError(TactileError):
    """Nothing can be measured, and why."""


class ShiftCheck(Node):
    """Checks any node that publishes classes, a contact map and contacts for frames.

    `finished` is done when everything came that will come; it fails with `UnmeasurableError`
    where nothing can be measured.

    Raises:
        TactileError: if a parameter or the thresholds are wrong.
    """

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__(NODE_NAME, **node_arguments)
        self.settings = parameters.declare(self, CheckSettings)
        thresholds = self.settings.thresholds
        self.thresholds = load_thresholds(Path(thresholds) if thresholds else None)
        self.records = Records(self.settings.contacts_type)
        self.finished: Future[None] = Future()
        self._names: dict[str, str] = {}
        self._total: int | None = None
        self._frames = self._outstanding = 0
        self._drops = DropCounts()
        self._tare: Future[Any] | None = None
        self._phase: Callable[[], None] = self._connect
        self._event = self._entered = time.monotonic()
        self._answers, self._truths = self._answer_topics(), self._truth_topics()
        self._frame_topics = self._sensor_topics()
        self.create_subscription(
            LabelInfo, self.settings.label_info_topic, self._on_labels, own_copy(LATCHED_QOS)
        )
        self.create_subscription(DiagnosticArray, "/diagnostics", self._drops.take, OUTPUT_QOS)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", OUTPUT_QOS)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(PERIOD, self._look, clock=steady)
        self.create_timer(DIAGNOSTICS_PERIOD, self.publish_diagnostics, clock=steady)

    def _answer_topics(self) -> list[Topic]:
        settings, qos = self.settings, own_copy(STREAM_QOS)
        qos.reliability = ReliabilityPolicy[settings.reliability.upper()]
        return [
            self._topic(part, getattr(settings, f"{part}_type"), f"{part}_topic", qos)
            for part in ("classification", "contact_map", "contacts")
        ]

    def _topic(self, part: str, kind: str, parameter: str, qos: QoSProfile) -> Topic:
        def heard(message: Any, info: Any) -> None:
            self.records.add_answer(part, message, self._time(info, "received_timestamp"))

        name = getattr(self.settings, parameter)
        return Topic(name, kind, parameter, qos, heard, "the node under test")

    def _truth_topics(self) -> list[Topic]:
        prefix = self.settings.truth_prefix
        kinds = {"contacts": DETECTIONS, "injection": "diagnostic_msgs/msg/DiagnosticArray"}
        topics = [
            self._sensed(f"{prefix}/{part}", kind, self._on_truth(part))
            for part, kind in kinds.items()
        ]
        end = self._sensed(f"{prefix}/finished", "std_msgs/msg/UInt32", self._on_end)
        end.qos = LATCHED_QOS
        return [*topics, end]

    def _sensor_topics(self) -> list[Topic]:
        frames = self._sensed(self.settings.frames_topic, IMAGE, self._on_frame)
        frames.parameter = "frames_topic"
        ideal = self._sensed(f"{self.settings.truth_prefix}/ideal", IMAGE, self._on_ideal)
        return [frames, ideal]

    def _sensed(self, name: str, kind: str, heard: Callable[[Any, Any], None]) -> Topic:
        return Topic(name, kind, "truth_prefix", STREAM_QOS, heard, "the simulator")

    def _look(self) -> None:
        if self.finished.done():
            return
        try:
            self._phase()
        except UnmeasurableError as error:
            self.finished.set_exception(error)

    def _enter(self, phase: Callable[[], None]) -> None:
        self._phase = phase
        self._event = self._entered = time.monotonic()

    @property
    def _waited(self) -> float:
        return time.monotonic() - self._event

    def _connect(self) -> None:
        """Wait until every topic is there; answers are listened to, the truth not yet."""
        frames = self._frame_topics[0]
        troubles = [topic.trouble(self) for topic in (*self._answers, *self._truths, frames)]
        if any(troubles):
            if self._waited > self.settings.discovery_timeout_s:
                limit = f"within {self.settings.discovery_timeout_s:g} s"
                raise UnmeasurableError(f"{next(filter(None, troubles))} ({limit})")
            return
        for topic in (*self._answers, *self._frame_topics):
            topic.listen(self)
        self._enter(self._await_answer)

    def _await_answer(self) -> None:
        """Wait until frames without contact are answered, so that all can be heard."""
        if self.records.any_complete:
            self._begin_tare()
        elif time.monotonic() - self._entered > self.settings.discovery_timeout_s:
            frames = self.resolve_topic_name(self.settings.frames_topic)
            if not self._frames:
                raise UnmeasurableError(
                    f"no frame came on {frames}: start the simulator with "
                    "wait_for_subscribers:=true, so that it waits for this check"
                )
            raise UnmeasurableError(
                f"{self._frames} frames came on {frames}, but no frame was answered on all of "
                f"{', '.join(self.resolve_topic_name(topic.name) for topic in self._answers)} "
                f"within {self.settings.discovery_timeout_s:g} s: is the node active, does it "
                f"listen to that topic, and does it copy the stamp? {self._said()}"
            )

    def _said(self) -> str:
        """What the diagnostics of the nodes under test say, or nothing."""
        words = [self._drops.words[node] for node in self._subjects() if node in self._drops.words]
        return f"It says: {'; '.join(words)}" if words else ""

    def _begin_tare(self) -> None:
        service = self.settings.tare_service
        if not service:
            self._listen_to_truth()
            return
        client = self.create_client(Trigger, service)
        self._enter(lambda: self._await_tare(client))

    def _await_tare(self, client: Any) -> None:
        late = time.monotonic() - self._entered > self.settings.discovery_timeout_s
        if self._tare is None:
            if client.service_is_ready():
                self._tare = client.call_async(Trigger.Request())
            elif late:
                raise UnmeasurableError(
                    f"nobody serves {client.service_name}: name another tare_service, or none"
                )
        elif self._tare.done():
            result: Any = self._tare.result()
            if not result.success:
                raise UnmeasurableError(f"{client.service_name} failed: {result.message}")
            self._listen_to_truth()
        elif late:
            raise UnmeasurableError(f"{client.service_name} did not answer: is the node alive?")

    def _listen_to_truth(self) -> None:
        for topic in self._truths:
            topic.listen(self)
        self._enter(self._measure)

    def _measure(self) -> None:
        """Until the simulator says that it finished, and its last truth is here."""
        settings, truths = self.settings, self.records.truths
        if self._total is not None and truths >= self._total:
            self._outstanding = truths
            self._enter(self._await_outstanding)
            return
        limit = settings.answer_timeout_s if truths else settings.discovery_timeout_s
        if self._waited <= limit:
            return
        if self._total is not None:
            raise UnmeasurableError(
                f"the truth of {truths} of {self._total} frames came: start the simulator with "
                "wait_for_subscribers:=true"
            )
        raise UnmeasurableError(
            f"the simulator fell silent after {truths} frames, before it said that it finished"
        )

    def _await_outstanding(self) -> None:
        unanswered = len(self.records.unanswered)
        if unanswered < self._outstanding:
            self._outstanding, self._event = unanswered, time.monotonic()
        if not unanswered:
            self.finished.set_result(None)
        elif self._waited > self.settings.answer_timeout_s:
            self._drops.expect()
            self._enter(self._await_drops)

    def _await_drops(self) -> None:
        if self._drops.came or self._waited > DROPS_LIMIT:
            self.finished.set_result(None)

    def _on_truth(self, part: str) -> Callable[[Any, Any], None]:
        def heard(message: Any, info: Any) -> None:
            self._event = time.monotonic()
            if not self.records.truths:
                self._drops.begin(self._subjects())
            self.records.add_truth(part, message)

        return heard

    def _subjects(self) -> list[str]:
        """Full names of the nodes that answer."""
        topic = self.resolve_topic_name(self.settings.contact_map_topic)
        return [
            f"{info.node_namespace.rstrip('/')}/{info.node_name}"
            for info in self.get_publishers_info_by_topic(topic)
        ]

    def _on_frame(self, message: Image, info: Any) -> None:
        self._frames += 1
        self.records.add_frame("frame", message, self._time(info, "source_timestamp"))

    def _on_ideal(self, message: Image, info: Any) -> None:
        self.records.add_frame("ideal", message)

    def _time(self, info: Any, event: str) -> int:
        """When the middleware sent or received a message, not when this node came to it, ns.

        Under simulation time, which the middleware does not know, now.
        """
        known = 0 if self.get_clock().ros_time_is_active else info.get(event)
        return int(known or self.get_clock().now().nanoseconds)

    def _on_end(self, message: UInt32, info: Any) -> None:
        self._total = message.data

    def _on_labels(self, labels: LabelInfo) -> None:
        self._names = {str(label.class_id): label.class_name for label in labels.class_map}

    def publish_diagnostics(self) -> None:
        """Publish how far the check is."""
        phase = self._phase.__name__.strip("_<>").replace("_", " ").replace("lambda", "tare")
        values = {
            "truths": self.records.truths,
            "unanswered": len(self.records.unanswered),
            "of": "unknown" if self._total is None else self._total,
        }
        stamp, name = self.get_clock().now().to_msg(), self.get_fully_qualified_name()
        self._diagnostics.publish(
            diagnostic_array(stamp, f"{name}: check", DiagnosticStatus.OK, phase, values, "")
        )

    @property
    def subject(self) -> str:
        """What is checked, for headings."""
        return ", ".join(self._subjects()) or self.resolve_topic_name(
            self.settings.contact_map_topic
        )

    def measurements(self) -> Measurements:
        """All numbers of what came so far."""
        return measure(
            self.records.injected(), self.records.perceived(self._names), self._drops.count
        )


class DropCounts:
    """Frames that the node under test says it dropped or refused, from its diagnostics.

    `words` holds by full node name what else it says.
    """

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        self._subjects: list[str] = []
        self._latest: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._expected = self.came = False

    def begin(self, subjects: list[str]) -> None:
        """What was dropped until now does not count."""
        self._subjects, self._before = subjects, dict(self._latest)

    def expect(self) -> None:
        """`came` tells from now on whether newer counts are here."""
        self.came = False

    def take(self, message: DiagnosticArray) -> None:
        """Counts under the keys "dropped" and "refused" of every status."""
        for status in message.status:
            values = {pair.key: pair.value for pair in status.values}
            counts = [values.get(key, "") for key in ("dropped", "refused")]
            if any(count.isdigit() for count in counts):
                node = status.name.split(":")[0]
                reasons = [key for key in values if key.startswith("refused.")]
                self.words[node] = ", ".join([status.message, *reasons])
                self._latest[node] = sum(int(count) for count in counts if count.isdigit())
                self.came = self.came or node in self._subjects

    @property
    def count(self) -> int:
        """Since `begin`."""
        return sum(self._latest.get(node, 0) - self._before.get(node, 0) for node in self._subjects)


def check() -> int:
    """Measure, judge and report; the exit code says what came of it."""
    trouble = ""
    with spinning(ShiftCheck) as (node, executor):
        executor.spin_until_future_complete(node.finished)
        try:
            if not node.finished.done():
                raise UnmeasurableError("the check was stopped before the script ended")
            node.finished.result()
        except UnmeasurableError as error:
            trouble = str(error)
        measurements, subject = node.measurements(), node.subject
    findings = (_unmeasurable(trouble),) if trouble else judge(measurements, node.thresholds)
    folder = Path(node.settings.report_dir)
    _say(findings)
    files = write_report(folder, measurements, findings, subject)
    print(f"shift_check: {VERDICTS[exit_code(findings)]}; page: {files.page.resolve()}")
    return exit_code(findings)


def _unmeasurable(trouble: str) -> Finding:
    return Finding(
        "stream", "unmeasurable", None, None, "", False, "nothing could be measured", trouble
    )


def _say(findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        if not finding.passed:
            print(f"shift_check: {finding.outcome}: {finding.sentence}", file=sys.stderr)
    judged = [finding for finding in findings if finding.outcome != "reported"]
    passed = sum(finding.passed for finding in judged)
    print(f"shift_check: {passed} of {len(judged)} judged findings passed")


def main(arguments: list[str] | None = None) -> int:
    """Run the check; 0 passed, 1 failed, 2 it could not measure or something given is wrong."""
    try:
        return node_main("shift_check", check, arguments)
    except Exception:  # a defect of the check is no verdict on its subject
        traceback.print_exc()
        return 2


if __name__ == "__main__":
    sys.exit(main())
