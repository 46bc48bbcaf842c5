"""Injects faults into a graph with a real perception process and counts what became of each frame.

    python -m tactile_equiv_sim.faults --model my_model --kills 20

Every frame bears its number and every answer is compared with offline `perceive` of that frame. All
nodes live in a namespace of their own, beside whatever else runs in the ROS domain.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import rclpy

from tactile_equiv.backends import BACKENDS
from tactile_equiv.errors import TactileError
from tactile_equiv.model import for_frames, load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.number_arguments import above_zero, count, positive
from tactile_equiv.process_descriptions import Value, perception_description
from tactile_equiv.ros_environment import prepare_ros_environment
from tactile_equiv.settings import Settings
from tactile_equiv.text_files import write_text

from . import file_faults, graph_faults, process_faults
from .bench import Bench, NotTriedError
from .outcome import Outcome, table
from .presses import Bank, pressed_frames
from .subject import LaunchedSubject, Subject, SupervisedSubject
from .trial import Plan

START_LIMIT = 300.0  # seconds for a new process

Fault = Callable[[Bench, Plan, Outcome], None]

FAULTS: dict[str, tuple[str, Fault]] = {
    "driver_dies": ("the driver is killed and comes back", graph_faults.driver_dies),
    "driver_stopped": ("the driver is stopped and goes on", graph_faults.driver_stopped),
    "two_publishers": ("two publishers on one topic", graph_faults.two_publishers),
    "deaf_listener": ("a subscriber asks for more than is offered", graph_faults.deaf_listener),
    "deaf_node": ("the driver offers less than the node asks for", graph_faults.deaf_node),
    "idle_subscriber": ("a subscriber never reads, then dies", graph_faults.idle_subscriber),
    "size_changes": ("the frame size changes, with and without tare", graph_faults.size_changes),
    "model_broken": ("the model breaks under the running node", file_faults.model_broken),
    "stopped": ("the node is stopped and goes on", process_faults.stopped),
    "killed": ("the node is killed at random moments", process_faults.killed),
    "killed_while_starting": (
        "the node is killed while it starts",
        process_faults.killed_while_starting,
    ),
    "killed_with_a_broken_model": (
        "the node is killed, its model breaks meanwhile",
        file_faults.killed_with_a_broken_model,
    ),
    "report_on_a_full_disk": (
        "the disk is full: report of the closed loop",
        file_faults.report_on_a_full_disk,
    ),
    "recorder_on_a_full_disk": (
        "the disk is full: recording",
        file_faults.recorder_on_a_full_disk,
    ),
}
FROM_OUTSIDE = ("killed", "killed_while_starting")
"""Faults for which somebody else starts the node again."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the faults; 0 all passed, 1 some failed, 2 they could not be tried."""
    options = parser().parse_args(arguments)
    try:
        outcomes = run(options)
    except TactileError as error:
        print(f"faults: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    if options.out is not None:
        write_text(options.out, table(outcomes) + "\n")
    print(table(outcomes))
    failed = [outcome for outcome in outcomes if outcome.verdict == "FAILED"]
    for outcome in failed:
        for problem in outcome.all_problems():
            print(f"faults: {outcome.fault}: {problem}", file=sys.stderr)
    return 1 if failed else 0


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    command = argparse.ArgumentParser(
        prog="python -m tactile_equiv_sim.faults",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = command.add_argument
    add("faults", nargs="*", metavar="FAULT", help=f"of {', '.join(FAULTS)} (all)")
    add("--model", default=Settings().model_path, help="model directory or name; a copy is broken")
    add("--backend", default="auto", choices=BACKENDS)
    add("--rows", type=positive, default=28)
    add("--cols", type=positive, default=50)
    add("--rate", type=above_zero, default=50.0, help="frames a second (50)")
    add("--kills", type=count, default=20)
    add("--within", type=above_zero, default=2.0, help="seconds from a kill to correct answers (2)")
    add(
        "--patience", type=above_zero, default=60.0, help="seconds until anything else must be (60)"
    )
    add("--seed", type=count, default=1)
    add("--out", type=Path, help="write the table to this Markdown file")
    who = command.add_mutually_exclusive_group()
    who.add_argument("--node", help="command that starts another perception node in its place")
    who.add_argument(
        "--launch",
        metavar="COMMAND",
        help="command of launch that starts the node and starts it again, such as 'ros2 launch "
        f"tactile_equiv perception.launch.py'; faults: {', '.join(FROM_OUTSIDE)}",
    )
    return command


def run(options: argparse.Namespace) -> list[Outcome]:
    """What came of the faults that the arguments name.

    Raises:
        TactileError: if they cannot be tried.
    """
    with tempfile.TemporaryDirectory(prefix="faults_") as folder:
        return _tried_all(options, Path(folder))


def _tried_all(options: argparse.Namespace, folder: Path) -> list[Outcome]:
    names = options.faults or (FROM_OUTSIDE if options.launch else FAULTS)
    possible = FROM_OUTSIDE if options.launch else tuple(FAULTS)
    for name in names:
        if name not in possible:
            raise TactileError(f"no fault {name!r} here: choose of {', '.join(possible)}")
    prepare_ros_environment()
    model = folder / "model"
    shutil.copytree(find_model(options.model), model)
    namespace = f"/faults_{os.getpid()}"
    plan = Plan(
        model=model,
        rows=options.rows,
        cols=options.cols,
        seed=options.seed,
        rate_hz=options.rate,
        kills=options.kills,
        within=options.within,
        folder=folder,
        start=_starter(options, namespace, model, folder / "subject.log"),
    )
    context = rclpy.Context()
    rclpy.init(args=[], context=context)
    bench = Bench(context, namespace, _banks(options, model), options.rate, options.patience)
    try:
        bench.restart(lambda: plan.start({}))
        bench.until_correct(START_LIMIT)
        outcomes: list[Outcome] = []
        for name in names:
            anew = bool(outcomes and outcomes[-1].problems)
            outcomes.append(_tried(bench, plan, name, anew))
        return outcomes
    finally:
        bench.close()
        rclpy.try_shutdown(context=context)


def _banks(options: argparse.Namespace, folder: Path) -> list[Bank]:
    model = for_frames(load_model(folder, options.backend))
    rows, cols, seed = options.rows, options.cols, options.seed
    usual = pressed_frames(model.card, rows, cols, seed)
    other = pressed_frames(model.card, rows - rows // 3, cols + cols // 3, seed + 1)
    return [Bank(model, frames) for frames in (usual, other, [np.zeros_like(usual[0])])]


def _starter(
    options: argparse.Namespace, namespace: str, model: Path, log: Path
) -> Callable[[Mapping[str, Value]], Subject]:
    def start(parameters: Mapping[str, Value]) -> Subject:
        if options.launch:
            given = [f"namespace:={namespace}", f"model_path:={model}"]
            return LaunchedSubject([*shlex.split(options.launch), *given], log)
        usual: dict[str, Value] = {"model_path": str(model), "backend": options.backend}
        command = perception_description(namespace, {**usual, **parameters}).command()
        if options.node:
            command = [*shlex.split(options.node), *command[command.index("--ros-args") :]]
        return SupervisedSubject(command, log)

    return start


def _tried(bench: Bench, plan: Plan, name: str, anew: bool) -> Outcome:
    """What came of a fault; `anew`: it meets a new process, after one that failed."""
    words, fault = FAULTS[name]
    outcome = Outcome(words)
    print(f"faults: {words} ...", file=sys.stderr, flush=True)
    unknown, said = bench.ledger.unknown, len(_said(bench))
    try:
        if anew:
            _begin_anew(bench, plan)
        fault(bench, plan, outcome)
    except NotTriedError as error:
        outcome.not_tried = str(error)
    except TactileError as error:
        outcome.problems.append(str(error))
    outcome.judge_recoveries(plan.within)
    if bench.ledger.unknown > unknown:
        outcome.problems.append("answers name frames that nobody sent")
    if "Traceback" in _said(bench)[said:]:
        outcome.problems.append(f"the node wrote a traceback: {_said(bench)[said:][-500:]}")
    return outcome


def _begin_anew(bench: Bench, plan: Plan) -> None:
    """End the process and wait for answers of another one."""
    bench.restart(lambda: plan.start({}))
    bench.replace_driver()
    bench.until_correct(START_LIMIT)


def _said(bench: Bench) -> str:
    return "" if bench.subject is None else bench.subject.said()


if __name__ == "__main__":
    sys.exit(main())
