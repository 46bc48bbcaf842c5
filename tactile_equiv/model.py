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
from tactile_equiv.errors import ModelError
from tactile_equiv.frame import FloatArray
from tactile_equiv.model_directory import load_network

if TYPE_CHECKING:  # torch is slow to import
    from tactile_equiv.network import TactileNetwork


@dataclass(frozen=True)
class Classifier:
    """The texture head as plain arrays; the same as `TactileNetwork.classify`, then softmax.

    Attributes:
        weight: (K, P), bias: (K,), mean: (P,), scale: (P,); all float64.
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
        """Pooled features (..., P) to class probabilities (..., K), summing to 1."""
        logits = (np.arcsinh(pooled) - self.mean) / self.scale @ self.weight.T + self.bias
        shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
        probabilities: NDArray[np.float64] = shifted / shifted.sum(axis=-1, keepdims=True)
        return probabilities


@dataclass(frozen=True)
class ContactHead:
    """The contact head as plain arrays; the same as `TactileNetwork.contact_probability`.

    Attributes:
        weight: (F,) evidence of contact for each feature.
        prior: log-odds of contact without evidence.
    """

    weight: FloatArray
    prior: np.float32

    @staticmethod
    def of(weights: Weights) -> ContactHead:
        """The head of a network with these weights."""
        weight = weights["contact_head.weight"].ravel() / weights["feature_unit"].ravel()
        return ContactHead(weight, weights["contact_prior"][0])

    def probability(self, canvas: FloatArray) -> FloatArray:
        """Features (F, h, w) to the probability of contact (h, w), 0.0 where all of them are 0.

        With evidence z and prior b it is (1 - exp(-z)) sigmoid(z + b), not below 0.
        """
        against = -np.maximum(np.einsum("f,fhw->hw", self.weight, canvas), np.float32(0))
        probability: FloatArray = -np.expm1(against) / (1 + np.exp(against - self.prior))
        return probability


@dataclass(frozen=True)
class Model:
    """Everything that `perceive` needs.

    Attributes:
        card: what the model is.
        classifier: pooled features to texture classes.
        backend: the engine of the network.
        notices: what has to be told about the choice of the engine.
        contact_head: the contact map of a part of the canvas; None where the engine does not leave
            untouched skin exactly 0.0, so that parts cannot be evaluated alone.
    """

    card: Card
    classifier: Classifier
    backend: Backend
    notices: tuple[str, ...] = ()
    contact_head: ContactHead | None = None


def assemble(network: TactileNetwork, card: Card, device: str = "cpu") -> Model:
    """A model from a network in memory, on torch."""
    from tactile_equiv.torch_backend import TorchBackend, weights_of

    weights = weights_of(network)
    engine = TorchBackend(network, device)
    return Model(card, Classifier.of(weights), engine, contact_head=ContactHead.of(weights))


def for_frames(model: Model) -> Model:
    """The same model, where it perceives single frames.

    Raises:
        ModelError: if it perceives recordings.
    """
    if model.card.spectrum is not None:
        raise ModelError(
            f"model {model.card.name!r} was trained on recordings: a node perceives single frames "
            "and needs a model of those; recordings go to `perceive_sequence`"
        )
    return model


def load_model(directory: Path | str, backend: str = "auto", device: str = "auto") -> Model:
    """Load a model directory and choose its engine; torch is imported only where it is needed.

    Raises:
        ModelError: if anything is missing, too large, corrupt, of another hash, or does not fit the
            card; or if no engine runs it.
    """
    network, card = load_network(directory)
    engine, notices = choose_backend(network, backend, device)
    weights = network.weights
    return Model(card, Classifier.of(weights), engine, notices, ContactHead.of(weights))
