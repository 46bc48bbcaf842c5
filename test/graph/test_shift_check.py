"""The check on the graph: subjects that answer well and badly, and what cannot be measured."""

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from geometry_msgs.msg import PointStamped
from graph_client import BEST_EFFORT, LIMIT_S, RELIABLE, Client, image, pixels
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from tactile_equiv_sim.check.verdict import exit_code, judge
from tactile_equiv_sim.shift_check import ShiftCheck, UnmeasurableError
from tactile_equiv_sim.simulator_node import SimulatorNode
from vision_msgs.msg import (
    Classification,
    Detection2D,
    Detection2DArray,
    ObjectHypothesis,
    ObjectHypothesisWithPose,
)

from tactile_equiv.process_descriptions import ClosedLoop

SCRIPT = {
    "sensor": {"kind": "taxels", "rows": 12, "cols": 14, "pitch_mm": 2.0, "units_per_n": 100},
    "rate_hz": 100,
    "rest_frames": 3,
    "gap_frames": 1,
    "objects": {"plate": {"family": "flat", "width_mm": 6}},
    "moves": [
        {"move": "grid", "object": "plate", "step_taxels": 3},
        {"move": "slide", "object": "plate", "from_mm": [10, 8], "to_mm": [16, 12], "steps": 20},
    ],
}
LOSES = 7
"""The careless subject answers all but every seventh frame with a contact."""
OUTPUTS: Mapping[str, type] = {
    "classification": Classification,
    "contact_map": Image,
    "contacts": Detection2DArray,
}


class Subject:
    """Answers frames: the map is the frame, one contact at its energy centroid."""

    def __init__(self, client: Client, loses: int = 0, twice: bool = False) -> None:
        self.loses, self.twice = loses, twice
        self.seen = self.lost = 0
        self.publishers = {
            name: client.node.create_publisher(kind, f"/tactile_perception/{name}", RELIABLE)
            for name, kind in OUTPUTS.items()
        }
        client.node.create_subscription(Image, "/image", self.answer, RELIABLE)

    def answer(self, frame: Image) -> None:
        values = pixels(frame)
        touched = bool(values.max() > 0)
        self.seen += touched
        if touched and self.loses and self.seen % self.loses == 0:
            self.lost += 1
            return
        for _ in range(1 + self.twice):
            self.publish(frame.header, values, touched)

    def publish(self, header: Any, values: Any, touched: bool) -> None:
        best = [ObjectHypothesis(class_id="plate", score=0.9)] if touched else []
        answer = image(values / max(float(values.max()), 1.0))
        answer.header = header
        detections = [detection(values)] if touched else []
        self.publishers["classification"].publish(Classification(header=header, results=best))
        self.publishers["contact_map"].publish(answer)
        self.publishers["contacts"].publish(Detection2DArray(header=header, detections=detections))


def detection(values: Any) -> Detection2D:
    """The contact of a frame (H, W) at its energy centroid."""
    rows, columns = np.indices(values.shape)
    one = Detection2D(results=[ObjectHypothesisWithPose()])
    one.bbox.center.position.y = float((rows * values).sum() / values.sum())
    one.bbox.center.position.x = float((columns * values).sum() / values.sum())
    return one


@dataclass
class Loop:
    """Check, simulator and a client that is the subject, in one executor."""

    client: Client
    check: ShiftCheck
    simulator: SimulatorNode

    def findings(self) -> dict[str, Any]:
        """The verdict by name, once the check is done."""
        self.client.until(self.check.finished.done, "the check")
        self.check.finished.result()
        found = judge(self.check.measurements(), self.check.thresholds)
        return {finding.name: finding for finding in found}


@pytest.fixture
def loop(ros_context: Any, tmp_path: Path) -> Any:
    """Starts a check and a simulator; `simulator` holds parameters, the others are the check's."""
    script = tmp_path / "script.yaml"
    script.write_text(yaml.safe_dump(SCRIPT))
    limits = tmp_path / "limits.yaml"
    limits.write_text("latency_p99: null\n")
    started: list[Loop] = []

    def start(simulator: Mapping[str, Any] | None = None, **parameters: Any) -> Loop:
        of_check = {"thresholds": str(limits), "answer_timeout_s": 2.0} | parameters
        of_simulator = {"script": str(script), "wait_for_subscribers": True} | (simulator or {})
        client = Client(ros_context)
        nodes = [
            kind(
                context=ros_context,
                parameter_overrides=[Parameter(k, value=v) for k, v in given.items()],
            )
            for kind, given in ((ShiftCheck, of_check), (SimulatorNode, of_simulator))
        ]
        for node in nodes:
            client.executor.add_node(node)
        started.append(Loop(client, *nodes))
        return started[-1]

    yield start
    for one in started:
        for node in (one.check, one.simulator):
            one.client.executor.remove_node(node)
            node.destroy_node()
        one.client.close()


def test_a_subject_that_answers_every_frame_passes(loop):
    one = loop()
    subject = Subject(one.client)
    findings = one.findings()
    failed = {name: f.sentence for name, f in findings.items() if not f.passed}
    assert failed.keys() <= {"clipped_unflagged"}, failed
    assert findings["map_shift_error"].outcome == "passed"
    assert one.check.measurements().liveness.answered == one.check.records.truths > subject.seen / 2


