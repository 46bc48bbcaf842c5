"""Simulator, perception node and shift check; ends with the exit code of the check.

`ros2 launch tactile_equiv closed_loop.launch.py script:=closed_loop model:=my_model`
"""

import sys
from dataclasses import fields

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from launch import LaunchContext, LaunchDescription
from tactile_equiv.errors import SettingsError, TactileError
from tactile_equiv.launch_nodes import ClosedLoopActions
from tactile_equiv.process_descriptions import ClosedLoop

ARGUMENTS = {field.name: field.default for field in fields(ClosedLoop)}


def described(context: LaunchContext) -> ClosedLoop:
    """The closed loop that the arguments ask for."""
    values = {}
    for name, default in ARGUMENTS.items():
        text = LaunchConfiguration(name).perform(context)
        try:
            values[name] = type(default)(text)
        except ValueError as error:
            raise SettingsError(f"{name} is {text!r}: it must be a number") from error
    return ClosedLoop(**values)


def closed_loop(context: LaunchContext) -> list[Node]:
    """The three nodes; exit code 2 where an argument is wrong."""
    try:
        return ClosedLoopActions(described(context)).actions
    except TactileError as error:
        print(f"closed_loop.launch.py: {error}", file=sys.stderr)
        raise SystemExit(2) from error


def generate_launch_description() -> LaunchDescription:
    """The description that `ros2 launch` asks for."""
    described_in = "see tactile-equiv closed-loop --help"
    arguments = [
        DeclareLaunchArgument(name, default_value=str(default), description=described_in)
        for name, default in ARGUMENTS.items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=closed_loop)])
