"""Starts the perception node: `ros2 launch tactile_equiv perception.launch.py namespace:=left`."""

from pathlib import Path

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from launch import LaunchContext, LaunchDescription

PARAMETERS = Path(__file__).resolve().parent.parent / "config" / "perception.yaml"

ARGUMENTS = [
    DeclareLaunchArgument(
        "params_file", default_value=str(PARAMETERS), description="YAML file with the parameters"
    ),
    DeclareLaunchArgument(
        "namespace", default_value="", description="namespace of the node, e.g. one per finger"
    ),
    DeclareLaunchArgument(
        "model_path", default_value="", description="model directory; empty: what params_file says"
    ),
    DeclareLaunchArgument(
        "respawn", default_value="false", description="start the node again when it ends"
    ),
]


def perception_node(context: LaunchContext) -> list[Node]:
    """The node, with `model_path` over the parameter file where it is given."""
    model_path = LaunchConfiguration("model_path").perform(context)
    node = Node(
        package="tactile_equiv",
        executable="perception_node",
        name="tactile_perception",
        namespace=LaunchConfiguration("namespace"),
        parameters=[
            LaunchConfiguration("params_file"),
            *([{"model_path": model_path}] if model_path else []),
        ],
        respawn=LaunchConfiguration("respawn"),
        respawn_delay=1.0,
        output="screen",
        emulate_tty=True,
    )
    return [node]


def generate_launch_description() -> LaunchDescription:
    """The description that `ros2 launch` asks for."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=perception_node)])
