"""Contact of a rigid face with a soft cover on a hard base, on a grid fixed to the object.

Linear elasticity without friction. A cover of thickness h is a half-space whose displacement at
depth h is taken away, so that the base is at rest (Steinbrenner's approximation of a layer, 1934;
the half-space's displacements: Johnson, Contact Mechanics, 1985, section 3.2). For a surface
pressure of wave number k, with E* = E / (1 - nu^2):

    surface displacement   2 / (E* k) (1 - (1 + kh / (2 (1 - nu))) exp(-kh))
    normal stress at h     (1 + kh) exp(-kh)            (Boussinesq; Johnson, section 3.2)

The second fades fine texture out as the cover gets thicker, as in skin (Phillips and Johnson,
J. Neurophysiol. 46, 1981). Which part of the face touches follows from pressure >= 0 and no
overlap, by conjugate gradients (Polonsky and Keer, Wear 231, 1999).

Round a finger of radius r the skin falls away from a flat face by v^2 / (2 r) at a distance v from
the line of contact (Hertz's parabola; Johnson, section 4.1), which holds for contacts that are
narrow against r.

Nothing here knows where the object lies on the sensor: a layer is the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from tactile_equiv_sim.options import check, option
from tactile_equiv_sim.surface import Surface

Cells = NDArray[np.float64]

REACH = 4.0
"""How far around the face the cover is computed, in thicknesses of the cover."""
TAIL = 1e-3
"""Stress and displacement below this share of the largest are taken for none."""
LARGEST_GRID = 400
ITERATIONS, CONVERGED = 300, 1e-4


@dataclass(frozen=True, kw_only=True)
class Cover:
    """The soft cover between object and sensing plane.

    Attributes:
        thickness_mm: depth of the sensing plane.
        modulus_mpa: Young's modulus, MPa; silicone skins have 0.05 to 3.
        poisson: Poisson's ratio; 0.5 = incompressible.

    Raises:
        SettingsError: if a value is out of range.
    """

    thickness_mm: float = option(1.5, minimum=0.05, maximum=50.0)
    modulus_mpa: float = option(0.5, minimum=1e-3, maximum=1e4)
    poisson: float = option(0.4, minimum=0.0, maximum=0.5)

    def __post_init__(self) -> None:
        check(self)

    def compliance(self, k: Cells) -> Cells:
        """Surface displacement per pressure, mm / MPa, at wave numbers k >= 0, rad / mm."""
        h, share = self.thickness_mm, 1 / (2 * (1 - self.poisson))
        effective = self.modulus_mpa / (1 - self.poisson**2)
        small = 1e-6 / h
        k = np.maximum(k, small)
        return 2 / (effective * k) * (1 - (1 + share * k * h) * np.exp(-k * h))

    def transmission(self, k: Cells) -> Cells:
        """Normal stress on the base per pressure on the surface, at wave numbers k, rad / mm."""
        return (1 + k * self.thickness_mm) * np.exp(-k * self.thickness_mm)


@dataclass(frozen=True)
class Bend:
    """How a skin round a finger falls away from the object, in the object's coordinates.

    Attributes:
        radius_mm: of the finger.
        x, y: unit vector round the finger.
    """

    radius_mm: float
    x: float
    y: float

    def gap(self, x: Cells, y: Cells) -> Cells:
        """Distance of the skin from a plane that touches it at (0, 0), mm."""
        around = self.x * x + self.y * y
        return around**2 / (2 * self.radius_mm)


@dataclass(frozen=True, eq=False)
class Indentation:
    """A face pressed in, on square cells around the object's middle.

    Attributes:
        cell_mm: side of a cell.
        pressure: (n, n) on the surface, MPa; sums to the load.
        stress: (n, n) on the base, MPa; sums to the load.
        displacement: (n, n) of the surface, mm, downwards.
        touching: (n, n) share of contact, 0 .. 1.
    """

    cell_mm: float
    pressure: Cells
    stress: Cells
    displacement: Cells
    touching: Cells

    @property
    def centroid_mm(self) -> tuple[float, float]:
        """Centroid (x, y) of the pressure, from the object's middle."""
        along = centres(len(self.pressure), self.cell_mm)
        total = self.pressure.sum()
        x = float(self.pressure.sum(axis=0) @ along / total)
        return x, float(self.pressure.sum(axis=1) @ along / total)


def centres(cells: int, cell_mm: float) -> Cells:
    """Coordinates (n,) of the centres of a row of cells around 0, mm."""
    along: Cells = (np.arange(cells, dtype=np.float64) - (cells - 1) / 2) * cell_mm
    return along


def cell_size(surface: Surface, cover: Cover, finest_mm: float) -> float:
    """Side of a cell that resolves the relief, the cover and `finest_mm`, mm, as grid size lets."""
    wanted = min(surface.finest_mm / 6, cover.thickness_mm / 2, finest_mm)
    return float(max(wanted, _span(surface, cover) / LARGEST_GRID))


