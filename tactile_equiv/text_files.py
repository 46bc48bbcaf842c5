"""Files that a command writes where it is told to."""

from __future__ import annotations

from pathlib import Path

from tactile_equiv.errors import DataError


def write_text(file: Path, text: str) -> None:
    """Write UTF-8; what has no code there becomes a question mark.

    Raises:
        DataError: if the file cannot be written.
    """
    try:
        file.write_text(text, "utf-8", "replace")
    except OSError as error:
        raise DataError(
            f"{file} cannot be written ({error.strerror}): name another file"
        ) from error
