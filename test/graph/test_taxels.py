"""Taxel arrays: sizes from the layout or from parameters, any number type, any order."""

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from graph_client import figures, press
from sensor_msgs.msg import Image
from std_msgs.msg import Float32MultiArray, MultiArrayDimension, UInt16MultiArray
from std_srvs.srv import Trigger


def taxels(frame, message_class=Float32MultiArray, layout=True):
    """A MultiArray of (H, W), row after row."""
    message = message_class(data=frame.ravel().tolist())
    if layout:
        message.layout.dim = [
            MultiArrayDimension(label=label, size=size)
            for label, size in zip(("rows", "columns"), frame.shape, strict=True)
        ]
    return message


@pytest.mark.parametrize("name", ["taxels", "std_msgs/Float32MultiArray"])
def test_a_layout_gives_the_size(perception, name):
    graph = perception(input_type=name, frame_id="palm")
    maps = graph.output(Image, "contact_map")
    answer = graph.perceive(taxels(press()), "taxels")
    graph.until(lambda: maps)
    assert answer.results
    assert (maps[0].height, maps[0].width) == (12, 16)
    assert answer.header.frame_id == "palm"
    assert answer.header.stamp.sec > 0


def test_rows_and_cols_give_the_size_where_the_message_has_none(perception):
    graph = perception(input_type="std_msgs/msg/UInt16MultiArray", rows=12, cols=16)
    whole = press().astype(np.uint16)
    with_layout = graph.perceive(taxels(whole, UInt16MultiArray), "taxels")
    without = graph.perceive(taxels(whole, UInt16MultiArray, layout=False), "taxels")
    assert with_layout.results == without.results != []


def test_columns_may_come_first(perception):
    graph = perception(input_type="taxels", rows=12, cols=16, order="column_major")
    maps = graph.output(Image, "contact_map")
    frame = press(0, 12)
    graph.perceive(taxels(frame.T, layout=False), "taxels")
    graph.until(lambda: maps)
    values = np.frombuffer(maps[0].data, np.float32).reshape(12, 16)
    assert np.unravel_index(values.argmax(), values.shape)[0] < 4
    assert np.unravel_index(values.argmax(), values.shape)[1] >= 12


def test_an_array_without_size_is_refused_with_advice(perception):
    graph = perception(input_type="taxels")
    status = graph.refused(taxels(press(), layout=False), "taxels")
    assert figures(status)["refused.layout"] == "1"
    graph.until(lambda: graph.warnings("set the parameters rows and cols"))


@pytest.mark.parametrize("wrong", ["sensor_msgs/msg/PointCloud2", "std_msgs/msg/String", "taxel"])
def test_a_wrong_input_type_leaves_the_node_alive_and_says_why(perception, wrong):
    graph = perception(input_type=wrong, autostart=False)
    assert not graph.transition("configure")
    assert graph.state == "unconfigured"
    status = graph.diagnostics()
    assert status.level == DiagnosticStatus.ERROR
    assert f"input_type is '{wrong}': use sensor_msgs/msg/Image" in status.message
    assert graph.set(input_type="image") == []
    assert graph.transition("configure")


def test_a_wrong_input_type_at_start_leaves_the_node_alive(perception):
    graph = perception(input_type="imag", autostart=True)
    assert graph.state == "unconfigured"
    assert not graph.call(Trigger, "reload_model").success
