"""The console tool `tactile-equiv`: train, evaluate, symmetry, audit, closed-loop, lessons ..."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tactile_equiv import recording_commands
from tactile_equiv.audit import command as audit_command
from tactile_equiv.backends import BACKENDS
from tactile_equiv.dataset import load_dataset
from tactile_equiv.errors import TactileError
from tactile_equiv.evaluation import evaluate
from tactile_equiv.lessons import command as lesson_command
from tactile_equiv.model import Model, load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.models_command import add_parser as add_models
from tactile_equiv.number_arguments import not_negative, positive
from tactile_equiv.process_descriptions import ClosedLoop
from tactile_equiv.processes import run_closed_loop
from tactile_equiv.sequence_dataset import holds_sequences, load_sequences
from tactile_equiv.sequence_symmetry import measure_stroke
from tactile_equiv.symmetry import measure_ridged_press
from tactile_equiv.text_files import write_text
from tactile_equiv.topology import PLANE, TOPOLOGIES
from tactile_equiv.train_options import add_parser as add_train
from tactile_equiv.turns import measure_turned_press
from tactile_equiv.view_command import add_parser as add_view


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; 0 done, 2 something given is wrong (one line says what), 130 stopped.

    `closed-loop` ends with the code of its check: 1 is a failed check.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    parsed = _parser().parse_args(given)
    parsed.command_line = shlex.join(["tactile-equiv", *given])
    code = 0
    try:
        code = parsed.run(parsed) or 0
    except TactileError as error:
        print(f"tactile-equiv: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tactile-equiv", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_train(commands)
    _add_evaluate(commands)
    _add_symmetry(commands)
    add_models(commands)
    add_view(commands)
    _add_closed_loop(commands)
    audit_command.add_parser(commands)
    lesson_command.add_parser(commands)
    recording_commands.add_parsers(commands)
    return parser


def _add_evaluate(commands: Any) -> None:
    command = commands.add_parser("evaluate", help="accuracy of a model on labelled frames")
    command.set_defaults(run=_evaluate)
    command.add_argument("model", help="model directory, or name of a shipped model")
    command.add_argument("data", type=Path, help=".npz as `train` reads it")
    command.add_argument("--json", type=Path, help="write the figures to this file")
    command.add_argument("--backend", default="auto", choices=BACKENDS)


def _add_symmetry(commands: Any) -> None:
    command = commands.add_parser(
        "symmetry", help="shift, turn and mirror a contact, measure errors"
    )
    command.set_defaults(run=_symmetry)
    command.add_argument("model", help="model directory, or name of a shipped model")
    command.add_argument("--rows", type=positive, default=28)
    command.add_argument("--cols", type=positive, default=50)
    command.add_argument(
        "--topology", default=PLANE, choices=TOPOLOGIES, help="round a finger: over the seam too"
    )
    command.add_argument("--json", type=Path, help="write the figures to this file")
    command.add_argument("--backend", default="auto", choices=BACKENDS)


def _add_closed_loop(commands: Any) -> None:
    command = commands.add_parser(
        "closed-loop", help="simulator, perception node and shift check as three processes"
    )
    defaults = ClosedLoop()
    command.set_defaults(run=_closed_loop)
    command.add_argument(
        "--script", default=defaults.script, help="shift script: file, or name of a shipped one"
    )
    command.add_argument(
        "--recording", default="", help=".npz whose presses are moved instead of a script"
    )
    command.add_argument(
        "--rate", type=not_negative, default=0.0, help="frames a second (as in the script)"
    )
    command.add_argument("--report-dir", default=defaults.report_dir, help="folder of the report")
    command.add_argument("--model", default="", help="model directory, or name of a shipped model")
    command.add_argument("--backend", default="auto", choices=BACKENDS)
    command.add_argument("--thresholds", default="", help="YAML file with other limits")
    command.add_argument(
        "--topology",
        default="",
        choices=TOPOLOGIES,
        help="what the node takes the sensor for (that of the script)",
    )
    command.add_argument("--namespace", default=defaults.namespace, help="of all three nodes")


def _evaluate(options: argparse.Namespace) -> None:
    model = load_model(find_model(options.model), options.backend)
    load = load_sequences if holds_sequences(options.data) else load_dataset
    dataset = load(options.data)
    result = evaluate(model, dataset)
    print(f"model {model.card.name}, {model.backend.name}; data {dataset.source}, n {len(dataset)}")
    print(f"accuracy                {result.accuracy:.4f}")
    print(f"mean per-class accuracy {result.mean_per_class_accuracy:.4f}")
    for index, name in enumerate(result.class_names):
        if result.per_class[index]:
            right = result.confusion[index, index]
            print(f"  {name:20} {right:4d} of {result.per_class[index]:4d}")
    _write_json(options.json, result.to_json())


def _symmetry(options: argparse.Namespace) -> None:
    model = load_model(find_model(options.model), options.backend)
    if model.card.spectrum is not None:
        _symmetry_of_recordings(model, options)
        return
    size = options.rows, options.cols, options.topology
    shifts = measure_ridged_press(model, *size).to_json()
    turns = measure_turned_press(model, *size)
    print(f"model {model.card.name}, {model.backend.name}, {options.rows}x{options.cols} taxels")
    print(f"equivariant by construction to: {model.card.architecture.symmetry}")
    for title, figures in {"shift": shifts, **turns}.items():
        print(title.replace("_", " "))
        for name, value in figures.items():
            print(f"  {name:16} {value:.3g}")
    _write_json(options.json, {**shifts, "turns": turns})


def _symmetry_of_recordings(model: Model, options: argparse.Namespace) -> None:
    moved = {
        name: errors.to_json()
        for name, errors in measure_stroke(model, options.rows, options.cols).items()
    }
    print(f"model {model.card.name}, {model.backend.name}, {options.rows}x{options.cols} taxels")
    for name, figures in moved.items():
        print(f"moved in {name}")
        for what, value in figures.items():
            print(f"  {what:16} {value:.3g}")
    _write_json(options.json, moved)


def _write_json(file: Path | None, values: dict[str, Any]) -> None:
    if file is not None:
        write_text(file, json.dumps(values, indent=2) + "\n")


def _closed_loop(options: argparse.Namespace) -> int:
    loop = ClosedLoop(
        script=options.script,
        recording=options.recording,
        rate_hz=options.rate,
        report_dir=options.report_dir,
        model=options.model,
        backend=options.backend,
        thresholds=options.thresholds,
        topology=options.topology,
        namespace=options.namespace,
    )
    return run_closed_loop(loop)


if __name__ == "__main__":
    sys.exit(main())
