"""/diagnostics: rate, age, drops, latency, device; QoS that does not fit names both sides."""

import hashlib
import json
import shutil

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from graph_client import BEST_EFFORT, LATCHED, figures, image, press, write_model
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification

from tactile_equiv.model_directory import CARD_FILE, ONNX_FILE


def test_figures_of_a_stream(perception):
    graph = perception(frame_id="palm")
    graph.diagnostics()
    now = graph.node.get_clock().now().nanoseconds / 1e9
    for number in range(5):
        graph.perceive(image(press(), now + number / 1000))
    status = graph.diagnostics()
    assert status.name == "/tactile_perception: perception"
    assert status.hardware_id == "palm"
    assert status.level == DiagnosticStatus.OK
    values = figures(status)
    assert values["state"] == "active"
    assert values["input"] == "/image"
    assert values["perceived"] == "5"
    assert values["dropped"] == values["refused"] == "0"
    assert (values["model"], values["backend"], values["device"]) == ("pressing", "torch", "cpu")
    assert values["tare"] == values["notices"] == "none"
    assert float(values["rate_hz"]) > 0
    assert 0 <= float(values["age_ms"]) < 30_000
    assert 0 < float(values["latency_p50_ms"]) <= float(values["latency_p99_ms"])


def test_they_come_by_themselves(perception):
    graph = perception()
    before = len(graph.statuses)
    graph.until(lambda: len(graph.statuses) >= before + 2)
    stamps = [s.header.stamp.sec + s.header.stamp.nanosec / 1e9 for s in graph.statuses]
    assert stamps == sorted(stamps)


def test_no_input_is_stale(perception):
    graph = perception(input_timeout_s=0.05)
    status = graph.diagnostics()
    assert (status.level, status.message) == (DiagnosticStatus.STALE, "no frame yet")
    values = figures(status)
    keys = ("age_ms", "latency_p50_ms", "latency_p99_ms")
    assert [values[key] for key in keys] == ["none"] * 3
    graph.perceive(image(press()))
    graph.until(lambda: graph.diagnostics().level == DiagnosticStatus.STALE)
    assert graph.diagnostics().message.startswith("no frame for")


def test_an_engine_that_computes_something_else_is_refused_by_name(perception, tmp_path):
    mixed = write_model(tmp_path / "mixed", seed=1)
    other = write_model(tmp_path / "other", seed=2) / ONNX_FILE
    if not other.exists():
        pytest.skip("the export needs onnx")
    shutil.copy(other, mixed)
    card = json.loads((mixed / CARD_FILE).read_text())
    card["sha256"][ONNX_FILE] = hashlib.sha256(other.read_bytes()).hexdigest()
    (mixed / CARD_FILE).write_text(json.dumps(card))
    graph = perception(model_path=str(mixed), backend="opencv")
    status = graph.diagnostics()
    assert figures(status)["backend"] == "torch"
    assert "opencv is refused (it differs from torch" in figures(status)["notices"]
    assert status.level == DiagnosticStatus.WARN


def test_frames_that_never_reached_the_node_are_counted(perception):
    graph = perception()
    graph.perceive(image(press(), 1))
    for number in range(6):
        graph.send(image(press(), 2 + number))
    graph.until(lambda: graph.classes[-1].header.stamp.sec == 7)
    answered = len(graph.classes)
    values = graph.values()
    assert answered < 7
    assert values["perceived"] == str(answered)
    assert values["dropped"] == str(7 - answered)


def test_the_newest_frame_wins(perception):
    graph = perception()
    graph.publisher()
    for number in range(6):
        graph.send(image(press(), 1 + number))
    graph.until(lambda: graph.classes)
    assert graph.classes[0].header.stamp.sec == 6


RELIABLE_INPUT = {"qos_overrides./image.subscription.reliability": "reliable"}


def test_a_driver_that_offers_less_is_named_until_it_goes(perception):
    graph = perception(**RELIABLE_INPUT)
    driver = graph.node.create_publisher(Image, "image", BEST_EFFORT)
    graph.until(lambda: graph.warnings("incompatible QoS"))
    (told,) = graph.warnings("incompatible QoS")
    for part in (
        "RELIABILITY",
        "client offers BEST_EFFORT",
        "tactile_perception requests RELIABLE",
    ):
        assert part in told
    status = graph.diagnostics()
    assert status.level == DiagnosticStatus.WARN
    assert "client offers BEST_EFFORT" in status.message
    assert "no frame will come" in status.message
    assert status.message.endswith("; no frame yet")
    graph.node.destroy_publisher(driver)
    graph.until(lambda: graph.diagnostics().level == DiagnosticStatus.STALE)


def test_a_better_driver_beside_it_is_heard(perception):
    graph = perception(**RELIABLE_INPUT)
    graph.node.create_publisher(Image, "image", BEST_EFFORT)
    good = graph.node.create_publisher(Image, "image", QoSProfile(depth=5))
    graph.until(good.get_subscription_count)
    good.publish(image(press()))
    graph.until(lambda: graph.classes)


@pytest.mark.parametrize("output", ["classification", "contact_map"])
def test_a_subscriber_that_wants_more_is_named(perception, output):
    graph = perception()
    kind = Classification if output == "classification" else Image
    graph.listen(kind, f"/tactile_perception/{output}", LATCHED)
    graph.until(lambda: graph.warnings("incompatible QoS"))
    (told,) = graph.warnings("incompatible QoS")
    assert f"/tactile_perception/{output}" in told
    for part in (
        "DURABILITY",
        "tactile_perception offers RELIABLE VOLATILE",
        "client requests RELIABLE TRANSIENT_LOCAL",
    ):
        assert part in told
    if output == "classification":
        assert "requests RELIABLE VOLATILE" not in told  # another subscriber, which is served
    assert graph.perceive(image(press())).results


def test_an_override_of_one_topic_leaves_the_others(perception):
    graph = perception(
        **{"qos_overrides./tactile_perception/classification.publisher.reliability": "best_effort"}
    )
    quality = {
        name: graph.node.get_publishers_info_by_topic(f"/tactile_perception/{name}")[0].qos_profile
        for name in ("classification", "contacts")
    }
    assert quality["classification"].reliability == ReliabilityPolicy.BEST_EFFORT
    assert quality["contacts"].reliability == ReliabilityPolicy.RELIABLE


@pytest.mark.parametrize(
    "name",
    [
        "qos_overrides./image.subscription.reliability",
        "qos_overrides./tactile_perception/contacts.publisher.reliability",
    ],
)
def test_a_wrong_override_is_told_and_the_node_lives_on(perception, name):
    graph = perception(**{name: "very"})
    assert graph.state in ("unconfigured", "inactive")
    status = graph.diagnostics()
    assert status.level == DiagnosticStatus.ERROR
    assert "very" in status.message


def test_qos_of_the_topics(perception):
    graph = perception()
    (ours,) = graph.node.get_subscriptions_info_by_topic("/image")
    assert ours.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
    assert ours.qos_profile.durability == DurabilityPolicy.VOLATILE
    (labels,) = graph.node.get_publishers_info_by_topic("/tactile_perception/label_info")
    assert labels.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
