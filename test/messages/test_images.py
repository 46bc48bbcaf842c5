"""sensor_msgs/Image to frames: every encoding, padding, byte order, and every way to be wrong."""

import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sensor_msgs.msg import Image

from tactile_equiv.colour_filter import PATTERNS
from tactile_equiv.decoding import ENCODINGS, decode_image
from tactile_equiv.errors import FrameError
from tactile_equiv.settings import Settings

ONE_CHANNEL = {"mono8": "u1", "8UC1": "u1", "mono16": "u2", "16UC1": "u2", "32FC1": "f4"}
RAW_COLOURS = {
    f"bayer_{pattern}{bits}": f"u{bits // 8}" for pattern in PATTERNS for bits in (8, 16)
}
COLOURS = {"rgb8": "rgb", "bgr8": "bgr", "rgba8": "rgba", "bgra8": "bgra"}


def image_message(values, encoding, padding=0, big=False):
    """An Image from (H, W) or (H, W, C) values, `padding` bytes of 0xAB after each row."""
    ordered = values.astype(values.dtype.newbyteorder(">" if big else "<"))
    rows = ordered.reshape(values.shape[0], -1).view(np.uint8)
    padded = np.pad(rows, ((0, 0), (0, padding)), constant_values=0xAB)
    message = Image(height=values.shape[0], width=values.shape[1], encoding=encoding)
    message.step = padded.shape[1]
    message.is_bigendian = int(big)
    message.data = array.array("B", padded.tobytes())
    return message


def some_values(kind, rows=3, columns=4):
    raw = np.random.default_rng(1).integers(0, 200, (rows, columns))
    return (
        (raw * np.float32(1.25)).astype(kind) if kind == "f4" else (raw * 251 % 60000).astype(kind)
    )


def test_every_encoding_is_tested_here():
    assert {*ONE_CHANNEL, *RAW_COLOURS, *COLOURS, "8UC3"} == set(ENCODINGS)


@given(
    encoding=st.sampled_from(sorted(ONE_CHANNEL | RAW_COLOURS)),
    rows=st.integers(1, 6),
    columns=st.integers(1, 6),
    padding=st.integers(0, 9),
    big=st.booleans(),
)
def test_one_channel_round_trip(encoding, rows, columns, padding, big):
    values = some_values((ONE_CHANNEL | RAW_COLOURS)[encoding], rows, columns)
    frame = decode_image(image_message(values, encoding, padding, big), Settings())
    assert frame.shape == (rows, columns)
    assert frame.dtype.kind == values.dtype.kind
    np.testing.assert_array_equal(frame, values)


def test_byte_order_matters():
    values = np.array([[1, 256]], np.uint16)
    wrong = image_message(values, "mono16", big=True)
    wrong.is_bigendian = 0
    np.testing.assert_array_equal(decode_image(wrong, Settings()), [[256, 1]])


def test_float_images_keep_nan_and_negative_values():
    values = np.array([[np.nan, -2.5], [np.inf, 1e-30]], np.float32)
    frame = decode_image(image_message(values, "32FC1"), Settings())
    np.testing.assert_array_equal(frame, values)


@pytest.mark.parametrize("encoding", sorted(COLOURS))
@pytest.mark.parametrize("padding", [0, 5])
def test_colours_come_out_red_green_blue(encoding, padding):
    rgb = np.random.default_rng(2).integers(0, 255, (3, 5, 3)).astype(np.uint8)
    alpha = np.full((3, 5), 77, np.uint8)
    planes = {"r": rgb[..., 0], "g": rgb[..., 1], "b": rgb[..., 2], "a": alpha}
    sent = np.stack([planes[letter] for letter in COLOURS[encoding]], axis=2)
    frame = decode_image(image_message(sent, encoding, padding), Settings())
    np.testing.assert_array_equal(frame, rgb)


@pytest.mark.parametrize("order", ["bgr", "rgb"])
def test_channel_order_of_8uc3_is_a_parameter(order):
    sent = np.random.default_rng(3).integers(0, 255, (2, 3, 3)).astype(np.uint8)
    frame = decode_image(image_message(sent, "8UC3"), Settings(channel_order=order))
    np.testing.assert_array_equal(frame, sent if order == "rgb" else sent[..., ::-1])


def test_channel_order_leaves_named_encodings_alone():
    sent = np.random.default_rng(4).integers(0, 255, (2, 3, 3)).astype(np.uint8)
    for order in ("bgr", "rgb"):
        frame = decode_image(image_message(sent, "rgb8"), Settings(channel_order=order))
        np.testing.assert_array_equal(frame, sent)


def good():
    return image_message(some_values("u2"), "mono16")


def broken(**changes):
    message = good()
    for name, value in changes.items():
        setattr(message, name, value)
    return message


@pytest.mark.parametrize(
    ("message", "reason", "named"),
    [
        (broken(encoding="yuv422"), "encoding", "'yuv422'.*mono8.*8UC3"),
        (broken(encoding=""), "encoding", "''"),
        (broken(encoding="MONO16"), "encoding", "'MONO16'"),
        (broken(data=good().data[:-1]), "data", "23 bytes.*24"),
        (broken(data=array.array("B")), "data", "0 bytes.*24"),
        (broken(data=array.array("B", [*good().data, 0])), "data", "25 bytes.*24"),
        (broken(step=7), "step", "step 7.*8 bytes"),
        (broken(step=0), "step", "step 0"),
        (broken(step=2**32 - 1), "data", "24 bytes"),
        (broken(height=0), "size", "0x4"),
        (broken(width=0), "size", "3x0"),
        (broken(height=0, width=0, step=0, data=array.array("B")), "size", "0x0"),
        (broken(height=2**32 - 1), "data", "24 bytes"),
        (broken(width=2**32 - 1), "step", "step 8"),
        (broken(encoding="32FC1"), "step", "16 bytes"),
        (broken(encoding="bgra8"), "step", "16 bytes"),
    ],
)
def test_broken_images_are_refused_with_their_reason(message, reason, named):
    with pytest.raises(FrameError, match=named) as refused:
        decode_image(message, Settings())
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "configured", [{"rows": 4}, {"cols": 3}, {"rows": 4, "cols": 3}, {"rows": 3, "cols": 5}]
)
def test_another_size_than_configured_is_refused(configured):
    with pytest.raises(FrameError, match="3x4, configured is") as refused:
        decode_image(good(), Settings(**configured))
    assert refused.value.reason == "size"


@pytest.mark.parametrize("configured", [{}, {"rows": 3}, {"cols": 4}, {"rows": 3, "cols": 4}])
def test_the_configured_size_is_taken(configured):
    assert decode_image(good(), Settings(**configured)).shape == (3, 4)


@given(
    height=st.integers(0, 5),
    width=st.integers(0, 5),
    step=st.integers(0, 40),
    encoding=st.sampled_from([*ENCODINGS, "other"]),
    data=st.binary(max_size=80),
    big=st.integers(0, 255),
)
def test_any_image_is_a_frame_or_refused(height, width, step, encoding, data, big):
    message = Image(height=height, width=width, step=step, encoding=encoding, is_bigendian=big)
    message.data = array.array("B", data)
    try:
        frame = decode_image(message, Settings())
    except FrameError as refused:
        assert refused.reason in {"encoding", "size", "step", "data"}
    else:
        assert frame.shape[:2] == (height, width)
