"""Convolution over the turns and mirrors of the square lattice (Cohen and Welling 2016).

A convolution moves its kernel over the skin; a group convolution also turns it, by quarters, and
mirrors it. Only these map the lattice of taxels onto itself, so only they are exact: C4 are the
four turns, D4 the turns and mirrors, eight in all.

A *group canvas* (N, C * |G|, H, W) holds each of C features once for every element g of the group,
channel c * |G| + g. Turn the input by u, and each plane of the canvas turns by u and moves from
place g to place u g. The laws, with u any turn or mirror (W a kernel with one plane per element):

    lifting       y[g] = x * (g W)
    convolution   y[g] = sum over h of x[h] * (g W[g^-1 h])
    both          y(u x) = u y(x)

The layers are zero-preserving and their canvas grows, as in `network.py`, so translation stays
exact up to the border. A trained group layer is a plain layer with repeated weights: `plain` gives
it, and any engine runs it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn import functional

from tactile_equiv.layers import ZeroPreservingLayer, pool

Element = tuple[int, bool]
"""Quarter turns counter-clockwise, after a mirror of left and right or not."""


def product(first: Element, second: Element) -> Element:
    """The element that acts like `second`, then `first`."""
    sign = -1 if first[1] else 1
    return (first[0] + sign * second[0]) % 4, first[1] != second[1]


def inverse(element: Element) -> Element:
    """The element that undoes this one; a mirror undoes itself."""
    turns, mirrored = element
    return (turns if mirrored else -turns % 4), mirrored


def act(element: Element, planes: Tensor) -> Tensor:
    """Turn and mirror the last two axes (..., H, W)."""
    turns, mirrored = element
    return torch.rot90(planes.flip(-1) if mirrored else planes, turns, (-2, -1))


@dataclass(frozen=True)
class Group:
    """A group of turns and mirrors of the square lattice.

    Attributes:
        name: as in `GROUPS`.
        elements: all of them, the identity first.
    """

    name: str
    elements: tuple[Element, ...]

    @property
    def order(self) -> int:
        """Number of elements, |G|."""
        return len(self.elements)

    @cached_property
    def relative(self) -> tuple[tuple[int, ...], ...]:
        """Place of g^-1 h among the elements, for each g and each h."""
        return tuple(
            tuple(self.elements.index(product(inverse(g), h)) for h in self.elements)
            for g in self.elements
        )

    def transform(self, element: Element, canvas: Tensor) -> Tensor:
        """Turn a group canvas (N, C * |G|, H, W): its planes turn, and change places.

        Raises:
            ValueError: if the element is not of this group, or the channels are no group canvas.
        """
        if element not in self.elements:
            raise ValueError(f"{element} is not of {self.name}: choose from {self.elements}")
        places = list(self.relative[self.elements.index(element)])
        return act(element, self.by_element(canvas)[:, :, places].flatten(1, 2))

    def by_element(self, canvas: Tensor) -> Tensor:
        """Group canvas (N, C * |G|, H, W) to (N, C, |G|, H, W).

        Raises:
            ValueError: if the channels are no multiple of |G|.
        """
        if canvas.shape[1] % self.order:
            raise ValueError(
                f"{canvas.shape[1]} channels are no group canvas: {self.name} needs a multiple "
                f"of {self.order}"
            )
        return canvas.reshape(len(canvas), -1, self.order, *canvas.shape[2:])


TURNS = tuple((turns, False) for turns in range(4))
GROUPS = {
    group.name: group
    for group in (
        Group("translation", TURNS[:1]),
        Group("c4", TURNS),
        Group("d4", TURNS + tuple((turns, True) for turns in range(4))),
    )
}


class GroupLayer(nn.Module):
    """y = phi(W * x + b) - phi(b) over a group; b is shared by all its elements.

    Args:
        group: one of `GROUPS`.
        inputs: features of the input, C: counted once, not per element.
        outputs: features of the output, C'.
        kernel: side of the kernels, taxels.
        dilation: taxels between two samples of a kernel.
        activation: phi, the same at every value.
        lifts: whether the input is a plain frame (N, C, H, W) and not a group canvas.
    """

    def __init__(
        self,
        group: Group,
        inputs: int,
        outputs: int,
        kernel: int,
        dilation: int,
        activation: nn.Module,
        *,
        lifts: bool = False,
    ) -> None:
        super().__init__()
        self.group, self.lifts, self.dilation = group, lifts, dilation
        self.activation = activation
        planes = 1 if lifts else group.order
        bound = 1 / math.sqrt(inputs * planes * kernel**2)  # as nn.Conv2d of as many inputs
        weight = torch.empty(outputs, inputs, planes, kernel, kernel).uniform_(-bound, bound)
        self.weight = nn.Parameter(weight)  # (C', C, |G| or 1, k, k)
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))

    def plain_weight(self) -> Tensor:
        """The kernel at every turn, (C' * |G|, C * |G|, k, k), (C' * |G|, C, k, k) if it lifts."""
        turned = []
        for element, places in zip(self.group.elements, self.group.relative, strict=True):
            kernels = act(element, self.weight)
            turned.append(kernels if self.lifts else kernels[:, :, list(places)])
        return torch.stack(turned, dim=1).flatten(0, 1).flatten(1, 2)

    def plain_bias(self) -> Tensor:
        """The bias at every turn, (C' * |G|,)."""
        return self.bias.repeat_interleave(self.group.order)

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self.plain_weight(), self.plain_bias()
        padding = (weight.shape[-1] - 1) * self.dilation
        driven = functional.conv2d(x, weight, bias, padding=padding, dilation=self.dilation)
        response = self.activation(driven) - self.activation(bias)[:, None, None]
        return torch.where(driven == bias[:, None, None], 0.0, response)  # (N, C' * |G|, H', W')

    @torch.no_grad()
    def plain(self) -> ZeroPreservingLayer:
        """A layer without a group that gives the same answers, its weights copied."""
        weight = self.plain_weight()
        outputs, inputs, kernel, _ = weight.shape
        layer = ZeroPreservingLayer(inputs, outputs, kernel, self.dilation, self.activation)
        layer.to(weight)
        layer.convolution.weight.copy_(weight)
        assert layer.convolution.bias is not None
        layer.convolution.bias.copy_(self.plain_bias())
        return layer


def group_trunk(
    group: Group,
    channels: Sequence[int],
    dilations: Sequence[int],
    kernel: int,
    activation: type[nn.Module],
) -> nn.Sequential:
    """Layers from a frame (N, channels[0], H, W) to a group canvas; the first one lifts.

    Args:
        channels: features before and after every layer, counted once, not per element.
        dilations: one for each layer.
    """
    layers = zip(channels[:-1], channels[1:], dilations, strict=True)
    return nn.Sequential(
        *(
            GroupLayer(group, i, o, kernel, dilation, activation(), lifts=index == 0)
            for index, (i, o, dilation) in enumerate(layers)
        )
    )


def mean_over_group(canvas: Tensor, group: Group) -> Tensor:
    """Group canvas (N, C * |G|, H, W) to planes (N, C, H, W) that turn with the input."""
    return group.by_element(canvas).mean(2)


def pool_over_group(canvas: Tensor, group: Group) -> Tensor:
    """Group canvas (N, C * |G|, H, W) to features (N, 2 C) that stay when the input turns.

    Sum f and sqrt(sum f^2) over all places and all elements; see `layers.pool`.
    """
    return pool(group.by_element(canvas))
