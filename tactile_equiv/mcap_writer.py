"""Writes .mcap files as rosbag2 does, chunk by chunk, so that a sudden end costs the last one.

The format is that of the MCAP specification, version 0 (mcap.dev): records of one byte of kind,
eight of length and a content; all integers little endian, texts and maps behind their length.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

MAGIC = b"\x89MCAP0\r\n"
HEADER, FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK, MESSAGE_INDEX, CHUNK_INDEX = range(1, 9)
STATISTICS, METADATA, METADATA_INDEX, SUMMARY_OFFSET, DATA_END = 0x0B, 0x0C, 0x0D, 0x0E, 0x0F
RECORD_HEAD = struct.Struct("<BQ")
CHUNK_BYTES = 1 << 20
"""A chunk that grows beyond is written."""


class OutputFile(Protocol):
    """What the writer needs of a file: unbuffered, so that what was written is in the file."""

    def write(self, data: bytes, /) -> int | None:
        """Write some of the bytes and return how many."""

    def seek(self, offset: int, /) -> int:
        """Move to an offset."""

    def truncate(self, size: int, /) -> int:
        """Cut the file."""

    def close(self) -> None:
        """Close the file."""


@dataclass
class _Chunk:
    """Messages that are not in the file yet, and where each lies among them."""

    records: bytearray = field(default_factory=bytearray)
    index: defaultdict[int, list[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )


class McapWriter:
    """One .mcap file; messages are in it after `flush`, readers can seek in it after `close`.

    After an OSError the file ends with the last chunk that was written whole.

    Args:
        file: open for writing, empty, unbuffered.

    Raises:
        OSError: from every method, when the file cannot be written.
    """

    def __init__(self, file: OutputFile) -> None:
        self._file = file
        self._end = 0
        self._chunk = _Chunk()
        self._schemas: dict[str, int] = {}
        self._repeated: dict[int, list[bytes]] = {kind: [] for kind in (SCHEMA, CHANNEL)}
        self._chunk_index: list[bytes] = []
        self._times: list[int] = []
        self.counts: Counter[int] = Counter()
        self._append(MAGIC + _record(HEADER, _text("ros2") + _text("tactile_equiv")))

    @property
    def start(self) -> int:
        """Smallest log time, nanoseconds; 0 where there is no message."""
        return self._times[0] if self._times else 0

    @property
    def duration(self) -> int:
        """Between the smallest and the largest log time, nanoseconds."""
        return self._times[1] - self._times[0] if self._times else 0

    def add_channel(
        self, topic: str, message_type: str, definition: str, metadata: Mapping[str, str]
    ) -> int:
        """A channel for a topic; its number.

        Args:
            topic: full name.
            message_type: "package/msg/Type".
            definition: the type and all that it contains, as `message_definitions` writes it.
            metadata: of the channel, such as `offered_qos_profiles`.
        """
        if message_type not in self._schemas:
            schema = self._schemas[message_type] = len(self._schemas) + 1
            content = struct.pack("<H", schema) + _text(message_type) + _text("ros2msg")
            self._repeat(SCHEMA, content + _text(definition))
        channel = len(self._repeated[CHANNEL]) + 1
        content = struct.pack("<HH", channel, self._schemas[message_type])
        self._repeat(CHANNEL, content + _text(topic) + _text("cdr") + _map(metadata))
        self.counts[channel] = 0
        return channel

    def write(self, channel: int, log_time: int, publish_time: int, data: bytes) -> None:
        """Add a serialised message; times in nanoseconds since 1970."""
        chunk = self._chunk
        chunk.index[channel].append((log_time, len(chunk.records)))
        count = self.counts[channel] & 0xFFFFFFFF
        head = struct.pack("<HIQQ", channel, count, log_time, publish_time)
        chunk.records += RECORD_HEAD.pack(MESSAGE, len(head) + len(data)) + head
        chunk.records += data
        self.counts[channel] += 1
        if len(chunk.records) > CHUNK_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write all messages to the file, as one chunk with its index."""
        chunk, self._chunk = self._chunk, _Chunk()
        if not chunk.records:
            return
        times = [time for entries in chunk.index.values() for time, _ in entries]
        first, last = min(times), max(times)
        size, checksum = len(chunk.records), zlib.crc32(chunk.records)
        content = struct.pack("<QQQI", first, last, size, checksum) + _text("")
        content += struct.pack("<Q", size) + chunk.records
        record = _record(CHUNK, content)
        offsets, indices = b"", b""
        for channel, entries in chunk.index.items():
            offsets += struct.pack("<HQ", channel, self._end + len(record) + len(indices))
            listed = b"".join(struct.pack("<QQ", *entry) for entry in entries)
            indices += _record(MESSAGE_INDEX, struct.pack("<H", channel) + _sized(listed))
        summary = struct.pack("<QQQQ", first, last, self._end, len(record)) + _sized(offsets)
        summary += struct.pack("<Q", len(indices)) + _text("") + struct.pack("<QQ", size, size)
        try:
            self._append(record + indices)
        except OSError:
            self._uncount(chunk)
            raise
        self._chunk_index.append(_record(CHUNK_INDEX, summary))
        self._times = [min([first, *self._times]), max([last, *self._times])]

    def close(self, metadata: Mapping[str, str]) -> None:
        """Write all messages, the metadata record "rosbag2", summary and index; close the file."""
        try:
            self.flush()
            metadata_record = _record(METADATA, _text("rosbag2") + _map(metadata))
            place = struct.pack("<QQ", self._end, len(metadata_record))
            self._append(metadata_record + _record(DATA_END, struct.pack("<I", 0)))
            groups = {
                SCHEMA: self._repeated[SCHEMA],
                CHANNEL: self._repeated[CHANNEL],
                STATISTICS: [_record(STATISTICS, self._statistics())],
                CHUNK_INDEX: self._chunk_index,
                METADATA_INDEX: [_record(METADATA_INDEX, place + _text("rosbag2"))],
            }
            self._append(_summary(groups, self._end))
        finally:
            self._file.close()

    def _statistics(self) -> bytes:
        sizes = len(self._repeated[SCHEMA]), len(self._repeated[CHANNEL]), 0, 1
        counts = b"".join(struct.pack("<HQ", *count) for count in sorted(self.counts.items()))
        content = struct.pack("<QHIII", self.counts.total(), *sizes)
        content += struct.pack("<IQQ", len(self._chunk_index), *(self._times or (0, 0)))
        return content + _sized(counts)

    def _repeat(self, kind: int, content: bytes) -> None:
        """Write a record that the summary repeats."""
        record = _record(kind, content)
        self._append(record)
        self._repeated[kind].append(record)

    def _append(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) or 0 :]  # type: ignore[arg-type]
        except OSError:
            self._file.seek(self._end)
            self._file.truncate(self._end)
            raise
        self._end += len(data)

    def _uncount(self, chunk: _Chunk) -> None:
        for channel, entries in chunk.index.items():
            self.counts[channel] -= len(entries)


def _summary(groups: Mapping[int, Iterable[bytes]], start: int) -> bytes:
    """Summary section with its offsets, footer and the magic at the end of the file."""
    content, offsets = b"", b""
    for kind, records in groups.items():
        group = b"".join(records)
        if group:
            place = struct.pack("<BQQ", kind, start + len(content), len(group))
            offsets += _record(SUMMARY_OFFSET, place)
        content += group
    offsets_start = start + len(content)
    checked = content + offsets + RECORD_HEAD.pack(FOOTER, 20)
    checked += struct.pack("<QQ", start, offsets_start)
    return checked + struct.pack("<I", zlib.crc32(checked)) + MAGIC


def _record(kind: int, content: bytes) -> bytes:
    return RECORD_HEAD.pack(kind, len(content)) + content


def _sized(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


def _text(text: str) -> bytes:
    return _sized(text.encode())


def _map(entries: Mapping[str, str]) -> bytes:
    return _sized(b"".join(_text(key) + _text(value) for key, value in entries.items()))
