"""Starts perception nodes: one for a sensor, several from one list, or one for a whole hand.

`ros2 launch tactile_equiv perception.launch.py namespace:=left remappings:='{image: /cam/image}'`
`ros2 launch tactile_equiv perception.launch.py sensors:=my_sensors.yaml`
`ros2 launch tactile_equiv perception.launch.py hand:=my_hand.yaml model_path:=my_model`
"""

import sys
from dataclasses import replace
from pathlib import Path

import yaml
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from launch import LaunchContext, LaunchDescription
from tactile_equiv.launch_nodes import launch_node
from tactile_equiv.process_descriptions import NodeDescription, hand_of
from tactile_equiv.sensor_list import read_sensors, sensor_node

PARAMETERS = Path(__file__).resolve().parent.parent / "config" / "perception.yaml"

ARGUMENTS = {
    "params_file": (str(PARAMETERS), "YAML file with the parameters"),
    "sensors": ("", "YAML list of sensors, see config/sensors.yaml; empty = one sensor, as below"),
    "hand": ("", "a hand of many patches in one node, see docs/hand.md; empty = as above or below"),
    "namespace": ("", "namespace of the node, e.g. one per finger"),
    "model_path": ("", "model directory; empty = what params_file says"),
    "remappings": ("{}", "topics and services by their own names, {name: other, ...}"),
    "respawn": ("true", "start a node again when it ends, whatever ended it"),
    "respawn_delay": ("0.1", "seconds until then"),
}


def described(context: LaunchContext) -> list[NodeDescription]:
    """The nodes that the arguments ask for."""
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    if given["sensors"]:
        nodes = read_sensors(given["sensors"])
    else:
        model_path = given["model_path"]
        entry = {
            "namespace": given["namespace"],
            "parameters": {"model_path": model_path} if model_path else {},
            "remappings": yaml.safe_load(given["remappings"]),
        }
        sensor = sensor_node(entry, "the sensor", Path())
        nodes = [hand_of(sensor, given["hand"]) if given["hand"] else sensor]
    file = Path(given["params_file"])
    return [replace(one, parameters_file=one.parameters_file or file) for one in nodes]


def perception_nodes(context: LaunchContext) -> list[Node]:
    """The nodes as actions; exit code 2 where an argument is wrong."""
    try:
        nodes = described(context)
        delay = float(LaunchConfiguration("respawn_delay").perform(context))
    except (ValueError, yaml.YAMLError) as error:
        print(f"perception.launch.py: {' '.join(str(error).split())}", file=sys.stderr)
        raise SystemExit(2) from error
    respawn = LaunchConfiguration("respawn")
    return [launch_node(one, respawn=respawn, respawn_delay=delay) for one in nodes]


def generate_launch_description() -> LaunchDescription:
    """The description that `ros2 launch` asks for."""
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in ARGUMENTS.items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=perception_nodes)])
