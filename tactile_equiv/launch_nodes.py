"""Described nodes as actions of `launch`; what launch files share."""

from __future__ import annotations

from typing import Any

from launch.actions import RegisterEventHandler, Shutdown
from launch.event_handlers import OnProcessExit
from launch_ros.actions import Node

from tactile_equiv.process_descriptions import PACKAGE, ClosedLoop, NodeDescription

UNMEASURABLE = 2


def launch_node(described: NodeDescription, **options: Any) -> Node:
    """The action that starts a node; `options` are those of `launch_ros.actions.Node`."""
    file, parameters = described.parameters_file, dict(described.parameters)
    return Node(
        package=PACKAGE,
        executable=described.executable,
        name=described.name,
        namespace=described.namespace,
        parameters=[*([str(file)] if file else []), *([parameters] if parameters else [])],
        remappings=list(described.remappings.items()),
        output="screen",
        **options,
    )


class ClosedLoopActions:
    """The actions of a closed loop: they end with the check, and with its exit code.

    launch has no way to set an exit code, so `SystemExit` is raised when all three have ended.
    """

    def __init__(self, loop: ClosedLoop) -> None:
        nodes = [launch_node(one) for one in (loop.simulator, loop.perception, loop.check)]
        self._simulator, self._perception, self._check = nodes
        self._running = list(nodes)
        self._code: int | None = None
        self.actions = [RegisterEventHandler(OnProcessExit(on_exit=self._on_exit)), *nodes]

    def _on_exit(self, event: Any, context: Any) -> list[Any]:
        self._running.remove(event.action)
        first = self._code is None
        if first:
            self._code = self._verdict(event.action, event.returncode)
        if self._code is None:
            return []
        if self._code and not self._running:
            raise SystemExit(self._code)
        return [Shutdown(reason="the closed loop has ended")] if first else []

    def _verdict(self, ended: Node, code: int) -> int | None:
        """Exit code of the whole, None while it goes on."""
        if ended is self._check:
            return code if code >= 0 else UNMEASURABLE
        if ended is self._simulator and code == 0:
            return None
        return UNMEASURABLE
