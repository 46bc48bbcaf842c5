"""Ready parameter files: each is read, taken by the node, and hears a frame of its sensor."""

import array

import numpy as np
import pytest
from graph_client import pixels, press
from sensor_msgs.msg import Image
from std_msgs.msg import Float32MultiArray, UInt16MultiArray

from tactile_equiv.errors import SettingsError
from tactile_equiv.sensor_profiles import find_profile, profile_names, read_profile
from tactile_equiv.settings import Settings


def picture(frame, channels=()):
    """An Image of the whole sensor with this value in every channel."""
    values = np.broadcast_to(frame[(..., *(None for _ in channels))], (*frame.shape, *channels))
    values = np.ascontiguousarray(values, np.uint8)
    message = Image(height=frame.shape[0], width=frame.shape[1], step=values[0].nbytes)
    message.encoding = "rgb8" if channels else "mono8"
    message.data = array.array("B", values.tobytes())
    return message


def numbers(message_class):
    return lambda vendor, frame: message_class(data=frame.ravel().tolist())


def uskin(vendor, frame):
    taxels = [vendor["Taxel"](z=int(z)) for z in frame.ravel()]
    return vendor["SensStream"](sensors=[vendor["SensorFull"](taxels=taxels)])


PROFILES = {
    "tekscan_28x50": ("image", lambda vendor, frame: picture(frame)),
    "dsa9205_13x6": ("taxels", numbers(UInt16MultiArray)),
    "roboskin_6x10": ("taxels", numbers(Float32MultiArray)),
    "xela_4x4": ("taxels", uskin),
    "digit_240x320": ("image", lambda vendor, frame: picture(frame, (3,))),
    "gelsight_mini_240x320": ("image", lambda vendor, frame: picture(frame, (3,))),
}


def test_every_profile_is_tested_here():
    assert set(profile_names()) == set(PROFILES)


@pytest.mark.parametrize("name", PROFILES)
def test_a_frame_of_the_sensor_is_felt(perception, vendor, gel_model, name):
    topic, message_of = PROFILES[name]
    file, settings = find_profile(name), read_profile(name)
    model = {"model_path": str(gel_model)} if settings.rows == 240 else {}
    graph = perception(arguments=("--params-file", str(file)), **model)
    seen = graph.perception.settings
    assert seen == settings.changed(
        {key: getattr(seen, key) for key in ("model_path", "backend", "device")}
    )
    assert f"_{settings.rows}x{settings.cols}" in name
    maps = graph.output(Image, "contact_map")
    frame = np.floor(press(1, 0, settings.rows, settings.cols)).astype(np.uint16)
    assert graph.perceive(message_of(vendor, frame), topic).results
    graph.until(lambda: maps)
    assert (maps[0].height, maps[0].width) == (settings.rows, settings.cols)
    assert maps[0].header.frame_id == settings.frame_id
    assert (pixels(maps[0])[1:4, :4] > 0.5).all()


@pytest.mark.parametrize(
    ("name", "millimetres"),
    [("tekscan_28x50", (53, 95)), ("dsa9205_13x6", (44, 20)), ("xela_4x4", (19, 19)),
     ("digit_240x320", (16, 19)), ("gelsight_mini_240x320", (15, 20)), ("roboskin_6x10", (0, 0))],
)  # fmt: skip
def test_distances_of_taxels_make_the_size_of_the_sensor(name, millimetres):
    settings = read_profile(name)
    sides = settings.rows * settings.row_pitch, settings.cols * settings.col_pitch
    assert [1000 * side for side in sides] == pytest.approx(millimetres, abs=0.5)


def test_another_size_than_that_of_the_sensor_is_refused(perception):
    graph = perception(arguments=("--params-file", str(find_profile("tekscan_28x50"))))
    graph.refused(picture(np.zeros((50, 28))))
    graph.until(lambda: graph.warnings("frame has size 50x28, configured is 28x50"))


def test_a_file_of_your_own_is_read_as_the_node_reads_it(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("/**:\n  ros__parameters:\n    rows: 3\n    value_max: 9.0\n")
    assert read_profile(str(file)) == Settings(rows=3, value_max=9.0)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("/**: {ros__parameters: {row: 3}}", "'row' is unknown: did you mean 'rows'"),
        ("/**: {ros__parameters: {rows: 3.0}}", "'rows' is 3.0 of type float"),
        ("/**: {ros__parameters: {value_max: 255}}", "'value_max' is 255 of type int"),
        ("/**: {parameters: {rows: 3}}", "must hold one node"),
        ("a: {ros__parameters: {}}\nb: {ros__parameters: {}}", "must hold one node"),
        ("[1, 2]", "must hold one node"),
        ("", "must hold one node"),
        ("/**: [", "cannot be read"),
    ],
)
def test_wrong_files_are_refused_with_the_reason(tmp_path, text, named):
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=named):
        read_profile(str(file))


def test_a_wrong_name_is_told_the_nearest_right_one():
    with pytest.raises(SettingsError, match="did you mean 'xela_4x4'"):
        find_profile("xela4x4")
