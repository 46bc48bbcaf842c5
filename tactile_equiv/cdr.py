"""Serialised ROS messages of frames, read and written as bytes: no message object, no copy.

The plain common data representation (CDR) of the OMG's DDS-XTypes, encapsulations 0 (big endian)
and 1 (little endian): four bytes of encapsulation, then the fields in order, each aligned to its
size counted from the first byte after the encapsulation; strings and sequences begin with a length.
"""

from __future__ import annotations

import struct
import sys
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.decoding import ENCODINGS
from tactile_equiv.errors import FrameError

ENCAPSULATION = 4
PADDING = 3
"""The bits of the encapsulation's last byte that count the padding at the end."""
ORDERS = {b"\x00\x00": ">", b"\x00\x01": "<"}
NATIVE = next(key for key, order in ORDERS.items() if (order == "<") == (sys.byteorder == "little"))

MALFORMED = (struct.error, ValueError, IndexError)


class Stamp(NamedTuple):
    """builtin_interfaces/Time."""

    sec: int
    nanosec: int


class SourceHeader(NamedTuple):
    """std_msgs/Header."""

    stamp: Stamp
    frame_id: str


class ImageContent(NamedTuple):
    """sensor_msgs/Image; `data` is a view of the serialised bytes."""

    header: SourceHeader
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: NDArray[np.uint8]


class CompressedImageContent(NamedTuple):
    """sensor_msgs/CompressedImage; `data` is a view of the serialised bytes."""

    header: SourceHeader
    format: str
    data: NDArray[np.uint8]


class Dimension(NamedTuple):
    """std_msgs/MultiArrayDimension."""

    label: str
    size: int
    stride: int


class Layout(NamedTuple):
    """std_msgs/MultiArrayLayout."""

    dim: tuple[Dimension, ...]
    data_offset: int


class MultiArrayContent(NamedTuple):
    """std_msgs/...MultiArray; `data` is a view of the serialised bytes."""

    layout: Layout
    data: NDArray[Any]


def read_image(serialised: bytes) -> ImageContent:
    """The fields of a serialised sensor_msgs/Image.

    Raises:
        FrameError: if the bytes end early or are not serialised as they say.
    """
    try:
        fields = _Fields(serialised)
        header = SourceHeader(Stamp(*fields.words("iI")), fields.string())
        height, width = fields.words("II")
        encoding = fields.string()
        is_bigendian = fields.byte()
        step, length = fields.words("II")
        data = fields.values("u1", length)
    except MALFORMED as error:
        raise _refused(serialised, "sensor_msgs/Image", error) from error
    return ImageContent(header, height, width, encoding, is_bigendian, step, data)


def read_compressed_image(serialised: bytes) -> CompressedImageContent:
    """The fields of a serialised sensor_msgs/CompressedImage.

    Raises:
        FrameError: if the bytes end early or are not serialised as they say.
    """
    try:
        fields = _Fields(serialised)
        header = SourceHeader(Stamp(*fields.words("iI")), fields.string())
        described = fields.string()
        data = fields.values("u1", *fields.words("I"))
    except MALFORMED as error:
        raise _refused(serialised, "sensor_msgs/CompressedImage", error) from error
    return CompressedImageContent(header, described, data)


def read_multi_array(serialised: bytes, kind: str) -> MultiArrayContent:
    """The fields of a serialised std_msgs/...MultiArray of values of a numpy `kind` such as "f4".

    Raises:
        FrameError: if the bytes end early or are not serialised as they say.
    """
    try:
        fields = _Fields(serialised)
        (dimensions,) = fields.words("I")
        dim = tuple(Dimension(fields.string(), *fields.words("II")) for _ in range(dimensions))
        data_offset, length = fields.words("II")
        data = fields.values(kind, length)
    except MALFORMED as error:
        raise _refused(serialised, "std_msgs/...MultiArray", error) from error
    return MultiArrayContent(Layout(dim, data_offset), data)


def check_encapsulation(serialised: bytes, what: str) -> None:
    """Look at the first four bytes of a message that somebody else will read.

    Fast CDR 2.3 takes the padding off the length unchecked: a message that is shorter, such as the
    bytes 0, 0, 0, 2, kills the process that deserialises it.

    Args:
        serialised: the message.
        what: its type, for the refusal.

    Raises:
        FrameError: if it is no plain CDR, or shorter than its padding.
    """
    try:
        _Fields(serialised)
    except MALFORMED as error:
        raise _refused(serialised, what, error) from error


def write_image(stamp: Any, frame_id: str, encoding: str, values: NDArray[Any]) -> bytes:
    """A serialised sensor_msgs/Image, in this machine's byte order.

    Args:
        stamp: with `sec` and `nanosec`.
        frame_id: of the header.
        encoding: one of `ENCODINGS`.
        values: the pixels, (H, W) or (H, W, C), with as many channels as the encoding says.
    """
    pixels = np.ascontiguousarray(values, ENCODINGS[encoding][0])
    height, width = pixels.shape[:2]
    big = int(sys.byteorder == "big" and pixels.itemsize > 1)
    head = NATIVE + b"\0\0" + struct.pack("=iI", stamp.sec, stamp.nanosec) + _string(frame_id)
    head += bytes(-len(head) % 4) + struct.pack("=II", height, width) + _string(encoding)
    head += struct.pack("B", big)
    head += bytes(-len(head) % 4) + struct.pack("=II", pixels.nbytes // height, pixels.nbytes)
    return b"".join((head, pixels.data))


def _string(text: str) -> bytes:
    encoded = text.encode() + b"\0"
    return struct.pack("=I", len(encoded)) + encoded


class _Fields:
    """Reads one field after the other; raises one of `MALFORMED` where the bytes end early."""

    def __init__(self, serialised: bytes) -> None:
        order = ORDERS.get(serialised[:2])
        if order is None:
            raise ValueError("its first bytes name no plain CDR")
        self._order = order
        padding = serialised[ENCAPSULATION - 1] & PADDING
        if len(serialised) < ENCAPSULATION + padding:
            raise ValueError("it is shorter than its padding")
        self._bytes = serialised[: len(serialised) - padding] if padding else serialised
        self._at = ENCAPSULATION

    def words(self, kinds: str) -> tuple[int, ...]:
        """Integers of four bytes: `kinds` holds "I" or "i" for each, as in `struct`."""
        self._align(4)
        read = struct.unpack_from(self._order + kinds, self._bytes, self._at)
        self._at += 4 * len(kinds)
        return read

    def byte(self) -> int:
        """One byte."""
        self._at += 1
        return self._bytes[self._at - 1]

    def string(self) -> str:
        """Text that ends with a zero byte; some writers send an empty one without."""
        (length,) = self.words("I")
        end = self._at + length
        text = self._bytes[self._at : end]
        if len(text) != length or text[-1:].strip(b"\0"):
            raise ValueError("a text in it does not end")
        self._at = end
        return text[:-1].decode()

    def values(self, kind: str, count: int) -> NDArray[Any]:
        """A sequence, as a view (count,)."""
        dtype = np.dtype(self._order + kind)
        if not count:
            return np.empty(0, dtype)
        self._align(dtype.itemsize)
        return np.frombuffer(self._bytes, dtype, count, self._at)

    def _align(self, size: int) -> None:
        self._at += -(self._at - ENCAPSULATION) % size


def _refused(serialised: bytes, what: str, error: Exception) -> FrameError:
    return FrameError(
        "serialisation",
        f"{len(serialised)} bytes are no serialised {what} ({error}): "
        "check the driver and its middleware",
    )
