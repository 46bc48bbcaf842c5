"""What a fuzzing process is doing right now, in a file that its parent reads whenever it likes.

A process that hangs or dies inside native code cannot say what it read last. So every input is
written here before it is read: a few microseconds each.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Any, NamedTuple

HEAD = struct.Struct("<QdI64s")
SIZE = 1 << 22


class Doing(NamedTuple):
    """The state of a fuzzing process.

    Attributes:
        begun: inputs so far.
        limit_s: of processor time for the present one.
        subject: its name.
        given: the input, as bytes.
    """

    begun: int
    limit_s: float
    subject: str
    given: bytes


class Watched:
    """The file, open in the process that is watched, or in the one that watches."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(bytes(SIZE))
        with file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), SIZE)

    def begins(self, count: int, subject: str, limit_s: float, given: Any) -> None:
        """Note an input before it is read."""
        content = as_bytes(given)[: SIZE - HEAD.size]
        HEAD.pack_into(self._map, 0, count, limit_s, len(content), subject.encode())
        self._map[HEAD.size : HEAD.size + len(content)] = content

    @property
    def now(self) -> Doing:
        """What was noted last."""
        count, limit_s, length, subject = HEAD.unpack_from(self._map)
        content = bytes(self._map[HEAD.size : HEAD.size + length])
        return Doing(count, limit_s, subject.rstrip(b"\0").decode(), content)


def as_bytes(given: Any) -> bytes:
    """An input as bytes: of several files one after another, of anything else its text."""
    if isinstance(given, bytes):
        return given
    if isinstance(given, dict) and all(isinstance(part, bytes) for part in given.values()):
        parts = [f"\n--- {name}\n".encode() + part for name, part in given.items()]
        return b"".join(parts)
    return repr(given)[: SIZE // 4].encode("utf-8", "backslashreplace")
