"""Messages that are right: images, packed images, arrays and messages of other types."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from random import Random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fuzz.cdr_fields import Field, array, text
from fuzz.mutations import changed, pick, word

ENCODINGS = {
    **{"mono8": ("u1", 1), "8UC1": ("u1", 1), "mono16": ("u2", 1), "16UC1": ("u2", 1)},
    **{"32FC1": ("f4", 1), "rgb8": ("u1", 3), "bgr8": ("u1", 3), "8UC3": ("u1", 3)},
    **{"rgba8": ("u1", 4), "bgra8": ("u1", 4)},
    **{f"bayer_{pattern}8": ("u1", 1) for pattern in ("rggb", "bggr", "gbrg", "grbg")},
    **{f"bayer_{pattern}16": ("u2", 1) for pattern in ("rggb", "bggr", "gbrg", "grbg")},
}
"""Encoding to the type of a value and the values of a pixel, as REP-118 has them."""
PNG = b"\x89PNG\r\n\x1a\n"
SIZES = ((12, 16), (4, 5), (1, 1), (2, 2), (1, 9), (20, 6), (8, 8))


def header(random: Random) -> list[Field]:
    """std_msgs/Header, mostly with a likely stamp."""
    stamp = pick(random, ((1_700_000_000, 5), (0, 0), (-5, 0), (2**31 - 1, 2**32 - 1), (7, 10**9)))
    names = ("fingertip", "", "a/b c", "tactile_sensor\n", "ä" * 9)
    return [Field("i", stamp[0]), Field("I", stamp[1]), text(pick(random, names))]


def press(random: Random, height: int, width: int, channels: int, kind: str) -> NDArray[Any]:
    """(H, W, C) of a numpy `kind`: untouched, with one contact or full of noise."""
    draws = np.random.default_rng(random.getrandbits(32))
    frame = np.zeros((height, width, channels))
    way = random.randrange(4)
    if way == 0:
        frame[:] = draws.uniform(0, 250, frame.shape)
    elif way < 3:
        row, column = random.randrange(height), random.randrange(width)
        frame[row : row + 4, column : column + 4] = draws.uniform(30, 200)
    if kind[0] == "f" and random.randrange(4) == 0:
        odd = pick(random, (np.nan, np.inf, -np.inf, 1e30, 3e38, -1e38, 1e-42))
        frame[draws.random(frame.shape) < 0.2] = odd
    with np.errstate(over="ignore"):
        return frame.astype(kind)


def image(random: Random, encodings: Sequence[str] = tuple(ENCODINGS)) -> list[Field]:
    """sensor_msgs/Image; some have padded rows or big-endian values."""
    encoding = pick(random, encodings)
    kind, channels = ENCODINGS[encoding]
    height, width = pick(random, SIZES)
    big = random.randrange(4) == 0
    values = press(random, height, width, channels, kind)
    rows = np.frombuffer(values.astype((">" if big else "<") + kind).tobytes(), np.uint8)
    padded = np.pad(rows.reshape(height, -1), ((0, 0), (0, pick(random, (0, 0, 3)))))
    return [
        *header(random),
        *(Field("I", height), Field("I", width), text(encoding), Field("B", int(big))),
        *(Field("I", padded.shape[1]), array(padded.ravel())),
    ]


def compressed_image(random: Random, channels: int) -> list[Field]:
    """sensor_msgs/CompressedImage: JPEG or PNG, sometimes wrong inside in a way that is checked."""
    height, width = pick(random, SIZES)
    kind = pick(random, ("u1", "u1", "u2"))
    values = press(random, height, width, channels, kind)
    packing = pick(random, (".png", ".jpg")) if kind == "u1" else ".png"
    packed = bytes(cv2.imencode(packing, values)[1])
    if random.randrange(3) == 0:
        packed = _wrong_png(random, packed) if packing == ".png" else _wrong_jpeg(random, packed)
    described = pick(
        random, ("png", "jpeg", "rgb8; jpeg compressed bgr8", "mono8; png compressed ")
    )
    return [*header(random), text(described), Field("1[", packed)]


def _wrong_png(random: Random, packed: bytes) -> bytes:
    """A PNG whose size, type or content is wrong and whose checksums are right."""
    out, at = bytearray(PNG), len(PNG)
    while at < len(packed):
        (length,) = struct.unpack_from(">I", packed, at)
        kind, content = packed[at + 4 : at + 8], packed[at + 8 : at + 8 + length]
        at += 12 + length
        if kind == b"IHDR":
            width, height = (min(word(random, n), 4000) for n in struct.unpack(">II", content[:8]))
            odd = struct.pack(">II", width, height) + changed(random, content[8:])[:5]
            content = pick(random, (content, odd.ljust(13, b"\0"), changed(random, content)))
        elif kind == b"IDAT":
            unpacked = zlib.decompress(content)
            odd = zlib.compress(unpacked[: random.randrange(len(unpacked) + 1)])
            content = pick(random, (content, odd, changed(random, content), content[:-3]))
        out += struct.pack(">I", len(content)) + kind + content
        out += struct.pack(">I", zlib.crc32(kind + content))
    return bytes(out)


def _wrong_jpeg(random: Random, packed: bytes) -> bytes:
    """A JPEG that is wrong between its first and its last two bytes."""
    return packed[:3] + changed(random, packed[3:-2]) + packed[-2:]


def multi_array(random: Random, kind: str) -> list[Field]:
    """std_msgs/...MultiArray of a numpy `kind`, with a layout or without."""
    height, width = pick(random, SIZES)
    channels = pick(random, (1, 1, 3))
    values = press(random, height, width, channels, kind)
    sizes = pick(random, ((height, width), (height, width, channels), ()))
    if len(sizes) == 2:
        values = values[:, :, :1]
    dimensions = [
        field
        for name, size in zip(("rows", "columns", "channels"), sizes, strict=False)
        for field in (text(name), Field("I", size), Field("I", values.size))
    ]
    skipped = pick(random, (0, 0, 2))
    flat = np.concatenate([np.zeros(skipped, kind), values.ravel()])
    return [Field("n", len(sizes)), *dimensions, Field("I", skipped), array(flat)]


def joint_state(random: Random) -> list[Field]:
    """sensor_msgs/JointState with 12 positions."""
    positions = press(random, 3, 4, 1, "f8").ravel()
    nothing = np.zeros(0, "f8")
    names = [text("a"), text("b")]
    return [*header(random), Field("n", 2), *names, array(positions), *[array(nothing)] * 2]


def point_cloud(random: Random) -> list[Field]:
    """sensor_msgs/PointCloud: 12 points, each with a value of one channel."""
    points = press(random, 3, 4, 3, "f4").ravel()
    values = press(random, 3, 4, 1, "f4").ravel()
    return [
        *header(random),
        *(Field("n", 12), *(Field("f", float(one)) for one in points)),
        *(Field("n", 1), text("force"), array(values)),
    ]
