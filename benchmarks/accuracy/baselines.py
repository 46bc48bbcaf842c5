"""Networks as people usually build them, for levelled frames (N, 1, H, W) to class scores (N, K).

All have four 3x3 convolutions of the channels of the project's network, and about its number of
weights but for those with a flatten head. None of them is exact under shifts.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = 16, 24, 32, 32


class BlurPool(nn.Module):
    """Binomial filter, then every second cell (Zhang 2019)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        row = torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer("kernel", (row[:, None] * row).expand(channels, 1, 3, 3).clone())

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, ceil(H / 2), ceil(W / 2))."""
        kernel = self.get_buffer("kernel")
        return functional.conv2d(maps, kernel, stride=2, padding=1, groups=len(kernel))


class PolyphasePool(nn.Module):
    """The one of the four phases that is strongest (Chaman and Dokmanic 2021, APS)."""

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, ceil(H / 2), ceil(W / 2))."""
        even = functional.pad(maps, (0, maps.shape[3] % 2, 0, maps.shape[2] % 2))
        phases = torch.stack([even[:, :, y::2, x::2] for y in (0, 1) for x in (0, 1)])
        strongest = phases.square().sum(dim=(2, 3, 4)).argmax(dim=0)  # (N,)
        return phases[strongest, torch.arange(len(maps))]


def _trunk(down: Callable[[int], nn.Module], stride: int = 1) -> list[nn.Module]:
    """Each convolution zero-padded; the first three are followed by `down` of their channels."""
    layers: list[nn.Module] = []
    inputs = 1
    for place, outputs in enumerate(CHANNELS):
        inner = place < len(CHANNELS) - 1
        layers += [
            nn.Conv2d(inputs, outputs, 3, padding=1, stride=stride if inner else 1),
            nn.GELU(),
        ]
        if inner:
            layers.append(down(outputs))
        inputs = outputs
    return layers


def _averaged(layers: list[nn.Module], classes: int) -> nn.Module:
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(CHANNELS[-1], classes)
    return nn.Sequential(*layers, *head)


def flatten(classes: int) -> nn.Module:
    """Maximum pooling and one fully connected layer on every value of the last map."""
    layers = _trunk(lambda channels: nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(classes))


def strided(classes: int) -> nn.Module:
    """Strides of 2, global average."""
    return _averaged(_trunk(lambda channels: nn.Identity(), stride=2), classes)


def max_pool(classes: int) -> nn.Module:
    """Maximum pooling, global average."""
    return _averaged(_trunk(lambda channels: nn.MaxPool2d(2)), classes)


def blur_pool(classes: int) -> nn.Module:
    """Blurred down-sampling, global average."""
    return _averaged(_trunk(BlurPool), classes)


def polyphase(classes: int) -> nn.Module:
    """Down-sampling that follows the strongest phase, global average."""
    return _averaged(_trunk(lambda channels: PolyphasePool()), classes)


def zero_padded(classes: int) -> nn.Module:
    """No down-sampling, dilations as in the project's network, zero padding, global average."""
    layers: list[nn.Module] = []
    inputs = 1
    for outputs, dilation in zip(CHANNELS, (1, 2, 2, 4), strict=True):
        convolution = nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation)
        layers += [convolution, nn.GELU()]
        inputs = outputs
    return _averaged(layers, classes)
