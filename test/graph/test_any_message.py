"""Messages of any type, found by name at run time: as XELA, Robotiq and TactileState send."""

import re

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from graph_client import figures, pixels, press, write_model
from rclpy.serialization import serialize_message
from sensor_msgs.msg import ChannelFloat32, Image
from std_msgs.msg import Float32MultiArray

from tactile_equiv.errors import SettingsError
from tactile_equiv.input_kind import WithoutHeader, input_of
from tactile_equiv.model import load_model
from tactile_equiv.percept import perceive
from tactile_equiv.settings import Settings

XELA = {
    "input_type": "xela_server_ros2/msg/SensStream",
    "input_field": "sensors[0].taxels[].z",
    "rows": 4,
    "cols": 4,
}
ROBOTIQ = {
    "input_type": "robotiq_tactile_msgs/msg/StaticData",
    "input_field": "taxels[1].values",
    "rows": 7,
    "cols": 4,
}
TACTILE_STATE = {
    "input_type": "tactile_msgs/TactileState",
    "input_field": "sensors[1].values",
    "rows": 13,
    "cols": 6,
    "order": "column_major",
}
FLOATS = {
    "input_type": "std_msgs/msg/Float32MultiArray",
    "input_field": "data",
    "rows": 12,
    "cols": 16,
}


def xela(vendor, *patches):
    """SensStream: z of every taxel in rows, x and y at rest."""
    sensors = [
        vendor["SensorFull"](taxels=[vendor["Taxel"](x=1, y=2, z=int(z)) for z in np.ravel(patch)])
        for patch in patches
    ]
    return vendor["SensStream"](sensors=sensors)


def robotiq(vendor, frame):
    """StaticData: the second finger is pressed."""
    message = vendor["StaticData"]()
    message.taxels[1].values = frame.ravel().astype(np.uint16)
    return message


def tactile_state(vendor, frame):
    """TactileState: a thumb, and a finger in columns."""
    message = vendor["TactileState"]()
    message.header.stamp.sec, message.header.frame_id = 5, "finger"
    message.sensors = [
        ChannelFloat32(name="thumb", values=[1.0]),
        ChannelFloat32(name="finger", values=frame.T.ravel().tolist()),
    ]
    return message


def floats(vendor, frame):
    return Float32MultiArray(data=frame.ravel().tolist())


@pytest.mark.parametrize(
    ("parameters", "message_of", "stamped"),
    [
        (XELA, xela, False),
        (ROBOTIQ, robotiq, False),
        (TACTILE_STATE, tactile_state, True),
        (FLOATS, floats, False),
    ],
)
def test_a_driver_is_heard_without_its_package_as_a_dependency(
    perception, vendor, model_directory, parameters, message_of, stamped
):
    graph = perception(**parameters, frame_id="palm")
    maps = graph.output(Image, "contact_map")
    frame = np.floor(press(1, 0, parameters["rows"], parameters["cols"]))
    answer = graph.perceive(message_of(vendor, frame), "taxels")
    graph.until(lambda: maps)
    expected = perceive(load_model(model_directory, "torch", "cpu"), frame)
    assert expected.contacts
    np.testing.assert_array_equal(pixels(maps[0]), expected.contact_map)
    assert answer.results[0].class_id == str(expected.texture.index)
    assert answer.header.frame_id == ("finger" if stamped else "palm")
    assert (answer.header.stamp.sec == 5) == stamped


def test_components_are_the_channels_of_the_network(perception, vendor, tmp_path):
    model = write_model(tmp_path / "three", input_channels=3)
    components = XELA | {"input_field": "sensors[0].taxels[]", "component": "z,x,y"}
    graph = perception(**components, model_path=str(model))
    maps = graph.output(Image, "contact_map")
    frame = np.floor(press(1, 0, 4, 4))
    assert graph.perceive(xela(vendor, frame), "taxels").results
    graph.until(lambda: maps)
    colours = np.dstack([frame, np.full((4, 4), 1), np.full((4, 4), 2)])
    expected = perceive(load_model(model, "torch", "cpu"), colours)
    np.testing.assert_array_equal(pixels(maps[0]), expected.contact_map)


