"""Camera gels on the live graph: colours, raw colours, packed images, and the gel itself tared."""

import array

import cv2
import numpy as np
import pytest
from graph_client import pixels
from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import Trigger
from vision_msgs.msg import Detection2DArray

from tactile_equiv.colour_filter import lift
from tactile_equiv.model import load_model
from tactile_equiv.percept import perceive

ROWS, COLUMNS = 24, 32


def gel():
    """An untouched gel as a camera sees it: three lamps, a vignette, grain; (H, W, 3) uint8."""
    rows, columns = np.mgrid[-1 : 1 : ROWS * 1j, -1 : 1 : COLUMNS * 1j]
    lamps = np.dstack([columns, rows, -columns])
    shade = 1 - 0.3 * (rows**2 + columns**2)
    grain = np.random.default_rng(2).normal(scale=1, size=lamps.shape)
    return ((120 + 40 * lamps) * shade[..., None] + grain).round().astype(np.uint8)


def touched(row=8, column=12):
    """The gel with a dent: each lamp makes one side of it brighter and the other darker."""
    rows, columns = np.mgrid[-1:1:9j, -1:1:9j]
    round_ = np.exp(-3 * (rows**2 + columns**2))
    slopes = 60 * np.dstack([(1 + columns) * round_, rows * round_, -columns * round_])
    frame = gel().astype(int)
    frame[row : row + 9, column : column + 9] += slopes.round().astype(int)
    return frame.astype(np.uint8)


def mosaic(colours):
    """What a sensor under RGGB filters reads of (H, W, 3)."""
    raw = colours[..., 1].copy()
    raw[::2, ::2], raw[1::2, 1::2] = colours[::2, ::2, 0], colours[1::2, 1::2, 2]
    return raw


def camera(values, encoding, seconds=1):
    message = Image(height=ROWS, width=COLUMNS, encoding=encoding, step=values[0].nbytes)
    message.data = array.array("B", values.tobytes())
    message.header.stamp.sec = seconds
    return message


def jpeg(values, encoding, seconds=1):
    data = cv2.imencode(".png", values[..., ::-1])[1].tobytes()
    message = CompressedImage(format="rgb8; png compressed bgr8", data=array.array("B", data))
    message.header.stamp.sec = seconds
    return message


@pytest.mark.parametrize(
    ("parameters", "message_of", "encoding", "cell"),
    [
        ({}, camera, "rgb8", 1),
        ({}, camera, "bayer_rggb8", 2),
        ({"binning": 2}, camera, "rgb8", 2),
        ({"input_type": "sensor_msgs/msg/CompressedImage"}, jpeg, "rgb8", 1),
    ],
)
def test_a_tared_gel_shows_the_contact_in_pixels_of_the_camera(
    perception, gel_model, parameters, message_of, encoding, cell
):
    topic = "image/compressed" if message_of is jpeg else "image"
    graph = perception(model_path=str(gel_model), tare_frames=2, **parameters)
    maps = graph.output(Image, "contact_map")
    contacts = graph.output(Detection2DArray, "contacts")

    def sent(colours):
        return message_of(mosaic(colours) if "bayer" in encoding else colours, encoding)

    answer = graph.ask(Trigger, "tare")
    graph.until(lambda: graph.perception.tare_service.in_progress, "the tare to begin")
    for _ in range(2):
        graph.perceive(sent(gel()), topic)
    graph.until(answer.done, "the answer of tare")
    assert answer.result().success
    assert graph.perceive(sent(gel()), topic).results == []
    assert graph.perceive(sent(touched()), topic).results
    graph.until(lambda: len(maps) == len(contacts) == 4)
    assert not pixels(maps[2]).any()

    change = touched().astype(np.float32) - gel()
    if encoding.startswith("bayer"):
        change = lift(mosaic(change), "rggb", 3)
    elif cell == 2:
        change = change.reshape(ROWS // 2, 2, COLUMNS // 2, 2, 3).mean((1, 3))
    expected = perceive(load_model(gel_model, "torch", "cpu"), change).enlarged(cell)
    assert pixels(maps[3]).shape == (ROWS, COLUMNS)
    np.testing.assert_allclose(pixels(maps[3]), expected.contact_map, atol=1e-6)
    (found,) = contacts[3].detections
    (contact,) = expected.contacts
    centre = found.bbox.center.position
    assert (centre.y, centre.x) == pytest.approx((contact.row, contact.column), abs=1e-4)
    assert (centre.y, centre.x) == pytest.approx((12, 17), abs=0.6)


def test_a_frame_that_does_not_fit_the_pattern_is_refused(perception, gel_model):
    graph = perception(model_path=str(gel_model))
    raw = camera(mosaic(gel())[:-1], "bayer_rggb8")
    raw.height = ROWS - 1
    status = graph.refused(raw)
    assert {pair.key: pair.value for pair in status.values}["refused.size"] == "1"
    graph.until(lambda: graph.warnings("needs (rows, columns), both even"))


def test_channels_that_the_model_does_not_know_are_refused(perception, gel_model):
    graph = perception(model_path=str(gel_model), bayer_channels=4)
    status = graph.refused(camera(mosaic(gel()), "bayer_rggb8"))
    assert {pair.key: pair.value for pair in status.values}["refused.channels"] == "1"
