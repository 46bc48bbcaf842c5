"""Faults of what is round the node: drivers, sizes, publishers, subscribers, QoS."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable

from rclpy.qos import ReliabilityPolicy
from std_srvs.srv import Trigger
from vision_msgs.msg import Classification

from tactile_equiv.model_node import NODE_NAME
from tactile_equiv.quality_of_service import LATCHED_QOS, own_copy

from .bench import Bench, FaultError
from .idle_subscriber import NODE_NAME as IDLE
from .outcome import Outcome
from .trial import Books, DriverProcess, Plan, asleep, driver_process, remapped

FEW, MANY = 20, 40
OTHER, EMPTY = 1, 2
"""Banks: frames of another size, untouched frames of the usual size."""


def driver_dies(bench: Bench, plan: Plan, outcome: Outcome) -> None:
    """The driver is killed; when diagnostics say that nothing comes, another one takes over."""
    books = Books(bench)
    with driver_process(bench, plan) as driver:
        _fall_silent(bench, driver, driver.kill, outcome)
        driver.enter(outcome)
    books.skip()
    bench.replace_driver()
    outcome.first_answer.append(bench.until_correct())
    outcome.nobody += bench.ledger.answered_since(books.first)[0] - books.first
    bench.stream(FEW)
    books.close(outcome)


def driver_stopped(bench: Bench, plan: Plan, outcome: Outcome) -> None:
    """The driver is stopped (SIGSTOP) until diagnostics say so, and goes on."""
    books = Books(bench)
    with driver_process(bench, plan) as driver:
        _fall_silent(bench, driver, lambda: driver.signal(signal.SIGSTOP), outcome)
        newest = driver.newest
        begun = time.monotonic()
        driver.signal(signal.SIGCONT)
        at = bench.until(lambda: bench.ledger.correct_since(newest + 1), "a correct answer")
        outcome.first_answer.append(at - begun)
        bench.until(lambda: driver.answered(FEW, since=newest), "answers to the driver")
        driver.kill()
        driver.enter(outcome)
    books.skip()
    books.close(outcome)


def _fall_silent(
    bench: Bench, driver: DriverProcess, end: Callable[[], None], outcome: Outcome
) -> None:
    """End a driver that is answered, and wait until diagnostics say that nothing comes."""
    bench.until(lambda: driver.answered(FEW), "answers to the driver")
    silent = bench.hearing("no frame for")
    end()
    outcome.said.append(bench.until(silent, "a word that nothing comes"))


def two_publishers(bench: Bench, plan: Plan, outcome: Outcome) -> None:
    """Two drivers send on one topic in turn; then one of them again."""
    second = bench.new_driver("second_driver")
    try:
        bench.until(lambda: second.heard, "a subscription to the second driver")
        bench.settle(second)
        books = Books(bench)
        mixed = bench.hearing("at once", "fault_driver", "second_driver")
        both = (bench.driver, second)
        outcome.said.append(bench.stream_until(mixed, "a word that names both", *both))
        bench.stream(FEW, 0, *both)
        bench.settle(second)
        books.close(outcome)
    finally:
        bench.remove_driver(second)
    bench.stream_until(bench.hearing("perceiving"), "the end of the warning")


def idle_subscriber(bench: Bench, plan: Plan, outcome: Outcome) -> None:
    """A reliable subscriber with a long history never reads, then dies."""
    topic = f"{bench.subject_name}/contact_map"
    module = f"{__package__}.idle_subscriber"
    books = Books(bench)
    with asleep([sys.executable, "-m", module, bench.subject_name, *remapped(bench)]) as stop:

        def seen() -> bool:
            others = bench.node.get_subscriptions_info_by_topic(topic)
            return IDLE in [one.node_name for one in others]

        bench.until(seen, "the idle subscriber")
        bench.stream(MANY)
        stop()
        outcome.first_answer.append(bench.until_correct())
        bench.stream(MANY)
    bench.stream(MANY)
    books.close(outcome)


def size_changes(bench: Bench, plan: Plan, outcome: Outcome) -> None:
    """Frames of another size without a tare, then with a tare of the first size, and back."""
    books = Books(bench)
    resized = bench.hearing("changed from")
    begun, number = time.monotonic(), bench.next
    bench.stream(FEW, OTHER)
    bench.settle(bank=OTHER)
    outcome.first_answer.append(_answered_at(bench, number) - begun)
    outcome.said.append(bench.until(resized, "a word of the change"))
    tared = bench.call(Trigger, "tare", Trigger.Request(), bank=EMPTY)
    if not tared.success:
        raise FaultError(f"tare failed: {tared.message}")
    refused = bench.hearing("the tare was taken at")
    outcome.said.append(bench.stream_until(refused, "a refusal", bank=OTHER))
    outcome.first_answer.append(bench.until_correct())
    bench.stream(FEW)
    books.close(outcome)


def deaf_listener(bench: Bench, plan: Plan, outcome: Outcome) -> None:
    """A subscriber asks for more than the node offers; the others are served as before."""
    books = Books(bench)
    warned = bench.hearing(
        "incompatible QoS", f"{NODE_NAME} offers", "fault_bench requests RELIABLE TRANSIENT"
    )
    deaf = bench.node.create_subscription(
        Classification, f"{bench.subject_name}/classification", print, own_copy(LATCHED_QOS)
    )
    try:
        outcome.said.append(bench.stream_until(warned, "a warning that names both sides"))
        bench.stream(FEW)
        books.close(outcome)
    finally:
        bench.node.destroy_subscription(deaf)


def deaf_node(bench: Bench, plan: Plan, outcome: Outcome) -> None:
    """The node asks for more than a driver offers; another driver is heard."""
    profile = f"qos_overrides.{bench.driver.topic}.subscription.reliability"
    bench.restart(lambda: plan.start({profile: "reliable"}))
    warned = bench.hearing("fault_driver offers BEST_EFFORT", f"{NODE_NAME} requests RELIABLE")
    outcome.said.append(bench.until(warned, "a warning that names both sides"))
    bench.replace_driver(ReliabilityPolicy.RELIABLE)
    outcome.first_answer.append(bench.until_correct())
    books = Books(bench)
    bench.stream(FEW)
    books.close(outcome)
    bench.restart(lambda: plan.start({}))
    bench.replace_driver()
    bench.until_correct()


def _answered_at(bench: Bench, number: int) -> float:
    at = bench.ledger.correct_since(number)
    if at is None:
        raise FaultError("no frame of the other size is answered correctly")
    return at
