"""From contents to the frame of the network: range, colour filters, binning, and their order."""

from types import SimpleNamespace as Message

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.binning import binned
from tactile_equiv.colour_filter import PATTERNS, lift, pattern_of
from tactile_equiv.errors import FrameError, SettingsError
from tactile_equiv.frame_decoder import FrameDecoder
from tactile_equiv.lessons import bayer as lesson
from tactile_equiv.settings import Settings
from tactile_equiv.value_range import ValueRange

RNG = np.random.default_rng(1)


def raw_image(values, encoding):
    return Message(
        height=values.shape[0], width=values.shape[1], step=values[0].nbytes, encoding=encoding,
        is_bigendian=0, data=values.tobytes(),
    )  # fmt: skip


def decode(values, encoding, **settings):
    return FrameDecoder(Settings(**settings))(raw_image(values, encoding))


def test_without_parameters_a_frame_stays_as_it_is():
    values = RNG.integers(0, 255, (4, 6)).astype(np.uint8)
    frame, cell = decode(values, "mono8")
    assert cell == 1
    assert frame.dtype == np.uint8
    np.testing.assert_array_equal(frame, values)


@given(invert=st.booleans(), low=st.integers(0, 50), high=st.integers(60, 250))
def test_values_outside_the_range_are_invalid_and_an_inverted_scale_is_turned(invert, low, high):
    values = RNG.integers(0, 255, (5, 7)).astype(np.uint16)
    frame = ValueRange(low, high, invert).applied(values)
    inside = (values >= low) & (values <= high)
    np.testing.assert_array_equal(np.isnan(frame), ~inside)
    expected = high - values[inside].astype(int) if invert else values[inside]
    np.testing.assert_array_equal(frame[inside], expected)


