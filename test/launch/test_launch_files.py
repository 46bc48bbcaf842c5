"""Launch files start the described nodes; the closed loop ends with the exit code of its check."""

import json

import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

pytestmark = pytest.mark.slow


@pytest.fixture
def watcher(ros_context):
    executor = SingleThreadedExecutor(context=ros_context)
    node = Node("watcher", context=ros_context)
    executor.add_node(node)
    yield lambda: executor.spin_once(timeout_sec=0.1) or node
    executor.shutdown()
    node.destroy_node()


def until_heard(watcher, launched, topics):
    """Wait until somebody listens to every topic."""
    while not all(watcher().count_subscribers(topic) for topic in topics):
        assert launched.process.poll() is None, launched.said


def test_one_sensor_with_namespace_and_remapping(launch, watcher):
    launched = launch(
        "perception.launch.py", namespace="left", remappings="{image: /left_camera/image_raw}"
    )
    until_heard(watcher, launched, ["/left_camera/image_raw"])
    assert ("tactile_perception", "/left") in watcher().get_node_names_and_namespaces()


def test_several_sensors_from_one_list(launch, watcher, tmp_path):
    sensors = tmp_path / "sensors.yaml"
    sensors.write_text(
        "- {namespace: left, remappings: {image: /cameras/left}}\n"
        "- {namespace: hand/right, parameters: {input_type: image}}\n"
    )
    launched = launch("perception.launch.py", sensors=sensors)
    until_heard(watcher, launched, ["/cameras/left", "/hand/right/image"])


def test_a_hand_in_one_node(launch, watcher):
    launched = launch("perception.launch.py", hand="simulated", namespace="left")
    until_heard(watcher, launched, ["/left/thumb/image", "/left/palm/image"])
    assert watcher().count_publishers("/left/tactile_perception/thumb/contact_map")


def test_a_wrong_list_ends_with_one_line(launch, tmp_path):
    sensors = tmp_path / "sensors.yaml"
    sensors.write_text("- {namespase: left}\n")
    launched = launch("perception.launch.py", sensors=sensors)
    assert launched.wait() == 2
    assert "did you mean 'namespace'" in launched.said
    assert "Traceback" not in launched.said


def test_a_closed_loop_that_passes_ends_with_0(launch, tmp_path):
    launched = launch("closed_loop.launch.py", report_dir=tmp_path)
    assert launched.wait() == 0, launched.said
    assert json.loads((tmp_path / "shift_check.json").read_text())["verdict"] == "passed"


def test_a_closed_loop_that_fails_ends_with_1(launch, tmp_path):
    limits = tmp_path / "limits.yaml"
    limits.write_text("centroid_rms: 0\n")
    launched = launch("closed_loop.launch.py", report_dir=tmp_path, thresholds=limits)
    assert launched.wait() == 1, launched.said
    assert "the centroid does not follow the contact" in launched.said


@pytest.mark.parametrize(
    "wrong", [{"script": "no_such_script"}, {"namespace": "/"}, {"rate_hz": "fast"}]
)
def test_a_closed_loop_that_cannot_begin_ends_with_2(launch, tmp_path, wrong):
    launched = launch("closed_loop.launch.py", report_dir=tmp_path, **wrong)
    assert launched.wait() == 2, launched.said
    assert next(iter(wrong.values())) in launched.said
