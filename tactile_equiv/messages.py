"""Frames and percepts to ROS messages. Nothing but conversion."""

from __future__ import annotations

import sys
from collections.abc import Sequence
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

from tactile_equiv.errors import FrameError
from tactile_equiv.frame import FloatArray
from tactile_equiv.hand import HandPercept
from tactile_equiv.percept import Contact, Percept, Texture
from tactile_equiv.settings import Settings


def is_zero(stamp: Time) -> bool:
    """True for the stamp of a driver that sets none."""
    return stamp.sec == 0 and stamp.nanosec == 0


def time_of(stamp: Any) -> Time:
    """A stamp read from bytes, as a message."""
    return Time(sec=stamp.sec, nanosec=stamp.nanosec)


def nanoseconds(stamp: Time) -> int:
    """A stamp as one integer."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def image_of(header: Header, frame: NDArray[Any]) -> Image:
    """A raw frame as an Image: (H, W) as mono8, mono16 or 32FC1, (H, W, 3) as rgb8.

    Raises:
        FrameError: for colours that are not (H, W, 3) of uint8.
    """
    values = np.ascontiguousarray(frame)
    if values.ndim == 3:
        if values.dtype != np.uint8 or values.shape[2] != 3:
            raise FrameError(
                "type",
                f"frame has shape {values.shape} and type {values.dtype}: an image is (rows, "
                "columns), or (rows, columns, 3) of uint8; publish this one as taxels",
            )
        return _image(header, "rgb8", values, values.shape[1] * 3)
    if values.dtype == np.uint8:
        return _image(header, "mono8", values, values.shape[1])
    if values.dtype == np.uint16:
        return _image(header, "mono16", values, values.shape[1] * 2)
    return float_image(header, values.astype(np.float32))


def float_image(header: Header, values: FloatArray) -> Image:
    """(H, W) float32 to an Image 32FC1 in this machine's byte order."""
    return _image(header, "32FC1", np.ascontiguousarray(values, np.float32), values.shape[1] * 4)


def mono_image(header: Header, probability: FloatArray) -> Image:
    """(H, W) of [0, 1] or NaN to an Image mono8; NaN becomes 0."""
    return _image(header, "mono8", mono(probability), probability.shape[1])


def mono(probability: FloatArray) -> NDArray[np.uint8]:
    """(H, W) of [0, 1] or NaN to grey values; NaN becomes 0."""
    return np.nan_to_num(probability * np.float32(255)).astype(np.uint8)


def _image(header: Header, encoding: str, values: NDArray[Any], step: int) -> Image:
    height, width = values.shape[:2]
    image = Image(header=header, height=height, width=width, encoding=encoding, step=step)
    image.is_bigendian = int(sys.byteorder == "big" and values.itemsize > 1)
    image.data.frombytes(values.view(np.uint8))
    return image


def classification(
    header: Header, percept: Percept | HandPercept, settings: Settings
) -> Classification:
    """The class of the whole frame or hand, best hypothesis first.

    No result: no contact is felt, or no class reaches `score_threshold`; `contacts` tells which.
    """
    texture = percept.texture
    results = [] if texture is None else _hypotheses(texture, settings)
    return Classification(header=header, results=results)


def contacts(
    header: Header, found: Sequence[Contact], numbers: Sequence[int], settings: Settings
) -> Detection2DArray:
    """Contacts in pixels; x is the column, y the row, (0, 0) the centre of the first taxel.

    `bbox.center` is the energy centroid and `bbox.size_*` the extent of the touched taxels. A
    clipped contact has `covariance[0] = -1` (unknown, as in sensor_msgs/Imu) in its poses: its true
    centre may lie outside the sensor. Where invalid taxels under it were filled from their
    neighbours it has `covariance[7] = -1`. A contact without results is there, but nothing sure is
    known of its class; one that goes on without being felt has its last place and no extent.
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
    if contact.filled:
        pose.covariance[7] = -1.0
    top, left, bottom, right = contact.box
    box = BoundingBox2D(size_x=float(right - left), size_y=float(bottom - top))
    box.center.position.x, box.center.position.y = contact.column, contact.row
    results = [
        ObjectHypothesisWithPose(hypothesis=hypothesis, pose=pose)
        for hypothesis in (_hypotheses(contact.texture, settings) if contact.felt else [])
    ]
    return Detection2D(header=header, results=results, bbox=box, id=str(number))


def _hypotheses(texture: Texture, settings: Settings) -> list[ObjectHypothesis]:
    scores: list[float] = texture.scores.tolist()
    best = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
    by_index = settings.class_id_format == "index"
    return [
        ObjectHypothesis(
            class_id=str(index) if by_index else texture.names[index], score=scores[index]
        )
        for index in best[: settings.max_hypotheses]
        if scores[index] >= settings.score_threshold
    ]


def label_info(header: Header, classes: Sequence[str], settings: Settings) -> LabelInfo:
    """Class ids and names of the model."""
    class_map = [VisionClass(class_id=k, class_name=name) for k, name in enumerate(classes)]
    return LabelInfo(header=header, class_map=class_map, threshold=settings.score_threshold)
