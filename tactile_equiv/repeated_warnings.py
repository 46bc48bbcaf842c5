"""Warnings that may come with every frame, said seldom enough to be read."""

from __future__ import annotations

import time
from collections.abc import Callable

PERIOD = 5.0  # seconds between two warnings with the same reason


class RepeatedWarnings:
    """At most one warning a reason every `PERIOD`."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said: dict[str, float] = {}

    def __call__(self, reason: str, message: str) -> None:
        """Say `message`, unless a warning with this reason was said a moment ago."""
        now = time.monotonic()
        if now - self._said.get(reason, float("-inf")) >= PERIOD:
            self._said[reason] = now
            self._say(message)
