"""Stamp and frame of the results, from the frame they belong to; and how old that frame is."""

from __future__ import annotations

from typing import Any

from rclpy.clock import Clock
from std_msgs.msg import Header

from tactile_equiv import messages
from tactile_equiv.errors import FrameError
from tactile_equiv.repeated_warnings import RepeatedWarnings
from tactile_equiv.settings import Settings


class ResultHeaders:
    """Follows the stamps of one stream.

    Args:
        clock: of the node; ages count in its time.
        warn: says what is wrong with the stamps.
    """

    def __init__(self, clock: Clock, warn: RepeatedWarnings) -> None:
        self._clock = clock
        self._warn = warn
        self._stamp = 0  # of the last frame, ns; 0 = it had none
        self._previous = 0

    def of(self, source: Any, settings: Settings) -> Header:
        """The header of a frame's results: its own stamp, else the time of receipt.

        Args:
            source: header of the frame, or None.
            settings: gives `frame_id` for frames that name none, and `max_age_s`.

        Raises:
            FrameError: if the frame is too old.
        """
        self._stamp = 0
        frame_id = (source and source.frame_id) or settings.frame_id
        if source is None:
            return Header(stamp=self._clock.now().to_msg(), frame_id=frame_id)
        if messages.is_zero(source.stamp):
            self._warn("stamp", "frames have stamp zero: results carry the time of receipt")
            return Header(stamp=self._clock.now().to_msg(), frame_id=frame_id)
        self._stamp = messages.nanoseconds(source.stamp)
        if settings.max_age_s > 0:
            self._refuse_older(settings.max_age_s)
        return Header(stamp=messages.time_of(source.stamp), frame_id=frame_id)

    def age(self) -> float:
        """Age of the last frame now, seconds; NaN where it had no stamp."""
        if not self._stamp:
            return float("nan")
        return (self._clock.now().nanoseconds - self._stamp) / 1e9

    def went_backwards(self) -> bool:
        """True if the last frame is older than the one before it."""
        before, self._previous = self._previous, self._stamp or self._previous
        if self._previous >= before:
            return False
        self._warn("backwards", "stamps went backwards: tracking and latency figures start again")
        return True

    def reset(self) -> None:
        """Forget all stamps."""
        self._previous = 0

    def _refuse_older(self, max_age_s: float) -> None:
        if (age := self.age()) > max_age_s:
            raise FrameError(
                "age",
                f"frame is {age:.3f} s old, max_age_s is {max_age_s}: "
                "speed up the driver or set its clock, or raise max_age_s",
            )
