"""The subcommand `models`: the shipped models as a table, or one card on a page."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tactile_equiv.aligned_lines import aligned_lines
from tactile_equiv.backends import BACKENDS
from tactile_equiv.card import Card
from tactile_equiv.errors import ModelError
from tactile_equiv.latency import MeasuredLatency, measure_latency
from tactile_equiv.model import load_model
from tactile_equiv.model_directory import find_model, load_card
from tactile_equiv.model_list import ModelSummary, missing_from, shipped_models, summary_of
from tactile_equiv.printable import printable
from tactile_equiv.text_files import write_text

HEADINGS = (
    *("model", "classes", "input", "weights", "kB", "symmetry"),
    *("accuracy", "equivariance error", "latency class"),
)
PAGE_WIDTH = 100


def add_parser(commands: Any) -> None:
    """Add the subcommand."""
    command = commands.add_parser("models", help="the shipped models, or the card of one model")
    command.set_defaults(run=_models)
    command.add_argument(
        "model", nargs="?", default="", help="model directory, or name of a shipped model"
    )
    command.add_argument("--json", type=Path, help="write the figures to this file")
    command.add_argument(
        "--measure", action="store_true", help="time the model on one core of this machine"
    )
    command.add_argument("--backend", default="auto", choices=BACKENDS, help="to be timed")


def _models(options: argparse.Namespace) -> None:
    if options.model:
        values = _show(find_model(options.model), options)
    elif options.measure:
        raise ModelError("--measure times one model: name it")
    else:
        summaries = [summary_of(directory) for directory in shipped_models()]
        print(table_of(summaries))
        values = {"models": [summary.to_json() for summary in summaries]}
    if options.json is not None:
        write_text(options.json, json.dumps(values, indent=2) + "\n")


def _show(directory: Path, options: argparse.Namespace) -> dict[str, Any]:
    card = load_card(directory)
    print(f"{directory}\n{page_of(card)}")
    values = card.to_json()
    if options.measure:
        values["measured_here"] = _measure(directory, card, options.backend).to_json()
    return values


def _measure(directory: Path, card: Card, backend: str) -> MeasuredLatency:
    if not card.latency:
        raise ModelError(
            f"the card of {card.name!r} does not name the size of its sensor (key latency): train "
            "the model again with this release"
        )
    model = load_model(directory, backend, "cpu")
    found = measure_latency(model, card.latency["rows"], card.latency["columns"])
    print(
        f"\none core of this machine: {found.frame_ms:.3g} ms a frame on {model.backend.name}, "
        f"{found.over_expected:.2f} times what the class expects of a core that multiplies "
        f"matrices at {2e-9 * found.matrix_rate:.0f} GFLOP/s; class here: {rate(found.rate_hz)}"
    )
    return found


def table_of(summaries: list[ModelSummary]) -> str:
    """The table, and below it the sensor of each model and what was held out."""
    rows = [_row(summary) for summary in summaries]
    notes = [
        textwrap.shorten(f"{s.name}: {s.sensor}", PAGE_WIDTH, placeholder=" ...")
        + f"\n    accuracy: {s.split or 'not measured on what was held out'}"
        for s in summaries
    ]
    return "\n".join([aligned_lines([HEADINGS, *rows]), "", *notes])


def _row(summary: ModelSummary) -> tuple[str, ...]:
    accuracy, error = summary.accuracy, summary.equivariance_error
    spread = "" if not summary.spread else f" ± {summary.spread:.3f}"
    return (
        summary.name,
        str(summary.classes),
        summary.input,
        str(summary.weights),
        f"{summary.bytes / 1000:.0f}",
        summary.symmetry,
        "-" if accuracy is None else f"{accuracy:.3f}{spread}",
        "-" if error is None else f"{error:.1g}",
        rate(summary.rate_hz),
    )


def rate(hertz: int | None) -> str:
    """A latency class in words."""
    if hertz is None:
        return "-"
    return f"{hertz} Hz" if hertz else "below 1 Hz"


def page_of(card: Card) -> str:
    """Everything that a card says, and what it does not say.

    Raises:
        ModelError: if the figures in it are no figures.
    """
    values = {k: v for k, v in card.to_json().items() if k != "version"}
    try:
        missing = missing_from(card)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"training, measured or latency of the card are not understood ({error}): compare with "
            "the card of a shipped model"
        ) from error
    told = {**values, "not said": missing} if missing else values
    return "\n".join(printable(line) for text in _lines(told) for line in text.splitlines())


def _lines(values: dict[str, Any], indent: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield f"{indent}{key}"
            yield from _lines(value, indent + "  ")
        else:
            yield textwrap.fill(
                f"{key}: {_text(value)}",
                PAGE_WIDTH,
                initial_indent=indent,
                subsequent_indent=indent + "    ",
                break_long_words=False,
                break_on_hyphens=False,
            )


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
