"""Reads .mcap files that end anywhere: no footer, no index, a last chunk or message cut in two.

Every message that stands in the file whole is found. What follows the cut, or a chunk whose
checksum is wrong, is left out, never guessed.
"""

from __future__ import annotations

import importlib
import mmap
import struct
import zlib
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from tactile_equiv.errors import DataError
from tactile_equiv.mcap_writer import (
    CHANNEL,
    CHUNK,
    DATA_END,
    HEADER,
    MAGIC,
    MESSAGE,
    RECORD_HEAD,
    SCHEMA,
)

MESSAGE_HEAD = struct.Struct("<HIQQ")
CHUNK_HEAD = struct.Struct("<QQQI")
CHUNK_SIZE = struct.Struct("<Q")
DECOMPRESSORS = {
    "lz4": ("LZ4FrameDecompressor", ("lz4.frame",)),
    "zstd": ("ZstdDecompressor", ("compression.zstd", "backports.zstd")),
}
"""Compression to the class that unpacks it and the modules that may have it."""
CHUNK_LIMIT = 2**30
"""Bytes of a chunk, unpacked; rosbag2 writes some 0.8 million, and one message may be larger."""
KINDS = range(HEADER, DATA_END + 1)


class CutChannel(NamedTuple):
    """A topic of a recording: its name, "package/msg/Type", and the definition of that type."""

    topic: str
    message_type: str
    definition: str


class _Place(NamedTuple):
    """Where a message lies: in a compressed chunk, or (chunk -1) in the file."""

    log_time: int
    channel: int
    chunk: int
    start: int
    end: int


class _Chunk(NamedTuple):
    """Where the records of a chunk lie in the file, and how many bytes they are unpacked."""

    compression: str
    start: int
    end: int
    size: int


class CutRecording:
    """The messages that a file holds whole, in order of log time.

    Attributes:
        channels: by number.
        damaged: chunks left out because their checksum is wrong or they cannot be unpacked.
        lost: bytes behind the last whole record.

    Raises:
        DataError: if the file cannot be read or is no .mcap file.
    """

    def __init__(self, path: Path) -> None:
        self.channels: dict[int, CutChannel] = {}
        self.damaged = 0
        self._schemas: dict[int, tuple[str, str]] = {}
        self._places: list[_Place] = []
        self._chunks: list[_Chunk] = []
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise DataError(f"{path} cannot be read ({error}): name an .mcap recording") from error
        if self._bytes[: len(MAGIC)] != MAGIC:
            raise DataError(f"{path} is no .mcap file: name a recording")
        self.lost = len(self._bytes) - self._scan(self._bytes, len(MAGIC), len(self._bytes))
        self._places.sort(key=lambda place: place.log_time)
        self._unpacked = lru_cache(maxsize=4)(self._unpack)

    def __len__(self) -> int:
        return len(self._places)

    def messages(self, channels: Collection[int]) -> Iterator[tuple[int, int, bytes]]:
        """Channel, log time in nanoseconds and serialised message, in order of log time."""
        for place in self._places:
            if place.channel in channels:
                whole: Any = self._bytes if place.chunk < 0 else self._unpacked(place.chunk)
                yield place.channel, place.log_time, bytes(whole[place.start : place.end])

    def _scan(self, data: Any, at: int, end: int, chunk: int = -1) -> int:
        """Note every whole record from `at` on; where the last one ends."""
        try:
            while at + RECORD_HEAD.size <= end:
                kind, length = RECORD_HEAD.unpack_from(data, at)
                start, stop = at + RECORD_HEAD.size, at + RECORD_HEAD.size + length
                if kind == CHUNK and stop > end:
                    return max(at, self._scan_cut_chunk(data, start, end))
                if kind not in KINDS or stop > end:
                    return at
                if kind == DATA_END:
                    return end
                self._note(data, kind, start, stop, chunk)
                at = stop
        except (struct.error, UnicodeDecodeError):
            return at
        return at

    def _note(self, data: Any, kind: int, start: int, stop: int, chunk: int) -> None:
        if kind == MESSAGE:
            channel, _, log_time, _ = MESSAGE_HEAD.unpack_from(data, start)
            place = _Place(log_time, channel, chunk, start + MESSAGE_HEAD.size, stop)
            self._places.append(place)
        elif kind == CHUNK:
            self._scan_chunk(data, start, stop)
        elif kind == SCHEMA:
            self._add_schema(bytes(data[start:stop]))
        elif kind == CHANNEL:
            self._add_channel(bytes(data[start:stop]))

    def _scan_cut_chunk(self, data: Any, start: int, end: int) -> int:
        """Note the whole records of a chunk that ends early; a compressed one cannot be read."""
        compression, at = _text(data, start + CHUNK_HEAD.size)
        return -1 if compression else self._scan(data, at + CHUNK_SIZE.size, end)

    def _scan_chunk(self, data: Any, start: int, end: int) -> None:
        _, _, size, checksum = CHUNK_HEAD.unpack_from(data, start)
        compression, at = _text(data, start + CHUNK_HEAD.size)
        at += CHUNK_SIZE.size
        self._chunks.append(_Chunk(compression, at, end, size))
        chunk = len(self._chunks) - 1
        records = self._unpack(chunk)
        if len(records) != size or checksum not in (0, zlib.crc32(records)):
            self.damaged += 1
        elif compression:
            self._scan(records, 0, size, chunk)
        else:
            self._scan(data, at, end)

    def _unpack(self, chunk: int) -> bytes:
        """The records of a chunk, empty where they cannot be unpacked.

        Never more bytes than the chunk says, and one: a few packed ones can swell to any number.
        """
        found = self._chunks[chunk]
        decompress = _decompressor(found.compression)
        if found.size > CHUNK_LIMIT:
            return b""
        try:
            return decompress(self._bytes[found.start : found.end], found.size + 1)
        except Exception:  # each of these libraries has errors of its own
            return b""

    def _add_schema(self, content: bytes) -> None:
        (number,) = struct.unpack_from("<H", content)
        name, at = _text(content, 2)
        encoding, at = _text(content, at)
        definition, _ = _text(content, at)
        self._schemas[number] = name, definition if encoding == "ros2msg" else ""

    def _add_channel(self, content: bytes) -> None:
        number, schema = struct.unpack_from("<HH", content)
        topic, _ = _text(content, 4)
        self.channels[number] = CutChannel(topic, *self._schemas.get(schema, ("", "")))


def _text(data: Any, at: int) -> tuple[str, int]:
    """A text and where it ends."""
    (length,) = struct.unpack_from("<I", data, at)
    end = at + 4 + length
    return bytes(data[at + 4 : end]).decode(), end


def _decompressor(compression: str) -> Callable[[bytes, int], bytes]:
    """The function that unpacks at most so many bytes; rosbags brings the packages along."""
    if not compression:
        return lambda records, most: records
    kind, modules = DECOMPRESSORS.get(compression, ("", ()))
    for name in modules:
        try:
            decompressor = getattr(importlib.import_module(name), kind)
        except ImportError:
            continue
        return lambda records, most: bytes(decompressor().decompress(records, most))
    raise DataError(
        f"a chunk is compressed with {compression!r}: install rosbags to read lz4 and zstd"
    )
