"""A model directory is data, never code.

It holds card.json, weights.safetensors and, where they were made, network.onnx (the export that
onnxruntime and OpenCV read) and parity.safetensors (torch's answers, which engines must repeat).
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from tactile_equiv.architecture import Architecture, Weights
from tactile_equiv.card import Card
from tactile_equiv.errors import ModelError
from tactile_equiv.limited_files import read_limited
from tactile_equiv.parity import Probe
from tactile_equiv.share import share_directory

CARD_FILE = "card.json"
WEIGHTS_FILE = "weights.safetensors"
ONNX_FILE = "network.onnx"
PROBE_FILE = "parity.safetensors"
SIZE_LIMIT = 16_000_000  # bytes of any one file
WEIGHTS_LIMIT = SIZE_LIMIT // 4
RADIUS_LIMIT = 512  # taxels


def find_model(name: str) -> Path:
    """The directory of a model: a path, or the name of a shipped model under config/models.

    Raises:
        ModelError: if there is neither.
    """
    shipped = share_directory() / "config" / "models"
    for folder in (Path(name), shipped / name) if name else ():
        if os.path.isdir(folder):
            return folder
    names = sorted(folder.name for folder in shipped.glob("*/"))
    raise ModelError(
        f"no model {name!r:.200}: give a directory with {CARD_FILE} and {WEIGHTS_FILE}, "
        f"or a shipped model ({', '.join(names) or 'none here'})"
    )


@dataclass(frozen=True)
class StoredNetwork:
    """A network as a model directory holds it; every engine is made from this.

    Attributes:
        architecture: sizes of the network.
        weights: its arrays by name, shaped as `Architecture.weight_shapes` says.
        onnx: its export, or None where there is none.
        probe: torch's answers to a few frames, or None in a directory of an earlier release.
    """

    architecture: Architecture
    weights: Weights
    onnx: bytes | None = None
    probe: Probe | None = None


def load_network(directory: Path | str) -> tuple[StoredNetwork, Card]:
    """Read a model directory; every file is verified before it is understood.

    Raises:
        ModelError: see `load_model`.
    """
    folder = Path(directory)
    card = load_card(folder)
    sizes = card.architecture
    if sizes.plain_weights > WEIGHTS_LIMIT or sizes.radius > RADIUS_LIMIT:
        raise ModelError(
            f"the card asks for {sizes.plain_weights} weights and a receptive radius of "
            f"{sizes.radius} taxels: at most {WEIGHTS_LIMIT} and {RADIUS_LIMIT} are loaded"
        )
    weights = _load_weights(folder / WEIGHTS_FILE, card)
    onnx, probe = (
        verified_bytes(folder / name, card) if name in card.sha256 else None
        for name in (ONNX_FILE, PROBE_FILE)
    )
    probed = None if probe is None else Probe.from_bytes(probe, sizes)
    return StoredNetwork(sizes, weights, onnx, probed), card


def _load_weights(file: Path, card: Card) -> Weights:
    content = verified_bytes(file, card)
    try:
        weights = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, KeyError) as error:  # KeyError: a type numpy has not
        raise _other_weights(file, str(error)) from error
    found = {name: array.shape for name, array in weights.items()}
    wrong = found.items() ^ card.architecture.weight_shapes.items()
    if wrong or any(array.dtype != np.float32 for array in weights.values()):
        raise _other_weights(file, f"look at {sorted(wrong)}" if wrong else "not float32")
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise ModelError(f"{file} holds weights that are not finite: train the model again")
    return weights


def _other_weights(file: Path, reason: str) -> ModelError:
    return ModelError(
        f"{file} does not hold the weights that the card describes "
        f"({' '.join(reason.split()):.300})"
    )


def load_card(directory: Path | str) -> Card:
    """Read card.json of a model directory.

    Raises:
        ModelError: if the directory or the card is missing or not understood.
    """
    file = Path(directory) / CARD_FILE
    content = _limited_bytes(file)
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{file} is not JSON ({error}): it must be the card of a model") from error
    if not isinstance(values, dict):
        raise ModelError(f"{file} holds a JSON {type(values).__name__}: it must be an object")
    return Card.from_json(values)


def verified_bytes(file: Path, card: Card) -> bytes:
    """The content of a file beside the card, whose hash the card names.

    Raises:
        ModelError: if it cannot be read, is too large or has another hash.
    """
    content = _limited_bytes(file)
    found, named = hashlib.sha256(content).hexdigest(), card.sha256.get(file.name)
    if found != named:
        raise ModelError(
            f"{file} has SHA-256 {found[:12]}..., the card names {str(named)[:12]}...: "
            "the file is corrupt or of another model; copy the whole directory again"
        )
    return content


def _limited_bytes(file: Path) -> bytes:
    try:
        return read_limited(file, SIZE_LIMIT)
    except OSError as error:
        raise ModelError(
            f"{file} cannot be read ({error.strerror}): a model is a directory with {CARD_FILE} "
            f"and {WEIGHTS_FILE}"
        ) from error
