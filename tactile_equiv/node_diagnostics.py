"""The node's own part of /diagnostics: what it is, which model it runs, what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from tactile_equiv.diagnostics import array_of
from tactile_equiv.model import Model
from tactile_equiv.quality_of_service import OUTPUT_QOS
from tactile_equiv.realtime import scheduling

PERIOD = 1.0  # seconds


@dataclass(frozen=True)
class NodeState:
    """A node that perceives, at one moment.

    Attributes:
        lifecycle: its lifecycle state.
        enabled: not paused by ~/enable.
        failure: why the last transition failed, or empty.
        notices: what stays true while the node lives.
        model: the one that is loaded, or None.
        tared: whether a tare was taken.
        ros: the ROS it runs on.
        executor: what runs its callbacks.
    """

    lifecycle: str
    enabled: bool
    failure: str
    notices: tuple[str, ...]
    model: Model | None
    tared: bool
    ros: str
    executor: str

    def values(self) -> dict[str, object]:
        """What a status says of it, by key."""
        return {
            "state": self.lifecycle,
            **self._model_values(),
            "tare": "taken" if self.tared else "none",
            "notices": "; ".join(self.notices) or "none",
            "ros": self.ros,
            "executor": self.executor,
            "scheduling": scheduling(),
        }

    def _model_values(self) -> dict[str, object]:
        if self.model is None:
            return {"model": "none"}
        return {
            "model": self.model.card.name,
            "backend": self.model.backend.name,
            "device": self.model.backend.device,
        }


class NodeDiagnostics:
    """Publishes the statuses of a node, once a second and when it is told to.

    Args:
        node: that publishes.
        statuses: gives them; what they count since the last time starts again.
    """

    def __init__(self, node: Node, statuses: Callable[[], Sequence[DiagnosticStatus]]) -> None:
        self._node = node
        self._statuses = statuses
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", OUTPUT_QOS)
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # where /clock stands still, it is said
        node.create_timer(PERIOD, self._on_timer, clock=steady)

    def publish(self) -> None:
        """Publish what happened since the last call."""
        stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array_of(stamp, self._statuses()))

    def _on_timer(self) -> None:
        try:
            self.publish()
        except Exception:
            if self._node.context.ok():  # otherwise a signal closed it under the call
                raise
