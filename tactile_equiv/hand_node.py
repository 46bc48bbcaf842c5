"""The node of a hand: frames of many patches in, a percept of each and the texture of all out."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.clock import Clock, ClockType
from std_msgs.msg import Header

from tactile_equiv import messages, stamps
from tactile_equiv.frame_input import FrameInput
from tactile_equiv.hand import HandPercept, perceive_hand
from tactile_equiv.hand_description import read_hand
from tactile_equiv.hand_diagnostics import HandMoment
from tactile_equiv.hand_settings import HandSettings
from tactile_equiv.model_node import ModelNode, run_model_node
from tactile_equiv.node_process import node_main
from tactile_equiv.patch_sets import HandTexture, PatchSets
from tactile_equiv.patch_stream import PatchArrival, PatchStream
from tactile_equiv.percept import Percept
from tactile_equiv.percept_outputs import PerceptOutputs
from tactile_equiv.sensor_stream import SensorStream
from tactile_equiv.settings import Settings

Arrivals = Mapping[str, PatchArrival]


class HandNode(ModelNode):
    """Perceives a hand; docs/hand.md lists what it hears and publishes."""

    settings: HandSettings

    def __init__(self, **node_arguments: Any) -> None:
        self._patches: dict[str, PatchStream] = {}
        self._inputs: list[FrameInput] = []
        self._outputs: PerceptOutputs | None = None
        self._incomplete = 0
        self._timer: Any = None
        super().__init__(HandSettings, **node_arguments)
        self._stream = SensorStream(self, self._warn, "the hand")
        self._begin_sets()

    def _begin_sets(self) -> None:
        age = self.settings.max_patch_age_s
        self._sets: PatchSets[PatchArrival] = PatchSets(self._patches, age, time.monotonic())
        self._texture = HandTexture(self._patches, age)

    def _sensors(self) -> Sequence[str]:
        return tuple(self._patches)

    def _settings_of(self, sensor: str) -> Settings:
        return self._patches[sensor].settings

    def _stream_of(self, sensor: str) -> SensorStream:
        return self._patches[sensor].stream

    def _prepare(self) -> None:
        self._paths.check("hand", self.settings.hand)
        hand = read_hand(self.settings.hand)
        for patch in hand.patches:
            self._patches[patch.name] = PatchStream(self, patch, self.settings, self._warn)

    def _create_outputs(self) -> None:
        names = ("classification", "label_info")
        self._outputs = PerceptOutputs(self, self._warn, names=names)

    def _destroy_outputs(self) -> None:
        for patch in self._patches.values():
            patch.destroy()
        self._patches.clear()
        if self._outputs is not None:
            self._outputs.destroy()
            self._outputs = None

    def _create_inputs(self) -> str:
        sources: dict[Any, list[PatchStream]] = {}
        for patch in self._patches.values():
            sources.setdefault(patch.source, []).append(patch)
            patch.stream.forget_stamps()
        for patches in sources.values():
            self._inputs.append(self._heard_by(patches))
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        period = self.settings.max_patch_age_s / 2
        self._timer = self.create_timer(period, self._end_overdue, clock=steady)
        return ", ".join(one.topic for one in self._inputs)

    def _heard_by(self, patches: Sequence[PatchStream]) -> FrameInput:
        """The input of patches that come in one message."""

        def on_message(serialised: bytes, info: Any) -> None:
            self._on_message(frame_input, patches, serialised, info)

        first = patches[0]
        frame_input = FrameInput(self, first.settings, on_message, self._warn, first.topic)
        return frame_input

    def _destroy_inputs(self) -> None:
        if self._timer is not None:
            self.destroy_timer(self._timer)
            self._timer = None
        for one in self._inputs:
            one.destroy()
        self._inputs.clear()

    @property
    def _listening(self) -> bool:
        return bool(self._inputs)

    def _resume(self) -> None:
        self._begin_sets()
        for one in self._inputs:
            one.forget()

    def _forget_contacts(self) -> None:
        for patch in self._patches.values():
            patch.stream.forget_contacts()

    def _forget_times(self) -> None:
        self._resume()
        self._stream.forget_times()
        for patch in self._patches.values():
            patch.stream.forget_times()

    def _on_message(
        self, heard: FrameInput, patches: Sequence[PatchStream], serialised: bytes, info: Any
    ) -> None:
        """One message: whatever is wrong with it or with a part of it, the node lives on."""
        begun = time.monotonic()
        if not self._enabled or not self._model or not self._outputs:
            return
        missing = heard.missing(info)
        for patch in patches:
            patch.stream.statistics.received(begun)
            patch.stream.statistics.dropped(missing)
        self._perceive(self._sets.ended_by(patch.name for patch in patches))
        self._perceive(self._sets.add(self._read(heard, patches, serialised, begun), begun))

    def _end_overdue(self) -> None:
        self._perceive(self._sets.overdue(time.monotonic()))

    def _read(
        self, heard: FrameInput, patches: Sequence[PatchStream], serialised: bytes, begun: float
    ) -> dict[str, PatchArrival | None]:
        """The frames in a message, by patch; None = refused."""
        found: dict[str, PatchArrival | None] = {}
        read = functools.cache(lambda: heard.read(serialised))
        for patch in patches:
            found[patch.name] = None
            try:
                arrival = patch.read(read(), begun)
                if patch.stream.jump:
                    self.tare_service.end(patch.stream.jump)
                if self.tare_service.take(arrival.values, patch.name):
                    patch.stream.forget_contacts()
                found[patch.name] = arrival
            except Exception as error:
                patch.stream.failed(error)
        return found

    def _perceive(self, arrivals: Arrivals) -> None:
        """Perceive and publish a set, which may be empty."""
        if not arrivals or self._model is None or self._outputs is None:
            return
        tares = self.tare_service.tares
        try:
            frames = {
                name: self._patches[name].frame(one, tares.get(name))
                for name, one in arrivals.items()
            }
            percept = perceive_hand(self._model, frames)
        except Exception as error:
            for name in arrivals:
                self._patches[name].stream.failed(error)
            return
        for name, refusal in percept.refused.items():
            self._patches[name].stream.failed(refusal)
        followed = self._publish_patches(arrivals, percept)
        try:
            if followed:
                percept = replace(percept, patches=followed)
                self._publish_texture(self._outputs, arrivals, percept)
        except Exception as error:
            self._stream.failed(error)

    def _publish_patches(self, arrivals: Arrivals, percept: HandPercept) -> dict[str, Percept]:
        """Publish what counts of each patch; what counts of it for the hand, by its name."""
        followed: dict[str, Percept] = {}
        for name, felt in percept.patches.items():
            patch, arrival = self._patches[name], arrivals[name]
            tare = self.tare_service.tares.get(name)
            try:
                one = patch.follow(felt, arrival, tare)
                followed[name] = one.percept
                patch.publish(arrival, one)
                patch.watch_taxels(arrival, tare, self._dead_zone)
            except Exception as error:
                patch.stream.failed(error)
        return followed

    def _publish_texture(
        self, outputs: PerceptOutputs, arrivals: Arrivals, percept: HandPercept
    ) -> None:
        """The texture of the hand, stamped as the newest frame of the set."""
        now = time.monotonic()
        texture = self._texture.update(percept, now)
        self._incomplete += bool(self._texture.absent(now))
        newest = max(
            (arrivals[name].header.stamp for name in percept.patches), key=messages.nanoseconds
        )
        header = Header(stamp=newest, frame_id=self.settings.frame_id)
        outputs.publish_class(header, replace(percept, texture=texture), self.settings)
        begun = max(arrival.begun for arrival in arrivals.values())
        now_ns = self.get_clock().now().nanoseconds
        age = stamps.age(messages.nanoseconds(newest), now_ns, self.settings.stamp_tolerance_s)
        self._stream.statistics.received(begun)
        self._stream.answered(begun, age)

    def _publish_labels(self) -> None:
        if self._model is None or self._outputs is None:
            return
        header, classes = self._label_header(), self._model.card.classes
        self._outputs.publish_labels(header, classes, self.settings)
        for patch in self._patches.values():
            patch.publish_labels(header, classes)

    def _adopt(self, settings: Settings) -> None:
        super()._adopt(settings)
        for patch in self._patches.values():
            patch.settings = patch.patch.settings(self.settings)

    def _statuses(self) -> list[DiagnosticStatus]:
        now = time.monotonic()
        sides = (*self._inputs, self._outputs, *self._patches.values())
        moment = HandMoment(
            node=self.get_fully_qualified_name(),
            state=self._node_state(),
            settings=self.settings,
            summary=self._stream.summary(),
            inputs=tuple(one.topic for one in self._inputs),
            heard=tuple(notice for one in sides if one is not None for notice in one.notices()),
            absent=tuple(self._texture.absent(now)),
            incomplete=self._incomplete,
        )
        return [
            moment.status(len(self._patches)),
            *(
                moment.status_of(one.name, one.topic, one.settings, one.stream, self._dead_zone)
                for one in self._patches.values()
            ),
        ]


def main(arguments: list[str] | None = None) -> int:
    """Run the node until it is told to stop; 2 where an argument or a parameter is wrong."""
    return node_main("hand_node", lambda: run_model_node(HandNode), arguments)


if __name__ == "__main__":
    sys.exit(main())
