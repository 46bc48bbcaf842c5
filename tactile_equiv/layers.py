"""What every network is built of: the layer that keeps untouched skin at 0.0, and pooling."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tactile_equiv.pooling import LEAST

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "relu": nn.ReLU,
    "softplus": nn.Softplus,
}

VECTOR = 8
"""Values that CPU code handles at once; what is left over takes the scalar path."""


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
        self.compared = outputs % VECTOR > 0 or not isinstance(activation, (nn.ReLU, nn.GELU))

    def plain_weight(self) -> Tensor:
        """The kernels, (C', C, k, k)."""
        return self.convolution.weight

    def plain_bias(self) -> Tensor:
        """The biases, (C',)."""
        assert self.convolution.bias is not None
        return self.convolution.bias

    def forward(self, x: Tensor) -> Tensor:
        bias = self.plain_bias()
        driven: Tensor = self.convolution(x)  # (N, C', H + growth, W + growth)
        background = self.activation(bias)[:, None, None]  # (C', 1, 1)
        response: Tensor = self.activation(driven) - background
        if not self.compared:
            return response
        return torch.where(driven == bias[:, None, None], 0.0, response)


def pool(canvas: Tensor, correlations: bool = False) -> Tensor:
    """Sum f and sqrt(sum f^2) over the grown canvas, (N, F, H', W') -> (N, 2F).

    With `correlations` (N, P): after them those of all pairs, see `pooling.pooled_features`.
    Accumulated in float64, so that the order of summation is lost in the cast to float32 and every
    contained shift of a contact gives the same bits.
    """
    wide = canvas.flatten(2).double()  # (N, F, H' W')
    norms = torch.linalg.vector_norm(wide, dim=2)
    parts = [wide.sum(2), norms]
    if correlations:
        first, second = torch.triu_indices(len(norms.T), len(norms.T), 1)
        products = wide @ wide.transpose(1, 2)  # (N, F, F)
        size = norms.clamp(min=LEAST)
        parts.append(products[:, first, second] / (size[:, first] * size[:, second]))
    return torch.cat(parts, dim=1).float()
