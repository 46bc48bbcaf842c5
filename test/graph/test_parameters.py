"""Parameters: live ones at the next frame, structural ones when configured, wrong ones refused."""

from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from graph_client import image, press
from rcl_interfaces.srv import DescribeParameters
from sensor_msgs.msg import Image

from tactile_equiv.errors import SettingsError
from tactile_equiv.parameter_set import CONFIGURE
from tactile_equiv.perception_node import PerceptionNode
from tactile_equiv.settings import Settings

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "perception.yaml"
STRUCTURE = [f for f in fields(Settings) if f.metadata["effect"] == CONFIGURE]
OTHER_VALUES = {
    "input_type": "taxels",
    "rows": 3,
    "cols": 3,
    "order": "column_major",
    "channel_order": "rgb",
    "input_field": "data",
    "component": "z",
    "bayer_channels": 4,
    "value_min": 1.0,
    "value_max": 9.0,
    "invert": True,
    "binning": 2,
    "topology": "cylinder_cols",
    "frame_id": "palm",
    "autostart": False,
}


def test_the_shipped_file_holds_every_parameter_with_its_default():
    (node,) = yaml.safe_load(SHIPPED.read_text()).values()
    assert Settings(**node["ros__parameters"]) == Settings()
    assert list(node["ros__parameters"]) == [declared.name for declared in fields(Settings)]


def test_thresholds_work_at_the_next_frame(perception):
    graph = perception()
    assert len(graph.perceive(image(press(), 1)).results) == 3
    steps = [
        ({"max_hypotheses": 1}, 1),
        ({"max_hypotheses": 3, "score_threshold": 1.0}, 0),
        ({"score_threshold": 0.0, "min_contact_area": 10_000}, 0),
        ({"min_contact_area": 1}, 3),
        ({"whole_frame": True}, 3),
        ({"contact_threshold": 1.0}, 0),
        ({"contact_threshold": 0.5}, 3),
    ]
    for number, (values, expected) in enumerate(steps):
        assert graph.set(**values) == []
        answer = graph.perceive(image(press() / 2, 2 + number))
        assert len(answer.results) == expected, values


def test_class_names_on_request(perception):
    graph = perception()
    assert graph.set(class_id_format="name") == []
    answer = graph.perceive(image(press()))
    assert {h.class_id for h in answer.results} == {"smooth", "ridged", "rough"}


def test_structure_is_refused_while_configured_and_taken_after_cleanup(perception):
    assert {declared.name for declared in STRUCTURE} == set(OTHER_VALUES)
    graph = perception()
    for name, value in OTHER_VALUES.items():
        (reason,) = graph.set(**{name: value})
        assert f"'{name}' takes effect when the node is configured" in reason
    assert graph.perceive(image(press())).header.frame_id == "fingertip"
    assert graph.transition("deactivate") and graph.transition("cleanup")
    assert graph.set(frame_id="palm") == []
    assert graph.transition("configure") and graph.transition("activate")
    graph.until(lambda: graph.publisher().get_subscription_count())
    graph.until(lambda: graph.node.count_publishers("/tactile_perception/classification"))
    assert graph.perceive(image(press(), 2, "")).header.frame_id == "palm"


def test_setting_the_value_that_is_there_is_no_change(perception):
    assert perception().set(rows=0, frame_id="tactile_sensor") == []


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"contact_treshold": 0.4}, "'contact_treshold' is unknown: .* 'contact_threshold'"),
        ({"model": "x"}, "'model' is unknown: did you mean 'model_path'"),
        ({"contact": {"threshold": 0.4}}, "'contact.threshold' is .* 'contact_threshold'"),
        ({"contact_threshold": "high"}, "'contact_threshold' is .* must be float"),
        ({"contact_threshold": 1}, "'contact_threshold' is .* must be float, such as 0.5"),
        ({"contact_threshold": 1.5}, "'contact_threshold' is .* 0.0 .. 1.0"),
        ({"rows": 28.0}, "'rows' is .* must be int"),
        ({"rows": -1}, "'rows' is -1: it must lie in 0 .. 65535"),
        ({"rows": [1, 2]}, "'rows' is .* must be int"),
        ({"autostart": "yes please"}, "'autostart' is .* must be bool"),
        ({"device": "gpu"}, "'device' is 'gpu': use one of auto, cpu, cuda"),
        ({"model_path": False}, "'model_path' is False .* must be str"),
    ],
)
def test_a_wrong_file_stops_the_node_at_once(ros_context, tmp_path, values, named):
    file = tmp_path / "parameters.yaml"
    file.write_text(yaml.safe_dump({"tactile_perception": {"ros__parameters": values}}))
    arguments = ["--ros-args", "--params-file", str(file)]
    with pytest.raises(SettingsError, match=named):
        PerceptionNode(context=ros_context, cli_args=arguments)


