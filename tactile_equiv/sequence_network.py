"""The network over a recording: at every window and place in pitch, summed over all of them.

It is `TactileNetwork`, unchanged: windows and places in pitch are frames to it. Sums forget their
order. What moves over the skin, in time by whole hops, or (where the network slides over
neighbouring bins) in pitch by whole bins, gives the same frames at other places, and the same sums.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from tactile_equiv.errors import ModelError
from tactile_equiv.frame import BoolArray, FloatArray
from tactile_equiv.layers import ZeroPreservingLayer
from tactile_equiv.network import TactileNetwork


class Batch:
    """Recordings of any length as one batch of frames, the empty ones left out.

    An empty frame has an answer of exactly 0.0, which adds nothing to a sum. For the same reason
    each recording is cut to the box of the skin that it touches, wherever that lies.

    Args:
        recordings: each (K, P, C, H, W), network units; all of one sensor. Where several views are
            made of each recording, they follow one another.
        lengths: of each recording, as `pooled_length` counts them.
        pooled: of each recording (Q, K), as `pooled_windows` tells them.

    Attributes:
        frames: (M, C, h, w) frames in which something is touched, as large as the largest box; one
            empty frame if none is.
        owner: (M,) the recording of each, or the view.
        pooled: (M, Q) with which others each is pooled.
        lengths: (N,) what sums are divided by.
        parts: N, or N V of V views each.
    """

    def __init__(
        self,
        recordings: Sequence[FloatArray],
        lengths: Sequence[float],
        pooled: Sequence[BoolArray],
    ) -> None:
        views = len(recordings) // len(lengths)
        frames: list[FloatArray] = []
        together: list[BoolArray] = []
        owner: list[int] = []
        for index, recording in enumerate(_touched_boxes(recordings)):
            touched = recording.any(axis=(2, 3, 4))  # (K, P)
            frames.append(recording[touched])
            together.append(pooled[index // views].T[np.nonzero(touched)[0]])
            owner += [index] * int(touched.sum())
        if not owner:
            frames, owner = [recordings[0][0, :1, :, :1, :1]], [0]
            together = [pooled[0].T[:1]]
        self.frames = torch.from_numpy(np.concatenate(frames))
        self.pooled = torch.from_numpy(np.concatenate(together))
        self.owner = torch.tensor(owner)
        self.parts = len(recordings)
        self.lengths = torch.tensor(lengths, dtype=torch.float64)

    def __len__(self) -> int:
        return len(self.lengths)


def _touched_boxes(recordings: Sequence[FloatArray]) -> list[FloatArray]:
    """Recordings cut to what they touch, (K, P, C, h, w) with h and w of the largest."""
    boxes = [_touched_box(recording) for recording in recordings]
    rows, columns = (max(box.shape[axis] for box in boxes) for axis in (3, 4))
    whole = [(0, 0)] * 3
    return [
        np.pad(box, [*whole, (0, rows - box.shape[3]), (0, columns - box.shape[4])])
        for box in boxes
    ]


def _touched_box(recording: FloatArray) -> FloatArray:
    touched = np.logical_or.reduce(recording != 0, axis=(0, 1, 2))  # (H, W)
    rows = np.flatnonzero(np.logical_or.reduce(touched, axis=1))
    columns = np.flatnonzero(np.logical_or.reduce(touched, axis=0))
    if not rows.size:
        return recording[..., :1, :1]
    return recording[..., rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def pool_batch(canvas: Tensor, batch: Batch) -> Tensor:
    """Sums of f and f^2 over skin, time and pitch for each pooled hop; of the latter the root.

    Args:
        canvas: (M, F, H', W') features of `batch.frames`.
        batch: which recording each of them is of.

    Returns:
        (N, 2F Q V) of V views, one after another, of each Q poolings; accumulated in float64.
    """
    wide = canvas.flatten(2).double()  # (M, F, H' W')
    sums = torch.stack([wide.sum(2), wide.square().sum(2)], dim=1)  # (M, 2, F)
    pooled = sums[:, None] * batch.pooled[:, :, None, None]  # (M, Q, 2, F)
    totals = sums.new_zeros(batch.parts, *pooled.shape[1:]).index_add(0, batch.owner, pooled)
    lengths = batch.lengths.repeat_interleave(batch.parts // len(batch))
    means = totals / lengths[:, None, None, None]
    root = means[:, :, 1].clamp(min=1e-30).sqrt()  # the slope of the root at 0 is infinite
    return torch.cat([means[:, :, 0], root], dim=2).float().reshape(len(batch), -1)


@torch.no_grad()
def scale_trunk(network: TactileNetwork, batch: Batch, spread: float = 0.5) -> None:
    """Scale random filters to answers of unit size to a batch, layer by layer; draw the biases.

    What is pooled tells recordings apart before any training (random features: Rahimi and Recht
    2008), and training begins with large gradients in every layer.

    Args:
        network: new, of translation symmetry.
        batch: representative recordings.
        spread: standard deviation of the biases.

    Raises:
        ModelError: if the network has a symmetry besides translation.
    """
    seen = batch.frames
    for layer in network.trunk:
        if not isinstance(layer, ZeroPreservingLayer):
            raise ModelError("only a trunk of translation symmetry can be scaled to its data")
        layer.plain_weight().div_(layer.convolution(seen).std().clamp(min=1e-6))
        layer.plain_bias().normal_(0, spread)
        seen = layer(seen)


@torch.no_grad()
def standardise(network: TactileNetwork, batch: Batch) -> None:
    """Fix the units of both heads from representative recordings, before training."""
    network.standardise_evidence(network.features(batch.frames))
    pooled = torch.asinh(pool_batch(network.features(batch.frames), batch))
    network.pooled_mean.copy_(pooled.mean(dim=0))
    network.pooled_scale.copy_(pooled.std(dim=0).clamp(min=1e-3))
