"""A model directory: card.json, weights.safetensors, optional network.onnx. Data, never code."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from numpy.typing import NDArray

from tactile_equiv.backends import Backend, choose_backend
from tactile_equiv.errors import ModelError
from tactile_equiv.frame import Normalisation
from tactile_equiv.network import Architecture, TactileNetwork
from tactile_equiv.share import share_directory

CARD_FILE = "card.json"
WEIGHTS_FILE = "weights.safetensors"
ONNX_FILE = "network.onnx"
CARD_VERSION = 1
SIZE_LIMIT = 16_000_000  # bytes of any one file
WEIGHTS_LIMIT = SIZE_LIMIT // 4
RADIUS_LIMIT = 512  # taxels

TEXT_KEYS = ("name", "sensor", "licence")
OBJECT_KEYS = ("training", "measured", "sha256")


@dataclass(frozen=True)
class Card:
    """What a model is, what it was trained on and what was measured.

    Attributes:
        name: short name of the model.
        sensor: the sensor in words.
        classes: texture classes, in the order of the network's outputs.
        architecture: sizes of the network.
        normalisation: sensor units to network units.
        training: data, split, seed, command and settings.
        measured: accuracy and equivariance.
        licence: licence of the weights.
        sha256: hash of each file beside the card, by file name.
    """

    name: str
    sensor: str
    classes: tuple[str, ...]
    architecture: Architecture
    normalisation: Normalisation
    training: dict[str, Any] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)
    licence: str = "Apache-2.0"
    sha256: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for keys, kind, right in ((TEXT_KEYS, str, "a text"), (OBJECT_KEYS, dict, "an object")):
            for key in keys:
                if not isinstance(value := getattr(self, key), kind):
                    raise ModelError(f"{key} of the card is {value!r:.40}: it must be {right}")
        named, different = len(self.classes), len(set(self.classes))
        if not named == different == self.architecture.classes:
            raise ModelError(
                f"the card names {named} classes ({different} different) "
                f"but the network has {self.architecture.classes} outputs: each output needs a "
                "name of its own"
            )

    def to_json(self) -> dict[str, Any]:
        """The card as JSON values."""
        return {
            "version": CARD_VERSION,
            **vars(self),
            "classes": list(self.classes),
            "architecture": self.architecture.to_json(),
            "normalisation": self.normalisation.to_json(),
        }

    @staticmethod
    def from_json(values: dict[str, Any]) -> Card:
        """Inverse of `to_json`.

        Raises:
            ModelError: if the card is of another version, or a key is missing, unknown or wrong.
        """
        if values.get("version") != CARD_VERSION:
            raise ModelError(
                f"card version is {values.get('version')!r:.40}: this release reads version "
                f"{CARD_VERSION}"
            )
        rest = {k: v for k, v in values.items() if k != "version"}
        try:
            if not isinstance(rest["classes"], list):
                raise TypeError("classes must be a list of names")
            return Card(
                **{
                    **rest,
                    "classes": tuple(map(str, rest["classes"])),
                    "architecture": Architecture.from_json(rest["architecture"]),
                    "normalisation": Normalisation.from_json(rest["normalisation"]),
                }
            )
        except (TypeError, KeyError) as error:
            raise ModelError(
                f"card.json is not understood ({error}): its keys are "
                f"{sorted(Card.__dataclass_fields__)}"
            ) from error


@dataclass(frozen=True)
class Classifier:
    """The texture head as plain arrays; the same as `TactileNetwork.classify`, then softmax.

    Attributes:
        weight: (K, 2F), bias: (K,), mean: (2F,), scale: (2F,); all float64.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @staticmethod
    def of(network: TactileNetwork) -> Classifier:
        """Copy the head of a network."""
        head = network.texture_head
        parts = (head.weight, head.bias, network.pooled_mean, network.pooled_scale)
        return Classifier(*(part.detach().cpu().double().numpy() for part in parts))

    def scores(self, pooled: NDArray[np.float32]) -> NDArray[np.float64]:
        """Pooled features (..., 2F) to class probabilities (..., K), summing to 1."""
        logits = (np.arcsinh(pooled) - self.mean) / self.scale @ self.weight.T + self.bias
        shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
        probabilities: NDArray[np.float64] = shifted / shifted.sum(axis=-1, keepdims=True)
        return probabilities


@dataclass(frozen=True)
class Model:
    """Everything that `perceive` needs: the card, the classifier and the engine of the network."""

    card: Card
    classifier: Classifier
    backend: Backend
    notices: tuple[str, ...] = ()


def assemble(
    network: TactileNetwork,
    card: Card,
    onnx_file: Path | None = None,
    backend: str = "auto",
    device: str = "auto",
) -> Model:
    """A model from a network in memory; see `choose_backend` for the arguments."""
    engine, notices = choose_backend(network, onnx_file, backend, device)
    return Model(card, Classifier.of(network), engine, notices)


def load_model(directory: Path | str, backend: str = "auto", device: str = "auto") -> Model:
    """Load a model directory and choose its engine.

    Raises:
        ModelError: if anything is missing, too large, corrupt, of another hash, or does not fit the
            card.
    """
    folder = Path(directory)
    network, card = load_network(folder)
    onnx_file = folder / ONNX_FILE if ONNX_FILE in card.sha256 else None
    if onnx_file is not None:
        _verified_bytes(onnx_file, card)
    return assemble(network, card, onnx_file, backend, device)


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
    content = _verified_bytes(folder / WEIGHTS_FILE, card)
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


def _verified_bytes(file: Path, card: Card) -> bytes:
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
