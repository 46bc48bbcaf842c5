"""The network: exactly translation-equivariant up to the border of a finite sensor.

Two ideas make it exact (measured in docs of this project; see `symmetry.py` for the measuring
functions):

1. A *zero-preserving layer* y = phi(W * x + b) - phi(b) maps untouched skin (exactly 0.0) to
   exactly 0.0. Zero padding then *is* the infinite empty plane, and biases keep their expressive
   power.
2. The canvas *grows*: each layer pads by (kernel - 1) * dilation on every side (full convolution),
   so no response is ever cut off inside the network. A contact at the border is computed like one
   in the middle.

There is no stride, no pooling and no batch statistic between input and heads (Zhang 2019, Making
Convolutional Networks Shift-Invariant Again; Kayhan and van Gemert 2020, On Translation Invariance
in CNNs).

Turns and mirrors can be added (`Architecture.symmetry`): the trunk is then made of the layers of
`group_convolution`, and the heads read each feature's mean over the group.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from tactile_equiv.architecture import Architecture
from tactile_equiv.group_convolution import GROUPS, GroupLayer, group_trunk
from tactile_equiv.layers import ACTIVATIONS, ZeroPreservingLayer, pool
from tactile_equiv.thinned import PlainLayer, thinned_canvas

__all__ = ["ACTIVATIONS", "Architecture", "TactileNetwork", "ZeroPreservingLayer", "pool"]

CONTACT_PRIOR = -3.0
"""Log-odds of contact on untouched skin before training."""


class TactileNetwork(nn.Module):
    """Trunk of zero-preserving layers, a contact head and a texture head.

    `forward` gives what a back end must reproduce: the contact map and the feature canvas.
    """

    feature_unit: Tensor
    pooled_mean: Tensor
    pooled_scale: Tensor

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.group = GROUPS[architecture.symmetry]
        self.trunk = _trunk(architecture)
        features, pooled = architecture.channels[-1], architecture.pooled_features
        self.contact_head = nn.Conv2d(features, 1, 1, bias=False)
        self.contact_prior = nn.Parameter(torch.full((1,), CONTACT_PRIOR))
        self.texture_head = nn.Linear(pooled, architecture.classes)
        self.register_buffer("feature_unit", torch.ones(features, 1, 1))
        self.register_buffer("pooled_mean", torch.zeros(pooled))
        self.register_buffer("pooled_scale", torch.ones(pooled))

    @torch.no_grad()
    def standardise(self, frames: Tensor) -> None:
        """Fix the units of both heads from representative frames (N, C, H, W), before training."""
        canvas = self.features(frames)  # (N, F, H', W')
        self.standardise_evidence(canvas)
        pooled = torch.asinh(self.pool(canvas))
        self.pooled_mean.copy_(pooled.mean(dim=0))
        self.pooled_scale.copy_(pooled.std(dim=0).clamp(min=1e-3))

    @torch.no_grad()
    def standardise_evidence(self, canvas: Tensor) -> None:
        """Fix the units of the contact head from a representative canvas (N, F, H', W')."""
        touched = (canvas != 0).any(dim=1, keepdim=True).sum().clamp(min=1)
        power = canvas.square().sum(dim=(0, 2, 3)) / touched
        self.feature_unit.copy_(power.sqrt().clamp(min=1e-6)[:, None, None])

    @torch.no_grad()
    def keep_zero(self) -> None:
        """Make every layer exact by comparison where this machine rounds its activations apart.

        Shown by an empty frame of odd size that is not answered by exactly 0.0.
        """
        device = self.contact_prior.device
        empty = torch.zeros(1, self.architecture.input_channels, 11, 13, device=device)
        if any(bool(part.any()) for part in self(empty)):
            for layer in self.trunk:
                if isinstance(layer, ZeroPreservingLayer):
                    layer.compared = True

    @torch.no_grad()
    def plain(self) -> TactileNetwork:
        """A network of ordinary convolutions with the same answers: a copy, over a group."""
        if self.group.order == 1:
            return self
        network = copy.deepcopy(self)
        for place, layer in enumerate(network.trunk):
            if isinstance(layer, GroupLayer):
                network.trunk[place] = layer.plain()
        return network

    def features(self, frames: Tensor) -> Tensor:
        """Levelled frames (N, C, H, W) to the grown feature canvas (N, F, H + 2R, W + 2R).

        Over a group each feature is the mean over its elements: it turns with the frame.
        """
        canvas: Tensor = self.trunk(frames)  # (N, F * |G|, H + 2R, W + 2R)
        return self._mean_over_group(canvas)

    def thinned_features(self, frames: Tensor, thinning: int) -> Tensor:
        """Every `thinning`-th row and column of `features`, at a fraction of the cost."""
        layers: Iterable[PlainLayer] = self.trunk  # type: ignore[assignment]
        canvas = thinned_canvas(layers, self.architecture.dilations, frames, thinning)
        return self._mean_over_group(canvas)

    def _mean_over_group(self, canvas: Tensor) -> Tensor:
        if self.group.order == 1:
            return canvas
        by_element = -1, self.architecture.channels[-1], self.group.order  # N open in an export
        return canvas.reshape(*by_element, *canvas.shape[2:]).mean(2)

    def contact_evidence(self, canvas: Tensor) -> Tensor:
        """Feature canvas (N, F, H + 2R, W + 2R) to evidence of contact (N, H, W), 0.0 = none.

        Cropped to the sensor last: one map is cut then, not one for each feature.
        """
        radius = self.architecture.radius
        height, width = canvas.shape[2] - 2 * radius, canvas.shape[3] - 2 * radius
        evidence = self.evidence(canvas)  # (N, H + 2R, W + 2R)
        return evidence[:, radius : radius + height, radius : radius + width]

    def evidence(self, cells: Tensor) -> Tensor:
        """Any cells of the canvas (N, F, h, w) to evidence of contact (N, h, w), 0.0 = none."""
        weight = self.contact_head.weight / self.feature_unit  # (1, F, 1, 1)
        return functional.conv2d(cells, weight)[:, 0]

    def contact_logits(self, canvas: Tensor) -> Tensor:
        """Feature canvas (N, F, H + 2R, W + 2R) to contact log-odds (N, H, W): evidence + prior."""
        return self.contact_evidence(canvas) + self.contact_prior

    def contact_probability(self, canvas: Tensor) -> Tensor:
        """Probability in [0, 1] that a taxel is touched, (N, H, W); exactly 0.0 on untouched skin.

        With evidence z and prior b it is (sigmoid(z + b) - sigmoid(b)) / (1 - sigmoid(b)), not
        below 0, written as (1 - exp(-z)) sigmoid(z + b) with 1 - exp(-z) = 2 t / (1 + t),
        t = tanh(z / 2), which does not cancel where z is small.
        """
        evidence = functional.relu(self.contact_evidence(canvas))
        t = torch.tanh(evidence / 2)
        return 2 * t / (1 + t) * torch.sigmoid(evidence + self.contact_prior)

    def texture_logits(self, canvas: Tensor) -> Tensor:
        """Feature canvas (N, F, H', W') to class log-odds (N, classes), pooled over all of it."""
        return self.classify(self.pool(canvas))

    def pool(self, canvas: Tensor) -> Tensor:
        """What the texture head reads of a feature canvas (N, F, H', W'): (N, P)."""
        return pool(canvas, self.architecture.correlations)

    def classify(self, pooled: Tensor) -> Tensor:
        """Pooled features (N, P) to class log-odds (N, classes).

        asinh is odd, smooth and logarithmic for large sums: load and area shift its value rather
        than scale it.
        """
        standardised = (torch.asinh(pooled) - self.pooled_mean) / self.pooled_scale
        logits: Tensor = self.texture_head(standardised)
        return logits

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Levelled frames (N, C, H, W) to contact map (N, H, W), canvas (N, F, H + 2R, W + 2R)."""
        canvas = self.features(frames)
        return self.contact_probability(canvas), canvas


def _trunk(architecture: Architecture) -> nn.Sequential:
    channels = (architecture.input_channels, *architecture.channels)
    kernel, activation = architecture.kernel, ACTIVATIONS[architecture.activation]
    group = GROUPS[architecture.symmetry]
    if group.order > 1:
        return group_trunk(group, channels, architecture.dilations, kernel, activation)
    layers = zip(channels[:-1], channels[1:], architecture.dilations, strict=True)
    return nn.Sequential(
        *(ZeroPreservingLayer(i, o, kernel, d, activation()) for i, o, d in layers)
    )
