"""Stamp and frame of the results, from the frame they belong to; and how old that frame is."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from rclpy.clock import Clock, ROSClock
from std_msgs.msg import Header

from tactile_equiv import messages, stamps
from tactile_equiv.errors import FrameError
from tactile_equiv.repeated_warnings import RepeatedWarnings
from tactile_equiv.settings import Settings
from tactile_equiv.stamps import SECOND, Step


def is_simulated(clock: Clock) -> bool:
    """True where a node's clock follows /clock (`use_sim_time`)."""
    return isinstance(clock, ROSClock) and clock.ros_time_is_active


def simulated_now(clock: Clock) -> int | None:
    """Time of /clock, nanoseconds; None where a node's clock does not follow it."""
    return clock.now().nanoseconds if is_simulated(clock) else None


class ResultHeaders:
    """Follows the stamps of one stream.

    Attributes:
        jumped: the last frame has a stamp that jumped back: what was before is another time.
        counts: stamps that are not as they should be, by kind: zero, equal, late, back, ahead.

    Args:
        clock: of the node; ages count in its time.
        warn: says what is wrong with the stamps.
        name: of the sensor, "" where the node has one.
    """

    def __init__(self, clock: Clock, warn: RepeatedWarnings, name: str = "") -> None:
        self.jumped = False
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._warn = warn
        self._of = f" of {name}" if name else ""
        self._stamp: int | None = None  # of the last frame, ns; None = it had none
        self._tolerance = 0.0
        self._farthest = 0.0
        self._noticed: Counter[str] = Counter()
        self.reset()

    def reset(self) -> None:
        """The next frame may have any stamp."""
        self._before: dict[bool, int] = {}  # ns, by whether it is a source's or of receipt
        self._told = False

    def of(self, source: Any, settings: Settings) -> Header:
        """The header of a frame's results: its own stamp, else the time of receipt.

        Args:
            source: header of the frame, or None.
            settings: gives `frame_id` for frames that name none, `max_age_s` and
                `stamp_tolerance_s`.

        Raises:
            FrameError: if the frame is too old.
        """
        self._stamp, self.jumped = None, False
        self._tolerance = settings.stamp_tolerance_s
        frame_id = (source and source.frame_id) or settings.frame_id
        if source is None or messages.is_zero(source.stamp):
            received = self._clock.now()
            if source is not None:
                self._unstamped()
            self._follow(received.nanoseconds, False)
            return Header(stamp=received.to_msg(), frame_id=frame_id)
        self._stamp = messages.nanoseconds(source.stamp)
        if settings.max_age_s > 0:
            self._refuse_older(self._stamp, settings.max_age_s)
        self._follow(self._stamp, True)
        return Header(stamp=messages.time_of(source.stamp), frame_id=frame_id)

    def age(self) -> float:
        """Age of the last frame now, seconds; NaN where nobody knows, see `stamps.age`."""
        if self._stamp is None:
            return math.nan
        now = self._clock.now().nanoseconds
        age = stamps.age(self._stamp, now, self._tolerance)
        if now and math.isnan(age):
            self._ahead((self._stamp - now) / SECOND)
        return age

    def notices(self) -> list[str]:
        """What is wrong with the stamps since the last call."""
        since = self.counts - self._noticed
        self._noticed = self.counts.copy()
        said = {
            "ahead": f"up to {self._farthest:.3g} s ahead of this node's clock: set the clocks",
            "late": "out of order: is there a second driver?",
            "back": "jumped back",
        }
        self._farthest = 0.0
        return [
            f"{since[kind]} stamps{self._of} {what}" for kind, what in said.items() if since[kind]
        ]

    def _follow(self, stamp: int, stamped: bool) -> None:
        before = self._before.get(stamped)
        self._before[stamped] = stamp
        step = stamps.step(before, stamp, self._tolerance)
        self.jumped = step is Step.BACK
        if self.jumped or (stamped and step is not Step.ON):
            self.counts[step.value] += 1
        if self.jumped:
            self._warn(
                f"backwards{self._of}",
                f"stamps{self._of} went backwards: tracking and latency figures start again",
            )

    def _unstamped(self) -> None:
        self.counts["zero"] += 1
        if not self._told:
            self._told = True
            self._warn(
                f"stamp{self._of}",
                f"frames{self._of} have stamp zero: results carry the time of receipt",
            )

    def _ahead(self, seconds: float) -> None:
        self.counts["ahead"] += 1
        self._farthest = max(self._farthest, seconds)
        self._warn(
            f"ahead{self._of}",
            f"frames{self._of} are stamped {seconds:.3f} s ahead of this node's clock: their age "
            "is unknown, and max_age_s refuses none; set the clocks, or raise stamp_tolerance_s",
        )

    def _refuse_older(self, stamp: int, max_age_s: float) -> None:
        age = stamps.age(stamp, self._clock.now().nanoseconds, self._tolerance)
        if age > max_age_s:
            raise FrameError(
                "age",
                f"frame is {age:.3f} s old, max_age_s is {max_age_s}: "
                "speed up the driver or set its clock, or raise max_age_s",
            )
