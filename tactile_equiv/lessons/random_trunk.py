"""Exactly equivariant trunks with random weights: what the lessons that train nothing look at."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from tactile_equiv.group_convolution import GROUPS, Group, GroupLayer, group_trunk

BIAS = 0.3  # standard deviation
KERNEL = 3


def random_trunk(
    channels: Sequence[int], seed: int = 0, group: Group = GROUPS["translation"]
) -> nn.Sequential:
    """Zero-preserving 3x3 layers on growing canvases, responses near 1, biases away from 0.

    Args:
        channels: before and after every layer, counted once for all elements of the group.
        seed: chooses the weights.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        trunk = group_trunk(group, channels, [1] * (len(channels) - 1), KERNEL, nn.GELU)
        for layer in trunk:
            assert isinstance(layer, GroupLayer)
            nn.init.normal_(layer.bias, std=BIAS)
            nn.init.normal_(layer.weight, std=layer.weight[0].numel() ** -0.5)
    return trunk.requires_grad_(False)
