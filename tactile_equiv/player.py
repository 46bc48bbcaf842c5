"""Publishes what was recorded at its times, faster or slower, with /clock where it is wanted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from builtin_interfaces.msg import Time
from rclpy.clock import Clock as RosClock
from rclpy.clock import ClockType
from rclpy.duration import Duration
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.task import Future
from rosgraph_msgs.msg import Clock

from tactile_equiv.errors import DataError

CLOCK_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
LATE = 50_000_000
"""Nanoseconds: what leaves later moves all after it, so that none come in bursts."""
BATCH = 50  # messages between two looks at anything else
ACKNOWLEDGE_LIMIT = 5.0  # seconds until all must have arrived that was published


class Playable(NamedTuple):
    """Something recorded: its time in nanoseconds, and what publishes it, given nothing."""

    time: int
    publish: Callable[[], None]


class Pace(NamedTuple):
    """How a recording is played.

    Attributes:
        speed: 1 = as recorded, 10 = ten times as fast.
        clock_rate: messages a second on /clock between those recorded; 0 = no /clock.
        loop: begin again at the end.
    """

    speed: float = 1.0
    clock_rate: float = 0.0
    loop: bool = False


AS_RECORDED = Pace()


class Player(Node):
    """Base of the nodes that replay.

    `finished` holds the number of published messages at the end, or what the recording raised.

    Args:
        one_pass: gives all that is published, from the beginning.
        pace: how fast.
        node_arguments: passed on to the node.
    """

    def __init__(
        self, one_pass: Callable[[], Iterator[Playable]], pace: Pace, **node_arguments: Any
    ) -> None:
        super().__init__("tactile_replay", **node_arguments)
        self.outputs: list[Any] = []
        self.finished: Future[int] = Future()
        self._one_pass = one_pass
        self._pace = pace
        self._coming: Iterator[Playable] = iter(())
        self._next: Playable | None = None
        self._count = 0
        self._first, self._began, self._wall_began = 0, 0, 0
        steady = RosClock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(1.0, self._tick, clock=steady)
        self._timer.cancel()
        if pace.clock_rate:
            self._clock_output = self.create_publisher(Clock, "/clock", CLOCK_QOS)
            self.create_timer(1 / pace.clock_rate, self._publish_clock, clock=steady)

    def begin(self) -> None:
        """Start to publish."""
        try:
            self._begin_pass()
        except Exception as error:
            self.finished.set_exception(error)
        else:
            self._wait(1)

    @property
    def clocked(self) -> bool:
        """True where it publishes /clock."""
        return bool(self._pace.clock_rate)

    def wall_time(self, recorded: int) -> int:
        """What time it is now, at this speed, where it was `recorded`; nanoseconds."""
        return self._wall_began + round((recorded - self._first) / self._pace.speed)

    def subscribers(self) -> int:
        """How many subscriptions listen."""
        return sum(output.get_subscription_count() for output in self.outputs)

    def wait_for_subscriber(self, executor: Executor, limit: float) -> None:
        """Spin until somebody listens.

        Args:
            executor: that holds this node.
            limit: seconds; 0 does not wait.

        Raises:
            DataError: if nobody listens in time.
        """
        end = time.monotonic() + limit
        while limit and not self.subscribers():
            if time.monotonic() > end:
                names = ", ".join(output.topic_name for output in self.outputs)
                raise DataError(
                    f"nobody subscribed to {names} within {limit:.0f} s: "
                    "start the perception node, or replay without --wait"
                )
            executor.spin_once(timeout_sec=0.1)

    def wait_until_arrived(self) -> None:
        """Wait until all reliable subscribers have everything, for a limited time."""
        for output in self.outputs:
            output.wait_for_all_acked(Duration(seconds=ACKNOWLEDGE_LIMIT))

    def _begin_pass(self) -> None:
        self._coming = self._one_pass()
        self._next = next(self._coming, None)
        if self._next is None:
            raise DataError("the recording holds nothing to replay (from --start on): record some")
        self._began, self._wall_began = time.monotonic_ns(), time.time_ns()
        self._first = self._next.time

    def _tick(self) -> None:
        if self.finished.done():
            return
        try:
            self._publish_due()
        except Exception as error:
            self.finished.set_exception(error)

    def _publish_due(self) -> None:
        for _ in range(BATCH):
            if self._next is None and self._pace.loop:
                self._begin_pass()
            if self._next is None:
                self.finished.set_result(self._count)
                return
            left = self._began - time.monotonic_ns()
            left += round((self._next.time - self._first) / self._pace.speed)
            if left > 0:
                self._wait(left)
                return
            if left < -LATE:
                self._began -= left
                self._wall_began -= left
            if self._pace.clock_rate:
                self._publish_time(self._next.time)
            self._next.publish()
            self._count += 1
            self._next = next(self._coming, None)
        self._wait(1)

    def _wait(self, nanoseconds: int) -> None:
        self._timer.timer_period_ns = nanoseconds
        self._timer.reset()

    def _publish_clock(self) -> None:
        """The time between two messages; it stands still before the first and at the end."""
        if self._next is not None:
            passed = round((time.monotonic_ns() - self._began) * self._pace.speed)
            self._publish_time(min(self._first + passed, self._next.time))

    def _publish_time(self, nanoseconds: int) -> None:
        self._clock_output.publish(Clock(clock=stamp_of(nanoseconds)))


def stamp_of(nanoseconds: int) -> Time:
    """A time as a message."""
    sec, nanosec = divmod(nanoseconds, 10**9)
    return Time(sec=sec, nanosec=nanosec)


def play(player: Player, wait: float) -> int:
    """Publish everything in the default context and return how many messages.

    Args:
        player: is destroyed afterwards.
        wait: seconds to wait for a subscriber before the first message; 0 begins at once.

    Raises:
        DataError: if nobody listens in time.
        TactileError: from the recording.
    """
    executor = SingleThreadedExecutor()
    executor.add_node(player)
    try:
        player.wait_for_subscriber(executor, wait)
        player.begin()
        executor.spin_until_future_complete(player.finished)
        count = player.finished.result() or 0
        player.wait_until_arrived()
        return count
    finally:
        executor.shutdown()
        player.destroy_node()
