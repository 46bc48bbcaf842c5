"""Files that anybody may have written: read once, whole, and never more than a limit."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_limited(file: Path, limit: int) -> bytes:
    """The content of a regular file.

    A pipe would be waited for, and a device never ends: neither is read. The size is looked at
    before memory is taken, and again while reading, since another process may write meanwhile.

    Raises:
        OSError: if it cannot be opened, is no regular file, or has more than `limit` bytes.
    """
    with open(file, "rb", opener=_without_waiting) as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(file))
        content = b"" if status.st_size > limit else stream.read(limit + 1)
        size = max(status.st_size, len(content))
        if size > limit:
            raise OSError(errno.EFBIG, f"it has {size} bytes: at most {limit} are read", str(file))
        return content


def _without_waiting(file: str, flags: int) -> int:
    return os.open(file, flags | os.O_NONBLOCK)