def test_invalid_values_stay_invalid_and_the_input_stays():
    values = np.array([np.nan, -np.inf, 3, np.inf], np.float32)
    before = values.copy()
    np.testing.assert_array_equal(
        ValueRange(0, 10, True).applied(values), [np.nan, np.nan, 7, np.nan]
    )
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"value_min": 3.0, "value_max": 3.0}, "value_min must be lower"),
        ({"invert": True}, "invert needs value_max"),
        ({"component": "z"}, "component is 'z' without input_field"),
        ({"input_field": "data"}, "rows, cols are 0, 0"),
        ({"input_field": "data", "rows": 3}, "rows, cols are 3, 0"),
        ({"input_field": "data..x", "rows": 3, "cols": 3}, "write names joined by dots"),
        ({"input_field": "a", "component": "x,,y", "rows": 1, "cols": 1}, "write names"),
        ({"input_type": "PointCloud2", "input_field": "data"}, "any package/msg/Type"),
        ({"input_type": "os/msg/../path", "input_field": "data"}, "any package/msg/Type"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(parameters, named):
    with pytest.raises(SettingsError, match=named):
        FrameDecoder(Settings(**parameters))


def test_a_message_of_any_type_is_read_at_its_field():
    taxels = [Message(z=value, encoding="bayer_rggb8") for value in range(6)]
    message = Message(patches=[Message(taxels=taxels)], format=3, encoding="bayer_rggb8")
    settings = Settings(
        input_type="skin/msg/Stream", input_field="patches[0].taxels[].z", rows=2, cols=3,
        invert=True, value_max=5.0, value_min=1.0,
    )  # fmt: skip
    frame, cell = FrameDecoder(settings)(message)
    assert cell == 1
    np.testing.assert_array_equal(frame, [[np.nan, 4, 3], [2, 1, 0]])
    columns = settings.changed({"order": "column_major"})
    np.testing.assert_array_equal(FrameDecoder(columns)(message)[0], [[np.nan, 3, 1], [4, 2, 0]])
    with pytest.raises(FrameError, match="6 values: rows x cols = 2 x 4 need 8") as refused:
        FrameDecoder(settings.changed({"cols": 4}))(message)
    assert refused.value.reason == "data"


@pytest.mark.parametrize("encoding", ["mono8", "rgb8", "bayer", "bayer_rgbg8", "mono8_bayer_rggb8"])
def test_only_raw_colours_have_a_pattern(encoding):
    assert pattern_of(encoding) == ""


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("bits", [8, 16])
def test_every_pattern_gives_the_same_channels(pattern, bits):
    colours = {"r": 40, "g": 90, "b": 201}
    raw = np.array([[colours[c] for c in pattern[:2]], [colours[c] for c in pattern[2:]]])
    values = np.tile(raw, (3, 4)).astype(f"u{bits // 8}")
    frame, cell = decode(values, f"bayer_{pattern}{bits}", bayer_channels=4)
    assert (frame.shape, frame.dtype, cell) == ((3, 4, 4), values.dtype, 2)
    assert np.unique(frame.reshape(-1, 4), axis=0).tolist() == [[40, 90, 90, 201]]
    frame, _ = decode(values, f"bayer_{pattern}{bits}")
    assert np.unique(frame.reshape(-1, 3), axis=0).tolist() == [[40, 90, 201]]


def test_the_greens_keep_their_places_and_their_mean_is_exact():
    raw = np.array([[1, 2], [5, 7]], np.uint8)
    assert lift(raw, "rggb", 4).tolist() == [[[1, 2, 5, 7]]]
    assert lift(raw, "bggr", 4).tolist() == [[[7, 5, 2, 1]]]
    assert lift(raw, "gbrg", 4).tolist() == [[[5, 7, 1, 2]]]
    assert lift(raw, "grbg", 4).tolist() == [[[2, 1, 7, 5]]]
    assert lift(raw, "rggb", 3).tolist() == [[[1, 3.5, 7]]]


def test_the_lift_is_that_of_the_lesson():
    raw = RNG.integers(0, 255, (6, 8)).astype(np.float32)
    theirs = lesson.lift(torch.from_numpy(raw)[None, None])
    for channels, lifted in ((4, theirs), (3, lesson.mean_greens(theirs))):
        np.testing.assert_array_equal(lift(raw, "rggb", channels), lifted[0].permute(1, 2, 0))


down, across = st.integers(-4, 4), st.integers(-4, 4)


@given(
    rows=down, columns=across, pattern=st.sampled_from(PATTERNS), channels=st.sampled_from((3, 4))
)
def test_the_lift_commutes_with_shifts_by_two(rows, columns, pattern, channels):
    raw = np.zeros((20, 24), np.uint16)
    raw[8:12, 8:14] = RNG.integers(1, 60000, (4, 6))
    moved = np.roll(raw, (2 * rows, 2 * columns), (0, 1))
    lifted = np.roll(lift(raw, pattern, channels), (rows, columns), (0, 1))
    np.testing.assert_array_equal(lift(moved, pattern, channels), lifted)


@given(rows=down, columns=across, side=st.integers(1, 4), colours=st.booleans())
def test_binning_commutes_with_shifts_by_whole_squares(rows, columns, side, colours):
    size = (12 * side, 13 * side, *((3,) if colours else ()))
    frame = np.zeros(size, np.float32)
    frame[5 * side : 8 * side - 1, 5 * side + 1 : 8 * side] = 1.1
    frame *= RNG.normal(size=size).astype(np.float32)
    moved = np.roll(frame, (rows * side, columns * side), (0, 1))
    expected = np.roll(binned(frame, side), (rows, columns), (0, 1))
    assert binned(moved, side).tobytes() == expected.tobytes()


def test_binning_is_the_mean_of_squares_and_keeps_the_frame():
    values = RNG.integers(0, 255, (6, 8)).astype(np.uint8)
    before = values.copy()
    frame, cell = decode(values, "mono8", binning=2)
    expected = values.reshape(3, 2, 4, 2).mean((1, 3), dtype=np.float32)
    assert (frame.dtype, cell) == (np.float32, 2)
    np.testing.assert_array_equal(frame, expected)
    np.testing.assert_array_equal(values, before)


def test_an_invalid_pixel_makes_its_square_invalid():
    values = np.full((4, 4), 9, np.uint8)
    values[1, 2] = 255
    frame, _ = decode(values, "mono8", binning=2, value_max=254.0)
    np.testing.assert_array_equal(frame, [[9, np.nan], [9, 9]])


def test_raw_colours_are_lifted_before_binning():
    values = np.tile(np.array([[8, 4], [2, 6]], np.uint8), (4, 6))
    frame, cell = decode(values, "bayer_rggb8", binning=2)
    assert (frame.shape, cell) == ((2, 3, 3), 4)
    assert frame[0, 0].tolist() == [8, 3, 6]


def test_raw_colours_may_come_packed():
    raw = RNG.integers(0, 255, (6, 8)).astype(np.uint8)
    decode_packed = FrameDecoder(Settings(input_type="sensor_msgs/msg/CompressedImage"))
    data = cv2.imencode(".png", raw)[1].tobytes()
    for described, channels in (("bayer_gbrg8; png compressed bayer_gbrg8", 3), ("png", None)):
        frame, cell = decode_packed(Message(data=data, format=described))
        expected = raw if channels is None else lift(raw, "gbrg", channels)
        assert cell == (1 if channels is None else 2)
        np.testing.assert_array_equal(frame, expected)


@pytest.mark.parametrize("rows_and_columns", [(5, 6), (6, 5), (1, 1)])
def test_odd_raw_frames_are_refused(rows_and_columns):
    with pytest.raises(FrameError, match="both even") as refused:
        decode(np.zeros(rows_and_columns, np.uint8), "bayer_grbg8")
    assert refused.value.reason == "size"


@pytest.mark.parametrize(
    ("size", "encoding", "side"), [((6, 8), "mono8", 4), ((8, 12), "bayer_rggb8", 3)]
)
def test_sizes_that_binning_does_not_divide_are_refused(size, encoding, side):
    with pytest.raises(FrameError, match=f"binning {side} needs a multiple of {side}") as refused:
        decode(np.zeros(size, np.uint8), encoding, binning=side)
    assert refused.value.reason == "size"
