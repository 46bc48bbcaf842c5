"""The closed loop for hours: are all frames counted, does memory grow, do answers slow down?

Simulator and perception node are processes of their own; this one observes them.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tactile_equiv_sim.soak_record import PROCESSES, SoakPlan, SoakRecord
from tactile_equiv_sim.soak_report import write_report
from tactile_equiv_sim.soak_run import soak
from tactile_equiv_sim.soak_table import table
from tactile_equiv_sim.soak_verdict import exit_code, judge

from tactile_equiv.node_process import node_main
from tactile_equiv.number_arguments import above_zero, not_negative
from tactile_equiv.process_descriptions import ClosedLoop, NodeDescription, perception_description

VERDICTS = {0: "nothing failed", 1: "failed", 2: "not decided"}


def descriptions_of(options: argparse.Namespace) -> list[NodeDescription]:
    """Simulator and perception node, the latter as it is on a robot."""
    loop = ClosedLoop(options.script, rate_hz=options.rate, namespace=options.namespace)
    simulator = loop.simulator
    simulator = replace(simulator, parameters={**simulator.parameters, "loop": True})
    return [simulator, perception_description(options.namespace, {"model_path": options.model})]


def run(options: argparse.Namespace, descriptions: Sequence[NodeDescription]) -> int:
    """Exit code of a soak of these nodes, or of a judgement of an old one.

    Raises:
        TactileError: if nothing can be measured, and why.
    """
    record = SoakRecord.load(options.judge) if options.judge else _soaked(options, descriptions)
    findings = judge(record)
    print(table(record, findings))
    code = int(exit_code(findings, options.decide))
    write_report(options.output, record, findings)
    print(f"soak: {VERDICTS[code]}; picture: {(options.output / 'soak.png').resolve()}")
    return code


def _soaked(options: argparse.Namespace, descriptions: Sequence[NodeDescription]) -> SoakRecord:
    plan = SoakPlan(
        rate_hz=options.rate,
        seconds=60 * options.minutes,
        warm_up_s=options.warm_up,
        deadline_s=1 / options.rate,
        processes=PROCESSES,
        machine=f"{platform.platform()}, {os.cpu_count()} cores",
    )
    return soak(plan, options.namespace, descriptions)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="soak", description=str(__doc__).split("\n", 1)[0])
    made.add_argument("--minutes", type=above_zero, default=2.0, help="measured time (2)")
    made.add_argument("--warm-up", type=not_negative, default=20.0, help="seconds before it (20)")
    made.add_argument("--rate", type=above_zero, default=200.0, help="frames a second (200)")
    made.add_argument("--script", default="array_28x50", help="shift script, played in a loop")
    made.add_argument("--model", default="simulated_textures", help="directory or shipped name")
    made.add_argument("--namespace", default="soak", help="of all nodes")
    made.add_argument("--output", type=Path, default=Path("soak_report"), help="folder")
    made.add_argument("--judge", type=Path, help="run nothing, judge this soak.npz")
    made.add_argument("--decide", action="store_true", help="what is not decided ends with 2")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a soak: 0 nothing failed, 1 something did, 2 it could not be measured or decided."""
    options = parser().parse_args(arguments)
    return node_main("soak", lambda: run(options, descriptions_of(options)), [])


if __name__ == "__main__":
    sys.exit(main())
