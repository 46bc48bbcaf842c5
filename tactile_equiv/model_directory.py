"""A model directory: card.json, weights.safetensors, optional network.onnx. Data, never code."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import safetensors
import safetensors.torch
import torch

from tactile_equiv.card import Card
from tactile_equiv.errors import ModelError
from tactile_equiv.network import TactileNetwork
from tactile_equiv.share import share_directory

CARD_FILE = "card.json"
WEIGHTS_FILE = "weights.safetensors"
ONNX_FILE = "network.onnx"
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
        if folder.is_dir():
            return folder
    names = sorted(folder.name for folder in shipped.glob("*/"))
    raise ModelError(
        f"no model {name!r}: give a directory with {CARD_FILE} and {WEIGHTS_FILE}, "
        f"or a shipped model ({', '.join(names) or 'none here'})"
    )


def load_network(directory: Path | str) -> tuple[TactileNetwork, Card]:
    """Load the network and its card, on the CPU.

    Raises:
        ModelError: see `load_model`.
    """
    folder = Path(directory)
    card = load_card(folder)
    weights, radius = card.architecture.weights, card.architecture.radius
    if weights > WEIGHTS_LIMIT or radius > RADIUS_LIMIT:
        raise ModelError(
            f"the card asks for {weights} weights and a receptive radius of {radius} taxels: at "
            f"most {WEIGHTS_LIMIT} and {RADIUS_LIMIT} are loaded"
        )
    content = verified_bytes(folder / WEIGHTS_FILE, card)
    network = TactileNetwork(card.architecture)
    try:
        network.load_state_dict(safetensors.torch.load(content))
    except (safetensors.SafetensorError, RuntimeError) as error:
        raise ModelError(
            f"{folder / WEIGHTS_FILE} does not hold the weights that the card describes "
            f"({' '.join(str(error).split()):.300})"
        ) from error
    if not all(bool(torch.isfinite(value).all()) for value in network.state_dict().values()):
        raise ModelError(
            f"{folder / WEIGHTS_FILE} holds weights that are not finite: train the model again"
        )
    return network.eval(), card


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


def save_model(directory: Path | str, network: TactileNetwork, card: Card) -> Card:
    """Write weights, ONNX export (where onnx is installed) and card; returns the hashed card.

    Raises:
        ModelError: if the directory cannot be written.
    """
    folder = Path(directory)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        safetensors.torch.save_file(network.state_dict(), str(folder / WEIGHTS_FILE))
        written = [WEIGHTS_FILE]
        (folder / ONNX_FILE).unlink(missing_ok=True)
        if export_onnx(network, folder / ONNX_FILE):
            written.append(ONNX_FILE)
        hashes = {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in written
        }
        complete = replace(card, sha256=hashes)
        (folder / CARD_FILE).write_text(json.dumps(complete.to_json(), indent=2) + "\n", "utf-8")
    except OSError as error:
        raise ModelError(
            f"{folder} cannot be written ({error}): name a directory of your own"
        ) from error
    return complete


def export_onnx(network: TactileNetwork, file: Path) -> bool:
    """Export contact map and feature canvas for any frame size; False where onnx is missing."""
    try:
        import onnx  # noqa: F401
    except ImportError:
        return False
    radius = network.architecture.radius
    example = torch.zeros(1, network.architecture.input_channels, 2 * radius + 3, 2 * radius + 5)
    torch.onnx.export(
        network.eval(),
        (example,),
        str(file),
        dynamo=False,
        opset_version=20,
        input_names=["frames"],
        output_names=["contact_map", "features"],
        dynamic_axes={
            "frames": {0: "n", 2: "rows", 3: "columns"},
            "contact_map": {0: "n", 1: "rows", 2: "columns"},
            "features": {0: "n", 2: "canvas_rows", 3: "canvas_columns"},
        },
    )
    return True


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
        size = file.stat().st_size
        if size > SIZE_LIMIT:
            raise ModelError(f"{file} has {size} bytes: at most {SIZE_LIMIT} are read")
        return file.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{file} cannot be read ({error.strerror}): a model is a directory with {CARD_FILE} "
            f"and {WEIGHTS_FILE}"
        ) from error
