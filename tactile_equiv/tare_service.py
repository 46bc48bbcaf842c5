"""The service `~/tare`: the next frames become the untouched sensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_srvs.srv import Trigger

from tactile_equiv.frame import FloatArray
from tactile_equiv.settings import Settings
from tactile_equiv.tare import TareCollector


@dataclass
class _Collection:
    """A tare in progress: how many frames, those so far, what ends it in time, and who asked."""

    wanted: int
    frames: TareCollector
    timer: Any
    request: Any = None


class TareService:
    """Holds the tare, and serves `~/tare`, which answers when enough frames came or it is too late.

    Args:
        node: that serves.
        settings: gives the settings of the moment.
        obstacle: says why a tare cannot begin now, "" = it can.
    """

    def __init__(
        self, node: Node, settings: Callable[[], Settings], obstacle: Callable[[], str]
    ) -> None:
        self.tare: FloatArray | None = None
        self._node = node
        self._settings = settings
        self._obstacle = obstacle
        self._collection: _Collection | None = None
        service: Any = node.create_service(Trigger, "~/tare", self._serve)
        self._send = service.send_response
        service.send_response = self._send_or_wait

    @property
    def in_progress(self) -> bool:
        """True while frames are collected."""
        return self._collection is not None

    def take(self, frame: NDArray[Any]) -> bool:
        """Collect a raw frame where a tare is in progress; True if that completed it.

        Raises:
            FrameError: if the frame's size differs from those before it.
        """
        mean = None if self._collection is None else self._collection.frames.add(frame)
        if mean is None:
            return False
        self.tare = mean
        self.end("")
        return True

    def end(self, failure: str) -> None:
        """Answer the tare in progress, if there is one; "" = it succeeded."""
        collection, self._collection = self._collection, None
        if collection is not None:
            self._node.destroy_timer(collection.timer)
            message = failure or f"mean of {collection.wanted} frames"
            self._send(Trigger.Response(success=not failure, message=message), collection.request)

    def _serve(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response | _Collection:
        """Begin a tare, or say at once why not."""
        obstacle = "a tare is in progress: wait for its answer" if self.in_progress else ""
        obstacle = self._obstacle() or obstacle
        if obstacle:
            response.message = obstacle
            return response
        frames, seconds = self._settings().tare_frames, self._settings().tare_timeout_s
        late = f"fewer than {frames} good frames in {seconds} s: the old tare stays"
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # a paused simulation gets its answer
        timer = self._node.create_timer(seconds, lambda: self.end(late), clock=steady)
        self._collection = _Collection(frames, TareCollector(frames), timer)
        return self._collection

    def _send_or_wait(self, answer: Trigger.Response | _Collection, request: Any) -> None:
        """What the executor calls with the result of `_serve`; of its executors only some await."""
        if isinstance(answer, _Collection):
            answer.request = request
        else:
            self._send(answer, request)
