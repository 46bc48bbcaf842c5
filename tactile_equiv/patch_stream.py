"""One patch of a hand on the graph: how its frames are read, followed and published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header

from tactile_equiv.contact_state import Followed
from tactile_equiv.frame import FloatArray
from tactile_equiv.hand import PatchFrame
from tactile_equiv.hand_description import Patch
from tactile_equiv.input_kind import input_of
from tactile_equiv.percept import Percept
from tactile_equiv.percept_outputs import PerceptOutputs
from tactile_equiv.repeated_warnings import RepeatedWarnings
from tactile_equiv.sensor_stream import SensorStream
from tactile_equiv.settings import Settings


@dataclass(frozen=True)
class PatchArrival:
    """A frame of a patch that waits for the others of its set.

    Attributes:
        values: (H, W) or (H, W, C), sensor units.
        cell: input pixels along each side of a taxel.
        header: of its results.
        begun: when its message came, a steady time, seconds.
    """

    values: NDArray[Any]
    cell: int
    header: Header
    begun: float


class PatchStream:
    """Reads, follows and publishes one patch.

    Args:
        node: of the hand.
        patch: its description.
        settings: of the node.
        warn: says what is wrong.

    Attributes:
        settings: of the patch; set again when the node's change.
        source: topic, type and way of reading of its messages; equal for patches of one message.

    Raises:
        SettingsError: if its messages cannot be read as frames.
    """

    def __init__(
        self, node: LifecycleNode, patch: Patch, settings: Settings, warn: RepeatedWarnings
    ) -> None:
        self.name = patch.name
        self.patch = patch
        self.settings = patch.settings(settings)
        self.stream = SensorStream(node, warn, patch.name)
        kind = input_of(self.settings)
        self._decode = kind.decode
        topic = patch.topic or f"{patch.name}/{kind.topic}"
        self.source = (topic, kind.message_class, bool(self.settings.input_field))
        self._outputs = PerceptOutputs(node, warn, below=patch.name)

    @property
    def topic(self) -> str:
        """Where its frames come from."""
        return self.source[0]

    def destroy(self) -> None:
        """Remove its publishers."""
        self._outputs.destroy()

    def notices(self) -> list[str]:
        """What diagnostics warn of: its subscribers that ask for more than is offered."""
        return self._outputs.notices()

    def read(self, contents: Any, begun: float) -> PatchArrival:
        """The frame of this patch in a message.

        Raises:
            FrameError: if there is none, or it is too old.
        """
        part = self.patch.part_of(contents, self.settings)
        values, cell = self._decode(part)
        header = self.stream.header(contents, self.settings, begun)
        return PatchArrival(values, cell, header, begun)

    def frame(self, arrival: PatchArrival, tare: FloatArray | None) -> PatchFrame:
        """A frame as `perceive_hand` takes it."""
        settings = self.settings
        return PatchFrame(
            self.stream.masked(arrival.values, settings),
            tare,
            settings.touched_from,
            settings.min_contact_area,
            settings.whole_frame,
            settings.topology,
        )

    def follow(self, felt: Percept, arrival: PatchArrival, tare: FloatArray | None) -> Followed:
        """What counts of the percept of a frame."""
        return self.stream.follow(felt, arrival.values, tare, self.settings)

    def watch_taxels(
        self, arrival: PatchArrival, tare: FloatArray | None, dead_zone: float
    ) -> None:
        """Look for taxels of this patch that are broken."""
        self.stream.watch_taxels(arrival.values, tare, dead_zone, self.settings)

    def publish(self, arrival: PatchArrival, followed: Followed) -> None:
        """Publish what counts of a frame."""
        large = followed.percept.enlarged(arrival.cell)
        self._outputs.publish(arrival.header, large, followed.numbers, self.settings)
        self.stream.perceived(arrival.begun)

    def publish_labels(self, header: Header, classes: Iterable[str]) -> None:
        """Publish the model's classes."""
        labelled = Header(stamp=header.stamp, frame_id=self.settings.frame_id)
        self._outputs.publish_labels(labelled, tuple(classes), self.settings)
