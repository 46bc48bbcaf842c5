"""Files that a command writes where it is told to: whole, or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tactile_equiv.errors import DataError

PART = ".part"
"""Ends the name of a file that is being written."""


def write_text(file: Path, text: str) -> None:
    """Write UTF-8; what has no code there becomes a question mark.

    Raises:
        DataError: if the file cannot be written; one that was there before stays.
    """
    try:
        write_whole(file, text.encode("utf-8", "replace"))
    except OSError as error:
        raise DataError(
            f"{file} cannot be written ({error.strerror}): name another file"
        ) from error


def write_whole(file: Path, content: bytes) -> None:
    """Write beside the file, then put it in its place: nobody ever reads a half of it.

    What is no regular file, such as /dev/stdout, is written directly.

    Raises:
        OSError: if it cannot be written, such as on a full disk; nothing new is left behind.
    """
    if file.exists() and not file.is_file():
        file.write_bytes(content)
        return
    target = file.resolve()  # of a link, what it leads to
    part = target.with_name(target.name + PART)
    try:
        with part.open("wb") as output:
            output.write(content)
            output.flush()
            os.fsync(output.fileno())  # some file systems notice only here that they are full
        part.replace(target)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
