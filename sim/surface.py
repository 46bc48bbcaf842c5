"""Faces of rigid objects as height fields: what is pressed onto the skin.

Heights are millimetres over (x, y) in millimetres, fixed to the object and counted towards the
skin; only differences matter. The outline of a face is round and its rim is rounded off, because a
sharp rim of a flat punch has infinite pressure (Johnson, Contact Mechanics, 1985, section 3.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from tactile_equiv_sim.options import check, option

from tactile_equiv.compressed_image import JPEG, PNG, packed_size
from tactile_equiv.dataset import UNREADABLE
from tactile_equiv.errors import DataError, SettingsError
from tactile_equiv.limited_files import read_limited

Heights = NDArray[np.float64]

LARGEST_MAP = 4096
"""Longest side of a height map, cells."""
LARGEST_FILE = 2**27
"""Bytes of a picture."""


@dataclass(frozen=True, kw_only=True)
class Surface:
    """A round face. Subclasses are the families; lengths in millimetres.

    Attributes:
        width_mm: diameter of the face.
        rim_mm: radius of the rounding of its rim.
        label: texture class; the name of the family when empty.

    Raises:
        SettingsError: if a value is of the wrong type or out of range.
    """

    family: ClassVar[str] = ""

    width_mm: float = option(12.0, minimum=0.1, maximum=500.0)
    rim_mm: float = option(0.5, above=0.0, maximum=100.0)
    label: str = ""

    def __post_init__(self) -> None:
        check(self)

    @property
    def texture_class(self) -> str:
        """The label, or the name of the family."""
        return self.label or self.family

    @property
    def finest_mm(self) -> float:
        """The shortest length of the relief, which a grid has to resolve."""
        return self.width_mm / 8

    def heights(self, x: Heights, y: Heights) -> Heights:
        """Height towards the skin over (x, y), mm, -inf where there is no object."""
        inside = self.width_mm / 2 - np.hypot(x, y)
        return self.relief(x, y) - rounding(inside, self.rim_mm)

    def relief(self, x: Heights, y: Heights) -> Heights:
        """The texture alone, without outline, mm."""
        return np.zeros(np.broadcast(x, y).shape)


def rounding(inside: Heights, radius: float) -> Heights:
    """How far a rim of this radius falls back, mm; `inside` = distance from the outline, mm."""
    near = np.clip(1 - inside / radius, 0, 1)
    return np.where(inside < 0, np.inf, radius * (1 - np.sqrt(1 - near**2)))


@dataclass(frozen=True, kw_only=True)
class Flat(Surface):
    """A plain face."""

    family: ClassVar[str] = "flat"


@dataclass(frozen=True, kw_only=True)
class Ball(Surface):
    """A sphere; `width_mm` is how much of it there is, not its curvature."""

    family: ClassVar[str] = "ball"
    radius_mm: float = option(8.0, minimum=0.1, maximum=1e4)

    def relief(self, x: Heights, y: Heights) -> Heights:
        """Sphere, continued by -inf beyond its equator."""
        squared = self.radius_mm**2 - x**2 - y**2
        depth = self.radius_mm - np.sqrt(np.maximum(squared, 0))
        return np.where(squared < 0, -np.inf, -depth)


@dataclass(frozen=True, kw_only=True)
class Ridges(Surface):
    """Parallel sinusoidal ridges along x."""

    family: ClassVar[str] = "ridges"
    pitch_mm: float = option(4.0, minimum=0.02, maximum=500.0)
    depth_mm: float = option(1.0, minimum=0.0, maximum=100.0)

    @property
    def finest_mm(self) -> float:
        """Pitch."""
        return min(self.pitch_mm, self.width_mm / 8)

    def relief(self, x: Heights, y: Heights) -> Heights:
        """Sinusoidal in y."""
        return self.depth_mm / 2 * (np.cos(2 * np.pi * y / self.pitch_mm) - 1) + 0 * x


@dataclass(frozen=True, kw_only=True)
class Grid(Ridges):
    """Two families of ridges that cross at right angles and leave pits between them."""

    family: ClassVar[str] = "grid"

    def relief(self, x: Heights, y: Heights) -> Heights:
        """The higher of the two ridges."""
        ridges = (np.cos(2 * np.pi * along / self.pitch_mm) for along in (x, y))
        return self.depth_mm / 2 * (np.maximum(*ridges) - 1)


@dataclass(frozen=True, kw_only=True)
class Dots(Surface):
    """Rounded bumps on a square lattice."""

    family: ClassVar[str] = "dots"
    pitch_mm: float = option(4.0, minimum=0.02, maximum=500.0)
    diameter_mm: float = option(2.4, minimum=0.02, maximum=500.0)
    depth_mm: float = option(0.8, minimum=0.0, maximum=100.0)

    @property
    def finest_mm(self) -> float:
        """Diameter of a bump."""
        return min(self.diameter_mm, self.pitch_mm, self.width_mm / 8)

    def relief(self, x: Heights, y: Heights) -> Heights:
        """Half ellipsoids that stand on a plane."""
        off = [along - self.pitch_mm * np.rint(along / self.pitch_mm) for along in (x, y)]
        squared = (off[0] ** 2 + off[1] ** 2) / (self.diameter_mm / 2) ** 2
        return self.depth_mm * (np.sqrt(np.maximum(1 - squared, 0)) - 1)


@dataclass(frozen=True, kw_only=True)
class Weave(Surface):
    """Plain weave: threads along x and y pass over and under each other."""

    family: ClassVar[str] = "weave"
    pitch_mm: float = option(3.5, minimum=0.02, maximum=500.0)
    depth_mm: float = option(1.0, minimum=0.0, maximum=100.0)

    @property
    def finest_mm(self) -> float:
        """Pitch."""
        return min(self.pitch_mm, self.width_mm / 8)

    def relief(self, x: Heights, y: Heights) -> Heights:
        """The higher thread; a thread is round, its middle line a cosine."""
        u, v = x / self.pitch_mm, y / self.pitch_mm
        along_y = _thread(u, v)
        along_x = _thread(v, u + 1)
        return self.depth_mm * (np.maximum(along_x, along_y) - 1)


def _thread(across: Heights, along: Heights) -> Heights:
    """Height in -0.5 .. 1 of threads at whole numbers, over at even crossings."""
    index = np.rint(across)
    profile = np.sqrt(np.maximum(1 - (2 * (across - index)) ** 2, 0))
    return 0.5 * profile + 0.5 * np.cos(np.pi * (along + index))


@dataclass(frozen=True, kw_only=True)
class Rough(Surface):
    """A self-affine random surface (Persson et al., J. Phys. Condens. Matter 17, 2005).

    Attributes:
        rms_mm: root mean square height.
        hurst: Hurst exponent, 0 = jagged, 1 = smooth.
        longest_mm, shortest_mm: wavelengths between which the surface is fractal.
        seed: of the random phases.
    """

    family: ClassVar[str] = "rough"
    rms_mm: float = option(0.25, minimum=0.0, maximum=100.0)
    hurst: float = option(0.8, minimum=0.0, maximum=1.0)
    longest_mm: float = option(6.0, minimum=0.02, maximum=500.0)
    shortest_mm: float = option(1.5, minimum=0.01, maximum=500.0)
    seed: int = option(0, minimum=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.shortest_mm < self.longest_mm <= 512 * self.shortest_mm:
            raise SettingsError(
                f"wavelengths of rough run from {self.shortest_mm} to {self.longest_mm} mm: "
                "the longest must be 1 to 512 times the shortest"
            )

    @property
    def finest_mm(self) -> float:
        """Shortest wavelength."""
        return min(self.shortest_mm, self.width_mm / 8)

    def relief(self, x: Heights, y: Heights) -> Heights:
        """Periodic after four longest wavelengths."""
        heights = _fractal(self.hurst, self.longest_mm, self.shortest_mm, self.seed)
        cell = 4 * self.longest_mm / len(heights)
        return self.rms_mm * sampled(heights, y / cell, x / cell)


@lru_cache(maxsize=16)
def _fractal(hurst: float, longest: float, shortest: float, seed: int) -> Heights:
    """Periodic heights (n, n) of rms 1, spectrum k^-2(1 + hurst), side four longest wavelengths."""
    n = 2 ** int(np.ceil(np.log2(16 * longest / shortest)))
    k = np.hypot(np.fft.fftfreq(n)[:, None], np.fft.rfftfreq(n)[None]) * n / (4 * longest)
    band = (k >= 1 / longest) & (k <= 1 / shortest)
    amplitude = np.where(band, np.maximum(k, 1e-12) ** -(1 + hurst), 0)
    noise = np.fft.rfft2(np.random.default_rng(seed).standard_normal((n, n)))
    heights: Heights = np.fft.irfft2(noise * amplitude, (n, n))
    unit: Heights = heights / heights.std()
    return unit


@dataclass(frozen=True, kw_only=True)
class Ring(Surface):
    """A plain ring."""

    family: ClassVar[str] = "ring"
    inner_mm: float = option(7.0, minimum=0.0, maximum=500.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.inner_mm >= self.width_mm:
            raise SettingsError(
                f"ring is {self.inner_mm} mm wide inside and {self.width_mm} mm outside: "
                "inner_mm must be smaller than width_mm"
            )

    @property
    def finest_mm(self) -> float:
        """Width of the band."""
        return (self.width_mm - self.inner_mm) / 4

    def heights(self, x: Heights, y: Heights) -> Heights:
        """Rounded at both rims."""
        return super().heights(x, y) - rounding(np.hypot(x, y) - self.inner_mm / 2, self.rim_mm)


@dataclass(frozen=True, kw_only=True)
class Edge(Surface):
    """A straight step through the middle: the half with y > 0 stands out."""

    family: ClassVar[str] = "edge"
    step_mm: float = option(1.0, minimum=0.0, maximum=100.0)

    def relief(self, x: Heights, y: Heights) -> Heights:
        """0 on one half, -step on the other."""
        return np.maximum(-rounding(y + 0 * x, self.rim_mm), -self.step_mm)


@dataclass(frozen=True, kw_only=True)
class HeightMap(Surface):
    """A relief from a picture (bright = high) or an .npy array, its middle in the object's middle.

    Attributes:
        file: picture, or .npy with (rows, columns) numbers.
        mm_per_cell: distance between neighbours.
        height_mm: span between the lowest and the highest; 0 keeps the numbers as millimetres.

    Raises:
        DataError: if the file is missing, unreadable, empty, larger than 4096 cells or no numbers.
    """

    family: ClassVar[str] = "height_map"
    file: str
    mm_per_cell: float = option(0.1, minimum=1e-4, maximum=100.0)
    height_mm: float = option(0.0, minimum=0.0, maximum=100.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _height_map(self.file)

    @property
    def finest_mm(self) -> float:
        """Two cells."""
        return min(2 * self.mm_per_cell, self.width_mm / 8)

    def relief(self, x: Heights, y: Heights) -> Heights:
        """Interpolated; the outermost heights go on beyond the map."""
        heights = _height_map(self.file)
        rows, columns = heights.shape
        if self.height_mm > 0:
            heights = heights * (self.height_mm / max(float(np.ptp(heights)), 1e-12))
        row = np.clip(y / self.mm_per_cell + (rows - 1) / 2, 0, rows - 1)
        column = np.clip(x / self.mm_per_cell + (columns - 1) / 2, 0, columns - 1)
        return sampled(heights, row, column)


@lru_cache(maxsize=16)
def _height_map(file: str) -> Heights:
    path = Path(file)
    try:
        if path.suffix == ".npy":
            heights = np.load(path, mmap_mode="r", allow_pickle=False)  # looked at, not yet read
        else:
            heights = _decoded(read_limited(path, LARGEST_FILE))
    except (*UNREADABLE, cv2.error) as error:
        raise DataError(
            f"height map {file} cannot be read ({error}): name a picture or .npy"
        ) from error
    if not isinstance(heights, np.ndarray):
        raise DataError(f"height map {file} is no picture that can be decoded: use .png or .npy")
    if heights.ndim != 2 or heights.size == 0 or max(heights.shape) > LARGEST_MAP:
        raise DataError(
            f"height map {file} has shape {heights.shape}: it must be (rows, columns), "
            f"each 1 .. {LARGEST_MAP}"
        )
    if heights.dtype.kind not in "buif" or not np.isfinite(heights).all():
        raise DataError(f"height map {file} holds {heights.dtype} or NaN: save finite real numbers")
    checked: Heights = heights.astype(np.float64)
    return checked


def _decoded(picture: bytes) -> Any:
    """Rows and columns of heights, None where it is no picture."""
    if picture.startswith((PNG, JPEG)) and max(packed_size(picture, "height map")) > LARGEST_MAP:
        raise ValueError(f"it has more than {LARGEST_MAP} rows or columns")
    return cv2.imdecode(
        np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH
    )


def sampled(heights: Heights, row: Heights, column: Heights) -> Heights:
    """Bilinear interpolation of periodic heights (n, m) at rows and columns."""
    rows, columns = heights.shape
    top, left = np.floor(row), np.floor(column)
    down, right = row - top, column - left
    r0, c0 = top.astype(np.int64) % rows, left.astype(np.int64) % columns
    r1, c1 = (r0 + 1) % rows, (c0 + 1) % columns
    upper = heights[r0, c0] * (1 - right) + heights[r0, c1] * right
    lower = heights[r1, c0] * (1 - right) + heights[r1, c1] * right
    between: Heights = upper * (1 - down) + lower * down
    return between


FAMILIES: dict[str, type[Surface]] = {
    family.family: family
    for family in (Flat, Ball, Ridges, Grid, Dots, Weave, Rough, Ring, Edge, HeightMap)
}
"""Family name -> dataclass with its parameters."""
