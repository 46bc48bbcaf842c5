"""Small networks with lively answers, and models around them."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tactile_equiv.architecture import Architecture
from tactile_equiv.card import Card
from tactile_equiv.frame import Normalisation
from tactile_equiv.model import Model, assemble
from tactile_equiv.network import TactileNetwork

torch.set_num_threads(1)

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("felt", "glass", "brick", "cork", "steel", "linen")


def lively_network(architecture: Architecture, seed: int = 0) -> TactileNetwork:
    """Random weights, large biases; layers of unit response, contact map from 0 to about 1."""
    torch.manual_seed(seed)
    network = TactileNetwork(architecture).eval()
    frames = start = torch.rand(1, architecture.input_channels, 9, 11) + 0.5
    with torch.no_grad():
        for layer in network.trunk:
            learnt = getattr(layer, "convolution", layer)  # a group layer holds them itself
            learnt.bias.normal_(0, 0.5)
            if not layer(frames).any():  # a dead ReLU
                learnt.bias.abs_()
            learnt.weight /= layer(frames).square().mean().sqrt()
            frames = layer(frames)
        evidence = network.contact_evidence(network.features(start))
        if evidence.max() < -evidence.min():
            network.contact_head.weight.neg_()
        network.contact_head.weight *= 6 / evidence.abs().max()
    return network


def model_of(network: TactileNetwork, normalisation: Normalisation | None = None) -> Model:
    """A model that runs on torch, with the first of NAMES as classes."""
    return assemble(network, card_of(network, normalisation))


def card_of(network: TactileNetwork, normalisation: Normalisation | None = None) -> Card:
    """A card that fits a network."""
    return Card(
        name="lively",
        sensor="simulated array",
        classes=NAMES[: network.architecture.classes],
        architecture=network.architecture,
        normalisation=normalisation or Normalisation(dead_zone=0.0, scale=1.0),
    )


@pytest.fixture(scope="session")
def make_network() -> Callable[..., TactileNetwork]:
    return lively_network


@pytest.fixture(scope="session")
def make_card() -> Callable[..., Card]:
    return card_of


@pytest.fixture(scope="session")
def make_model() -> Callable[..., Model]:
    return model_of


@pytest.fixture(scope="session")
def small_network() -> TactileNetwork:
    """Three layers, receptive radius 4, three classes."""
    return lively_network(Architecture(3, channels=(4, 6, 5), dilations=(1, 1, 2)))


@pytest.fixture(scope="session")
def small_model(small_network: TactileNetwork) -> Model:
    return model_of(small_network)


@pytest.fixture(scope="session")
def touch_network() -> TactileNetwork:
    """Made by hand, radius 1: the contact map is 1 where pressed (0.1 and more) and 0 elsewhere."""
    torch.manual_seed(1)
    network = TactileNetwork(Architecture(3, channels=(3,), dilations=(1,), activation="relu"))
    with torch.no_grad():
        weight = network.trunk[0].convolution.weight  # (3, 1, 3, 3)
        weight[0] = 0
        weight[0, 0, 1, 1] = 1
        network.trunk[0].convolution.bias.zero_()
        network.contact_head.weight.zero_()
        network.contact_head.weight[0, 0] = 300
    return network.eval()


@pytest.fixture(scope="session")
def touch_model(touch_network: TactileNetwork) -> Model:
    return model_of(touch_network)


@pytest.fixture(scope="session")
def smooth_patch() -> np.ndarray:
    """A press of 4 x 5 taxels with a value of its own in every taxel."""
    return np.random.default_rng(3).uniform(0.5, 2.0, (4, 5)).astype(np.float32)


@pytest.fixture(scope="session")
def data_directory() -> Path:
    """Real recordings: TACTILE_EQUIV_DATA, or ../shared/data beside the repository."""
    named = os.environ.get("TACTILE_EQUIV_DATA", "")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no recordings in {folder}: name their directory in TACTILE_EQUIV_DATA")
    return folder
