"""Frames of larger taxels: exact on their lattice, and how far off between its points."""

from types import SimpleNamespace as Message

import numpy as np
import pytest
import torch

from tactile_equiv.architecture import Architecture
from tactile_equiv.frame import Normalisation
from tactile_equiv.frame_decoder import FrameDecoder
from tactile_equiv.percept import perceive
from tactile_equiv.settings import Settings

SIZE, MIDDLE = 96, 40
WAYS = {
    "raw, three channels": ("bayer_rggb8", {}, 2),
    "raw, four channels": ("bayer_rggb8", {"bayer_channels": 4}, 2),
    "binning 2": ("rgb8", {"binning": 2}, 2),
    "binning 4": ("rgb8", {"binning": 4}, 4),
}


def gel(radius, shift):
    """A smooth contact of three colours, (H, W, 3) uint8, moved right."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    across = (columns - MIDDLE - shift) / radius
    press = np.exp(-(across**2) - ((rows - MIDDLE) / radius) ** 2)
    colours = np.dstack([120 * press, 90 * press * (1 + 0.3 * np.tanh(across)), 60 * press])
    return colours.round().astype(np.uint8)


def image(colours, encoding):
    """The frame of a camera, raw where the encoding says so."""
    values = colours
    if encoding != "rgb8":
        values = colours[..., 1].copy()
        values[::2, ::2], values[1::2, 1::2] = colours[::2, ::2, 0], colours[1::2, 1::2, 2]
    return Message(
        height=SIZE, width=SIZE, step=values[0].nbytes, encoding=encoding, is_bigendian=0,
        data=values.tobytes(),
    )  # fmt: skip


def pressing(network):
    """The network with a contact head that reads the blurred first channel."""
    blur = torch.tensor([[0.0, 0.1, 0.0], [0.1, 0.6, 0.1], [0.0, 0.1, 0.0]])
    with torch.no_grad():
        for layer in network.trunk:
            layer.convolution.weight[0] = 0
            layer.convolution.weight[0, 0] = blur
            layer.convolution.bias[0] = 0
        network.contact_head.weight.zero_()
        network.contact_head.weight[0, 0] = 20
    return network


@pytest.fixture(scope="module")
def felt(make_network, make_model):
    """Percept in pixels of the camera of a contact of this radius and shift, in one of WAYS."""
    sizes = {"channels": (4, 6), "dilations": (1, 1)}
    models = {
        count: make_model(
            pressing(make_network(Architecture(3, input_channels=count, **sizes))),
            Normalisation(3, 64, signed=True),
        )
        for count in (3, 4)
    }

    def percept_of(way, radius, shift):
        encoding, parameters, _ = WAYS[way]
        decode = FrameDecoder(Settings(**parameters))
        frame, cell = decode(image(gel(radius, shift), encoding))
        model = models[parameters.get("bayer_channels", 3)]
        return perceive(model, frame, contact_threshold=0.3).enlarged(cell)

    return percept_of


def centroid(percept):
    return percept.contacts[0].row, percept.contacts[0].column


def drift(percept, start):
    return np.abs(percept.pooled - start.pooled).max() / np.abs(start.pooled).max()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("radius", [4, 12])
def test_shifts_by_whole_taxels_are_exact(felt, way, radius):
    cell = WAYS[way][2]
    start = felt(way, radius, 0)
    assert len(start.contacts) == 1
    for steps in (1, 2, 5):
        now = felt(way, radius, steps * cell)
        moved = np.roll(start.contact_map, steps * cell, axis=1)
        assert np.array_equal(now.contact_map, moved)
        assert np.array_equal(now.pooled, start.pooled)
        row, column = centroid(start)
        assert centroid(now) == pytest.approx((row, column + steps * cell), abs=1e-9)


@pytest.mark.parametrize(
    ("way", "radius", "pixels", "pooled"),
    [
        ("raw, three channels", 12, 0.01, 0.003),
        ("raw, four channels", 12, 0.01, 0.003),
        ("binning 2", 12, 0.01, 0.001),
        ("binning 4", 12, 0.03, 0.004),
        ("raw, three channels", 4, 0.02, 0.03),
        ("raw, four channels", 4, 0.02, 0.01),
        ("binning 2", 4, 0.01, 0.03),
        ("binning 4", 4, 0.4, 0.2),
    ],
)
def test_shifts_by_parts_of_a_taxel_are_followed(felt, way, radius, pixels, pooled):
    start = felt(way, radius, 0)
    for shift in range(1, WAYS[way][2]):
        now = felt(way, radius, shift)
        row, column = centroid(start)
        assert centroid(now) == pytest.approx((row, column + shift), abs=pixels)
        assert 0 < drift(now, start) < pooled
