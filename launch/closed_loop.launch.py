"""Simulator, perception node and shift check; ends with the exit code of the check.

`ros2 launch tactile_equiv closed_loop.launch.py script:=closed_loop model:=my_model`
"""

import sys
from dataclasses import fields

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from launch import LaunchContext, LaunchDescription
from tactile_equiv.errors import TactileError
from tactile_equiv.launch_nodes import ClosedLoopActions
from tactile_equiv.process_descriptions import ClosedLoop

ARGUMENTS = {field.name: field.default for field in fields(ClosedLoop)}


def closed_loop(context: LaunchContext) -> list[Node]:
    """The three nodes; 2 where an argument is wrong."""
    values = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    try:
        return ClosedLoopActions(ClosedLoop(**values)).actions
    except TactileError as error:
        print(f"closed_loop.launch.py: {error}", file=sys.stderr)
        raise SystemExit(2) from error


def generate_launch_description() -> LaunchDescription:
    """The description that `ros2 launch` asks for; arguments as of `tactile-equiv closed-loop`."""
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description="see tactile-equiv")
        for name, default in ARGUMENTS.items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=closed_loop)])
