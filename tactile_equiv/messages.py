"""ROS messages to frames, and percepts to ROS messages. Nothing but conversion."""

from __future__ import annotations

import array
import importlib
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseWithCovariance
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import (
    BoundingBox2D,
    Classification,
    Detection2D,
    Detection2DArray,
    LabelInfo,
    ObjectHypothesis,
    ObjectHypothesisWithPose,
    VisionClass,
)

from tactile_equiv.errors import FrameError, SettingsError
from tactile_equiv.frame import FloatArray
from tactile_equiv.percept import Contact, Percept, Texture
from tactile_equiv.settings import Settings

Decoder = Callable[[Any, Settings], NDArray[Any]]

SHORT_TYPES = {"image": "sensor_msgs/msg/Image", "taxels": "std_msgs/msg/Float32MultiArray"}
MULTI_ARRAYS = tuple(
    f"std_msgs/msg/{kind}MultiArray"
    for kind in ("Float32", "Float64", "UInt8", "UInt16", "UInt32", "UInt64", "Int8", "Int16", "Int32", "Int64")
)

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
}
"""Encoding to type of a value, bytes of a pixel, and the channels that are red, green and blue."""


def full_type(input_type: str) -> str:
    """The full name "package/msg/Type" of an `input_type` parameter.

    Raises:
        SettingsError: if the type cannot be read as a frame.
    """
    name = SHORT_TYPES.get(input_type, input_type)
    parts = name.split("/")
    if len(parts) == 2:
        name = f"{parts[0]}/msg/{parts[1]}"
    if name != SHORT_TYPES["image"] and name not in MULTI_ARRAYS:
        raise SettingsError(
            f"input_type is {input_type!r}: use {SHORT_TYPES['image']} or one of {', '.join(MULTI_ARRAYS)}"
        )
    return name


def input_of(input_type: str) -> tuple[type, str, Decoder]:
    """Message class, topic and decoder for an `input_type` parameter.

    Raises:
        SettingsError: if the type cannot be read as a frame.
    """
    name = full_type(input_type)
    package, _, message = name.split("/")
    message_class = getattr(importlib.import_module(f"{package}.msg"), message)
    if name == SHORT_TYPES["image"]:
        return message_class, "image", decode_image
    return message_class, "taxels", decode_multi_array


def decode_image(message: Any, settings: Settings) -> NDArray[Any]:
    """sensor_msgs/Image to (H, W), or (H, W, 3) in red, green, blue; no copy where the bytes allow it.

    Raises:
        FrameError: for an unknown encoding, a zero size, a short step, data of another length, or another
            size than `rows` x `cols`.
    """
    height, width, step = message.height, message.width, message.step
    if message.encoding not in ENCODINGS:
        raise FrameError(
            "encoding", f"image has encoding {message.encoding!r}: use one of {', '.join(ENCODINGS)}"
        )
    kind, pixel, channels = ENCODINGS[message.encoding]
    _check_size(height, width, settings)
    if step < width * pixel:
        raise FrameError(
            "step", f"image has step {step}, its rows of {width} {message.encoding} pixels take {width * pixel} bytes"
        )
    if len(message.data) != height * step:
        raise FrameError(
            "data",
            f"image has {len(message.data)} bytes of data: height {height} x step {step} are {height * step}",
        )
    rows = np.frombuffer(message.data, np.uint8).reshape(height, step)[:, : width * pixel]
    if not channels:
        order = ">" if message.is_bigendian else "<"
        return rows.view(f"{order}{kind}")
    colours = rows.reshape(height, width, pixel)
    if message.encoding == "8UC3" and settings.channel_order == "bgr":
        channels = channels[::-1]
    return colours[:, :, list(channels)]


def decode_multi_array(message: Any, settings: Settings) -> NDArray[Any]:
    """std_msgs/...MultiArray to (H, W) or (H, W, C); sizes from the layout, else from `rows` and `cols`.

    Raises:
        FrameError: if neither gives the size, it differs from the configured one, or the data has another length.
    """
    offset = message.layout.data_offset
    values = np.asarray(message.data)[offset:]
    sizes = tuple(dimension.size for dimension in message.layout.dim)
    if len(sizes) < 2:
        if not (settings.rows and settings.cols):
            raise FrameError(
                "layout",
                f"array has {len(sizes)} layout dimensions and rows, cols are {settings.rows}, {settings.cols}: "
                "set the parameters rows and cols, or send a layout of rows and columns",
            )
        sizes = (settings.rows, settings.cols)
    if len(sizes) > 3:
        raise FrameError("layout", f"array has {len(sizes)} layout dimensions: use rows, columns[, channels]")
    _check_size(sizes[0], sizes[1], settings)
    if values.size != math.prod(sizes):
        raise FrameError(
            "data",
            f"array has {len(message.data)} values from which {offset} are skipped: "
            f"{' x '.join(map(str, sizes))} need {math.prod(sizes)}",
        )
    if settings.order == "row_major":
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


