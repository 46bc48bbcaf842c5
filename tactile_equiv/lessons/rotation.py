"""Turning the skin: a kernel that is also turned gives an answer that turns along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tactile_equiv.group_convolution import (
    GROUPS,
    Group,
    act,
    inverse,
    mean_over_group,
    pool_over_group,
)
from tactile_equiv.lessons.drawing import BREAKS, HOLDS, NEUTRAL, show_map
from tactile_equiv.lessons.lesson import Cell, Finding, Lesson, Table
from tactile_equiv.lessons.planes import relative_error
from tactile_equiv.lessons.random_trunk import random_trunk

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = 16
CLASSES = 3
PERIODS = (4.0, 5.0, 5.0)  # taxels, of fine ridges, coarse ridges and a lattice
NOISE = 0.25  # relative
SAMPLES, TRIALS = 180, 90  # contacts to fit and to ask about
RIDGE = 1e-4
QUARTER, MIRROR = (1, False), (0, True)
COLUMNS = (
    "network",
    *("90: map", "90: pooled", "90: class changes", "mirror: pooled"),
    *("right at 0", "right at 45", "right at 90"),
)

Answer = tuple[Tensor, ...]
"""Map (N, F, H', W'), pooled features (N, 2 F) and class scores (N, CLASSES)."""
Network = Callable[[Tensor], Answer]


def textures(count: int, degrees: float, seed: int) -> tuple[Tensor, Tensor]:
    """Contacts (N, 1, SIZE, SIZE) and classes (N,): fine ridges, coarse ridges or a lattice.

    Args:
        count: N.
        degrees: how far the ridges are turned; each contact a little more or less, up to 10.
        seed: chooses places and phases.
    """
    random = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    angle = np.deg2rad(degrees + random.uniform(-10, 10, count))
    row, column = random.uniform(-2, 2, (2, count, 1, 1)) + (SIZE - 1) / 2
    rows, columns = np.mgrid[:SIZE, :SIZE][:, None] - np.stack([row, column])
    envelope = np.exp(-(rows**2 + columns**2) / 12)
    phases = random.uniform(0, 2 * np.pi, (2, count, 1, 1))
    sine, cosine = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    wave = (2 * np.pi / np.array(PERIODS)[labels])[:, None, None]
    along = np.cos(wave * (columns * cosine + rows * sine) + phases[0])
    across = np.cos(wave * (columns * sine - rows * cosine) + phases[1])
    height = np.where(labels[:, None, None] == 2, (along + across) / 2, along)
    grain = 1 + NOISE * random.standard_normal(height.shape)
    pressed = envelope * (1 + height) / 2 * grain
    frames = functional.relu(torch.from_numpy(pressed).float() - 0.02)
    return frames[:, None], torch.from_numpy(labels)


@dataclass(frozen=True)
class Classifier:
    """A random trunk over a group, and a linear head on its pooled features that was fitted.

    Attributes:
        head: (2 F + 1, CLASSES); its last row is the bias.
    """

    group: Group
    trunk: nn.Sequential
    head: Tensor

    def __call__(self, frames: Tensor) -> Answer:
        canvas = self.trunk(frames)
        pooled = _pooled(canvas, self.group)
        return mean_over_group(canvas, self.group), pooled, _with_one(pooled) @ self.head


def _pooled(canvas: Tensor, group: Group) -> Tensor:
    return torch.asinh(pool_over_group(canvas, group)).double()


def _with_one(pooled: Tensor) -> Tensor:
    return functional.pad(pooled, (0, 1), value=1.0)


def _fitted(group: Group, features: int, *, turned: bool) -> Classifier:
    """A classifier fitted to upright textures, or to all four turns of them."""
    trunk = random_trunk((1, features, features), group=group)
    frames, labels = textures(SAMPLES, 0, seed=1)
    turns = GROUPS["c4" if turned else "translation"].elements
    shown = torch.cat([act(turn, frames) for turn in turns])
    known = functional.one_hot(labels.repeat(len(turns)), CLASSES).double()
    given = _with_one(_pooled(trunk(shown), group))  # (N, 2 F + 1)
    ridge = RIDGE * len(given) * torch.eye(given.shape[1], dtype=torch.float64)
    return Classifier(group, trunk, torch.linalg.solve(given.T @ given + ridge, given.T @ known))


def _averaged(network: Network) -> Network:
    """The mean of a network's answers to the four turns of a frame, the maps turned back."""

    def answer(frames: Tensor) -> Answer:
        maps, pooled, scores = zip(
            *(network(act(turn, frames)) for turn in GROUPS["c4"].elements), strict=True
        )
        upright = [act(inverse(g), m) for g, m in zip(GROUPS["c4"].elements, maps, strict=True)]
        return tuple(torch.stack(part).mean(0) for part in (upright, pooled, scores))

    return answer


