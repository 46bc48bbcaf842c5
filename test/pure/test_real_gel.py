"""A ball on a real gel: packed, raw and binned frames, tared, show it where the picture changed."""

from types import SimpleNamespace as Message

import cv2
import numpy as np
import pytest
import torch

from tactile_equiv.architecture import Architecture
from tactile_equiv.frame import Normalisation
from tactile_equiv.frame_decoder import FrameDecoder
from tactile_equiv.percept import perceive
from tactile_equiv.settings import Settings

PACKED = {"input_type": "sensor_msgs/msg/CompressedImage", "rows": 240, "cols": 320}

CLEAR, FAINT = 25, 12
"""Grey values by which red must rise to be felt, and may rise without."""


@pytest.fixture(scope="module")
def presses(data_directory):
    """Some of the recorded files."""
    files = sorted((data_directory / "gelsight_mini_ball").glob("*.jpg"))
    if not files:
        pytest.skip("no recordings of the GelSight Mini ball")
    return [file.read_bytes() for file in files[::3]]


@pytest.fixture(scope="module")
def gel_model(make_network, make_model):
    """Its contact map is the blurred rise of red."""
    network = make_network(Architecture(3, input_channels=3, channels=(4,), dilations=(1,)))
    with torch.no_grad():
        weight = network.trunk[0].convolution.weight
        weight[0] = 0
        weight[0, 0] = 1 / 9
        network.trunk[0].convolution.bias[0] = 0
        network.contact_head.weight.zero_()
        network.contact_head.weight[0, 0] = 30
    return make_model(network, Normalisation(dead_zone=12, scale=64, signed=True))


def raw(colours):
    """What a camera under RGGB filters sends of (H, W, 3)."""
    values = colours[..., 1].copy()
    values[::2, ::2], values[1::2, 1::2] = colours[::2, ::2, 0], colours[1::2, 1::2, 2]
    return Message(
        height=240, width=320, step=320, encoding="bayer_rggb8", is_bigendian=0,
        data=values.tobytes(),
    )  # fmt: skip


def test_every_way_shows_the_ball_where_red_rises(presses, gel_model):
    unpack = FrameDecoder(Settings(**PACKED))
    pictures = [unpack(Message(data=file, format="jpeg")).values for file in presses]
    ways = [
        (unpack, [Message(data=file, format="jpeg") for file in presses]),
        (FrameDecoder(Settings(binning=4, **PACKED)),
         [Message(data=file, format="jpeg") for file in presses]),
        (FrameDecoder(Settings()), [raw(picture) for picture in pictures]),
    ]  # fmt: skip
    red = np.array([picture[..., 0] for picture in pictures], np.float32)
    rises = [cv2.blur(rise, (15, 15)) for rise in red - np.median(red, axis=0)]
    for decode, messages in ways:
        frames = [decode(message) for message in messages]
        untouched = np.median([frame.values for frame in frames], axis=0).astype(np.float32)
        for (frame, cell), rise in zip(frames, rises, strict=True):
            percept = perceive(gel_model, frame, untouched, min_contact_area=8).enlarged(cell)
            assert percept.contact_map.shape == (240, 320)
            if rise.max() > CLEAR:
                (contact,) = percept.contacts
                place = np.unravel_index(rise.argmax(), rise.shape)
                assert (contact.row, contact.column) == pytest.approx(place, abs=3)
            elif rise.max() < FAINT:
                assert percept.contacts == ()
    assert sum(rise.max() > CLEAR for rise in rises) >= 5
