"""The state of a hand on /diagnostics: one status for all of it, one for each patch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus

from tactile_equiv import diagnostics
from tactile_equiv.node_diagnostics import NodeState
from tactile_equiv.sensor_stream import SensorStream
from tactile_equiv.settings import Settings
from tactile_equiv.stream_statistics import StreamSummary


@dataclass(frozen=True)
class HandMoment:
    """A hand at one moment.

    Attributes:
        node: full name of its node.
        state: of the node.
        settings: of the node.
        summary: the sets of frames since the last time.
        inputs: topics that are heard.
        heard: what is wrong with the publishers of frames.
        absent: patches that do not count in the texture of the hand.
        incomplete: sets since the start in which a patch was absent.
    """

    node: str
    state: NodeState
    settings: Settings
    summary: StreamSummary
    inputs: tuple[str, ...]
    heard: tuple[str, ...]
    absent: tuple[str, ...]
    incomplete: int

    def status(self, patches: int) -> DiagnosticStatus:
        """The status of a hand with so many patches; a patch that is absent is a warning."""
        missing = f"no frame from {', '.join(self.absent)}"
        some = (missing,) if 0 < len(self.absent) < patches else ()
        trouble = "; ".join([*self.state.notices, *self.heard, *some])
        values = {
            "input": ", ".join(self.inputs) or "none",
            "patches": patches,
            "absent": ", ".join(self.absent) or "none",
            "incomplete": self.incomplete,
            **self.state.values(),
        }
        return self._status("perception", self.settings, self.summary, trouble, values)

    def status_of(
        self, patch: str, topic: str, settings: Settings, stream: SensorStream, dead_zone: float
    ) -> DiagnosticStatus:
        """The status of a patch."""
        summary = stream.summary()
        trouble = "; ".join(stream.notices(dead_zone, settings))
        values = {"input": topic, **stream.values()}
        return self._status(patch, settings, summary, trouble, values)

    def _status(
        self,
        part: str,
        settings: Settings,
        summary: StreamSummary,
        trouble: str,
        values: Mapping[str, object],
    ) -> DiagnosticStatus:
        level, message = diagnostics.judge(
            self.state.lifecycle,
            self.state.enabled,
            self.state.failure,
            trouble,
            summary,
            settings,
        )
        return diagnostics.diagnostic_status(
            f"{self.node}: {part}",
            level,
            message,
            {**values, **diagnostics.stream_values(summary)},
            settings.frame_id,
        )
