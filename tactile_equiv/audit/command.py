"""The subcommand `tactile-equiv audit`."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from tactile_equiv.text_files import write_text
from tactile_equiv.topology import PLANE, TOPOLOGIES

EPILOG = """exit code: 0 within the limits, 1 beyond one of them, 2 nothing could be measured.
limits (--limit name=value, value none = do not judge): integer, border, ripple, pooled_drift,
flips; judged only where given: subpixel, pooled_subpixel, half_flips, rotation."""


def add_parser(commands: Any) -> None:
    """Add the subcommand to those of the console tool."""
    command = commands.add_parser(
        "audit",
        help="see in which layer a network stops moving with the contact",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=_run)
    command.add_argument(
        "model",
        help="shipped model, model directory, .onnx, TorchScript file, or MODULE:FACTORY (your "
        "own code, which is run)",
    )
    command.add_argument(
        "--input", type=_shape, metavar="CxHxW", help="size of the frames, such as 1x32x32"
    )
    command.add_argument("--amplitude", type=float, default=1.0, help="peak of a contact (1)")
    command.add_argument("--background", type=float, default=0.0, help="untouched pixels (0)")
    command.add_argument("--seeds", type=_count, default=2, help="simulated contacts (2)")
    command.add_argument("--frame", type=Path, help=".npz whose contact is taken instead")
    command.add_argument("--frame-index", type=int, default=0, help="which frame of it (0)")
    command.add_argument(
        "--topology",
        choices=TOPOLOGIES,
        default=PLANE,
        help="of the sensor: round a finger rows or columns go on over the seam (plane)",
    )
    command.add_argument("--thresholds", type=Path, help="YAML file, lines of `name: limit`")
    command.add_argument(
        "--limit", action="append", default=[], metavar="NAME=VALUE", help="one limit; repeatable"
    )
    command.add_argument("--json", type=Path, help="write every number to this file")
    command.add_argument("--html", type=Path, help="write a page for people to this file")
    command.add_argument(
        "--trust-code", action="store_true", help="run TorchScript, which is a program"
    )


def _run(options: argparse.Namespace) -> int:
    from tactile_equiv.audit import audit, load_thresholds

    report = audit(
        options.model,
        options.input,
        amplitude=options.amplitude,
        background=options.background,
        seeds=options.seeds,
        frame=options.frame,
        frame_index=options.frame_index,
        thresholds=load_thresholds(options.thresholds, options.limit),
        trust_code=options.trust_code,
        topology=options.topology,
    )
    if options.json:
        write_text(options.json, report.to_json() + "\n")
    if options.html:
        write_text(options.html, report.to_html())
    print(report.to_text())
    return 0 if report.passed() else 1


def _shape(text: str) -> tuple[int, int, int]:
    found = re.fullmatch(r"(\d{1,6})x(\d{1,6})x(\d{1,6})", text)
    if not found or "0" in found.groups():
        raise argparse.ArgumentTypeError(f"{text!r} is not CHANNELSxROWSxCOLUMNS, as in 1x32x32")
    channels, rows, columns = map(int, found.groups())
    return channels, rows, columns


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,3}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)
