"""Runs a soak: starts simulator and perception node, samples all processes, ends in balance."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Sequence
from subprocess import Popen

from rclpy.clock import Clock, ClockType
from rclpy.executors import Executor, ExternalShutdownException
from tactile_equiv_sim.process_samples import machine_times, sample
from tactile_equiv_sim.soak_observer import SoakObserver
from tactile_equiv_sim.soak_record import PROCESSES, SoakPlan, SoakRecord

from tactile_equiv.errors import TactileError
from tactile_equiv.node_process import executor_of, spinning
from tactile_equiv.process_descriptions import NodeDescription
from tactile_equiv.processes import running

WAIT = 1.0  # seconds
BALANCE_LIMIT = 30.0  # seconds after the end until the last balance must be there


def soak(plan: SoakPlan, namespace: str, descriptions: Sequence[NodeDescription]) -> SoakRecord:
    """Run these nodes and observe them.

    Args:
        plan: what is run, with `PROCESSES`.
        namespace: of the nodes.
        descriptions: simulator and perception node.

    Raises:
        TactileError: if nothing can be measured, and why.
    """
    try:
        with running(descriptions) as started:
            return _observed(_Run(plan, started), namespace)
    except (KeyboardInterrupt, ExternalShutdownException) as error:
        raise TactileError("the soak was stopped before its end: nothing is judged") from error


def _observed(run: _Run, namespace: str) -> SoakRecord:
    arguments = ["--ros-args", "-r", f"__ns:=/{namespace}"]
    with spinning(
        lambda: SoakObserver(run.on_answer, cli_args=arguments),
        lambda node: executor_of("events", node.get_logger().warning),
    ) as (node, executor):
        run.start(node, executor)
        run.measure(node, executor)
    return run.record


class _Run:
    """One run.

    Attributes:
        record: what it measured.
    """

    def __init__(self, plan: SoakPlan, started: Sequence[Popen[bytes]]) -> None:
        self.record = SoakRecord(plan)
        self._started = started
        self._processes = [*(one.pid for one in started), os.getpid()]
        self._zero = self._looked = 0.0

    def start(self, node: SoakObserver, executor: Executor) -> None:
        """Until the script was played once; then the warm-up begins.

        Raises:
            TactileError: if it does not, or a process ends.
        """
        while not node.started.done():
            self._spin(executor)
        node.started.result()
        gc.collect()
        gc.freeze()  # what is imported is not looked at again
        self._zero = time.monotonic() + self.record.plan.warm_up_s

    def measure(self, node: SoakObserver, executor: Executor) -> None:
        """Until the end, and then until the frames are in balance.

        Raises:
            TactileError: if a process ends.
        """
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        plan = self.record.plan
        timer = node.create_timer(plan.period_s, lambda: self._sample(node), clock=steady)
        while self._elapsed < plan.seconds:
            self._spin(executor)
        node.destroy_timer(timer)
        ended = node.get_clock().now().nanoseconds
        while (late := node.accounts.balanced_at < ended) and self._elapsed < self._limit:
            self._spin(executor)
        self._sample(node)
        self.record.complete(
            {
                "unbalanced": node.accounts.unbalanced if late else 0,
                "repeated": node.accounts.repeated,
                "unmatched": node.accounts.unmatched,
                "late": node.late,
            }
        )

    def on_answer(self, latency_s: float) -> None:
        """An answer came so long after the stamp of its frame."""
        self.record.add_latency(self._elapsed, latency_s)

    @property
    def _elapsed(self) -> float:
        """Seconds since the end of the warm-up."""
        return time.monotonic() - self._zero

    @property
    def _limit(self) -> float:
        return float(self.record.plan.seconds) + BALANCE_LIMIT

    def _sample(self, node: SoakObserver) -> None:
        samples = [sample(process) for process in self._processes]
        self.record.add_sample(self._elapsed, samples, machine_times(), node.accounts.totals)

    def _spin(self, executor: Executor) -> None:
        """One callback; now and then a look whether the others live."""
        executor.spin_once(timeout_sec=WAIT)
        if time.monotonic() - self._looked < WAIT:
            return
        self._looked = time.monotonic()
        for name, process in zip(PROCESSES, self._started, strict=False):
            if process.poll() is not None:
                raise TactileError(f"the {name} ended with code {process.returncode}: see above")
