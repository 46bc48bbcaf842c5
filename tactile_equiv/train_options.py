"""The subcommand `train`: its options, and what it calls."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tactile_equiv.architecture import SYMMETRIES
from tactile_equiv.backends import DEVICES
from tactile_equiv.number_arguments import above_zero, count, not_negative, positive, share
from tactile_equiv.sequence_dataset import holds_sequences

SETTING = argparse.SUPPRESS  # the default stands in TrainingSettings or SequenceSettings


def add_parser(commands: Any) -> None:
    """Add the subcommand."""
    command = commands.add_parser("train", help="train a model directory from labelled frames")
    command.set_defaults(run=_train)
    command.add_argument(
        "data",
        type=Path,
        help=".npz with frames, labels, class_names; or recordings: sequences, or "
        "frames with the length of each",
    )
    command.add_argument("--out", type=Path, required=True, help="model directory to write")
    command.add_argument("--name", help="name of the model (that of the directory)")
    command.add_argument("--sensor", default="", help="the sensor in words, for the card")
    command.add_argument("--seed", type=count, default=SETTING)
    command.add_argument("--steps", type=positive, default=SETTING)
    command.add_argument("--batch", type=positive, default=SETTING)
    command.add_argument(
        "--symmetry",
        choices=list(SYMMETRIES),
        default=SETTING,
        help="what the network is exactly equivariant to: shifts alone, shifts and quarter turns, "
        "shifts, quarter turns and mirrors; about as many weights, 2.5 and 5 times the time",
    )
    command.add_argument(
        "--correlations",
        action=argparse.BooleanOptionalAction,
        default=SETTING,
        help="read how far each two features go together too: more often right, a little slower",
    )
    command.add_argument(
        "--validation",
        type=share,
        default=SETTING,
        help="share kept out of training to stop early; 0 trains on everything, all steps",
    )
    command.add_argument("--dead-zone", type=not_negative, help="sensor units (from the data)")
    command.add_argument("--scale", type=above_zero, help="sensor units (from the data)")
    command.add_argument(
        "--position-seeds",
        type=count,
        default=0,
        metavar="N",
        help="first train on the 60 %% of each class furthest left and test on the rest, N seeds",
    )
    command.add_argument(
        "--threads", type=positive, default=1, help="more only where other cores are idle"
    )
    command.add_argument(
        "--device",
        choices=DEVICES,
        default="cpu",
        help="of the training; the same seed gives the same weights on the CPU. Several processes: "
        "torchrun --nproc-per-node N -m tactile_equiv.console train ...",
    )
    _add_recordings(command)


def _add_recordings(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("recordings", "a spectrum of each taxel, over time")
    group.add_argument("--window", type=positive, default=SETTING, help="frames")
    group.add_argument("--hop", type=positive, default=SETTING, help="frames")
    group.add_argument(
        "--octave", type=count, default=SETTING, help="bins of an octave; 0 = a linear axis"
    )
    group.add_argument(
        "--reach",
        type=count,
        default=SETTING,
        help="bins seen at once, sliding over pitch; 0 = all as channels, so that pitch tells",
    )
    group.add_argument(
        "--emphasis", type=above_zero, default=SETTING, help="gain of vibration over pressure"
    )
    group.add_argument(
        "--apart",
        action=argparse.BooleanOptionalAction,
        default=SETTING,
        help="each channel a skin of its own (where the file holds several skins)",
    )
    group.add_argument(
        "--load",
        action=argparse.BooleanOptionalAction,
        default=SETTING,
        help="see the total load of each skin too (likewise)",
    )
    group.add_argument(
        "--ends",
        type=count,
        default=SETTING,
        help="windows pooled apart at the beginning and the end of touch; 0 = all together",
    )
    group.add_argument(
        "--by-fold", action="store_true", help="first train and test with each fold held out"
    )


def _train(options: argparse.Namespace) -> None:
    from tactile_equiv.distributed_training import joined
    from tactile_equiv.sequence_command import run as run_on_sequences
    from tactile_equiv.training_command import run

    with joined(options.device) as options.team:
        options.command_line = options.team.command_line(options.command_line)
        if holds_sequences(options.data):
            options.team.require_one(f"{options.data} holds recordings")
            run_on_sequences(options)
        else:
            run(options)
