"""Faults of the perception process itself: killed, killed while it starts, stopped."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable

from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter

from .bench import Bench, FaultError
from .outcome import Outcome, Recovery
from .subject import Life, Subject
from .trial import Books, Plan

BURST = 20  # frames after each recovery, all of them accounted for
LONGEST = 1.0  # seconds of a stream before a kill
STARTS = 2  # kills while the process starts
STOPPED = 3.0  # seconds
MAX_AGE = 2.0  # seconds


def killed(bench: Bench, plan: Plan, outcome: Outcome) -> None:
    """SIGKILL at random moments of a stream; started again, it answers all frames correctly."""
    chance = random.Random(plan.seed)
    for _ in range(plan.kills):
        books = Books(bench)
        bench.stream_for(chance.uniform(0, LONGEST))
        _kill_and_recover(bench, books, outcome)
        books = Books(bench)
        bench.stream(BURST)
        books.close(outcome)
    outcome.said.append(f"{len(outcome.recoveries)} of {plan.kills} times back")


def killed_while_starting(bench: Bench, plan: Plan, outcome: Outcome) -> None:
    """SIGKILL, and again at a random moment of each start; then it is left alone."""
    chance = random.Random(plan.seed)
    books = Books(bench)
    subject = _subject(bench)
    for _ in range(STARTS):
        before = subject.life()
        subject.signal(signal.SIGKILL)
        bench.stream_until(lambda: _next_life(subject, before), "the next process")  # noqa: B023
        bench.stream_for(chance.uniform(0, LONGEST))
    _kill_and_recover(bench, books, outcome)
    books = Books(bench)
    bench.stream(BURST)
    books.close(outcome)


def stopped(bench: Bench, plan: Plan, outcome: Outcome) -> None:
    """SIGSTOP for a while, under `max_age_s`: afterwards old frames are refused, not answered."""
    set_parameter(bench, "max_age_s", MAX_AGE)
    books = Books(bench)
    refused = bench.settle().values.get("refused.age", "0")
    subject = _subject(bench)
    bench.stream(BURST)
    subject.signal(signal.SIGSTOP)
    first = bench.next
    bench.stream_for(STOPPED)
    end = bench.next
    subject.signal(signal.SIGCONT)
    outcome.first_answer.append(bench.until_correct())
    bench.stream(BURST)
    books.close(outcome)
    old = int(bench.newer_status().values.get("refused.age", "0")) - int(refused)
    answered = bench.ledger.tally(first, end).answered
    outcome.said.append(
        f"of {end - first} frames sent meanwhile {answered} answered, {old} refused as too old"
    )
    set_parameter(bench, "max_age_s", 0.0)


def set_parameter(bench: Bench, name: str, value: float) -> None:
    """Set a parameter of the subject.

    Raises:
        FaultError: if it refuses.
    """
    request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
    (result,) = bench.call(SetParameters, "set_parameters", request).results
    if not result.successful:
        raise FaultError(f"{name} is not set: {result.reason}")


def _kill_and_recover(bench: Bench, books: Books, outcome: Outcome) -> None:
    """Kill the process and stream until the next one answers; enter frames and times."""
    subject = _subject(bench)
    known = _listeners(bench)
    before = subject.life()
    killed_at, number = time.monotonic(), bench.next
    subject.signal(signal.SIGKILL)
    life = bench.stream_until(lambda: _next_life(subject, before), "the next process")
    bench.stream_until(lambda: _listeners(bench) - known, "its subscription")
    listening_at = time.monotonic()
    at = bench.stream_until(
        lambda: bench.ledger.correct_since(number), "a correct answer of the next process"
    )
    outcome.recoveries.append(Recovery(at - killed_at, at - life.began, at - listening_at))
    books.abandon(outcome)


def kill_and_wait(bench: Bench, condition: Callable[[], str], what: str) -> str:
    """Kill the process, let it be started again, stream until the condition holds; its value."""
    subject = _subject(bench)
    subject.signal(signal.SIGKILL)
    return bench.stream_until(lambda: condition() if subject.life() else "", what)


def _subject(bench: Bench) -> Subject:
    assert bench.subject is not None
    return bench.subject


def _next_life(subject: Subject, before: Life | None) -> Life | None:
    life = subject.life()
    return None if life is None or before is None or life.pid == before.pid else life


def _listeners(bench: Bench) -> set[bytes]:
    """Subscriptions to the frames; that of a killed process stays for a while."""
    found = bench.node.get_subscriptions_info_by_topic(bench.driver.topic)
    return {bytes(one.endpoint_gid) for one in found}
