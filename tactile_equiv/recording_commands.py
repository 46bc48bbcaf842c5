"""The subcommands `record`, `dataset` and `replay`: their arguments, and what they call."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tactile_equiv.errors import DataError
from tactile_equiv.gathering import DatasetSettings, gather
from tactile_equiv.number_arguments import above_zero, count, not_negative, share
from tactile_equiv.recorded_dataset import split_by_press, summary
from tactile_equiv.recordings import LABEL_TOPIC, RecordedFrame, read_recording
from tactile_equiv.sensor_profiles import read_profile
from tactile_equiv.settings import Settings

PAGE_PORT = 8377
CLOCK_RATE = 100.0


def add_parsers(commands: Any) -> None:
    """Add the subcommands."""
    _add_record(commands)
    _add_dataset(commands)
    _add_replay(commands)


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
    command.add_argument("--label-topic", default=LABEL_TOPIC, help="std_msgs/String")
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


def _add_dataset(commands: Any) -> None:
    command = commands.add_parser("dataset", help="training data from recordings with labels")
    command.set_defaults(run=_dataset)
    command.add_argument("recordings", type=Path, nargs="+", help="folder, .mcap, .db3 or .npz")
    command.add_argument("--out", type=Path, required=True, help=".npz to write, for train")
    add_reading(command)
    command.add_argument(
        "--tare",
        type=count,
        default=DatasetSettings.tare_frames,
        metavar="FRAMES",
        help="untouched frames at the start of each recording (10); 0 = the sensor rests at 0",
    )
    command.add_argument("--dead-zone", type=not_negative, help="sensor units (from the data)")
    command.add_argument("--all-frames", action="store_true", help="also frames without contact")
    command.add_argument(
        "--gap",
        type=not_negative,
        default=DatasetSettings.gap,
        help="seconds without contact that end a press (0.1)",
    )
    command.add_argument(
        "--frames-of-press", type=count, default=0, help="at most, the strongest; 0 = all"
    )
    command.add_argument("--min-presses", type=count, default=1, help="of each class")
    command.add_argument("--test", type=Path, help="second .npz, of other presses")
    command.add_argument("--test-share", type=share, default=0.25, help="of the presses (0.25)")
    command.add_argument("--seed", type=count, default=0, help="of the split")


def _add_replay(commands: Any) -> None:
    command = commands.add_parser("replay", help="publish what was recorded")
    command.set_defaults(run=_replay)
    command.add_argument("data", type=Path, help=".npz, or rosbag2 recording (folder, .mcap, .db3)")
    command.add_argument("--speed", type=above_zero, default=1.0, help="10 = ten times as fast")
    command.add_argument(
        "--rate", type=above_zero, help="frames a second (their own times; 30 where they have none)"
    )
    command.add_argument(
        "--topic",
        choices=("image", "taxels"),
        help="publish frames alone, read as a node with these parameters reads them; without it "
        "and --rate a recording is published with all its topics as they were",
    )
    add_reading(command)
    command.add_argument("--frame-id", default="tactile_sensor", help="of frames")
    command.add_argument(
        "--clock",
        type=above_zero,
        nargs="?",
        const=CLOCK_RATE,
        default=0.0,
        metavar="HZ",
        help=f"publish /clock, for nodes with use_sim_time ({CLOCK_RATE:g} Hz)",
    )
    command.add_argument(
        "--stamps",
        choices=("recorded", "now"),
        help="of messages with a header: as recorded (with --clock), or moved to now (without)",
    )
    command.add_argument("--start", type=not_negative, default=0.0, help="seconds to leave out")
    command.add_argument("--duration", type=not_negative, default=0.0, help="seconds; 0 = all")
    command.add_argument("--loop", action="store_true", help="begin again at the end")
    command.add_argument("--wait", action="store_true", help="begin when somebody listens")


def add_reading(command: Any) -> None:
    """Options that say how frames of a bag are read."""
    command.add_argument("--from-topic", default="", help="topic of the frames in a bag")
    command.add_argument("--label-topic", default=LABEL_TOPIC, help="std_msgs/String in a bag")
    command.add_argument(
        "--sensor", default="", help="parameter file of the node, or name of a shipped sensor"
    )
    command.add_argument("--rows", type=count, default=0, help="of arrays without a layout")
    command.add_argument("--cols", type=count, default=0, help="of arrays without a layout")


def read(recording: Path, options: argparse.Namespace) -> Iterator[RecordedFrame]:
    """Frames of a recording, read as the options of `add_reading` say."""
    settings = read_profile(options.sensor) if options.sensor else Settings()
    sizes = {name: vars(options)[name] for name in ("rows", "cols") if vars(options)[name]}
    return read_recording(
        recording, options.from_topic, settings.changed(sizes), options.label_topic, notify
    )


def notify(notice: str) -> None:
    """Say something that is no result."""
    print(f"tactile-equiv: {notice}", file=sys.stderr)


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


def _dataset(options: argparse.Namespace) -> None:
    settings = DatasetSettings(
        tare_frames=options.tare,
        dead_zone=options.dead_zone,
        contact_only=not options.all_frames,
        gap=options.gap,
        frames_of_press=options.frames_of_press,
        min_presses=options.min_presses,
    )
    frames = [(path.name, read(path, options)) for path in options.recordings]
    dataset = gather(frames, settings)
    parts = {options.out: dataset}
    if options.test is not None:
        parts = dict(
            zip(
                (options.out, options.test),
                split_by_press(dataset, options.test_share, options.seed),
                strict=True,
            )
        )
    for file, part in parts.items():
        part.save(file)
        size = "x".join(map(str, part.frames.shape[1:]))
        print(f"{file}: {len(part)} frames of {size}, dead-zone {part.dead_zone:.3g}")
        summary(part, print)


def _record(options: argparse.Namespace) -> int:
    need_ros("record")
    from tactile_equiv.record_command import run

    return run(options)


def _replay(options: argparse.Namespace) -> int:
    need_ros("replay")
    from tactile_equiv.replay_command import run

    return run(options)
