"""Grid detector: a position told by the best cell jumps where the contact glides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tactile_equiv.band_limited import band_limited_contact, fourier_shift
from tactile_equiv.contacts import energy_centroid
from tactile_equiv.lessons.drawing import BREAKS, CYCLE, HOLDS
from tactile_equiv.lessons.lesson import Finding, Lesson, Table
from tactile_equiv.lessons.random_trunk import random_trunk

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Maps = NDArray[np.float64]
Columns = NDArray[np.float64]
Locator = Callable[[Maps], Columns]
SIZE, SIDE, CHANNELS, RADIUS = 48, 21, 8, 3
START = 13  # first row of the contact
PARTS = 8  # of a taxel, steps of the slide
WAY = 16  # taxels
LEARNT = range(1, 9)  # contacts that the regressed offset is taught with
NOISE = 0.01  # of the peak of the contact
BISECTIONS = 8
SAMPLES = 100  # frames of a contact that stands still


def _contact_map(frames: NDArray[np.float64]) -> Maps:
    """Energy of the features of an equivariant network, (N, H, W) to (N, H, W)."""
    canvas: Tensor = random_trunk((1, *RADIUS * (CHANNELS,)))(
        torch.from_numpy(frames).float()[:, None]
    )
    on_sensor = canvas[..., RADIUS:-RADIUS, RADIUS:-RADIUS]
    energy: Maps = on_sensor.square().sum(1).double().numpy()
    return energy


def _frames(seed: int, shifts: Iterable[float]) -> NDArray[np.float64]:
    """A contact moved along the columns by each of the shifts, (N, SIZE, SIZE)."""
    frame = np.zeros((SIZE, SIZE))
    frame[START : START + SIDE, 4 : 4 + SIDE] = band_limited_contact(SIDE, seed)
    return np.stack([fourier_shift(frame, 0, shift) for shift in shifts])


def _cells(maps: Maps, stride: int) -> tuple[Maps, NDArray[np.int64], NDArray[np.int64]]:
    """Cells of `stride` taxels (N, h, w), row and column of the best one in each frame (N,)."""
    cells: Maps = functional.avg_pool2d(torch.from_numpy(maps)[:, None], stride)[:, 0].numpy()
    best = cells.reshape(len(cells), -1).argmax(1)
    return cells, best // cells.shape[2], best % cells.shape[2]


def best_cell(maps: Maps, stride: int) -> Columns:
    """Middle column, in taxels, of the cell that holds most energy, (N,)."""
    column = _cells(maps, stride)[2].astype(np.float64)
    return column * stride + (stride - 1) / 2


def centroid(maps: Maps) -> Columns:
    """Column of the energy centroid around the taxels above a tenth of the peak, (N,)."""
    columns = []
    for energy in maps:
        rows, across = np.nonzero(energy > energy.max() / 10)
        box = int(rows.min()), int(across.min()), int(rows.max()) + 1, int(across.max()) + 1
        columns.append(energy_centroid(energy.astype(np.float32), box)[1])
    return np.array(columns)


def _neighbourhood(maps: Maps, stride: int) -> Maps:
    """Share of energy in the 3x3 cells around the best one, and a constant, (N, 10)."""
    cells, rows, columns = _cells(maps, stride)
    padded = np.pad(cells, ((0, 0), (1, 1), (1, 1)))
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))  # (N, h, w, 3, 3)
    seen = around[np.arange(len(maps)), rows, columns].reshape(len(maps), 9)
    return np.hstack([seen / seen.sum(1, keepdims=True), np.ones((len(maps), 1))])


def learnt_offset(stride: int) -> Locator:
    """The best cell with an offset regressed from its neighbourhood: taught to be the centroid."""
    shifts = np.arange(0, WAY, 0.5)
    maps = np.concatenate([_contact_map(_frames(seed, shifts)) for seed in LEARNT])
    wanted = centroid(maps) - best_cell(maps, stride)
    weights = np.linalg.lstsq(_neighbourhood(maps, stride), wanted, rcond=None)[0]
    return lambda asked: best_cell(asked, stride) + _neighbourhood(asked, stride) @ weights


def _edge(locator: Locator, low: float, high: float) -> float:
    """The shift between two at which the answer steps furthest, by bisection."""
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        first, second = np.abs(np.diff(locator(_contact_map(_frames(0, [low, middle, high])))))
        low, high = (low, middle) if first > second else (middle, high)
    return (low + high) / 2


def flicker(locator: Locator, shift: float) -> float:
    """Share of noisy frames of a still contact told half a taxel or more from the one before."""
    noise = np.random.default_rng(0).normal(0, NOISE, (SAMPLES, SIZE, SIZE))
    told = locator(_contact_map(_frames(0, [shift]) + noise))
    return float((np.abs(np.diff(told)) > 0.5).mean())


def measure() -> Finding:
    """Slide a contact slowly, then hold it where each locator's answer steps furthest."""
    shifts = np.arange(WAY * PARTS + 1) / PARTS
    maps = _contact_map(_frames(0, shifts))
    locators: dict[str, Locator] = {
        "best cell, stride 8": lambda asked: best_cell(asked, 8),
        "best cell, stride 4": lambda asked: best_cell(asked, 4),
        "best taxel": lambda asked: best_cell(asked, 1),
        "stride 8, learnt offset": learnt_offset(8),
        "stride 4, learnt offset": learnt_offset(4),
        "energy centroid": centroid,
    }
    rows, pictures = [], {}
    for name, locator in locators.items():
        told = locator(maps)
        errors = (told - shifts) - (told - shifts).mean()
        steps = np.diff(told)
        furthest = int(np.abs(steps).argmax())
        still = flicker(locator, _edge(locator, shifts[furthest], shifts[furthest + 1]))
        rows.append((name, float(errors.std()), float(np.abs(steps).max()), still))
        pictures[name] = np.stack([told - told.mean(), shifts - shifts.mean()])
    columns = ("position from", "rms error, taxels", "largest step, taxels", "flicker")
    return Finding(Table(columns, tuple(rows)), pictures)


def draw(finding: Finding, figure: Figure) -> None:
    """Where the contact is told to be along its slide, and how far off that is."""
    places, errors = figure.subplots(1, 2)
    colours = {
        "best cell, stride 8": BREAKS,
        "best cell, stride 4": CYCLE[3],
        "stride 8, learnt offset": CYCLE[2],
        "energy centroid": HOLDS,
    }
    for name, colour in colours.items():
        told, true = finding.pictures[name]
        places.plot(true, told, color=colour, label=name)
        errors.plot(true, told - true, color=colour)
    places.set_ylabel("told position, taxels")
    errors.set_ylabel("error, taxels")
    for axes in (places, errors):
        axes.set_xlabel("true position, taxels")
    places.legend()


LESSON = Lesson(
    name="grid_detector",
    title="Grid detector against centroid",
    law="The best cell of a grid is a step function of the contact's place: a gliding contact "
    "jumps by a cell, a still one on the edge of two cells flickers. The energy centroid of a "
    "full-resolution equivariant map glides along.",
    measure=measure,
    draw=draw,
)
