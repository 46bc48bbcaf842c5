"""Message contents to values, by attribute: ROS messages and those of a bag read without ROS."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.colour_filter import PATTERNS
from tactile_equiv.compressed_image import packed_size, unpack
from tactile_equiv.errors import FrameError, SettingsError
from tactile_equiv.settings import Settings

IMAGE, COMPRESSED = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
SHORT_TYPES = {"image": IMAGE, "taxels": "std_msgs/msg/Float32MultiArray"}
MULTI_ARRAYS = {
    f"std_msgs/msg/{name}MultiArray": kind
    for name, kind in {
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
    }.items()
}
"""Message type to numpy's name of the type of a value."""

ENCODINGS: dict[str, tuple[str, int, tuple[int, ...]]] = {
    "mono8": ("u1", 1, ()),
    "8UC1": ("u1", 1, ()),
    "mono16": ("u2", 2, ()),
    "16UC1": ("u2", 2, ()),
    "32FC1": ("f4", 4, ()),
    "rgb8": ("u1", 3, (0, 1, 2)),
    "bgr8": ("u1", 3, (2, 1, 0)),
    "rgba8": ("u1", 4, (0, 1, 2)),
    "bgra8": ("u1", 4, (2, 1, 0)),
    "8UC3": ("u1", 3, (0, 1, 2)),
    **{f"bayer_{pattern}8": ("u1", 1, ()) for pattern in PATTERNS},
    **{f"bayer_{pattern}16": ("u2", 2, ()) for pattern in PATTERNS},
}
"""Encoding to type of a value, bytes of a pixel, and the channels that are red, green and blue."""

TYPE_NAME = re.compile(r"[a-z]\w*/msg/[A-Z]\w*")


def full_type(input_type: str, input_field: str = "") -> str:
    """The full name "package/msg/Type" of an `input_type` parameter.

    Args:
        input_type: full or short.
        input_field: where messages of other types keep their values; "" admits none of them.

    Raises:
        SettingsError: if the type cannot be read as a frame.
    """
    name = SHORT_TYPES.get(input_type, input_type)
    parts = name.split("/")
    if len(parts) == 2:
        name = f"{parts[0]}/msg/{parts[1]}"
    known = name in (IMAGE, COMPRESSED, *MULTI_ARRAYS)
    if not (known or (input_field and TYPE_NAME.fullmatch(name))):
        raise SettingsError(
            f"input_type is {input_type!r}: use {IMAGE}, {COMPRESSED}, one of "
            f"{', '.join(MULTI_ARRAYS)}, or any package/msg/Type together with input_field"
        )
    return name


def decode_image(message: Any, settings: Settings) -> NDArray[Any]:
    """sensor_msgs/Image to (H, W), or (H, W, 3) in red, green, blue; raw colours as (H, W).

    Raises:
        FrameError: for an unknown encoding, a zero size, a short step, data of another length, or
            another size than `rows` x `cols`.
    """
    height, width, step = message.height, message.width, message.step
    if message.encoding not in ENCODINGS:
        raise FrameError(
            "encoding",
            f"image has encoding {message.encoding!r:.60}: use one of {', '.join(ENCODINGS)}",
        )
    kind, pixel, channels = ENCODINGS[message.encoding]
    _check_size(height, width, settings)
    if step < width * pixel:
        raise FrameError(
            "step",
            f"image has step {step}: "
            f"its rows of {width} {message.encoding} pixels take {width * pixel} bytes",
        )
    if len(message.data) != height * step:
        raise FrameError(
            "data",
            f"image has {len(message.data)} bytes of data: "
            f"height {height} x step {step} are {height * step}",
        )
    rows = np.frombuffer(message.data, np.uint8).reshape(height, step)[:, : width * pixel]
    if not channels:
        order = ">" if message.is_bigendian else "<"
        return np.ascontiguousarray(rows).view(f"{order}{kind}")
    colours = rows.reshape(height, width, pixel)
    if message.encoding == "8UC3" and settings.channel_order == "bgr":
        channels = channels[::-1]
    return colours[:, :, list(channels)]


def decode_compressed_image(message: Any, settings: Settings) -> NDArray[Any]:
    """sensor_msgs/CompressedImage to (H, W), or (H, W, 3) in red, green, blue.

    Raises:
        FrameError: if the data are no whole JPEG or PNG, too large, corrupt, or of another size
            than `rows` x `cols`.
    """
    packed = bytes(message.data)
    _check_size(*packed_size(packed, message.format), settings)
    return unpack(packed, message.format)


def decode_multi_array(message: Any, settings: Settings) -> NDArray[Any]:
    """std_msgs/...MultiArray to (H, W) or (H, W, C); sizes from the layout, else `rows`, `cols`.

    Raises:
        FrameError: if neither gives the size, it differs from the configured one, or the data has
            another length.
    """
    offset = message.layout.data_offset
    values = np.asarray(message.data)[offset:]
    sizes = tuple(dimension.size for dimension in message.layout.dim)
    if len(sizes) < 2:
        if not (settings.rows and settings.cols):
            raise FrameError(
                "layout",
                f"array has {len(sizes)} layout dimensions and the parameters "
                f"rows, cols are {settings.rows}, {settings.cols}: "
                "set the parameters rows and cols, or send a layout of rows and columns",
            )
        sizes = (settings.rows, settings.cols)
    if len(sizes) > 3:
        raise FrameError(
            "layout", f"array has {len(sizes)} layout dimensions: use rows, columns[, channels]"
        )
    _check_size(sizes[0], sizes[1], settings)
    if 0 in sizes:
        raise FrameError("size", f"frame has size {sizes}: it must have at least one channel")
    if values.size != math.prod(sizes):
        raise FrameError(
            "data",
            f"array has {len(message.data)} values from which {offset} are skipped: "
            f"{' x '.join(map(str, sizes))} need {math.prod(sizes)}",
        )
    return _arranged(values, sizes, settings.order)


def arrange_values(values: NDArray[Any], settings: Settings) -> NDArray[Any]:
    """Values (n,) or (n, C) of a message without layout to (H, W) or (H, W, C).

    Raises:
        FrameError: if there are more or fewer than `rows` x `cols`.
    """
    if len(values) != settings.rows * settings.cols:
        raise FrameError(
            "data",
            f"message has {len(values)} values: rows x cols = {settings.rows} x {settings.cols} "
            f"need {settings.rows * settings.cols}",
        )
    sizes = (settings.rows, settings.cols, *values.shape[1:])
    return _arranged(values, sizes, settings.order)


def _arranged(values: NDArray[Any], sizes: tuple[int, ...], order: str) -> NDArray[Any]:
    if order == "row_major":
        return values.reshape(sizes)
    return values.reshape((sizes[1], sizes[0], *sizes[2:])).swapaxes(0, 1)


def _check_size(height: int, width: int, settings: Settings) -> None:
    if height == 0 or width == 0:
        raise FrameError("size", f"frame has size {height}x{width}: it must have rows and columns")
    wanted = settings.rows or height, settings.cols or width
    if (height, width) != wanted:
        raise FrameError(
            "size",
            f"frame has size {height}x{width}, configured is {wanted[0]}x{wanted[1]}: "
            "correct the driver, or the parameters rows and cols",
        )
