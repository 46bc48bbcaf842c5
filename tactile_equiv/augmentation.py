"""Presses seen again turned, mirrored, stronger, weaker, noisier: what the architecture lacks.

Translation needs no augmentation to be right; presses still move here, because real ones are cut by
the border at other places.

A press turned by any angle is interpolated, which blurs it, and so is one that moves by parts of a
taxel. Recorded presses are sharp. A network that saw blurred presses alone takes thin things for
others, so a share of the presses stays as sharp as it was recorded (`Augmentation.sharp`).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tactile_equiv.press import pressure, random_press

SPECKLE_AREA = 3


@dataclass(frozen=True)
class Augmentation:
    """How strongly presses are varied.

    Attributes:
        rotate: any angle about the contact's centroid.
        mirror: mirror half of the presses.
        shift: largest move of the centroid from the middle, share of the frame's rows and columns.
        sharp: share of presses that turn by quarters and move by whole taxels alone, so that their
            taxels keep the values that were recorded.
        cut: share of presses that are cut by one more border, which lies anywhere between that of
            the frame and its middle.
        gain: standard deviation of the log of the load.
        taxel_gain: standard deviation of the gain mismatch between taxels.
        noise: standard deviation of additive noise, in dead-zones.
    """

    rotate: bool = True
    mirror: bool = True
    shift: float = 0.17
    sharp: float = 0.5
    cut: float = 0.0
    gain: float = 0.15
    taxel_gain: float = 0.05
    noise: float = 0.33


def augment(
    frames: Tensor,
    masks: Tensor,
    settings: Augmentation,
    random: torch.Generator,
    dead_zone: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Vary tared presses (N, C, H, W) and their contact masks (N, 1, H, W) of 0.0 and 1.0 alike.

    `dead_zone` gives the unit of the noise, in sensor units.
    """
    grid = _sampling_grid(frames, settings, random)
    moved = functional.grid_sample(frames, grid, padding_mode="zeros", align_corners=False)
    moved_masks = functional.grid_sample(masks, grid, padding_mode="zeros", align_corners=False)
    felt = _felt(frames.shape, settings, random)
    moved, moved_masks = moved * felt, moved_masks * felt
    load = torch.exp(settings.gain * _normal((len(frames), 1, 1, 1), random))
    taxel_gain = 1 + settings.taxel_gain * _normal(moved.shape, random)
    noise = settings.noise * dead_zone * _normal(moved.shape, random)
    return moved * load * taxel_gain + noise, (moved_masks >= 0.5).float()


def _normal(shape: tuple[int, ...] | torch.Size, random: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=random)


def _chosen(share: float, count: int, random: torch.Generator) -> Tensor:
    """Which of `count` presses are among a share of them, (N, 1, 1) of 0.0 and 1.0.

    A share of 0 draws nothing.
    """
    if share <= 0:
        return torch.zeros(count, 1, 1)
    return (torch.rand(count, 1, 1, generator=random) < share).float()


def _felt(shape: torch.Size, settings: Augmentation, random: torch.Generator) -> Tensor:
    """Taxels that one more border leaves, (N, 1, H, W) of 0.0 and 1.0; all of them where none."""
    count, _, rows, columns = shape
    if settings.cut <= 0:
        return torch.ones(count, 1, 1, 1)
    cut = _chosen(settings.cut, count, random)
    depth = torch.rand(count, 1, 1, generator=random) / 2  # of the frame's side
    side = torch.randint(4, (count, 1, 1), generator=random)
    y = (torch.arange(rows)[:, None] + 0.5).expand(rows, columns) / rows
    x = (torch.arange(columns) + 0.5).expand(rows, columns) / columns
    from_border = torch.stack([y, 1 - y, x, 1 - x])[side[:, 0, 0]]  # (N, H, W)
    return (from_border >= cut * depth).float()[:, None]


