"""What every node executable does around its node: start, spin, complain in one line, end."""

from __future__ import annotations

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

AnyNode = TypeVar("AnyNode", bound=Node)


def node_main(name: str, run: Callable[[], int], arguments: list[str] | None) -> int:
    """Exit code of `run`; 2 where an argument or a parameter is wrong, said in one line.

    Args:
        name: of the executable, begins that line.
        run: makes a node, spins it and returns the exit code.
        arguments: of the process, without its name; None = those it was given.
    """
    prepare_ros_environment()
    try:
        rclpy.init(args=arguments)
    except RuntimeError as error:  # a parameter file that is no YAML, an unknown ROS argument
        return _complain(name, error)
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
def spinning(make: Callable[[], AnyNode]) -> Iterator[tuple[AnyNode, Executor]]:
    """A node and an executor that holds it; both are gone afterwards, whatever happened.

    The executor comes first: a signal that arrives while the node is made would break its making.
    """
    executor: Any = SingleThreadedExecutor()
    node: AnyNode | None = None
    try:
        node = make()
        executor.add_node(node)
        yield node, executor
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not break the clean-up
        executor.shutdown()
        if node is not None:
            node.destroy_node()


def _complain(name: str, error: Exception) -> int:
    print(f"{name}: {' '.join(str(error).split())}", file=sys.stderr)
    return 2
