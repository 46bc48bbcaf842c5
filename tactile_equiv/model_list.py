"""What the cards of models say, for a table and for one page; torch is not needed to read them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tactile_equiv.architecture import Architecture
from tactile_equiv.card import Card
from tactile_equiv.latency import latency_of
from tactile_equiv.model_directory import WEIGHTS_FILE, load_card
from tactile_equiv.share import share_directory

PROMISED_TURNS = {"translation": (), "c4": ("quarter_turn",), "d4": ("quarter_turn", "mirror")}
"""What a network of each symmetry is exact under besides shifts: keys of `measured.turns`."""

PROMISED_STROKES = ("place", "hops")
"""The same for recordings: keys of `measured.moved_stroke`."""

EXACT = ("map_error", "pooled_drift")


@dataclass(frozen=True)
class ModelSummary:
    """One line of the table of models.

    Attributes:
        name: of the model.
        sensor: in words.
        classes: number of texture classes.
        input: rows x columns [x channels] of its own sensor, and the window of recordings.
        weights: number of weights that are learnt.
        bytes: size of the weights file.
        symmetry: what the network is exactly equivariant to by construction.
        accuracy: mean per-class accuracy on what was held out, or None where it was not measured.
        spread: standard deviation over seeds or folds.
        split: what was held out.
        equivariance_error: largest relative error of map and pooled features under what the network
            is exact under; None where it was not measured.
        rate_hz: latency class, or None in the card of an earlier release.
    """

    name: str
    sensor: str
    classes: int
    input: str
    weights: int
    bytes: int
    symmetry: str
    accuracy: float | None
    spread: float | None
    split: str
    equivariance_error: float | None
    rate_hz: int | None

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def shipped_models() -> list[Path]:
    """The directories of the shipped models, by name."""
    return sorted((share_directory() / "config" / "models").glob("*/"))


def summary_of(directory: Path) -> ModelSummary:
    """The line of a model directory.

    Raises:
        ModelError: if there is no card, or it is not understood.
    """
    card = load_card(directory)
    weights, held_out = directory / WEIGHTS_FILE, held_out_accuracy(card)
    return ModelSummary(
        name=card.name,
        sensor=card.sensor,
        classes=len(card.classes),
        input=_input(card),
        weights=card.architecture.weights,
        bytes=weights.stat().st_size if weights.is_file() else 0,
        symmetry=card.architecture.symmetry,
        accuracy=held_out.get("mean_per_class_accuracy"),
        spread=held_out.get("standard_deviation"),
        split=held_out.get("split", ""),
        equivariance_error=equivariance_error(card),
        rate_hz=card.latency.get("rate_hz"),
    )


def held_out_accuracy(card: Card) -> dict[str, Any]:
    """The first figures of `measured` that name a split and an accuracy on what was held out."""
    for figures in card.measured.values():
        if isinstance(figures, dict) and {"split", "mean_per_class_accuracy"} <= figures.keys():
            return figures
    return {}


def equivariance_error(card: Card) -> float | None:
    """Largest relative error of map and pooled features under what the network is exact under."""
    turns, strokes = card.measured.get("turns", {}), card.measured.get("moved_stroke", {})
    promised = [card.measured.get("shifts")]
    if card.spectrum is not None:
        promised = [strokes.get(name) for name in PROMISED_STROKES]
    promised += [turns.get(name) for name in PROMISED_TURNS[card.architecture.symmetry]]
    if not all(promised):
        return None
    return max(float(figures[name]) for figures in promised if figures for name in EXACT)


def missing_from(card: Card) -> list[str]:
    """What the card of a model that others are to use must say and does not.

    Latency is missing where it does not follow from the architecture too.
    """
    said = {
        "sensor": card.sensor,
        "training.data": card.training.get("data"),
        "training.data_sha256": card.training.get("data_sha256"),
        "training.settings.seed": "seed" in card.training.get("settings", {}),
        "training.command": card.training.get("command"),
        "measured: an accuracy with its split": held_out_accuracy(card),
        "measured: equivariance": equivariance_error(card) is not None,
        "latency": card.latency and card.latency == _latency(card),
        f"sha256 of {WEIGHTS_FILE}": card.sha256.get(WEIGHTS_FILE),
    }
    return [name for name, value in said.items() if not value]


def _latency(card: Card) -> dict[str, int]:
    size = card.latency["rows"], card.latency["columns"]
    return latency_of(card.architecture, *size, card.spectrum).to_json()


def _input(card: Card) -> str:
    bins = 1 if card.spectrum is None else card.spectrum.channels
    channels = _sensor_channels(card.architecture, bins)
    size = f"{card.latency.get('rows', 'H')}x{card.latency.get('columns', 'W')}{channels}"
    return size if card.spectrum is None else f"{size}, {card.spectrum.window} frames"


def _sensor_channels(architecture: Architecture, bins: int) -> str:
    channels = architecture.input_channels // bins
    return "" if channels == 1 else f"x{channels}"
