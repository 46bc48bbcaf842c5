"""Labels typed while a sensor is recorded: a class name and Enter, or the digit of a class."""

from __future__ import annotations

import codecs
import os
import re
import select
import sys
import termios
import threading
import tty
from collections.abc import Callable, Sequence
from typing import Any

NONE = "0"
"""The digit that ends a label."""
ERASE = "\x7f\b"
ESCAPE = re.compile(rb"\x1b(\[[0-9;]*[@-~]|O.|.)?")
"""What a terminal sends for cursor and function keys."""


class LabelKeys:
    """Turns keys into labels.

    Digits 1 to 9 stand for the first nine classes and 0 for none; they count at once, at the start
    of a line. Anything else is a name that Enter ends; Enter alone is none.

    Args:
        classes: allowed names; none given allows every name.

    Attributes:
        typed: the line so far.
        complaint: why the last line was no label, else empty.
    """

    def __init__(self, classes: Sequence[str] = ()) -> None:
        self._classes = list(classes)
        self.typed = ""
        self.complaint = ""

    def press(self, key: str) -> str | None:
        """The label that this key completes ("" = none), else None."""
        if not self.typed and (label := self._digit(key)) is not None:
            return label
        if key in "\r\n":
            line, self.typed = self.typed, ""
            return self.line(line)
        if key in ERASE:
            self.typed = self.typed[:-1]
        elif key.isprintable():
            self.typed += key
        return None

    def line(self, line: str) -> str | None:
        """The label of a whole line ("" = none); None, with a `complaint`, for an unknown class."""
        name = line.strip()
        if (label := self._digit(name)) is not None:
            return label
        self.complaint = ""
        if name and self._classes and name not in self._classes:
            self.complaint = f"{name!r} is none of {', '.join(self._classes)}: not recorded"
            return None
        return name

    def help(self) -> str:
        """What can be typed, in one line."""
        if not self._classes:
            return "label: type a name and Enter; Enter alone = none"
        digits = [f"{index} {name}" for index, name in enumerate(self._classes[:9], 1)]
        return f"label: {', '.join([f'{NONE} none', *digits])}; or a name and Enter"

    def _digit(self, key: str) -> str | None:
        if not (self._classes and len(key) == 1 and key in "0123456789"):
            return None
        index = int(key)
        if index > len(self._classes):
            return None
        self.complaint = ""
        return self._classes[index - 1] if index else ""


class LabelKeyboard:
    """Reads labels from a terminal, key by key, or from a pipe, line by line, in a thread.

    Used as a context manager; the terminal is afterwards as it was.

    Args:
        keys: what they mean.
        on_label: called in the thread with each label ("" = none).
        stream: with a file descriptor; a terminal that belongs to another job is left alone.
    """

    def __init__(
        self, keys: LabelKeys, on_label: Callable[[str], None], stream: Any = None
    ) -> None:
        self._keys = keys
        self._on_label = on_label
        self._descriptor = _descriptor(sys.stdin if stream is None else stream)
        self._terminal: list[Any] | None = None
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> LabelKeyboard:
        if self._descriptor is None:
            return self
        if os.isatty(self._descriptor):
            self._terminal = termios.tcgetattr(self._descriptor)
            tty.setcbreak(self._descriptor)
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        os.close(self._waker)
        if self._descriptor is not None:
            self._thread.join()
            if self._terminal is not None:
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._terminal)
        os.close(self._wake)

    def _read(self) -> None:
        assert self._descriptor is not None
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        line = ""
        while self._wake not in select.select([self._descriptor, self._wake], [], [])[0]:
            try:
                read = os.read(self._descriptor, 1024)
            except OSError:  # the terminal is gone
                return
            if not read:
                return
            if self._terminal is not None:
                labels = [self._keys.press(key) for key in decoder.decode(ESCAPE.sub(b"", read))]
            else:
                *lines, line = (line + decoder.decode(read)).split("\n")
                labels = [self._keys.line(text) for text in lines]
            for label in labels:
                if label is not None:
                    self._on_label(label)


def _descriptor(stream: Any) -> int | None:
    """A file descriptor to read from; None where there is none, or another job has the terminal."""
    try:
        descriptor = int(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return None
    return None if os.isatty(descriptor) and _of_another_job(descriptor) else descriptor


def _of_another_job(terminal: int) -> bool:
    """True in the background of a shell, where to read the terminal would stop the process."""
    try:
        return os.tcgetpgrp(terminal) != os.getpgrp()
    except OSError:  # not the terminal that controls this process
        return False
