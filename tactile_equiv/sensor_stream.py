"""The frames of one sensor on their way through a node: stamps, counts, numbers of contacts."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray
from rclpy.node import Node
from std_msgs.msg import Header

from tactile_equiv.contact_state import ContactState, Followed, rules_of
from tactile_equiv.drift import DriftWatch
from tactile_equiv.errors import FrameError
from tactile_equiv.frame import FloatArray
from tactile_equiv.percept import Percept
from tactile_equiv.repeated_warnings import RepeatedWarnings
from tactile_equiv.result_headers import ResultHeaders, is_simulated
from tactile_equiv.settings import Settings
from tactile_equiv.stamps import Silence
from tactile_equiv.stream_statistics import StreamStatistics, StreamSummary
from tactile_equiv.taxel_health import TaxelHealth, named, notice


class SensorStream:
    """Follows one stream.

    Attributes:
        statistics: what happened to its frames.

    Args:
        node: that hears it.
        warn: says what is wrong with it.
        name: of the sensor, begins what is said; "" where the node has one.
    """

    def __init__(self, node: Node, warn: RepeatedWarnings, name: str = "") -> None:
        self.statistics = StreamStatistics(time.monotonic())
        self._node = node
        self._warn = warn
        self._name = name
        self._of = f" of {name}" if name else ""
        self._contacts = ContactState()
        self._drift = DriftWatch()
        self._taxels = TaxelHealth()
        self._touched = 0
        self._abstained = 0
        self._shape: tuple[int, ...] = ()
        self._clock = node.get_clock()
        self._headers = ResultHeaders(self._clock, warn, name)
        self._silence = Silence()
        self._silences = 0
        self._goes_on = False  # a frame was perceived, and not forgotten since
        self._simulated = is_simulated(self._clock)

    def header(self, contents: Any, settings: Settings, begun: float) -> Header:
        """The header of the results of a message, which came at `begun`, a steady time, seconds.

        Where stamps jumped back, or after `input_timeout_s` without a frame, contacts are new.

        Raises:
            FrameError: if the frame is too old.
        """
        header = self._headers.of(getattr(contents, "header", None), settings)
        if self._headers.jumped:
            self.forget_times()
        elif self._goes_on:
            silence = self._silence.lasts(begun, self._simulated_now())
            if silence > settings.input_timeout_s:
                self._end_silence(silence)
        return header

    @property
    def jump(self) -> str:
        """Why no tare goes on over the last message; "" = it may."""
        if not self._headers.jumped:
            return ""
        return f"stamps{self._of} jumped back: the old tare stays; tare again"

    def masked(self, frame: NDArray[Any], settings: Settings) -> NDArray[Any]:
        """A frame with NaN at the taxels that are known to be faulty, where they are masked."""
        return self._taxels.masked(frame) if settings.taxel_faults == "mask" else frame

    def watch_taxels(
        self, frame: NDArray[Any], tare: FloatArray | None, dead_zone: float, settings: Settings
    ) -> None:
        """Learn from a frame which taxels are faulty.

        Args:
            frame: (H, W) or (H, W, C), sensor units, as it came.
            tare: by which it was perceived.
            dead_zone: of the model, sensor units.
            settings: say whether it is looked at.
        """
        if settings.taxel_faults == "off":
            self.forget_taxels()
        elif self._taxels.watch(frame, tare, dead_zone):
            self._drift.reset()
            said = self._of_taxels(settings) or "all taxels answer again"
            self._warn(f"taxels{self._of}", f"taxels{self._of}: {said}")

    def forget_taxels(self) -> None:
        """No taxel is known to be faulty."""
        self._taxels.forget()

    def follow(
        self, percept: Percept, frame: NDArray[Any], tare: FloatArray | None, settings: Settings
    ) -> Followed:
        """What counts of the percept of the next frame.

        Args:
            percept: of the frame alone.
            frame: (H, W) or (H, W, C), sensor units.
            tare: by which it was perceived.
            settings: give the rules.
        """
        if frame.shape != self._shape:
            self._resized(frame.shape)
        if not percept.contacts:
            self._drift.untouched(self.masked(frame, settings), tare)
        followed = self._contacts.update(percept, rules_of(settings))
        texture = followed.percept.texture
        if texture is not None:
            self._touched += 1
            if settings.score_threshold > 0:
                self._abstained += texture.score < settings.score_threshold
        return followed

    def notices(self, dead_zone: float, settings: Settings) -> list[str]:
        """What diagnostics warn of: faulty taxels, stamps that are wrong, a tare that is due."""
        drift = self._drift.drift()
        due = drift.notice(dead_zone, settings.drift_limit) if drift else ""
        of_taxels = self._of_taxels(settings)
        return [said for said in (of_taxels, *self._headers.notices(), due) if said]

    def values(self) -> dict[str, object]:
        """Frames with contact, those without a class, silences, stamps, faulty taxels, drift."""
        drift = self._drift.drift()
        return {
            "touched": self._touched,
            "abstained": self._abstained,
            "silences": self._silences,
            **{f"stamps.{kind}": count for kind, count in sorted(self._headers.counts.items())},
            "faulty_taxels": len(self._taxels.faults),
            "faulty": named(self._taxels.faults) or "none",
            **{
                f"drift_{name}": f"{value:.4g}"
                for name, value in (drift._asdict() if drift else {}).items()
            },
        }

    def forget_contacts(self) -> None:
        """Contacts and drift are new from the next frame on."""
        self._contacts.reset()
        self._drift.reset()
        self._goes_on = False

    def forget_times(self) -> None:
        """Another time begins: contacts, drift and latency figures are new."""
        self.forget_contacts()
        self.statistics.forget_times()

    def forget_stamps(self) -> None:
        """The next frame may have any stamp."""
        self._headers.reset()

    def perceived(self, begun: float) -> None:
        """The results of the last frame are published; it came at `begun`, a steady time."""
        self.answered(begun, self._headers.age())

    def answered(self, begun: float, age: float) -> None:
        """Results are published, of frames that came at `begun` and are so old, seconds."""
        self._goes_on = True
        self._silence.heard(begun, self._simulated_now())
        self.statistics.perceived(time.monotonic() - begun, age)

    def summary(self) -> StreamSummary:
        """The stream now, rates since the last summary; on /clock its silence lasts as long."""
        self._simulated = is_simulated(self._clock)
        now = time.monotonic()
        summary = self.statistics.summary(now)
        if not self._simulated:
            return summary
        return replace(summary, silence=self._silence.lasts(now, self._simulated_now()))

    def failed(self, error: Exception) -> None:
        """A frame is refused; a defect in our code must not take the skin from the robot."""
        if isinstance(error, FrameError):
            self._refuse(error.reason, str(error))
        elif self._node.context.ok():  # otherwise the process ends: nothing can be published
            self._refuse("internal", f"internal error {type(error).__name__}: {error}")

    def _resized(self, shape: tuple[int, ...]) -> None:
        """Another sensor, or another mode of it: its contacts are not those of before."""
        if self._shape:
            before, now = ("x".join(map(str, one)) for one in (self._shape, shape))
            self.forget_contacts()
            name = f"frames of {self._name}" if self._name else "frames"
            self._warn(f"resized {self._name}", f"{name} changed from {before} to {now} taxels")
        self._shape = shape

    def _of_taxels(self, settings: Settings) -> str:
        return notice(self._taxels.faults, settings.taxel_faults == "mask")

    def _end_silence(self, seconds: float) -> None:
        self._silences += 1
        self._contacts.reset()
        self._goes_on = False
        self._warn(
            f"silence{self._of}", f"no frame{self._of} for {seconds:.1f} s: contacts are new"
        )

    def _simulated_now(self) -> int | None:
        """Time of /clock, nanoseconds; None where the node does not follow it."""
        return self._clock.now().nanoseconds if self._simulated else None

    def _refuse(self, reason: str, message: str) -> None:
        self.statistics.refused(reason, message)
        self._warn(f"{reason}{self._of}", f"frame{self._of} refused ({reason}): {message}")