def test_lost_frames_are_counted(loop):
    one = loop()
    subject = Subject(one.client, loses=LOSES)
    findings = one.findings()
    assert subject.lost > 2
    assert findings["answers_missing"].outcome == "failed"
    assert findings["answers_missing"].measured == subject.lost
    assert exit_code(list(findings.values())) == 1


def test_second_answers_are_counted(loop):
    one = loop()
    Subject(one.client, twice=True)
    findings = one.findings()
    assert findings["answers_duplicate"].outcome == "failed"
    assert findings["answers_duplicate"].measured == one.check.records.truths


def test_the_progress_is_in_the_diagnostics(loop):
    one = loop()
    Subject(one.client)
    one.findings()
    one.check.publish_diagnostics()
    total = str(one.check.records.truths)
    one.client.until(
        lambda: any(
            pair.key == "truths" and pair.value == total
            for message in one.client.statuses
            for status in message.status
            for pair in status.values
        ),
        "progress",
    )


def test_frames_without_any_answer_cannot_be_measured(loop):
    one = loop(discovery_timeout_s=1.0)
    for name, kind in OUTPUTS.items():
        one.client.node.create_publisher(kind, f"/tactile_perception/{name}", RELIABLE)
    one.client.until(one.check.finished.done, "the check")
    with pytest.raises(UnmeasurableError, match=r"frames came on /image, but no frame was answer"):
        one.check.finished.result()


def test_a_truth_that_began_before_the_check_cannot_be_measured(loop):
    one = loop(simulator={"wait_for_subscribers": False})
    Subject(one.client)
    one.client.until(one.check.finished.done, "the check")
    with pytest.raises(UnmeasurableError, match="wait_for_subscribers"):
        one.check.finished.result()


def test_a_tare_service_that_is_not_there_cannot_be_called(loop):
    one = loop(discovery_timeout_s=1.0, tare_service="tactile_perception/tare")
    Subject(one.client)
    one.client.until(one.check.finished.done, "the check")
    with pytest.raises(UnmeasurableError, match="nobody serves /tactile_perception/tare"):
        one.check.finished.result()


def test_a_contact_may_be_a_point(loop):
    one = loop(contacts_type="geometry_msgs/msg/PointStamped", contacts_topic="point")
    subject = Subject(one.client)
    points = one.client.node.create_publisher(PointStamped, "/point", RELIABLE)

    def relay(message: Detection2DArray) -> None:
        point = PointStamped(header=message.header)
        point.point.x = point.point.y = float("nan")
        for found in message.detections:
            point.point.x = found.bbox.center.position.x
            point.point.y = found.bbox.center.position.y
        points.publish(point)

    one.client.node.create_subscription(
        Detection2DArray, "/tactile_perception/contacts", relay, RELIABLE
    )
    findings = one.findings()
    assert subject.seen and findings["centroid_rms"].outcome == "passed"


CASES = {
    "nobody": r"nobody publishes /nobody/tactile_perception/classification .*within 5 s",
    "wrong_type": r"classification carries sensor_msgs/msg/Image, expected is vision_msgs/msg/Cl",
    "wrong_qos": r"incompatible QoS: client offers BEST_EFFORT VOLATILE on /wrong_qos/.*requests",
    "no_truth": r"nobody publishes /no_truth/tactile_simulator/truth/contacts",
    "bad_limits": r"did you mean 'score_drift'",
}


def publish_for(case: str, client: Client) -> None:
    """What the graph holds in this case."""
    qos = BEST_EFFORT if case == "wrong_qos" else RELIABLE
    for name, kind in OUTPUTS.items():
        wrong = case == "wrong_type" and name == "classification"
        topic = f"/{case}/tactile_perception/{name}"
        if case != "nobody":
            client.node.create_publisher(Image if wrong else kind, topic, qos)


@pytest.mark.slow
def test_what_cannot_be_measured_ends_with_2_and_a_sentence(ros_context, tmp_path):
    client = Client(ros_context)
    limits = tmp_path / "limits.yaml"
    limits.write_text("score_drfit: 1.0e-3\n")
    checks = {}
    for case in CASES:
        publish_for(case, client)
        thresholds = str(limits) if case == "bad_limits" else ""
        loop = ClosedLoop(namespace=case, report_dir=str(tmp_path / case), thresholds=thresholds)
        command = [*loop.check.command(), "-p", "discovery_timeout_s:=5.0"]
        checks[case] = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    for case, process in checks.items():
        _, said = process.communicate(timeout=2 * LIMIT_S)
        lines = [line for line in said.splitlines() if line.startswith("shift_check: ")]
        assert process.returncode == 2, (case, said)
        assert len(lines) == 1 and "Traceback" not in said, (case, said)
        assert re.search(CASES[case], lines[0]), (case, lines)
    report = json.loads((tmp_path / "nobody" / "shift_check.json").read_text())
    assert report["verdict"] == "unmeasurable"
    assert "<error" in (tmp_path / "nobody" / "shift_check.xml").read_text()
    client.close()
