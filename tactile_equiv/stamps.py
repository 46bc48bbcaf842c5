"""Stamps of frames, one after the other: which follow, which jump, how old they are; integers.

Times are nanoseconds of a clock that may be wrong, stand still or jump; nothing here raises.
"""

from __future__ import annotations

import math
from enum import Enum

SECOND = 1_000_000_000
STILL = 2.0
"""Seconds after which a clock that does not move stands still."""


class Step(Enum):
    """How a stamp follows the one before it."""

    ON = "on"
    """After it, by however much; or the first."""
    EQUAL = "equal"
    LATE = "late"
    """Before it, but within the tolerance: out of order, or a clock that was set a little."""
    BACK = "back"
    """Before it by more: another time has begun, such as a recording that is played again."""


def step(before: int | None, stamp: int, tolerance: float) -> Step:
    """How `stamp` follows `before`, None = it is the first; the tolerance in seconds."""
    if before is None or stamp > before:
        return Step.ON
    if stamp == before:
        return Step.EQUAL
    return Step.LATE if before - stamp <= tolerance * SECOND else Step.BACK


def age(stamp: int, now: int, tolerance: float) -> float:
    """Seconds since a stamp, never negative.

    NaN where nobody knows: before the first /clock (`now` is 0), and for a stamp that lies ahead of
    now by more than the tolerance, seconds. One that lies ahead by less is 0 seconds old.
    """
    if not now or stamp - now > tolerance * SECOND:
        return math.nan
    return max(now - stamp, 0) / SECOND


class Silence:
    """How long nothing was heard: on a steady clock, or where time is simulated on that clock.

    A simulation that pauses is no silence, and one that runs fast or slowly has its own seconds. A
    simulated clock that was not there yet (0), or has jumped back since, begins to count when it is
    asked.
    """

    def __init__(self) -> None:
        self._steady = math.nan
        self._simulated = 0

    def heard(self, steady: float, simulated: int | None) -> None:
        """Something was heard now.

        Args:
            steady: now, seconds.
            simulated: now on a simulated clock, nanoseconds; None = there is none.
        """
        self._steady, self._simulated = steady, simulated or 0

    def lasts(self, steady: float, simulated: int | None) -> float:
        """Seconds until now (as in `heard`), NaN before anything was heard."""
        if simulated is None or math.isnan(self._steady):
            return steady - self._steady
        if not 0 < self._simulated <= simulated:
            self._simulated = simulated
        return (simulated - self._simulated) / SECOND


class ClockWatch:
    """Says where a simulated clock is missing or stands still."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._since = 0.0  # steady time, seconds

    def notice(self, steady: float, simulated: int | None) -> str:
        """What diagnostics warn of, "" = nothing.

        Args:
            steady: now, seconds.
            simulated: now on the simulated clock, nanoseconds; None = time is not simulated.
        """
        if simulated != self._last:
            self._last, self._since = simulated, steady
        if simulated == 0:
            return "use_sim_time is set, but no /clock has come: ages are unknown, timeouts wait"
        if simulated is None or steady - self._since < STILL:
            return ""
        return f"/clock has stood still for {steady - self._since:.0f} s: timeouts wait for it"
