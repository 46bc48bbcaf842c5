"""Layers that networks for images and skins are made of, none of them used by the network here.

The lessons measure what each does to shifts; they serve as baselines too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


class LocallyConnected(nn.Module):
    """A convolution that shares no weights: every place has a kernel and a bias of its own.

    Same-size maps, zero padding. LeCun, Generalization and Network Design Strategies, 1989;
    Taigman et al., DeepFace, 2014.

    Args:
        inputs, outputs: channels.
        kernel: odd width and height of the kernels.
        rows, columns: of the skin; the layer runs on no other.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, rows: int, columns: int) -> None:
        super().__init__()
        self.kernel = kernel
        fan_in, places = inputs * kernel**2, rows * columns
        bound = fan_in**-0.5  # as nn.Conv2d starts
        self.weight = nn.Parameter(torch.empty(outputs, fan_in, places).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(outputs, places).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        """Frames (N, C, rows, columns) to maps (N, C', rows, columns)."""
        neighbours = functional.unfold(x, self.kernel, padding=self.kernel // 2)  # (N, C k k, HW)
        answers = torch.einsum("ofp,nfp->nop", self.weight, neighbours) + self.bias
        return answers.view(len(x), -1, *x.shape[2:])


class BackgroundPadded(nn.Module):
    """Convolutions, each padded with what it would see on an endless empty plane.

    Where input is 0, each channel of a layer holds one constant, which biases move away from 0.
    Padding with that constant instead of 0 continues the empty plane.

    Args:
        convolutions: without padding of their own.
        activation: after every one.
        grow: full convolution, so that a map is larger than its input by (kernel - 1) * dilation
            on both sides together and no answer is cut off; else maps keep their size.
    """

    def __init__(
        self, convolutions: Sequence[nn.Conv2d], activation: nn.Module, grow: bool
    ) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(convolutions)
        self.activation = activation
        self.grow = grow

    def forward(self, x: Tensor) -> Tensor:
        """Frames (N, C, H, W) to maps (N, C', H, W), larger where they grow."""
        background = x.new_zeros(1, x.shape[1], 1, 1)
        for layer in self.convolutions:
            assert isinstance(layer, nn.Conv2d)
            span = (layer.kernel_size[0] - 1) * layer.dilation[0]
            x = self.activation(layer(_padded(x, background, span if self.grow else span // 2)))
            empty = background.expand(1, -1, span + 1, span + 1)
            background = self.activation(layer(empty))  # (1, C', 1, 1)
        return x


def _padded(x: Tensor, background: Tensor, width: int) -> Tensor:
    height, columns = x.shape[2] + 2 * width, x.shape[3] + 2 * width
    canvas = background.expand(len(x), -1, height, columns).clone()
    canvas[:, :, width : width + x.shape[2], width : width + x.shape[3]] = x
    return canvas


class Subsample(nn.Module):
    """Keep each `stride`-th row and column; after a convolution, this is a strided convolution."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, C, H, W) to coarse maps (N, C, H / stride, W / stride), rounded up."""
        return x[..., :: self.stride, :: self.stride]


class BlurPool(nn.Module):
    """Binomial low-pass filter, then sub-sampling.

    Beyond the border it sees 0: feed it maps that are 0 on empty skin. Zhang, Making Convolutional
    Networks Shift-Invariant Again, 2019.

    Args:
        size: of the filter; 1 only sub-samples, 3 is (1, 2, 1) / 4 along both axes.
        stride: each `stride`-th row and column is kept.
    """

    filter: Tensor

    def __init__(self, size: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.register_buffer("filter", binomial(size)[None, None])

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, C, H, W) to coarse maps (N, C, about H / stride, about W / stride)."""
        planes = x.flatten(0, 1)[:, None]  # (N C, 1, H, W)
        padding = self.filter.shape[-1] // 2
        blurred = functional.conv2d(planes, self.filter, stride=self.stride, padding=padding)
        return blurred.view(*x.shape[:2], *blurred.shape[2:])


def binomial(size: int) -> Tensor:
    """The row of Pascal's triangle with `size` entries, times its transpose, of sum 1."""
    row = np.poly1d([0.5, 0.5]) ** (size - 1)
    return torch.from_numpy(np.outer(row.coef, row.coef)).float()


class PolyphaseSelection(nn.Module):
    """Sub-sampling on the one of its stride^2 grids that holds the most energy.

    The choice moves with the content, so that a shift by whole taxels leaves the coarse map alike
    but for a shift of whole cells. Chaman and Dokmanic, Truly Shift-Invariant Convolutional Neural
    Networks, 2021.
    """

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, C, H, W) to coarse maps (N, C, H / stride, W / stride), rounded up."""
        return self._grids(x)[self._strongest(x), torch.arange(len(x))]

    def grid(self, x: Tensor) -> Tensor:
        """First row and column (N, 2) of the grid that is kept for each map."""
        strongest = self._strongest(x)
        return torch.stack([strongest // self.stride, strongest % self.stride], dim=1)

    def _grids(self, x: Tensor) -> Tensor:
        stride = self.stride
        whole = functional.pad(x, (0, -x.shape[3] % stride, 0, -x.shape[2] % stride))
        firsts = [(row, column) for row in range(stride) for column in range(stride)]
        return torch.stack([whole[..., r::stride, c::stride] for r, c in firsts])

    def _strongest(self, x: Tensor) -> Tensor:
        energy = self._grids(x).double().square().sum(dim=(2, 3, 4))  # (stride^2, N)
        return energy.argmax(dim=0)
