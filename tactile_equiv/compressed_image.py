"""sensor_msgs/CompressedImage to pixels: JPEG and PNG, sized up before they are unpacked."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import FrameError

LARGEST = 1 << 24
"""Pixels of a frame: a few packed bytes could claim thousands of millions."""

PNG, PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
PNG_PART = 12
"""Bytes of a part of a PNG without content: length, kind, checksum."""
JPEG, JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
JPEG_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""Markers of JPEG segments that hold the size of the picture."""


def unpack(packed: bytes, described: str) -> NDArray[Any]:
    """A packed picture to (H, W), or (H, W, 3) in red, green, blue; 8 or 16 bits.

    Args:
        packed: a JPEG or PNG file.
        described: `format` of the message, as image_transport writes it, such as
            "rgb8; jpeg compressed bgr8".

    Raises:
        FrameError: if the data are neither, are cut off, too large or corrupt.
    """
    height, width = packed_size(packed, described)
    if not 0 < height * width <= LARGEST:
        raise FrameError(
            "size",
            f"packed image has size {height}x{width}: it must have rows and columns, and at most "
            f"{LARGEST} pixels",
        )
    if packed.startswith(PNG) and not _is_whole_png(packed):
        raise _corrupt(packed, described)
    try:
        pixels: NDArray[Any] | None = cv2.imdecode(
            np.frombuffer(packed, np.uint8), cv2.IMREAD_UNCHANGED
        )
    except cv2.error:
        pixels = None
    if pixels is None or pixels.shape[:2] != (height, width) or pixels.dtype.kind != "u":
        raise _corrupt(packed, described)
    if pixels.ndim == 2:
        return pixels
    is_swapped = "compressed rgb" in described  # the file holds red where blue belongs
    return pixels[:, :, :3] if is_swapped else pixels[:, :, 2::-1]


def _corrupt(packed: bytes, described: str) -> FrameError:
    return FrameError(
        "data", f"{len(packed)} bytes of {described!r:.60} are corrupt: check driver and transport"
    )


def _is_whole_png(packed: bytes) -> bool:
    """Whether every part lies in the file and has the checksum that it names.

    OpenCV takes as much memory as a part claims, up to 4 GB, and passes over some checksums.
    """
    at = len(PNG)
    while at + PNG_PART <= len(packed):
        end = at + 8 + int.from_bytes(packed[at : at + 4], "big")
        checksum = int.from_bytes(packed[end : end + 4], "big")
        if end + 4 > len(packed) or zlib.crc32(packed[at + 4 : end]) != checksum:
            return False
        if packed.startswith(PNG_END[:4], at + 4):
            return True
        at = end + 4
    return False


def packed_size(packed: bytes, described: str) -> tuple[int, int]:
    """Rows and columns that a JPEG or PNG file claims.

    Raises:
        FrameError: if it is neither, or cut off.
    """
    whole = packed.rstrip(b"\0")
    try:
        if packed.startswith(PNG) and whole.endswith(PNG_END):
            width, height = struct.unpack_from(">II", packed, 16)
            return height, width
        if packed.startswith(JPEG) and whole.endswith(JPEG_END):
            return _jpeg_size(packed)
    except (struct.error, IndexError):
        pass
    raise FrameError(
        "encoding",
        f"packed image has {len(packed)} bytes of {described!r:.60}, neither a whole JPEG nor a "
        "whole PNG: set the driver or image_transport to one of them, PNG where values must stay "
        "exact",
    )


def _jpeg_size(packed: bytes) -> tuple[int, int]:
    at = 2
    while True:
        while packed[at + 1] == 0xFF:
            at += 1
        (length,) = struct.unpack_from(">H", packed, at + 2)
        if packed[at + 1] in JPEG_SIZES:
            return struct.unpack_from(">HH", packed, at + 5)
        at += 2 + max(length, 2)
