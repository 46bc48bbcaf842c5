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
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tactile_equiv.architecture import Architecture

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "relu": nn.ReLU,
    "softplus": nn.Softplus,
}

CONTACT_PRIOR = -3.0
"""Log-odds of contact on untouched skin before training."""

VECTOR = 8
"""Values that CPU code handles at once; fewer take the scalar path."""


class ZeroPreservingLayer(nn.Module):
    """y = phi(W * x + b) - phi(b), full convolution: the canvas grows, 0.0 stays 0.0.

    With `compared`, 0.0 is set where W * x + b equals b. Without, it rests on phi rounding alike
    wherever a value lies in memory, which vector and scalar code of SiLU and softplus do not (they
    differ by up to 2e-7); that of ReLU and GELU does in whole vectors. The comparison takes a third
    of the time more, so it is made only where it is needed.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, dilation: int, activation: nn.Module
    ) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(
            inputs, outputs, kernel, padding=(kernel - 1) * dilation, dilation=dilation
        )
        self.activation = activation
        self.compared = outputs < VECTOR or not isinstance(activation, (nn.ReLU, nn.GELU))

    def forward(self, x: Tensor) -> Tensor:
        bias = self.convolution.bias
        assert bias is not None
        driven: Tensor = self.convolution(x)  # (N, C', H + growth, W + growth)
        background = self.activation(bias)[:, None, None]  # (C', 1, 1)
        response: Tensor = self.activation(driven) - background
        if not self.compared:
            return response
        return torch.where(driven == bias[:, None, None], 0.0, response)


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
        channels, activation = architecture.channels, ACTIVATIONS[architecture.activation]
        inputs = (architecture.input_channels, *channels[:-1])
        self.trunk = nn.Sequential(
            *(
                ZeroPreservingLayer(i, o, architecture.kernel, d, activation())
                for i, o, d in zip(inputs, channels, architecture.dilations, strict=True)
            )
        )
        self.contact_head = nn.Conv2d(channels[-1], 1, 1, bias=False)
        self.contact_prior = nn.Parameter(torch.full((1,), CONTACT_PRIOR))
        self.texture_head = nn.Linear(architecture.pooled_features, architecture.classes)
        features, pooled = architecture.channels[-1], architecture.pooled_features
        self.register_buffer("feature_unit", torch.ones(features, 1, 1))
        self.register_buffer("pooled_mean", torch.zeros(pooled))
        self.register_buffer("pooled_scale", torch.ones(pooled))

    @torch.no_grad()
    def standardise(self, frames: Tensor) -> None:
        """Fix the units of both heads from representative frames (N, C, H, W), before training."""
        canvas = self.features(frames)  # (N, F, H', W')
        touched = (canvas != 0).any(dim=1, keepdim=True).sum().clamp(min=1)
        power = canvas.square().sum(dim=(0, 2, 3)) / touched
        self.feature_unit.copy_(power.sqrt().clamp(min=1e-6)[:, None, None])
        pooled = torch.asinh(pool(canvas))
        self.pooled_mean.copy_(pooled.mean(dim=0))
        self.pooled_scale.copy_(pooled.std(dim=0).clamp(min=1e-3))

    def compare_everywhere(self) -> None:
        """Make every layer exact by comparison, for an engine that rounds its activations apart."""
        for layer in self.trunk:
            assert isinstance(layer, ZeroPreservingLayer)
            layer.compared = True

    def features(self, frames: Tensor) -> Tensor:
        """Levelled frames (N, C, H, W) to the grown feature canvas (N, F, H + 2R, W + 2R)."""
        canvas: Tensor = self.trunk(frames)
        return canvas

    def contact_evidence(self, canvas: Tensor) -> Tensor:
        """Feature canvas (N, F, H + 2R, W + 2R) to evidence of contact (N, H, W), 0.0 = none."""
        radius = self.architecture.radius
        height, width = canvas.shape[2] - 2 * radius, canvas.shape[3] - 2 * radius
        on_sensor = canvas[:, :, radius : radius + height, radius : radius + width]
        evidence: Tensor = self.contact_head(on_sensor / self.feature_unit)[:, 0]
        return evidence

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
        return self.classify(pool(canvas))

    def classify(self, pooled: Tensor) -> Tensor:
        """Pooled features (N, 2F) to class log-odds (N, classes).

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


def pool(canvas: Tensor) -> Tensor:
    """Sum f and sqrt(sum f^2) over the grown canvas, (N, F, H', W') -> (N, 2F).

    Accumulated in float64, so that the order of summation is lost in the cast to float32 and every
    contained shift of a contact gives the same bits.
    """
    wide = canvas.flatten(2).double()  # (N, F, H' W')
    return torch.cat([wide.sum(2), torch.linalg.vector_norm(wide, dim=2)], dim=1).float()
