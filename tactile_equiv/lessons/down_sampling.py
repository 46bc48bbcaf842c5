"""Small trunks with one down-sampling inside, and how far they are from moving with a contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tactile_equiv.band_limited import band_limited_contact, fourier_shift
from tactile_equiv.frame import FloatArray
from tactile_equiv.lessons.layers import PolyphaseSelection
from tactile_equiv.lessons.planes import relative_error
from tactile_equiv.network import ZeroPreservingLayer, pool

CHANNELS = 8
BIAS = 0.3  # standard deviation
SIZE = 46  # of the skin; 48 after the first layer, which strides of 2 and 3 divide
SIDE = 23
LOAD = 3  # peak of the contact


@dataclass(frozen=True)
class Sampled:
    """What a trunk answers to a frame.

    Attributes:
        coarse: (F, H', W') the map, in cells of `stride` taxels.
        pooled: (2F,) its global sums.
        grid: first row and column of the grid that was kept, taxels.
    """

    coarse: NDArray[np.float32]
    pooled: NDArray[np.float32]
    grid: tuple[int, int]


class Trunk:
    """Two zero-preserving layers on growing canvases: 0 at the border, which plays no part here.

    Args:
        sampling: maps (N, C, H, W) to coarse maps, between the layers.
        stride: of the sampling.
        activation: after each layer.
        dilation: of the second layer.
        seed: of the random weights.
    """

    def __init__(
        self,
        sampling: nn.Module,
        stride: int,
        activation: nn.Module | None = None,
        dilation: int = 1,
        seed: int = 0,
    ) -> None:
        self.sampling, self.stride = sampling, stride
        activation = activation or nn.ReLU()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.before = _random_layer(1, activation)
            self.after = _random_layer(CHANNELS, activation, dilation)

    def fine(self, frame: NDArray[np.float64]) -> Tensor:
        """The map (1, F, H', W') of a frame (H, W) before down-sampling."""
        fine: Tensor = self.before(torch.from_numpy(frame).float()[None, None])
        return fine

    @torch.no_grad()
    def __call__(self, frame: NDArray[np.float64]) -> Sampled:
        """Answer to a frame (H, W)."""
        fine = self.fine(frame)
        grid = (0, 0)
        if isinstance(self.sampling, PolyphaseSelection):
            row, column = self.sampling.grid(fine)[0].tolist()
            grid = row, column
        canvas = self.after(self.sampling(fine))
        return Sampled(canvas[0].numpy(), pool(canvas)[0].numpy(), grid)

    def errors(
        self, contact: NDArray[np.float64], shift: tuple[float, float]
    ) -> tuple[float, float]:
        """Distance of map and pooled vector from what they should be, for one shift in taxels.

        The map should move by shift / stride cells: the parts of a cell are exact (Fourier) where
        the map is band-limited, so what is left is aliasing, not the reading of a coarse map.
        """
        here, there = self(contact), self(fourier_shift(contact, *shift))
        cells = [
            (s + at_first - now) / self.stride
            for s, at_first, now in zip(shift, here.grid, there.grid, strict=True)
        ]
        expected = fourier_shift(here.coarse, *cells)
        return relative_error(there.coarse, expected), relative_error(there.pooled, here.pooled)


def _random_layer(inputs: int, activation: nn.Module, dilation: int = 1) -> ZeroPreservingLayer:
    layer = ZeroPreservingLayer(inputs, CHANNELS, 3, dilation, activation)
    nn.init.normal_(layer.convolution.weight, std=(inputs * 9 / 2) ** -0.5)
    nn.init.normal_(layer.convolution.bias, std=BIAS)  # type: ignore[arg-type]
    return layer.requires_grad_(False)


def contact_in_the_middle() -> NDArray[np.float64]:
    """A band-limited contact on a skin (SIZE, SIZE), far from its border."""
    contact: FloatArray = LOAD * band_limited_contact(SIDE)
    before = (SIZE - SIDE) // 2
    after = SIZE - SIDE - before
    padded = functional.pad(torch.from_numpy(contact), [before, after] * 2)
    return padded.double().numpy()


def worst(errors: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The largest map error and the largest pooled drift."""
    of_map, of_pooled = np.array(errors).max(axis=0).tolist()
    return of_map, of_pooled