def _sampling_grid(frames: Tensor, settings: Augmentation, random: torch.Generator) -> Tensor:
    """(N, H, W, 2) where each output taxel reads its input, in grid_sample's coordinates."""
    count, _, rows, columns = frames.shape
    angle = 2 * torch.pi * torch.rand(count, generator=random) * settings.rotate
    flip = 1 - 2 * (torch.rand(count, generator=random) < 0.5 * settings.mirror).float()
    shift = (2 * torch.rand(count, 2, generator=random) - 1) * settings.shift  # (N, 2)
    sharp = _chosen(settings.sharp, count, random)[:, 0, 0] > 0
    angle = torch.where(sharp, (angle / (torch.pi / 2)).round() * (torch.pi / 2), angle)
    centre = _centroids(frames)  # (N, 2) row, column
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    y = (y - (rows - 1) / 2)[None] - (shift[:, 0] * rows)[:, None, None]  # (N, H, W)
    x = (x - (columns - 1) / 2)[None] - (shift[:, 1] * columns)[:, None, None]
    cos, sin = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    from_row = sin * x + cos * y + centre[:, 0, None, None]
    from_column = (cos * x - sin * y) * flip[:, None, None] + centre[:, 1, None, None]
    from_row = torch.where(sharp[:, None, None], _whole(from_row), from_row)
    from_column = torch.where(sharp[:, None, None], _whole(from_column), from_column)
    return torch.stack([(2 * from_column + 1) / columns - 1, (2 * from_row + 1) / rows - 1], dim=-1)


def _whole(places: Tensor) -> Tensor:
    """Places (N, H, W) that lie one taxel apart, moved onto the nearest taxels all alike."""
    first = places[:, :1, :1]
    return (places - first).round() + first.round()


def _centroids(frames: Tensor) -> Tensor:
    weight = frames.abs().sum(dim=1)  # (N, H, W)
    total = weight.sum(dim=(1, 2)).clamp(min=1e-9)
    row = weight.sum(dim=2) @ torch.arange(weight.shape[1]).float() / total
    column = weight.sum(dim=1) @ torch.arange(weight.shape[2]).float() / total
    return torch.stack([row, column], dim=1)


def threshold_masks(frames: NDArray[np.float32], threshold: float) -> NDArray[np.float32]:
    """Contact of real presses (N, C, H, W) -> (N, 1, H, W) of 0.0 and 1.0.

    A taxel is touched above `threshold` (sensor units), in components of at least `SPECKLE_AREA`
    taxels.
    """
    masks = np.zeros((len(frames), 1, *frames.shape[2:]), np.float32)
    for mask, frame in zip(masks[:, 0], np.abs(frames).max(axis=1), strict=True):
        _, labels, stats, _ = cv2.connectedComponentsWithStats(
            (frame > threshold).astype(np.uint8), connectivity=8
        )
        large = stats[:, cv2.CC_STAT_AREA] >= SPECKLE_AREA
        large[0] = False
        mask[:] = large[labels]
    return masks


def simulated_presses(
    count: int, rows: int, columns: int, threshold: float, strongest: float, seed: int
) -> tuple[Tensor, Tensor]:
    """Clean simulated presses and where they exceed `threshold`, each (N, 1, H, W).

    Peaks are log-uniform from 4 `threshold` to `strongest`, sensor units.
    """
    random = np.random.default_rng(seed)
    frames = np.zeros((count, 1, rows, columns), np.float32)
    masks = np.zeros_like(frames)
    for frame, mask in zip(frames[:, 0], masks[:, 0], strict=True):
        clean = pressure(random_press(random, rows, columns), rows, columns)
        peak = np.exp(random.uniform(np.log(4 * threshold), np.log(strongest)))
        frame[:] = clean * (peak / max(float(clean.max()), 1e-9))
        mask[:] = frame > threshold
    return torch.from_numpy(frames), torch.from_numpy(masks)


def add_speckle(frames: Tensor, mean: float, random: torch.Generator) -> Tensor:
    """Exponential speckle of a mean (sensor units) on a tenth of the taxels of (N, C, H, W)."""
    spots = torch.rand(frames.shape, generator=random) < 0.1
    height = -mean * torch.log(torch.rand(frames.shape, generator=random).clamp(min=1e-9))
    return frames + spots * height