def _span(surface: Surface, cover: Cover) -> float:
    return float(surface.width_mm + 2 * REACH * cover.thickness_mm)


@lru_cache(maxsize=8)
def indent(
    surface: Surface, cover: Cover, cell_mm: float, load_n: float, bend: Bend | None = None
) -> Indentation:
    """Press a face straight in.

    Solved for loads of whole powers of two newtons; between two of them all fields are interpolated
    linearly, which keeps the load exact and costs one solution for an octave instead of one for a
    load. Deterministic, independent of earlier calls; solutions are cached.

    Args:
        surface: the face.
        cover: the skin.
        cell_mm: side of a cell, see `cell_size`.
        load_n: normal force, N, > 0.
        bend: of the skin; None = flat.
    """
    lower = int(np.floor(np.log2(load_n)))
    share = load_n / 2.0**lower - 1
    below = _solution(surface, cover, cell_mm, lower, bend)
    if share == 0:
        return below
    above = _solution(surface, cover, cell_mm, lower + 1, bend)

    def between(a: Cells, b: Cells) -> Cells:
        return (1 - share) * a + share * b

    return Indentation(
        cell_mm,
        between(below.pressure, above.pressure),
        between(below.stress, above.stress),
        between(below.displacement, above.displacement),
        between(below.touching, above.touching),
    )


@lru_cache(maxsize=64)
def _solution(
    surface: Surface, cover: Cover, cell_mm: float, exponent: int, bend: Bend | None
) -> Indentation:
    return solve(surface, cover, cell_mm, 2.0**exponent, bend)


def solve(
    surface: Surface, cover: Cover, cell_mm: float, load_n: float, bend: Bend | None = None
) -> Indentation:
    """Solve the contact for one load, without interpolation and cache; arguments as `indent`."""
    n = cv2.getOptimalDFTSize(int(np.ceil(_span(surface, cover) / cell_mm)))
    along = centres(n, cell_mm)
    heights = surface.heights(along[None, :], along[:, None])
    if bend is not None:
        heights = heights - bend.gap(along[None, :], along[:, None])
    k = 2 * np.pi * np.hypot(np.fft.fftfreq(n, cell_mm)[:, None], np.fft.rfftfreq(n, cell_mm))
    pressure = contact_pressure(heights, cover.compliance(k), load_n / cell_mm**2)
    stress = without_tail(convolved(pressure, cover.transmission(k)))
    displacement = without_tail(convolved(pressure, cover.compliance(k)))
    return Indentation(
        cell_mm=cell_mm,
        pressure=pressure,
        stress=stress * (pressure.sum() / stress.sum()),
        displacement=displacement,
        touching=(pressure > 0).astype(np.float64),
    )


def convolved(pressure: Cells, response: Cells) -> Cells:
    """A field (n, n) filtered by a response (n, n // 2 + 1) over wave numbers."""
    return np.fft.irfft2(np.fft.rfft2(pressure) * response, pressure.shape)


def without_tail(field: Cells) -> Cells:
    """Soft threshold at `TAIL` of the maximum: ends the field without a step, no value < 0."""
    kept: Cells = np.maximum(field - TAIL * field.max(), 0)
    return kept


def contact_pressure(heights: Cells, compliance: Cells, total: float) -> Cells:
    """Pressure (n, n) >= 0 of this sum under rigid heights (n, n), mm, -inf = no object.

    Args:
        heights: towards the skin, mm.
        compliance: (n, n // 2 + 1) mm / MPa over wave numbers.
        total: sum of the pressure, MPa.
    """
    face = np.isfinite(heights)
    gap = np.where(face, -heights, 0)
    pressure = np.where(face, total / np.count_nonzero(face), 0)
    step, before, keep = np.zeros_like(pressure), 1.0, 0.0
    for _ in range(ITERATIONS):
        contact = pressure > 0
        distance = convolved(pressure, compliance) + gap
        distance -= distance[contact].mean()
        now = float((distance[contact] ** 2).sum())
        step = np.where(contact, distance + keep * now / before * step, 0)
        before = max(now, 1e-300)
        curvature = convolved(step, compliance)
        curvature -= curvature[contact].mean()
        bend = float((curvature * step)[contact].sum())
        length = float((distance * step)[contact].sum()) / bend if bend > 0 else 0.0
        pushed = np.maximum(np.where(contact, pressure - length * step, 0), 0)
        overlap = face & (pushed == 0) & (distance < 0)
        pushed[overlap] = -length * distance[overlap]
        keep = 0.0 if overlap.any() else 1.0
        pushed *= total / pushed.sum()
        change = float(np.abs(pushed - pressure).sum()) / total
        pressure = pushed
        if change < CONVERGED:
            break
    return pressure
