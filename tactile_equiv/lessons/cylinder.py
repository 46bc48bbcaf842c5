"""A skin around a finger: it has no border along one axis, and two along the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tactile_equiv.band_limited import band_limited_contact
from tactile_equiv.frame import FloatArray
from tactile_equiv.group_convolution import GroupLayer
from tactile_equiv.lessons.drawing import show_map
from tactile_equiv.lessons.lesson import Finding, Lesson, Table, printed
from tactile_equiv.lessons.planes import relative_error
from tactile_equiv.lessons.random_trunk import random_trunk

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LENGTH, AROUND = 24, 28  # taxels along the finger and around it
WHOLE, SIDE = 15, 7
"""Sides of a contact before and after its faint rim is cut off."""
CONTACTS, CLASSES = 6, 12
MIDDLE, TIP = (LENGTH - SIDE) // 2, 0
FRONT, SEAM = (AROUND - SIDE) // 2, -(SIDE // 2)
"""First rows of a contact in the middle and at the tip; first columns at the front, on the seam."""
RADIUS = 3  # of the trunk, taxels

COLUMNS = ("padding", "seam: map", "seam: pooled", "class changes", "tip: phantom")

Padding = Callable[[Tensor], Tensor]


def pressed(seed: int) -> FloatArray:
    """A contact (SIDE, SIDE), cut where its envelope has faded to a tenth."""
    rim = (WHOLE - SIDE) // 2
    return band_limited_contact(WHOLE, seed)[rim:-rim, rim:-rim]


def worn(contact: FloatArray, row: int, column: int) -> Tensor:
    """A finger with a contact on it, which may cross the seam, (1, 1, LENGTH, AROUND)."""
    frame = np.zeros((LENGTH, AROUND), np.float32)
    frame[row : row + SIDE, :SIDE] = contact
    return torch.from_numpy(np.roll(frame, column, axis=1))[None, None]


def _flat(x: Tensor) -> Tensor:
    return functional.pad(x, (2, 2, 2, 2))


def _around(x: Tensor) -> Tensor:
    """Wraps around, grows along: as wide after a 3x3 kernel as before, two longer."""
    return functional.pad(functional.pad(x, (1, 1, 0, 0), mode="circular"), (0, 0, 2, 2))


def _both(x: Tensor) -> Tensor:
    return functional.pad(x, (1, 1, 1, 1), mode="circular")


PADDINGS: dict[str, Padding] = {
    "flat sheet": _flat,
    "wraps around and along": _both,
    "wraps around, grows along": _around,
}


def answers(trunk: torch.nn.Sequential, frames: Tensor, padding: Padding) -> Tensor:
    """The canvas (N, F, H', W') of a zero-preserving trunk whose layers pad like that."""
    for layer in trunk:
        assert isinstance(layer, GroupLayer)
        driven = functional.conv2d(padding(frames), layer.plain_weight(), layer.bias)
        frames = layer.activation(driven) - layer.activation(layer.bias)[:, None, None]
    return frames


def on_finger(canvas: Tensor) -> Tensor:
    """The part of a canvas that lies on the skin, (N, F, LENGTH, AROUND)."""
    top, left = (canvas.shape[2] - LENGTH) // 2, (canvas.shape[3] - AROUND) // 2
    return canvas[:, :, top : top + LENGTH, left : left + AROUND]


def _classes(pooled: Tensor) -> Tensor:
    """Best of random classes, after standardising, (contacts, AROUND, F) to (contacts, AROUND)."""
    by_contact = pooled[:, FRONT]
    head = torch.randn(pooled.shape[2], CLASSES, generator=torch.Generator().manual_seed(0))
    return ((pooled - by_contact.mean(0)) / by_contact.std(0) @ head.double()).argmax(2)


def measure() -> Finding:
    """Map, pooled features and class of contacts all around the finger, and of one at its tip."""
    contacts = [pressed(seed) for seed in range(CONTACTS)]
    trunk = random_trunk((1, 8, 8, 8))
    rows, pictures = [], {}
    for name, padding in PADDINGS.items():
        errors, pooled = [], []
        for contact in contacts:
            around = torch.cat([worn(contact, MIDDLE, column) for column in range(AROUND)])
            canvas = answers(trunk, around, padding)
            maps = on_finger(canvas)
            expected = [maps[FRONT].roll(column - FRONT, 2) for column in range(AROUND)]
            errors.append(relative_error(maps, torch.stack(expected)))
            pooled.append(canvas.double().sum((2, 3)))
        features = torch.stack(pooled)  # (contacts, AROUND, F)
        classes = _classes(features)
        drift = max(relative_error(f, f[FRONT].expand_as(f)) for f in features)
        changed = float((classes != classes[:, FRONT : FRONT + 1]).double().mean())
        at_tip = on_finger(answers(trunk, worn(contacts[0], TIP, FRONT), padding))
        phantom = float(at_tip[:, :, -RADIUS:].abs().max() / at_tip.abs().max())
        rows.append((name, max(errors), drift, changed, phantom))
        seam = on_finger(answers(trunk, worn(contacts[0], MIDDLE, SEAM), padding))
        pictures[name] = np.stack([_strength(seam), _strength(at_tip)])
    return Finding(Table(COLUMNS, tuple(rows)), pictures)


def _strength(maps: Tensor) -> FloatArray:
    """Norm over the features, (1, F, H, W) to (H, W)."""
    strength: FloatArray = maps[0].norm(dim=0).numpy()
    return strength


def draw(finding: Finding, figure: Figure) -> None:
    """Answers to a contact on the seam and to one at the tip, for every padding."""
    axes = figure.subplots(2, 1 + len(PADDINGS))
    contact = pressed(0)
    frames = worn(contact, MIDDLE, SEAM), worn(contact, TIP, FRONT)
    titles = "the skin,\ncut open at its seam", ""
    for row, frame, title in zip(axes, frames, titles, strict=True):
        show_map(row[0], frame[0, 0].numpy(), title)
    for column, (name, maps) in zip(axes.T[1:], finding.pictures.items(), strict=True):
        error, phantom = (printed(finding.table.value(name, told)) for told in COLUMNS[1::3])
        show_map(column[0], maps[0], f"{name}\nerror {error}")
        show_map(column[1], maps[1], f"phantom at the other end {phantom}")
    axes[0, 0].set_ylabel("contact on the seam")
    axes[1, 0].set_ylabel("contact at the tip")


LESSON = Lesson(
    name="cylinder",
    title="A skin around a finger",
    law="Around a finger a skin has no border: wrap the rows of the frame, and a contact on the "
    "seam is like any other. Along the finger it ends: grow the canvas there. A flat sheet tears "
    "the contact at the seam; a wrap along the finger too joins its tip to its base.",
    measure=measure,
    draw=draw,
)