def test_a_wrong_argument_stops_the_node_at_once(ros_context):
    arguments = ["--ros-args", "-p", "tare_frame:=3"]
    with pytest.raises(SettingsError, match="did you mean 'tare_frames'"):
        PerceptionNode(context=ros_context, cli_args=arguments)


@pytest.mark.parametrize("namespace", ["/", "/left/hand"])
def test_the_shipped_file_reaches_every_namespace(ros_context, tmp_path, namespace):
    file = tmp_path / "parameters.yaml"
    shipped = SHIPPED.read_text()
    file.write_text(shipped.replace("frame_id: tactile_sensor", "frame_id: palm"))
    arguments = ["--ros-args", "--params-file", str(file)]
    node = PerceptionNode(context=ros_context, namespace=namespace, cli_args=arguments)
    node.destroy_node()
    assert node.settings == Settings(frame_id="palm")


@pytest.mark.parametrize(
    "values",
    [
        {"contact_threshold": 1.5},
        {"contact_threshold": -0.1},
        {"contact_threshold": float("nan")},
        {"contact_threshold": 1},
        {"contact_threshold": "high"},
        {"min_contact_area": 0},
        {"max_hypotheses": 0},
        {"class_id_format": "number"},
        {"device": "gpu"},
        {"backend": "tensorrt"},
        {"tare_frames": 0},
        {"input_timeout_s": 0.0},
        {"frame_id": 3},
    ],
)
def test_wrong_values_are_refused_and_change_nothing(perception, values):
    graph = perception()
    before = graph.perception.settings
    (reason,) = graph.set(**values)
    assert reason
    assert graph.perception.settings == before
    assert graph.perceive(image(press())).results


def test_a_wrong_choice_names_the_right_ones(perception):
    (reason,) = perception().set(class_id_format="number")
    assert "use one of index, name" in reason


def test_unknown_names_are_refused(perception):
    assert len(perception().set(contact_treshold=0.5)) == 1


def test_parameters_describe_themselves(perception):
    graph = perception()
    request = DescribeParameters.Request(names=["contact_threshold", "rows", "device"])
    threshold, rows, device = graph.call(
        DescribeParameters, "describe_parameters", request
    ).descriptors
    assert "effect: live" in threshold.description
    (span,) = threshold.floating_point_range
    assert (span.from_value, span.to_value) == (0.0, 1.0)
    assert "effect: configure" in rows.description
    assert rows.integer_range[0].from_value == 0
    assert device.additional_constraints == "one of auto, cpu, cuda"


def test_the_backend_changes_at_the_next_reload(perception):
    pytest.importorskip("onnxruntime")
    graph = perception()
    maps = graph.output(Image, "contact_map")
    torch_answer = graph.perceive(image(press(), 1))
    assert graph.set(backend="onnxruntime") == []
    assert graph.values()["backend"] == "torch"
    assert graph.trigger("reload_model").success
    values = graph.values()
    assert (values["backend"], values["device"]) == ("onnxruntime", "cpu")
    onnx_answer = graph.perceive(image(press(), 2))
    assert [h.class_id for h in onnx_answer.results] == [h.class_id for h in torch_answer.results]
    graph.until(lambda: len(maps) == 2)
