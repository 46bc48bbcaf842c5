"""A mean of the weights over the last steps of a training, in place of the last ones."""

from __future__ import annotations

import torch
from torch import nn


class WeightAverage:
    """Exponential moving average of the weights of a network (Polyak and Juditsky 1992).

    Args:
        network: whose weights are averaged, from now on.
        decay: share of the mean that stays at each update, in [0, 1); 0 = the last weights.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._network, self._decay = network, decay
        self._mean = [weight.detach().clone() for weight in network.parameters()]

    @torch.no_grad()
    def update(self) -> None:
        """Count the weights of the network in."""
        for mean, weight in zip(self._mean, self._network.parameters(), strict=True):
            mean.lerp_(weight, 1 - self._decay)

    @torch.no_grad()
    def keep(self) -> None:
        """Give the network the mean."""
        for mean, weight in zip(self._mean, self._network.parameters(), strict=True):
            weight.copy_(mean)