def measure() -> Finding:
    """Fit classifiers to textures; turn and mirror what they are asked about."""
    on_turns = _fitted(GROUPS["translation"], 8, turned=True)
    networks: dict[str, Network] = {
        "plain": _fitted(GROUPS["translation"], 8, turned=False),
        "fitted to turns": on_turns,
        "the same, four passes averaged": _averaged(on_turns),
        "C4": _fitted(GROUPS["c4"], 8, turned=False),
        "D4": _fitted(GROUPS["d4"], 8, turned=False),
    }
    contacts = {degrees: textures(TRIALS, degrees, seed=2) for degrees in (0, 45, 90)}
    frames = contacts[0][0]
    rows: list[tuple[Cell, ...]] = []
    pictures = {f"{d}": contacts[d][0][0, 0].numpy() for d in contacts}
    for name, network in networks.items():
        (maps, pooled, scores), turned = network(frames), network(act(QUARTER, frames))
        expected = act(QUARTER, maps)
        changed = (turned[2].argmax(1) != scores.argmax(1)).double().mean()
        right = [(network(x)[2].argmax(1) == y).double().mean() for x, y in contacts.values()]
        rows.append(
            (
                name,
                relative_error(turned[0], expected),
                relative_error(turned[1], pooled),
                float(changed),
                relative_error(network(act(MIRROR, frames))[1], pooled),
                *map(float, right),
            )
        )
        pictures[name] = ((turned[0] - expected)[0].norm(dim=0) / maps[0].norm(dim=0).max()).numpy()
    return Finding(Table(COLUMNS, tuple(rows)), pictures)


def draw(finding: Finding, figure: Figure) -> None:
    """A contact and its turns; what is wrong in the maps after a quarter turn; accuracies."""
    halves = figure.subfigures(1, 2, width_ratios=(5, 4), squeeze=False)[0]
    axes = halves[0].subplots(2, 3)
    for panel, turn in zip(axes[0], ("0", "45", "90"), strict=True):
        show_map(panel, finding.pictures[turn], f"contact at {turn}°")
    for panel, name in zip(axes[1], ("plain", "fitted to turns", "C4"), strict=True):
        show_map(panel, finding.pictures[name], name, 1.0)
    axes[1, 0].set_ylabel("map error at 90°")
    names = [str(row[0]) for row in finding.table.rows]
    bars = halves[1].subplots()
    for place, (degrees, colour) in enumerate(((0, NEUTRAL), (90, HOLDS), (45, BREAKS))):
        accuracy = [finding.table.value(name, f"right at {degrees}") for name in names]
        places = np.arange(len(names)) + (place - 1) * 0.26
        bars.barh(places, accuracy, height=0.24, color=colour, label=f"{degrees}°")
    bars.set_yticks(range(len(names)), [name.replace(", ", ",\n") for name in names])
    bars.axvline(1 / CLASSES, color=NEUTRAL, ls=":")
    bars.set(title="textures told right (dotted: by chance)", xlim=(0, 1.0), ylim=(4.5, -0.5))
    bars.legend(loc="upper center", bbox_to_anchor=(0.4, -0.06), ncols=3)


LESSON = Lesson(
    name="rotation",
    title="Turning the skin",
    law="A convolution commutes with shifts, not with turns. One whose kernels are also turned by "
    "quarters (C4), or turned and mirrored (D4), commutes with those too: the map turns along, the "
    "pooled features stay. No square lattice maps onto itself by other angles, so none is covered.",
    measure=measure,
    draw=draw,
    tolerance=0.05,
)