def header_of(message: Any) -> Header | None:
    """The header of a message, or None where its type has none."""
    return getattr(message, "header", None)


def is_zero(stamp: Time) -> bool:
    """True for the stamp of a driver that sets none."""
    return stamp.sec == 0 and stamp.nanosec == 0


def nanoseconds(stamp: Time) -> int:
    """A stamp as one integer."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def float_image(header: Header, values: FloatArray) -> Image:
    """(H, W) float32 to an Image 32FC1 in this machine's byte order."""
    return _image(header, "32FC1", np.ascontiguousarray(values, np.float32), values.shape[1] * 4)


def mono_image(header: Header, probability: FloatArray) -> Image:
    """(H, W) of [0, 1] or NaN to an Image mono8; NaN becomes 0."""
    values = np.nan_to_num(probability * np.float32(255)).astype(np.uint8)
    return _image(header, "mono8", values, values.shape[1])


def colour_image(header: Header, values: NDArray[np.uint8]) -> Image:
    """(H, W, 3) blue, green, red to an Image bgr8."""
    return _image(header, "bgr8", np.ascontiguousarray(values), values.shape[1] * 3)


def _image(header: Header, encoding: str, values: NDArray[Any], step: int) -> Image:
    image = Image(header=header, height=values.shape[0], width=values.shape[1], encoding=encoding, step=step)
    image.is_bigendian = int(sys.byteorder == "big" and values.itemsize > 1)
    image.data = array.array("B", values.tobytes())
    return image


def classification(header: Header, percept: Percept, settings: Settings) -> Classification:
    """The class of the whole frame, best hypothesis first; no result = no contact."""
    texture = percept.texture
    results = [] if texture is None else _hypotheses(texture, settings)
    return Classification(header=header, results=results)


def contacts(
    header: Header, found: Sequence[Contact], numbers: Sequence[int], settings: Settings
) -> Detection2DArray:
    """Contacts in pixels; x is the column, y the row, (0, 0) the centre of the first taxel.

    `bbox.center` is the energy centroid and `bbox.size_*` the extent of the touched taxels. A clipped contact has
    `covariance[0] = -1` (unknown, as in sensor_msgs/Imu) in its poses: its true centre may lie outside the sensor.
    """
    detections = [
        _detection(header, contact, number, settings)
        for contact, number in zip(found, numbers, strict=True)
    ]
    return Detection2DArray(header=header, detections=detections)


def _detection(header: Header, contact: Contact, number: int, settings: Settings) -> Detection2D:
    pose = PoseWithCovariance()
    pose.pose.position.x, pose.pose.position.y = contact.column, contact.row
    if contact.clipped:
        pose.covariance[0] = -1.0
    top, left, bottom, right = contact.box
    box = BoundingBox2D(size_x=float(right - left), size_y=float(bottom - top))
    box.center.position.x, box.center.position.y = contact.column, contact.row
    results = [
        ObjectHypothesisWithPose(hypothesis=hypothesis, pose=pose)
        for hypothesis in _hypotheses(contact.texture, settings)
    ]
    return Detection2D(header=header, results=results, bbox=box, id=str(number))


def _hypotheses(texture: Texture, settings: Settings) -> list[ObjectHypothesis]:
    best = np.argsort(-texture.scores, kind="stable")[: settings.max_hypotheses]
    return [
        ObjectHypothesis(
            class_id=str(index) if settings.class_id_format == "index" else texture.names[index],
            score=float(texture.scores[index]),
        )
        for index in best
        if texture.scores[index] >= settings.score_threshold
    ]


def label_info(header: Header, classes: Sequence[str], settings: Settings) -> LabelInfo:
    """Class ids and names of the model."""
    class_map = [VisionClass(class_id=k, class_name=name) for k, name in enumerate(classes)]
    return LabelInfo(header=header, class_map=class_map, threshold=settings.score_threshold)
