"""sensor_msgs/CompressedImage to frames: JPEG, PNG, every way to be cut, large or corrupt."""

import array
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage

from tactile_equiv.cdr import read_compressed_image
from tactile_equiv.compressed_image import LARGEST
from tactile_equiv.decoding import decode_compressed_image
from tactile_equiv.errors import FrameError
from tactile_equiv.settings import Settings


def gel(rows=24, columns=32):
    """A smooth colour picture (rows, columns, 3), red, green, blue."""
    rng = np.random.default_rng(0).integers(0, 255, (3, 4, 3)).astype(np.uint8)
    return cv2.resize(rng, (columns, rows), interpolation=cv2.INTER_CUBIC)


def packed(picture, suffix=".png"):
    """The file of a picture in red, green, blue, or grey."""
    return cv2.imencode(suffix, picture[..., ::-1] if picture.ndim == 3 else picture)[1].tobytes()


def message(data, described="png"):
    return CompressedImage(format=described, data=array.array("B", data))


def decode(data, described="png", **settings):
    return decode_compressed_image(message(data, described), Settings(**settings))


@pytest.mark.parametrize("described", ["png", "bgr8; png compressed bgr8", "rgb8;compressed bgr8"])
def test_png_keeps_every_value(described):
    np.testing.assert_array_equal(decode(packed(gel()), described), gel())


def test_colours_that_the_format_names_swapped_are_swapped_back():
    swapped = packed(gel()[..., ::-1])
    np.testing.assert_array_equal(decode(swapped, "rgb8; png compressed rgb8"), gel())


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_grey_values_of_8_and_16_bits(kind):
    values = (np.arange(12).reshape(3, 4) * (np.iinfo(kind).max // 12)).astype(kind)
    frame = decode(packed(values), "mono")
    assert frame.dtype == kind
    np.testing.assert_array_equal(frame, values)


def test_transparency_is_left_out():
    picture = np.dstack([gel(), np.full(gel().shape[:2], 77, np.uint8)])
    data = cv2.imencode(".png", picture[..., [2, 1, 0, 3]])[1].tobytes()
    np.testing.assert_array_equal(decode(data), gel())


def test_jpeg_comes_close():
    frame = decode(packed(gel(), ".jpg"), "rgb8; jpeg compressed bgr8")
    assert frame.shape == (24, 32, 3)
    assert np.abs(frame.astype(int) - gel()).max() < 30


@pytest.mark.parametrize("padding", [0, 3])
def test_zeros_behind_the_file_are_padding(padding):
    for suffix in (".png", ".jpg"):
        assert decode(packed(gel(), suffix) + bytes(padding)).shape == (24, 32, 3)


def bomb(rows, columns):
    """A PNG that claims a size."""
    data = bytearray(packed(gel()))
    data[16:24] = struct.pack(">II", columns, rows)
    return bytes(data)


def large_jpeg():
    data = bytearray(packed(gel(), ".jpg"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 65000, 65000)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "reason", "named"),
    [
        (b"", "encoding", "0 bytes"),
        (b"GIF89a", "encoding", "neither a whole JPEG nor a whole PNG"),
        (packed(gel())[:-1], "encoding", "neither a whole"),
        (packed(gel(), ".jpg")[:-2], "encoding", "neither a whole"),
        (packed(gel(), ".jpg")[:3] + b"\xff\xd9", "encoding", "neither"),
        (b"\0" * 12 + packed(gel()), "encoding", "compressedDepth"),
        (bomb(100_000, 100_000), "size", f"100000x100000.*at most {LARGEST}"),
        (bomb(0, 4), "size", "0x4"),
        (large_jpeg(), "size", "65000x65000"),
        (bomb(4, 4), "data", "corrupt"),
        (bomb(3000, 3000), "data", "corrupt"),
        (packed(gel())[:300] + packed(gel())[340:], "data", "corrupt"),
    ],
)
def test_broken_files_are_refused_with_their_reason(data, reason, named):
    with pytest.raises(FrameError, match=named) as refused:
        decode(data, "16UC1; compressedDepth png")
    assert refused.value.reason == reason


def test_a_claimed_size_is_compared_before_anything_is_unpacked():
    with pytest.raises(FrameError, match="24x32, configured is 24x30") as refused:
        decode(bomb(24, 32)[:60] + packed(gel())[-12:], rows=24, cols=30)
    assert refused.value.reason == "size"


@given(place=st.integers(8, len(packed(gel())) - 1), value=st.integers(0, 255))
def test_a_wrong_byte_in_a_png_is_never_another_frame(place, value):
    data = bytearray(packed(gel()))
    data[place] = value
    try:
        frame = decode(bytes(data))
    except FrameError as refused:
        assert refused.reason in {"encoding", "size", "data"}
    else:
        np.testing.assert_array_equal(frame, gel())


@given(noise=st.binary(max_size=60), start=st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]))
def test_noise_is_refused(noise, start):
    for end in (b"", b"\xff\xd9", b"IEND\xaeB`\x82"):
        with pytest.raises(FrameError):
            decode(start + noise + end)


@given(data=st.binary(max_size=20), described=st.text("jpeg; ä", max_size=9))
def test_a_message_is_read_as_it_was_sent(data, described):
    sent = message(data, described)
    sent.header.frame_id, sent.header.stamp.sec = "gel", 7
    serialised = serialize_message(sent)
    read = read_compressed_image(serialised)
    assert (read.format, read.data.tobytes()) == (described, data)
    assert (read.header.frame_id, read.header.stamp.sec) == ("gel", 7)
    if data:
        with pytest.raises(FrameError, match="no serialised sensor_msgs/CompressedImage"):
            read_compressed_image(serialised[: len(serialised) - len(data) - 5])
