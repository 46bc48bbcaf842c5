"""The subcommand `view`: its arguments, and what it calls."""

from __future__ import annotations

import argparse
from typing import Any

from tactile_equiv.errors import DataError
from tactile_equiv.number_arguments import above_zero, count
from tactile_equiv.view_server import ViewServer

PAGE_PORT = 8378
SOCKET_PORT = 8765  # where the Foxglove app looks


def add_parser(commands: Any) -> None:
    """Add the subcommand."""
    command = commands.add_parser("view", help="a live page of what perception nodes publish")
    command.set_defaults(run=_view)
    command.add_argument("--node", default="", help="absolute name of one node (all there are)")
    command.add_argument("--rate", type=above_zero, default=30.0, help="frames a second at most")
    command.add_argument("--host", default="127.0.0.1", help="0.0.0.0 serves other machines too")
    command.add_argument("--port", type=count, default=PAGE_PORT, help="of the page; 0 = any free")
    command.add_argument(
        "--socket-port", type=count, default=SOCKET_PORT, help="of its data, also for Foxglove"
    )


def _view(options: argparse.Namespace) -> None:
    server = ViewServer(options.host, options.port, options.socket_port)
    try:
        from tactile_equiv.ros_environment import prepare_ros_environment

        prepare_ros_environment()
        from tactile_equiv.view import view

        print(f"page {server.page_url} data {server.socket_url}", flush=True)
        view(server, options.rate, options.node)
    except ImportError as error:
        raise DataError(
            f"view listens on ROS 2, which is not importable here ({error}): "
            "source a ROS 2 distribution, or run `make environment`"
        ) from error
    finally:
        server.close()
