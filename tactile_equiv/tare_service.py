"""The service `~/tare`: the next frames become the untouched sensor, or sensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_srvs.srv import Trigger

from tactile_equiv.errors import FrameError
from tactile_equiv.frame import FloatArray
from tactile_equiv.percept import Percept
from tactile_equiv.settings import Settings
from tactile_equiv.tare import TareCollector, seems_touched

ONE_SENSOR = ("",)
"""The names of a node's sensors where it has one."""


@dataclass
class _Collection:
    """A tare in progress: what sensors have that lack frames, what ends it in time, who asked."""

    wanted: int
    seconds: float
    lacking: dict[str, TareCollector]
    timer: Any = None
    request: Any = None


class TareService:
    """Holds the tares, and serves `~/tare`: it answers when enough frames came or it is too late.

    Args:
        node: that serves.
        settings: gives the settings of the moment.
        obstacle: says why a tare cannot begin now, "" = it can.
        sensors: names of the sensors that are tared, all at once.
        felt: what a sensor feels in a frame, by its tare so far; raises FrameError.
        dead_zone: of the model, sensor units.
    """

    def __init__(
        self,
        node: Node,
        settings: Callable[[], Settings],
        obstacle: Callable[[], str],
        sensors: Callable[[], Iterable[str]],
        felt: Callable[[NDArray[Any], str], Percept],
        dead_zone: Callable[[], float],
    ) -> None:
        self.tares: dict[str, FloatArray] = {}
        self._node = node
        self._settings = settings
        self._obstacle = obstacle
        self._sensors = sensors
        self._felt = felt
        self._dead_zone = dead_zone
        self._collection: _Collection | None = None
        service: Any = node.create_service(Trigger, "~/tare", self._serve)
        self._send = service.send_response
        service.send_response = self._send_or_wait

    @property
    def in_progress(self) -> bool:
        """True while frames are collected."""
        return self._collection is not None

    def take(self, frame: NDArray[Any], sensor: str = ONE_SENSOR[0]) -> bool:
        """Collect a raw frame where a tare is in progress; True if that completed its sensor's.

        A frame of a touched sensor ends the tare, unless `tare_while_touched` admits it.

        Raises:
            FrameError: if the frame's size differs from those before it.
        """
        collection = self._collection
        if collection is None or sensor not in collection.lacking:
            return False
        guarded = not self._settings().tare_while_touched
        if guarded and self._is_touched(frame, sensor):
            self._refuse(sensor, "contact is felt")
            return False
        collector = collection.lacking[sensor]
        mean = collector.add(frame)
        if mean is None:
            return False
        if guarded and (changing := self._changing(collector)):
            self._refuse(sensor, f"{changing} taxels change by more than the dead-zone")
            return False
        self.tares[sensor] = mean
        del collection.lacking[sensor]
        if not collection.lacking:
            self.end("")
        return True

    def end(self, failure: str) -> None:
        """Answer the tare in progress, if there is one; "" = it succeeded."""
        collection, self._collection = self._collection, None
        if collection is not None:
            self._node.destroy_timer(collection.timer)
            message = failure or f"mean of {collection.wanted} frames"
            self._send(Trigger.Response(success=not failure, message=message), collection.request)

    def _is_touched(self, frame: NDArray[Any], sensor: str) -> bool:
        try:
            return seems_touched(self._felt(frame, sensor), sensor in self.tares)
        except FrameError:
            return False  # by the old tare it is no frame, such as one of another size

    def _changing(self, collector: TareCollector) -> int:
        """Taxels that change as under a contact that comes, goes or slides; fewer are noise."""
        changing = collector.unsteady(self._dead_zone())
        return changing if changing >= self._settings().min_contact_area else 0

    def _refuse(self, sensor: str, why: str) -> None:
        where = f" on {sensor}" if sensor else ""
        self.end(
            f"{why}{where}: lift what touches it and tare again; if nothing does, the sensor has "
            "drifted: set tare_while_touched; the old tare stays"
        )

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
        lacking = {sensor: TareCollector(frames) for sensor in self._sensors()}
        collection = _Collection(frames, seconds, lacking)
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # a paused simulation gets its answer
        collection.timer = self._node.create_timer(
            seconds, lambda: self._end_late(collection), clock=steady
        )
        self._collection = collection
        return collection

    def _end_late(self, collection: _Collection) -> None:
        """EventsExecutor may call a timer that was due when it was destroyed."""
        if collection is not self._collection:
            return
        names = ", ".join(filter(None, collection.lacking))
        self.end(
            f"fewer than {collection.wanted} good frames in {collection.seconds} s"
            f"{' from ' if names else ''}{names}: the old tare stays"
        )

    def _send_or_wait(self, answer: Trigger.Response | _Collection, request: Any) -> None:
        """What the executor calls with the result of `_serve`; of its executors only some await."""
        if isinstance(answer, _Collection):
            answer.request = request
        else:
            self._send(answer, request)
