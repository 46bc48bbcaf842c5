"""Files in a scratch folder, read by what the commands and nodes read them with."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

Files = dict[str, bytes]
Make = Callable[[Random], Files]
Check = Callable[[Path], None]


class FileSubject:
    """A reader of files.

    Args:
        name: of the subject.
        make: the files of an input by name; the first is the one to read.
        check: reads that one, and examines the answer; raises as `Subject.check` does.
        limit_s: seconds of processor time that one input may take.
    """

    kind = "file"

    def __init__(self, name: str, make: Make, check: Check, limit_s: float = 10.0) -> None:
        self.name = name
        self.make = make
        self.limit_s = limit_s
        self._check = check
        self._folder = Path(tempfile.mkdtemp(prefix=f"fuzz_{name}_"))

    def check(self, given: Files) -> None:
        """See `Subject.check`."""
        shutil.rmtree(self._folder, ignore_errors=True)
        for name, content in given.items():
            file = self._folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        try:
            self._check(self._folder / next(iter(given)))
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
