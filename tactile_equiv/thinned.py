"""The feature canvas at every s-th row and column alone: what training computes of it.

A layer of dilation d that is wanted on a lattice of spacing s reads its input on the lattice of
spacing gcd(d, s). So a network of dilated layers, wanted on a lattice, costs what a strided network
costs, while its weights and the values it gives are those of the dense one (the other way round,
Giusti et al. 2013, Fast Image Scanning with Deep Max-Pooling CNNs: a strided network made dense).

A sum over the lattice, times s^2, estimates the sum over the canvas: without bias, because training
moves every press by parts of a taxel, so that each place of it meets each phase of the lattice.
Where a trained network is used, its canvas is whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from tactile_equiv.layers import pool


class PlainLayer(Protocol):
    """What is read of a `ZeroPreservingLayer` or a `GroupLayer`."""

    activation: nn.Module

    def plain_weight(self) -> Tensor:
        """The kernels, (C', C, k, k)."""
        ...

    def plain_bias(self) -> Tensor:
        """The biases, (C',)."""
        ...


def spacings(dilations: tuple[int, ...], thinning: int) -> tuple[int, ...]:
    """Spacing of the lattice before the first layer and after each one; the last is `thinning`."""
    found = [thinning]
    for dilation in reversed(dilations):
        found.append(math.gcd(dilation, found[-1]))
    return tuple(reversed(found))


def thinned_canvas(
    layers: Iterable[PlainLayer], dilations: tuple[int, ...], frames: Tensor, thinning: int
) -> Tensor:
    """Frames (N, C, H, W) to every `thinning`-th row and column of the canvas, from its first on.

    The canvas is that of full convolutions, (N, C', H + 2R, W + 2R); up to rounding.
    """
    lattice = spacings(dilations, thinning)
    canvas = frames[:, :, :: lattice[0], :: lattice[0]]
    for layer, dilation, before, after in zip(
        layers, dilations, lattice[:-1], lattice[1:], strict=True
    ):
        weight, bias = layer.plain_weight(), layer.plain_bias()
        reach = dilation // before
        driven = functional.conv2d(
            canvas,
            weight,
            bias,
            stride=after // before,
            padding=(weight.shape[-1] - 1) * reach,
            dilation=reach,
        )
        canvas = layer.activation(driven) - layer.activation(bias)[:, None, None]
    return canvas


def pool_thinned(canvas: Tensor, thinning: int, correlations: bool = False) -> Tensor:
    """Estimate of `layers.pool` from every `thinning`-th row and column, (N, F, h, w) -> (N, P).

    A cell stands for `thinning`^2 cells in sum f and in sum f^2.
    """
    features = canvas.shape[1]
    pooled = pool(canvas, correlations)
    sums, norms, together = pooled.tensor_split([features, 2 * features], dim=1)
    return torch.cat([thinning**2 * sums, thinning * norms, together], dim=1)
