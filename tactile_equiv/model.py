"""A loaded model: its card, its classifier and the engine that runs its network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.backends import Backend, choose_backend
from tactile_equiv.card import Card
from tactile_equiv.model_directory import ONNX_FILE, load_network, verified_bytes
from tactile_equiv.network import TactileNetwork


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
        verified_bytes(onnx_file, card)
    return assemble(network, card, onnx_file, backend, device)
