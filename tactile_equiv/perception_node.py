"""The perception node: tactile frames in, texture class and contact map out; wires `perceive`."""

from __future__ import annotations

import sys
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus

from tactile_equiv import diagnostics
from tactile_equiv.frame_input import FrameInput
from tactile_equiv.input_kind import input_of
from tactile_equiv.model_node import NODE_NAME, ModelNode, run_model_node
from tactile_equiv.node_process import node_main
from tactile_equiv.percept_outputs import PerceptOutputs
from tactile_equiv.sensor_stream import SensorStream
from tactile_equiv.tare_service import ONE_SENSOR

__all__ = ["NODE_NAME", "PerceptionNode", "main"]


class PerceptionNode(ModelNode):
    """Perceives one sensor; topics and services: docs/on_a_robot.md, parameters: `Settings`."""

    def __init__(self, **node_arguments: Any) -> None:
        self._input: FrameInput | None = None
        self._outputs: PerceptOutputs | None = None
        super().__init__(**node_arguments)
        self._stream = SensorStream(self, self._warn)

    def _prepare(self) -> None:
        input_of(self.settings)

    def _stream_of(self, sensor: str) -> SensorStream:
        return self._stream

    def _create_outputs(self) -> None:
        self._outputs = PerceptOutputs(self, self._warn)

    def _destroy_outputs(self) -> None:
        if self._outputs is not None:
            self._outputs.destroy()
            self._outputs = None
            self._stream.forget_taxels()

    def _create_inputs(self) -> str:
        self._input = FrameInput(self, self.settings, self._on_message, self._warn)
        self._stream.forget_stamps()
        return self._input.topic

    def _destroy_inputs(self) -> None:
        if self._input is not None:
            self._input.destroy()
            self._input = None

    @property
    def _listening(self) -> bool:
        return self._input is not None

    def _resume(self) -> None:
        if self._input is not None:
            self._input.forget()

    def _forget_contacts(self) -> None:
        self._stream.forget_contacts()

    def _forget_times(self) -> None:
        self._stream.forget_times()

    def _on_message(self, serialised: bytes, info: Any) -> None:
        """One frame: decode, perceive, publish; whatever is wrong with it, the node lives on."""
        begun = time.monotonic()
        if not self._enabled or not self._model or not self._input or not self._outputs:
            return
        stream = self._stream
        stream.statistics.received(begun)
        stream.statistics.dropped(self._input.missing(info))
        try:
            contents = self._input.read(serialised)
            frame, cell = self._input.decode(contents)
            header = stream.header(contents, self.settings, begun)
            if stream.jump:
                self.tare_service.end(stream.jump)
            if self.tare_service.take(frame):
                stream.forget_contacts()
            felt = self._felt(frame, ONE_SENSOR[0])
            tare = self.tare_service.tares.get(ONE_SENSOR[0])
            percept, numbers = stream.follow(felt, frame, tare, self.settings)
            self._outputs.publish(header, percept.enlarged(cell), numbers, self.settings)
            stream.watch_taxels(frame, tare, self._dead_zone, self.settings)
        except Exception as error:
            stream.failed(error)
        else:
            stream.perceived(begun)

    def _publish_labels(self) -> None:
        if self._model is not None and self._outputs is not None:
            classes = self._model.card.classes
            self._outputs.publish_labels(self._label_header(), classes, self.settings)

    def _statuses(self) -> list[DiagnosticStatus]:
        state = self._node_state()
        summary = self._stream.summary()
        sides = (self._input, self._outputs)
        heard = [notice for side in sides if side is not None for notice in side.notices()]
        level, message = diagnostics.judge(
            state.lifecycle,
            state.enabled,
            state.failure,
            "; ".join(
                [*state.notices, *heard, *self._stream.notices(self._dead_zone, self.settings)]
            ),
            summary,
            self.settings,
        )
        return [
            diagnostics.diagnostic_status(
                f"{self.get_fully_qualified_name()}: perception",
                level,
                message,
                {
                    "input": "none" if self._input is None else self._input.topic,
                    **diagnostics.stream_values(summary),
                    **self._stream.values(),
                    **state.values(),
                },
                hardware_id=self.settings.frame_id,
            )
        ]


def main(arguments: list[str] | None = None) -> int:
    """Run the node until it is told to stop; 2 where an argument or a parameter is wrong."""
    return node_main("perception_node", lambda: run_model_node(PerceptionNode), arguments)


if __name__ == "__main__":
    sys.exit(main())
