"""What faults are tried with: a driver, a listener, and the books of all frames."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import cycle
from typing import Any, TypeVar

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import ReliabilityPolicy

from tactile_equiv.errors import TactileError
from tactile_equiv.model_node import NODE_NAME

from .driver import NODE_NAME as DRIVER
from .driver import Driver
from .ledger import Ledger
from .listener import Listener, Status
from .presses import Bank
from .subject import Subject

AGAIN = 1.0  # seconds after which a frame without an answer is followed by another one
STEP = 0.02  # seconds that are spun at once
T = TypeVar("T")


class FaultError(TactileError):
    """The subject did not do what it had to, in time."""


class NotTriedError(TactileError):
    """This machine does not let us try a fault."""


class Bench:
    """Sends numbered frames to a perception node and keeps the books.

    Args:
        context: initialised rclpy context.
        namespace: of the subject and the driver.
        banks: what frames are sent from; number 0 is the usual one.
        rate_hz: of streams.
        patience: seconds until something that must happen has happened.
    """

    def __init__(
        self, context: Any, namespace: str, banks: list[Bank], rate_hz: float, patience: float
    ) -> None:
        self.namespace = namespace
        self.banks = banks
        self.ledger = Ledger(banks)
        self.next = 0
        self.subject: Subject | None = None
        self._context = context
        self._period = 1 / rate_hz
        self._patience = patience
        self._executor = SingleThreadedExecutor(context=context)
        self.node = Node("fault_bench", context=context, namespace=namespace)
        self._executor.add_node(self.node)
        self.driver = self.new_driver()
        self._listener = Listener(self.node, self.subject_name, self.ledger)

    def close(self) -> None:
        """Leave the graph; the subject ends."""
        if self.subject is not None:
            self.subject.close()
        self._executor.shutdown()
        self.driver.destroy_node()
        self.node.destroy_node()

    @property
    def subject_name(self) -> str:
        """Full name of the perception node."""
        return f"{self.namespace}/{NODE_NAME}"

    def restart(self, start: Callable[[], Subject]) -> None:
        """End the subject and start another one in its place."""
        if self.subject is not None:
            self.subject.close()
        self._listener.status = None
        self.subject = start()

    def new_driver(
        self, name: str = DRIVER, reliability: ReliabilityPolicy = ReliabilityPolicy.BEST_EFFORT
    ) -> Driver:
        """A driver in this process."""
        driver = Driver(name, reliability, context=self._context, namespace=self.namespace)
        self._executor.add_node(driver)
        return driver

    def replace_driver(
        self, reliability: ReliabilityPolicy = ReliabilityPolicy.BEST_EFFORT
    ) -> None:
        """The driver of this process begins anew, as one that was started again."""
        self.remove_driver(self.driver)
        self.driver = self.new_driver(reliability=reliability)
        self.until(lambda: self.driver.heard, "a subscription to the frames")

    def remove_driver(self, driver: Driver) -> None:
        """Take a driver from the graph."""
        self._executor.remove_node(driver)
        driver.destroy_node()

    def until(self, condition: Callable[[], T | None], what: str, limit: float = 0.0) -> T:
        """Spin until the condition holds; its value.

        Raises:
            FaultError: if it does not within `limit` seconds, 0 = the bench's patience.
        """
        limit = limit or self._patience
        deadline = time.monotonic() + limit
        while not (value := condition()):
            if time.monotonic() > deadline:
                raise FaultError(f"waited {limit:g} s for {what}")
            self._executor.spin_once(timeout_sec=STEP)
        return value

    def send(self, driver: Driver | None = None, bank: int = 0) -> int:
        """Publish the next frame; its number."""
        number, self.next = self.next, self.next + 1
        (driver or self.driver).send(self.banks[bank].frame(number), bank, number)
        return number

    def stream(self, count: int, bank: int = 0, *drivers: Driver) -> None:
        """Publish so many frames at the rate, by these drivers in turn."""
        for index in range(count):
            self.send(drivers[index % len(drivers)] if drivers else None, bank)
            self.pause(self._period)

    def stream_for(self, seconds: float) -> None:
        """Publish frames at the rate for so long, to the fraction of a period."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.send()
            self.pause(min(self._period, left))

    def stream_until(
        self,
        condition: Callable[[], T | None],
        what: str,
        *drivers: Driver,
        bank: int = 0,
        limit: float = 0.0,
    ) -> T:
        """Publish frames at the rate until the condition holds; its value.

        Raises:
            FaultError: if it does not in time.
        """
        due = 0.0
        turns = cycle(drivers or (self.driver,))

        def one_more() -> T | None:
            nonlocal due
            if time.monotonic() >= due:
                self.send(next(turns), bank)
                due = time.monotonic() + self._period
            return condition()

        return self.until(one_more, what, limit)

    def until_correct(self, limit: float = 0.0) -> float:
        """Stream until a frame sent from now on is answered correctly; seconds that it took.

        Raises:
            FaultError: if none is in time.
        """
        begun, number = time.monotonic(), self.next
        at = self.stream_until(
            lambda: self.ledger.correct_since(number), "a correct answer", limit=limit
        )
        return at - begun

    def pause(self, seconds: float) -> None:
        """Spin for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._executor.spin_once(timeout_sec=min(left, STEP))

    def settle(self, *drivers: Driver, bank: int = 0) -> Status:
        """End a stream so that each frame of it has its fate; what the node says then.

        A frame lost at the end of a stream is noticed with the next one, so each driver goes on
        until its last frame is answered.
        """
        for driver in drivers or (self.driver,):
            self._send_until_answered(driver, bank)
        return self.newer_status()

    def newer_status(self) -> Status:
        """What the node says from now on."""
        now = self.node.get_clock().now().nanoseconds
        return self.until(lambda: self._listener.status_after(now), "diagnostics")

    def hearing(self, *parts: str) -> Callable[[], str]:
        """A condition, see `Listener.hearing`."""
        return self._listener.hearing(*parts)

    def call(self, service: type, name: str, request: Any, bank: int = 0) -> Any:
        """The answer of a service of the subject, while frames of a bank are sent."""
        client = self.node.create_client(service, f"{self.subject_name}/{name}")
        self.until(client.service_is_ready, f"the service {name}")
        future = client.call_async(request)
        self.stream_until(future.done, f"the answer of {name}", bank=bank)
        self.node.destroy_client(client)
        return future.result()

    def _send_until_answered(self, driver: Driver, bank: int) -> None:
        deadline = time.monotonic() + self._patience
        while True:
            number = self.send(driver, bank)
            end = time.monotonic() + AGAIN
            while time.monotonic() < end:
                if self.ledger.is_answered(number):
                    return
                self._executor.spin_once(timeout_sec=STEP)
            if time.monotonic() > deadline:
                raise FaultError(f"no frame is answered within {self._patience:g} s")
