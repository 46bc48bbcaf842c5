"""One campaign in a process of its own, so that whatever an input does, somebody is left to tell.

    python -m fuzz.worker MODULE:FACTORY --driver random --count 1000 --folder FOLDER

FACTORY makes the subjects. The folder receives `result.json`, and holds what the process is doing
(`fuzz.watched`).
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import importlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fuzz.drivers import Campaign
from fuzz.law import Subject
from fuzz.memory import limit_address_space
from fuzz.watched import Watched

RESULT, DOING, CORPUS = "result.json", "doing", "corpus"
UNDER_TEST = ["tactile_equiv", "tactile_equiv_sim"]
MORE_MEMORY = 6 << 30
"""Bytes of address space that a process may still take once its subjects are made."""


def subjects_of(factories: str) -> list[Subject]:
    """What `MODULE:FACTORY`, or several joined by commas, make."""
    made: list[Subject] = []
    for factory in factories.split(","):
        module, _, name = factory.partition(":")
        made += getattr(importlib.import_module(module), name)()
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the campaign that the command line asks for."""
    options = _parsed(arguments)
    faulthandler.enable()
    tempfile.tempdir = str(options.folder)  # the parent removes it, whatever happens
    with _watched_by_libfuzzer() if options.driver == "coverage" else contextlib.nullcontext():
        subjects = subjects_of(options.subjects)
    limit_address_space(MORE_MEMORY)
    folder: Path = options.folder
    campaign = Campaign(subjects, Watched(folder / DOING), options.seed)

    def done() -> None:
        campaign.ledger.close(options.subjects)
        (folder / RESULT).write_text(json.dumps(campaign.ledger.to_json(), indent=1), "utf-8")

    if options.driver == "coverage":
        campaign.coverage_guided(options.count, folder / CORPUS, done)
    elif options.driver == "property":
        campaign.property_based(options.count)
    else:
        campaign.at_random(options.count)
    done()


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subjects")
    parser.add_argument("--driver", choices=("random", "property", "coverage"), default="random")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def _watched_by_libfuzzer() -> Any:
    import atheris

    return atheris.instrument_imports(include=UNDER_TEST)


if __name__ == "__main__":
    from tactile_equiv.ros_environment import prepare_ros_environment

    prepare_ros_environment()
    main()
