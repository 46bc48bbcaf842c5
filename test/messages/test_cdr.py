"""Serialised messages are read and written as rclpy does it, and nothing else is believed."""

import array

import numpy as np
import pytest
import std_msgs.msg
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import MultiArrayDimension

from tactile_equiv.cdr import read_image, read_multi_array, write_image
from tactile_equiv.decoding import ENCODINGS, MULTI_ARRAYS, decode_image
from tactile_equiv.errors import FrameError
from tactile_equiv.settings import Settings

SCALARS = ("height", "width", "encoding", "is_bigendian", "step")
TEXT = st.text("abc/_ äß", max_size=9)
IMAGES = st.builds(
    Image,
    height=st.integers(0, 2**32 - 1),
    width=st.integers(0, 2**32 - 1),
    encoding=TEXT,
    is_bigendian=st.integers(0, 255),
    step=st.integers(0, 2**32 - 1),
    data=st.binary(max_size=20).map(lambda data: array.array("B", data)),
)


def assert_same(read, message):
    assert [getattr(read, name) for name in SCALARS] == [getattr(message, name) for name in SCALARS]
    stamp, expected = read.header.stamp, message.header.stamp
    assert (stamp.sec, stamp.nanosec) == (expected.sec, expected.nanosec)
    assert read.header.frame_id == message.header.frame_id
    assert read.data.tobytes() == message.data.tobytes()


@given(image=IMAGES, frame_id=TEXT, sec=st.integers(-(2**31), 2**31 - 1))
def test_an_image_is_read_as_it_was_sent(image, frame_id, sec):
    image.header.frame_id = frame_id
    image.header.stamp.sec, image.header.stamp.nanosec = sec, 999_999_999
    assert_same(read_image(serialize_message(image)), image)


def test_the_data_are_a_view():
    serialised = serialize_message(Image(data=array.array("B", range(9))))
    assert np.shares_memory(read_image(serialised).data, np.frombuffer(serialised, np.uint8))


def big_endian_image():
    """An Image 16UC1 of 1 x 2 as a big-endian machine sends it."""
    return bytes.fromhex(
        "00000000"  # CDR_BE
        "00000003 00000004 00000002 6600 0000"  # stamp, "f", padding
        "00000001 00000002 00000006 313655433100 01 00 00000004 00000004 01020304"
    )


def test_big_endian_messages_are_read():
    read = read_image(big_endian_image())
    assert read[0] == ((3, 4), "f")
    assert read[1:6] == (1, 2, "16UC1", 1, 4)
    np.testing.assert_array_equal(decode_image(read, Settings()), [[0x0102, 0x0304]])


@pytest.mark.parametrize("name", list(MULTI_ARRAYS))
@settings(max_examples=20)
@given(offset=st.integers(0, 3), count=st.integers(0, 7), labels=st.lists(TEXT, max_size=3))
def test_every_multi_array_is_read_as_it_was_sent(name, offset, count, labels):
    message = getattr(std_msgs.msg, name.rsplit("/", 1)[1])()
    message.layout.data_offset = offset
    message.layout.dim = [
        MultiArrayDimension(label=label, size=k, stride=2 * k) for k, label in enumerate(labels)
    ]
    message.data = array.array(message.data.typecode, range(count))
    read = read_multi_array(serialize_message(message), MULTI_ARRAYS[name])
    assert [tuple(d) for d in read.layout.dim] == [
        (d.label, d.size, d.stride) for d in message.layout.dim
    ]
    assert read.layout.data_offset == offset
    assert read.data.tolist() == message.data.tolist()


@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_an_image_is_written_as_rclpy_writes_it(encoding):
    kind, _, channels = ENCODINGS[encoding]
    depth = {"rgba8": (4,), "bgra8": (4,)}.get(encoding, (len(channels),) if channels else ())
    values = np.arange(2 * 3 * 4).reshape(2, 3, 4)[:, :, : depth[0] if depth else 1]
    values = values.reshape(2, 3, *depth).astype(kind)
    written = write_image(std_msgs.msg.Header().stamp, "palm", encoding, values)
    image = deserialize_message(written, Image)
    assert_same(read_image(written), image)
    assert (image.height, image.width, image.step) == (2, 3, values[0].nbytes)
    assert image.header.frame_id == "palm"
    assert image.encoding == encoding
    assert image.data.tobytes() == values.tobytes()


def test_pixels_in_any_memory_order_are_written_in_rows():
    values = np.arange(12, dtype=np.float64).reshape(4, 3).T
    read = read_image(write_image(std_msgs.msg.Header().stamp, "", "32FC1", values))
    np.testing.assert_array_equal(decode_image(read, Settings()), values)


def good():
    return serialize_message(
        Image(height=2, width=2, step=2, encoding="mono8", data=array.array("B", range(4)))
    )


@given(length=st.integers(0, len(good()) - 1))
def test_a_message_that_ends_early_is_refused(length):
    with pytest.raises(FrameError, match=f"{length} bytes are no serialised") as refusal:
        read_image(good()[:length])
    assert refusal.value.reason == "serialisation"


@example(place=3, value=1)
@given(place=st.integers(0, len(good()) - 1), value=st.integers(0, 255))
def test_a_wrong_byte_is_refused_or_read_as_rclpy_reads_it(place, value):
    wrong = bytearray(good())
    wrong[place] = value
    try:
        read = read_image(bytes(wrong))
    except FrameError as refusal:
        assert refusal.reason == "serialisation"
    else:
        assert_same(read, deserialize_message(bytes(wrong), Image))


@pytest.mark.parametrize("padding", [1, 2, 3])
def test_padding_that_the_encapsulation_counts_is_no_content(padding):
    padded = good()[:3] + bytes([padding]) + good()[4:]
    assert_same(read_image(padded + bytes(padding)), deserialize_message(good(), Image))
    with pytest.raises(FrameError):
        read_image(padded)


@given(noise=st.binary(max_size=60))
def test_noise_is_refused(noise):
    for read in (read_image, lambda serialised: read_multi_array(serialised, "f8")):
        try:
            read(b"\0\1\0\0" + noise)
        except FrameError as refusal:
            assert refusal.reason == "serialisation"


def test_other_representations_are_refused():
    with pytest.raises(FrameError, match="no plain CDR"):
        read_image(b"\0\7" + good()[2:])
