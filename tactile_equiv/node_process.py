"""What every node executable does around its node: start, spin, complain in one line, end."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import rclpy
from rclpy.executors import Executor, ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from tactile_equiv.errors import TactileError
from tactile_equiv.ros_environment import prepare_ros_environment
from tactile_equiv.shared_memory import remove_abandoned

AnyNode = TypeVar("AnyNode", bound=Node)
WAIT = 1.0  # seconds
REFUSED = "error creating node"


class Interrupts:
    """Whether rclpy alone deals with Ctrl-C; otherwise it also raises KeyboardInterrupt."""

    left_to_rclpy = False


def node_main(name: str, run: Callable[[], int], arguments: list[str] | None) -> int:
    """Exit code of `run`; 2 where an argument or a parameter is wrong, said in one line.

    Args:
        name: of the executable, begins that line.
        run: makes a node, spins it and returns the exit code.
        arguments: of the process, without its name; None = those it was given.
    """
    prepare_ros_environment()
    signal.signal(signal.SIGINT, _on_interrupt)  # before rclpy, which calls it after its own
    freed = remove_abandoned()
    try:
        rclpy.init(args=arguments)
    except RuntimeError as error:  # a parameter file that is no YAML, an unknown ROS argument
        return _complain(name, error)
    if freed:
        rclpy.logging.get_logger(name).info(
            f"removed {freed / 1e6:.0f} MB of shared memory that killed processes had left"
        )
    try:
        return run()
    except TactileError as error:
        return _complain(name, error)
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    except Exception:
        if rclpy.ok():  # otherwise a signal closed the context under a call that used it
            raise
        return 0
    finally:
        rclpy.try_shutdown()


@contextmanager
def spinning(
    make: Callable[[], AnyNode],
    make_executor: Callable[[AnyNode], Executor] = lambda node: SingleThreadedExecutor(),
) -> Iterator[tuple[AnyNode, Executor]]:
    """A node and an executor that holds it; both are gone afterwards, whatever happened.

    Raises:
        ExternalShutdownException: if a signal came while the node was made.
        TactileError: if the middleware refuses to make it.
    """
    executor: Any = None
    node: AnyNode | None = None
    try:
        node = _made(make)
        if not node.context.ok():
            raise ExternalShutdownException
        executor = make_executor(node)
        executor.add_node(node)
        yield node, executor
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not break the clean-up
        if executor is not None:
            executor.shutdown()
        if node is not None:
            node.destroy_node()


def _made(make: Callable[[], AnyNode]) -> AnyNode:
    try:
        return make()
    except RuntimeError as error:  # rclpy's RCLError, such as security that is asked for in vain
        if REFUSED not in str(error):
            raise
        raise TactileError(str(error)) from error


def executor_of(name: str, tell: Callable[[str], None], context: Any = None) -> Executor:
    """An executor by its name, "events" or "single_threaded".

    Args:
        name: of the executor.
        tell: hears it where this rclpy has no such executor and the other one is taken.
        context: of its nodes, None = the default one.
    """
    if name == "events":
        try:
            from rclpy.experimental import EventsExecutor
        except ImportError:
            tell("this rclpy has no EventsExecutor: single_threaded is used")
        else:
            return EventsExecutor(context=context)
    return SingleThreadedExecutor(context=context)


def spin(executor: Executor) -> None:
    """Run callbacks until the context is shut down; Ctrl-C lets the one that runs come to its end.

    Raises:
        ExternalShutdownException: when a signal shut the context down.
    """
    Interrupts.left_to_rclpy = True
    gc.collect()
    gc.freeze()  # a later collection that visits all imported modules would stop the stream
    if isinstance(executor, SingleThreadedExecutor):
        executor.spin()
        return
    while rclpy.ok():
        executor.spin_once(timeout_sec=WAIT)  # spin() of the event-driven one keeps a core busy


def _on_interrupt(number: int, frame: Any) -> None:
    if not Interrupts.left_to_rclpy:
        raise KeyboardInterrupt


def _complain(name: str, error: Exception) -> int:
    print(f"{name}: {' '.join(str(error).split())}", file=sys.stderr)
    return 2
