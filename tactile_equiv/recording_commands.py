"""The subcommands `record`, `dataset` and `replay`: their arguments, and what they call."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tactile_equiv.errors import DataError
from tactile_equiv.number_arguments import count, not_negative

PAGE_PORT = 8377


def add_parsers(commands: Any) -> None:
    """Add the subcommands."""
    _add_record(commands)


def _add_record(commands: Any) -> None:
    command = commands.add_parser("record", help="record frames and labels as rosbag2 does (.mcap)")
    command.set_defaults(run=_record)
    command.add_argument("out", type=Path, help="new folder, or new file that ends in .mcap")
    command.add_argument(
        "--topic",
        action="append",
        help="what to record, any type, may be repeated (image, image/compressed, taxels)",
    )
    command.add_argument("--outputs", action="store_true", help="also what the node publishes")
    command.add_argument("--node", default="tactile_perception", help="name of that node")
    command.add_argument("--classes", default="", metavar="A,B,C", help="names that a label can be")
    command.add_argument("--label-topic", default="tactile_label", help="std_msgs/String")
    command.add_argument(
        "--label-page",
        type=count,
        nargs="?",
        const=PAGE_PORT,
        metavar="PORT",
        help=f"a page on this machine with a button for each class (port {PAGE_PORT})",
    )
    command.add_argument(
        "--duration", type=not_negative, default=0.0, help="seconds; 0 = until Ctrl-C"
    )


def need_ros(command: str) -> None:
    """Prepare the environment of ROS 2.

    Raises:
        DataError: if it cannot be imported.
    """
    from tactile_equiv.ros_environment import prepare_ros_environment

    prepare_ros_environment()
    try:
        import rclpy  # noqa: F401
    except ImportError as error:
        raise DataError(
            f"{command} works on ROS 2, which is not importable here ({error}): "
            "source a ROS 2 distribution, or run `make environment`"
        ) from error


def _record(options: argparse.Namespace) -> int:
    need_ros("record")
    from tactile_equiv.record_command import run

    return run(options)
