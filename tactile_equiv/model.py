"""A loaded model: its card, its classifier and the engine that runs its network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.architecture import Weights
from tactile_equiv.backend_choice import choose_backend
from tactile_equiv.backends import Backend
from tactile_equiv.card import Card
from tactile_equiv.model_directory import load_network

if TYPE_CHECKING:  # torch is slow to import
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
    def of(weights: Weights) -> Classifier:
        """The head of a network with these weights."""
        names = ("texture_head.weight", "texture_head.bias", "pooled_mean", "pooled_scale")
        return Classifier(*(weights[name].astype(np.float64) for name in names))

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


def assemble(network: TactileNetwork, card: Card, device: str = "cpu") -> Model:
    """A model from a network in memory, on torch."""
    from tactile_equiv.torch_backend import TorchBackend, weights_of

    return Model(card, Classifier.of(weights_of(network)), TorchBackend(network, device))


def load_model(directory: Path | str, backend: str = "auto", device: str = "auto") -> Model:
    """Load a model directory and choose its engine; torch is imported only where it is needed.

    Raises:
        ModelError: if anything is missing, too large, corrupt, of another hash, or does not fit the
            card; or if no engine runs it.
    """
    network, card = load_network(directory)
    engine, notices = choose_backend(network, backend, device)
    return Model(card, Classifier.of(network.weights), engine, notices)
