"""Write a model directory: weights, ONNX export, torch's answers to a probe, and the card."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import safetensors.numpy
import torch

from tactile_equiv.backends import OUTPUTS
from tactile_equiv.card import Card
from tactile_equiv.errors import ModelError
from tactile_equiv.model_directory import CARD_FILE, ONNX_FILE, PROBE_FILE, WEIGHTS_FILE
from tactile_equiv.network import TactileNetwork
from tactile_equiv.parity import probe_of
from tactile_equiv.torch_backend import TorchBackend, weights_of


def save_model(directory: Path | str, network: TactileNetwork, card: Card) -> Card:
    """Write a model directory, with an export where onnx is installed; returns the hashed card.

    Raises:
        ModelError: if the directory cannot be written.
    """
    folder = Path(directory)
    contents = {
        WEIGHTS_FILE: safetensors.numpy.save(weights_of(network)),
        PROBE_FILE: probe_of(TorchBackend(network, "cpu"), network.architecture).to_bytes(),
        ONNX_FILE: export_onnx(network),
    }
    written = {name: content for name, content in contents.items() if content is not None}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in written.items()}
    complete = replace(card, sha256=hashes)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ONNX_FILE).unlink(missing_ok=True)
        for name, content in written.items():
            (folder / name).write_bytes(content)
        (folder / CARD_FILE).write_text(json.dumps(complete.to_json(), indent=2) + "\n", "utf-8")
    except OSError as error:
        raise ModelError(
            f"{folder} cannot be written ({error}): name a directory of your own"
        ) from error
    return complete


def export_onnx(network: TactileNetwork) -> bytes | None:
    """Contact map and feature canvas for any frame size, as ONNX; None where onnx is missing."""
    try:
        import onnx  # noqa: F401
    except ImportError:
        return None
    radius = network.architecture.radius
    example = torch.zeros(1, network.architecture.input_channels, 2 * radius + 3, 2 * radius + 5)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / ONNX_FILE
        torch.onnx.export(
            network.plain().eval(),
            (example,),
            str(file),
            dynamo=False,
            opset_version=20,
            input_names=["frames"],
            output_names=OUTPUTS,
            dynamic_axes={
                "frames": {0: "n", 2: "rows", 3: "columns"},
                "contact_map": {0: "n", 1: "rows", 2: "columns"},
                "features": {0: "n", 2: "canvas_rows", 3: "canvas_columns"},
            },
        )
        return file.read_bytes()
