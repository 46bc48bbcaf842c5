"""Each baseline layer does what its source says."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from tactile_equiv.lessons.layers import (
    BackgroundPadded,
    BlurPool,
    LocallyConnected,
    PolyphaseSelection,
    Subsample,
    binomial,
)


@pytest.fixture
def maps():
    return torch.rand(2, 3, 9, 12, generator=torch.Generator().manual_seed(0))


def test_a_locally_connected_layer_with_equal_kernels_is_a_convolution(maps):
    convolution, local = nn.Conv2d(3, 4, 3, padding=1), LocallyConnected(3, 4, 3, 9, 12)
    with torch.no_grad():
        local.weight.copy_(convolution.weight.flatten(1)[..., None].expand_as(local.weight))
        local.bias.copy_(convolution.bias[:, None].expand_as(local.bias))
        torch.testing.assert_close(local(maps), convolution(maps))
        before = local(maps)
        local.weight[:, :, 50] += 1  # row 4, column 2
        assert (local(maps) - before).abs().amax((0, 1)).nonzero().tolist() == [[4, 2]]


def test_sub_sampling_after_a_convolution_is_a_strided_convolution(maps):
    convolution = nn.Conv2d(3, 4, 3, padding=1)
    strided = functional.conv2d(maps, convolution.weight, convolution.bias, stride=2, padding=1)
    torch.testing.assert_close(Subsample(2)(convolution(maps)), strided)


def test_a_blur_of_size_1_only_sub_samples(maps):
    torch.testing.assert_close(BlurPool(1, 2)(maps), Subsample(2)(maps))


@pytest.mark.parametrize(("size", "row"), [(2, [1, 1]), (3, [1, 2, 1]), (5, [1, 4, 6, 4, 1])])
def test_blurs_are_binomial_and_keep_the_sum(size, row):
    row = torch.tensor(row, dtype=torch.float32)
    torch.testing.assert_close(binomial(size), torch.outer(row, row) / row.sum() ** 2)


def test_a_blur_mixes_no_channels(maps):
    alone = torch.zeros_like(maps)
    alone[1, 2] = maps[1, 2]
    blurred = BlurPool(3, 2)(alone)
    assert blurred.flatten(2).abs().sum(2).nonzero().tolist() == [[1, 2]]
    torch.testing.assert_close(blurred[1, 2], BlurPool(3, 2)(maps)[1, 2])


@pytest.mark.parametrize("shape", [(12, 12), (13, 14)])
def test_the_grid_of_a_polyphase_selection_moves_with_the_content(shape):
    contact = torch.rand(1, 2, 5, 5, generator=torch.Generator().manual_seed(1))
    selection, found = PolyphaseSelection(3), []
    for first in range(3):
        frame = torch.zeros(1, 2, *shape)
        frame[..., first : first + 5, 2:7] = contact
        found.append((selection.grid(frame)[0], selection(frame)))
    (first, coarse), (second, again), (third, _) = found
    assert ((second - first) % 3).tolist() == ((third - second) % 3).tolist() == [1, 0]
    assert coarse.square().sum() == pytest.approx(float(again.square().sum()))


def test_each_frame_of_a_batch_has_a_grid_of_its_own():
    frames = torch.zeros(2, 1, 4, 4)
    frames[0, 0, 1, 0] = frames[1, 0, 2, 3] = 1
    assert PolyphaseSelection(2).grid(frames).tolist() == [[1, 0], [0, 1]]
    assert PolyphaseSelection(2)(frames).sum(dim=(1, 2, 3)).tolist() == [1, 1]


def test_empty_skin_stays_flat_under_background_padding():
    layers = [nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3, dilation=2)]
    empty = torch.zeros(1, 1, 8, 8)
    for grow, side in ((False, 8), (True, 8 + 2 + 4)):
        maps = BackgroundPadded(layers, nn.GELU(), grow)(empty).detach()
        assert maps.shape == (1, 4, side, side)
        assert float((maps.amax((2, 3)) - maps.amin((2, 3))).max()) < 1e-6
