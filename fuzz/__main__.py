"""Fuzz everything that reads what others wrote: `make fuzz`, or `make fuzz ARGS=--short`.

Exit code 1 where an input broke the law of `fuzz.law`. The inputs are the same in every run with
the same --seed; --again makes one of them again and shows what becomes of it.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fuzz import report
from fuzz.supervision import Plan, run
from tactile_equiv.markdown_blocks import renew, with_output

MESSAGES = "fuzz.message_subjects:message_subjects"
PARAMETERS = "fuzz.parameter_subjects:parameter_subjects"
MODELS = "fuzz.model_subjects:model_subjects"
YAML = "fuzz.yaml_subjects:yaml_subjects"
DATA = "fuzz.data_subjects:data_subjects"
FILES = ",".join((MODELS, YAML, DATA))
LIVE = {"image": 10_000, "compressed": 5_000, "array_f4": 5_000}

FULL = (
    Plan("messages", MESSAGES, "random", 230_000),
    Plan("messages", MESSAGES, "property", 3_000),
    Plan("messages", MESSAGES, "coverage", 8_000),
    Plan("parameters", PARAMETERS, "random", 10_000),
    Plan("parameters", PARAMETERS, "property", 500),
    Plan("models", MODELS, "random", 1_000),
    Plan("yaml", YAML, "random", 2_000),
    Plan("data", DATA, "random", 9_600),
    Plan("files", FILES, "property", 300),
    Plan("files", f"{YAML},{DATA}", "coverage", 300),
    *(Plan(f"live {kind}", kind, "live", count) for kind, count in LIVE.items()),
)
SHORT = (
    Plan("messages", f"{MESSAGES},{PARAMETERS}", "random", 4_000),
    Plan("messages", f"{MESSAGES},{PARAMETERS}", "property", 600),
    Plan("messages", MESSAGES, "coverage", 2_000),
    Plan("files", FILES, "random", 400),
    Plan("live image", "image", "live", 300),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all campaigns one after another, and print what they found."""
    options = _parsed(arguments)
    if options.again:
        return again(options.again)
    _leave_the_robot_alone()
    begun, results = time.monotonic(), []
    for plan in _possible(SHORT if options.short else FULL):
        print(f"{plan.name}, {plan.driver}: {plan.count} inputs", flush=True)
        results.append(run(plan, options.report_dir, options.seed))
        for finding in results[-1]["findings"]:
            print(report.told(finding), flush=True)
    shown = report.table(results)
    print(f"\n{shown}{time.monotonic() - begun:.0f} s in all")
    if options.page:
        renew(options.page, lambda page: with_output(page, report.COMMAND, shown))
    return 1 if report.findings(results) else 0


def again(name: str) -> int:
    """Make one input of a random campaign again, show it and what becomes of it."""
    from fuzz.drivers import random_of
    from fuzz.law import judged
    from fuzz.worker import subjects_of

    subject_name, index, seed = name.rsplit(":", 2)
    for factory in (MESSAGES, PARAMETERS, *FILES.split(",")):
        for subject in subjects_of(factory):
            if subject.name == subject_name:
                given: Any = subject.make(random_of(int(seed), subject_name, int(index)))
                outcome = judged(subject, given)
                print(f"{given!r}\n\n{outcome.kind}: {outcome.reason}\n{outcome.detail}")
                return 0 if outcome.keeps_law else 1
    print(f"no subject is called {subject_name}", file=sys.stderr)
    return 2


def _possible(plans: Sequence[Plan]) -> Iterator[Plan]:
    """The plans that can be carried out here."""
    has_atheris = importlib.util.find_spec("atheris") is not None
    if not has_atheris:
        print("atheris is not installed (pip install atheris): nothing is coverage-guided")
    return (plan for plan in plans if plan.driver != "coverage" or has_atheris)


def _leave_the_robot_alone() -> None:
    """Malformed messages stay on this machine, in a domain that no robot is likely to use."""
    os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a minute, for CI")
    parser.add_argument("--seed", type=int, default=0, help="of everything that is drawn")
    parser.add_argument("--again", metavar="SUBJECT:INDEX:SEED", help="show one input")
    parser.add_argument("--page", type=Path, help="page whose block of figures is renewed")
    parser.add_argument(
        "--report-dir",
        type=Path,
        default=Path("fuzz_report"),
        help="folder for the input on which a process died",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    from tactile_equiv.ros_environment import prepare_ros_environment

    prepare_ros_environment()
    sys.exit(main())
