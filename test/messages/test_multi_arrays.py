"""std_msgs/...MultiArray to frames: layout or parameters, both orders, offsets and wrong counts."""

import array

import numpy as np
import pytest
import std_msgs.msg
from hypothesis import given
from hypothesis import strategies as st
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Float32MultiArray, MultiArrayDimension, UInt16MultiArray

from tactile_equiv.decoding import MULTI_ARRAYS, decode_multi_array, full_type
from tactile_equiv.errors import FrameError, SettingsError
from tactile_equiv.input_kind import input_of
from tactile_equiv.settings import Settings

KINDS = {
    "Float32": "f4",
    "Float64": "f8",
    "UInt8": "u1",
    "UInt16": "u2",
    "UInt32": "u4",
    "UInt64": "u8",
    "Int8": "i1",
    "Int16": "i2",
    "Int32": "i4",
    "Int64": "i8",
}


def array_message(values, sizes=(), kind="Float32", offset=0):
    """A MultiArray of flat values with a layout of `sizes`."""
    message = getattr(std_msgs.msg, f"{kind}MultiArray")()
    message.data = np.asarray(values, KINDS[kind]).ravel().tolist()
    message.layout.dim = [MultiArrayDimension(size=size) for size in sizes]
    message.layout.data_offset = offset
    return message


def test_every_kind_is_tested_here():
    assert {f"std_msgs/msg/{kind}MultiArray" for kind in KINDS} == set(MULTI_ARRAYS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_keeps_its_values_and_type(kind):
    values = np.arange(6, dtype=KINDS[kind]).reshape(2, 3)
    frame = decode_multi_array(array_message(values, (2, 3), kind), Settings())
    assert frame.dtype == values.dtype
    np.testing.assert_array_equal(frame, values)


sides = st.integers(1, 5)


@given(rows=sides, columns=sides, channels=st.sampled_from([None, 1, 3]), offset=st.integers(0, 4))
def test_layout_in_both_orders(rows, columns, channels, offset):
    sizes = (rows, columns) if channels is None else (rows, columns, channels)
    values = np.arange(np.prod(sizes), dtype=np.float32).reshape(sizes)
    for order, stored in (("row_major", values), ("column_major", values.swapaxes(0, 1))):
        flat = np.concatenate([np.full(offset, -1, np.float32), stored.ravel()])
        message = array_message(flat, sizes, offset=offset)
        frame = decode_multi_array(message, Settings(order=order))
        np.testing.assert_array_equal(frame, values)


@pytest.mark.parametrize("sizes", [(), (6,)])
@pytest.mark.parametrize("order", ["row_major", "column_major"])
def test_without_a_layout_rows_and_cols_count(sizes, order):
    values = np.arange(6).reshape(2, 3)
    flat = values.ravel() if order == "row_major" else values.T.ravel()
    settings = Settings(rows=2, cols=3, order=order)
    frame = decode_multi_array(array_message(flat, sizes, "UInt16"), settings)
    np.testing.assert_array_equal(frame, values)


def test_nan_marks_a_dead_taxel_and_stays():
    frame = decode_multi_array(array_message([1, np.nan], (1, 2)), Settings())
    np.testing.assert_array_equal(frame, [[1, np.nan]])


@pytest.mark.parametrize(
    ("message", "settings", "reason", "named"),
    [
        (array_message(range(6)), {}, "layout", "set the parameters rows and cols"),
        (array_message(range(6), (6,)), {}, "layout", "1 layout dimensions"),
        (array_message(range(6)), {"rows": 2}, "layout", "2, 0"),
        (array_message(range(6), (1, 1, 2, 3)), {}, "layout", "4 layout dimensions"),
        (array_message(range(5), (2, 3)), {}, "data", "5 values.*2 x 3 need 6"),
        (array_message(range(7), (2, 3)), {}, "data", "7 values"),
        (array_message([], (2, 3)), {}, "data", "0 values"),
        (array_message(range(6), (2, 3), offset=1), {}, "data", "1 are skipped"),
        (array_message(range(6), (2, 3), offset=99), {}, "data", "99 are skipped"),
        (array_message(range(5)), {"rows": 2, "cols": 3}, "data", "5 values"),
        (array_message([], (0, 3)), {}, "size", "0x3"),
        (array_message([], (2, 0)), {}, "size", "2x0"),
        (array_message(range(6), (3, 2)), {"rows": 2, "cols": 3}, "size", "3x2.*2x3"),
        (array_message(range(6), (2, 3)), {"rows": 4}, "size", "2x3.*4x3"),
        (array_message(range(6), (2**32 - 1, 2**32 - 1)), {}, "data", "6 values"),
    ],
)
def test_broken_arrays_are_refused_with_their_reason(message, settings, reason, named):
    with pytest.raises(FrameError, match=named) as refused:
        decode_multi_array(message, Settings(**settings))
    assert refused.value.reason == reason


@given(
    values=st.lists(st.floats(width=32), max_size=12),
    sizes=st.lists(st.integers(0, 4), max_size=4),
    offset=st.integers(0, 5),
    rows=st.integers(0, 3),
    columns=st.integers(0, 3),
)
def test_any_array_is_a_frame_or_refused(values, sizes, offset, rows, columns):
    message = Float32MultiArray(data=array.array("f", values))
    message.layout.dim = [MultiArrayDimension(size=size) for size in sizes]
    message.layout.data_offset = offset
    try:
        frame = decode_multi_array(message, Settings(rows=rows, cols=columns))
    except FrameError as refused:
        assert refused.reason in {"layout", "size", "data"}
    else:
        assert frame.shape[0] == (rows or frame.shape[0])
        assert frame.ndim in (2, 3)


@pytest.mark.parametrize(
    ("given_name", "full"),
    [
        ("image", "sensor_msgs/msg/Image"),
        ("sensor_msgs/Image", "sensor_msgs/msg/Image"),
        ("sensor_msgs/CompressedImage", "sensor_msgs/msg/CompressedImage"),
        ("taxels", "std_msgs/msg/Float32MultiArray"),
        ("std_msgs/UInt16MultiArray", "std_msgs/msg/UInt16MultiArray"),
        *((name, name) for name in MULTI_ARRAYS),
    ],
)
def test_input_types_have_short_names(given_name, full):
    assert full_type(given_name) == full


@pytest.mark.parametrize(
    "wrong",
    ["", "Image", "images", "sensor_msgs/msg/PointCloud2", "std_msgs/msg/String", "a/b/c/d"],
)
def test_wrong_input_types_are_refused(wrong):
    with pytest.raises(SettingsError, match=f"'{wrong}': use sensor_msgs/msg/Image"):
        full_type(wrong)


def test_each_input_has_its_class_and_topic():
    for given_name, kind, topic in [
        ("image", Image, "image"),
        ("sensor_msgs/CompressedImage", CompressedImage, "image/compressed"),
        ("std_msgs/UInt16MultiArray", UInt16MultiArray, "taxels"),
    ]:
        assert input_of(Settings(input_type=given_name))[:2] == (kind, topic)