def test_an_inverted_scale_is_turned_and_values_outside_it_are_invalid(perception, vendor):
    graph = perception(**XELA, invert=True, value_min=1.0, value_max=2135.0)
    maps = graph.output(Image, "contact_map")
    frame = np.full((4, 4), 2135)
    assert graph.perceive(xela(vendor, frame), "taxels").results == []
    frame[1:3, 1:3] = 2000
    frame[3, 3] = 0
    assert graph.perceive(xela(vendor, frame), "taxels").results
    graph.until(lambda: len(maps) == 2)
    touched = pixels(maps[1])
    assert np.argwhere(np.isnan(touched)).tolist() == [[3, 3]]
    assert (touched[1:3, 1:3] > 0.5).all()


def test_messages_without_the_values_are_refused_and_counted(perception, vendor):
    graph = perception(**XELA | {"input_field": "sensors[].taxels[].z", "rows": 4, "cols": 8})
    whole = np.floor(press(1, 0, 4, 4))
    for count, (message, reason) in enumerate(
        [
            (xela(vendor), "data"),
            (xela(vendor, whole), "data"),
            (xela(vendor, whole, whole[:3]), "field"),
            (xela(vendor, whole, whole, whole), "data"),
        ],
        start=1,
    ):
        status = figures(graph.refused(message, "taxels"))
        assert (int(status[f"refused.{reason}"]) > 0, status["refused"]) == (True, str(count))
    graph.until(lambda: graph.warnings("ragged: its arrays hold 12, 16 values"))
    assert graph.perceive(xela(vendor, whole, whole), "taxels").results


def test_a_missing_element_is_refused_and_told(perception, vendor):
    graph = perception(**XELA | {"input_field": "sensors[2].taxels[].z"})
    status = figures(graph.refused(xela(vendor, np.zeros((4, 4))), "taxels"))
    assert status["refused.field"] == "1"
    graph.until(lambda: graph.warnings("sensors has 1 elements"))


def test_bytes_that_end_early_are_refused(perception, vendor):
    graph = perception(**XELA)
    whole = serialize_message(xela(vendor, np.floor(press(1, 0, 4, 4))))
    for count, length in enumerate((20, 60, len(whole) - 1), start=1):
        graph.publisher("taxels", vendor["SensStream"]).publish(whole[:length])
        graph.until(lambda count=count: graph.values()["refused"] == str(count), "a refusal")
    assert int(graph.values()["refused.serialisation"]) >= 2
    graph.until(lambda: graph.warnings("no serialised SensStream"))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"input_type": "no_such_msgs/msg/Skin"}, "package no_such_msgs cannot be imported"),
        ({"input_type": "xela_server_ros2/msg/Sens"}, "it has: SensStream, SensorFull, Taxel"),
        ({"input_type": "SensStream"}, "any package/msg/Type together with input_field"),
        ({"input_field": ""}, "any package/msg/Type together with input_field"),
        ({"input_field": "sensors[0].taxels[].w"}, "Taxel has no field w, but x, y, z"),
        ({"input_field": "sensors.taxels[].z"}, "sensors is an array"),
        ({"input_field": "sensors[0].taxels[]"}, "with the fields x, y, z, not numbers"),
        ({**ROBOTIQ, "input_field": "taxels[2].values"}, "taxels has 2 elements"),
        ({"rows": 0}, "rows, cols are 0, 4"),
        ({"invert": True}, "invert needs value_max"),
    ],
)
def test_what_cannot_be_read_is_refused_beforehand(vendor, wrong, named):
    with pytest.raises(SettingsError, match=re.escape(named)):
        input_of(Settings(**XELA | wrong))


def test_a_node_that_cannot_read_its_input_lives_on_and_says_why(perception, vendor):
    graph = perception(**XELA | {"input_field": "sensors[0].taxels[].w"}, autostart=False)
    assert not graph.transition("configure")
    status = graph.diagnostics()
    assert status.level == DiagnosticStatus.ERROR
    assert "Taxel has no field w, but x, y, z" in status.message
    assert graph.set(input_field=XELA["input_field"]) == []
    assert graph.transition("configure")


def test_a_header_of_another_kind_is_none():
    contents = WithoutHeader(Float32MultiArray(data=[1.0, 2.0]))
    assert contents.header is None
    assert contents.data.tolist() == [1, 2]
