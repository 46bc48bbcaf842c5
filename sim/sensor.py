"""Sensors under the cover: an array of pressure taxels, or a gel that a camera looks at.

Both see the object through a `Patch`: its readings on the infinite lattice of taxels, which depends
on where it lies between taxels but not on which ones. A shift by whole taxels therefore gives the
same numbers, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from tactile_equiv_sim.mechanics import Cells, Indentation
from tactile_equiv_sim.options import check, option

from tactile_equiv.errors import SettingsError
from tactile_equiv.frame import BoolArray, FloatArray
from tactile_equiv.topology import PLANE, TOPOLOGIES, wrapped_axis

Samples = tuple[NDArray[np.int64], FloatArray]

LARGEST_SENSOR = 2**23
"""Most taxels or pixels of a sensor."""
LARGEST_PATCH = 4096
"""Most taxels or pixels along one side of an object with its surroundings."""
TOUCHED_SHARE = 0.02
"""A taxel is touched when so much of its area is."""

BAYER = {"rggb": (0, 1, 1, 2), "bggr": (2, 1, 1, 0), "gbrg": (1, 2, 0, 1), "grbg": (1, 0, 2, 1)}
"""Colour channel (0 red, 1 green, 2 blue) of the pixels (0, 0), (0, 1), (1, 0), (1, 1)."""


@dataclass(frozen=True, eq=False)
class Patch:
    """One contact on the infinite lattice, cropped to where anything is felt.

    Attributes:
        row, column: first taxel of the patch, from the taxel that holds the object's middle.
        values: (h, w) newtons on a taxel, or gel displacement in mm.
        touched: (h, w) whether the object touches there.
    """

    row: int
    column: int
    values: FloatArray
    touched: BoolArray


class Sensor(Protocol):
    """What a scene needs to know of a sensor."""

    @property
    def rows(self) -> int:
        """Rows of taxels or pixels."""
        ...

    @property
    def cols(self) -> int:
        """Columns of taxels or pixels."""
        ...

    @property
    def pitch_mm(self) -> float:
        """Distance between taxels or pixels, mm."""
        ...

    @property
    def finest_mm(self) -> float:
        """Cell of the contact mechanics that this sensor can tell, mm."""
        ...

    @property
    def axis(self) -> int | None:
        """The axis of (H, W) that wraps round a finger; None on a plane."""
        ...

    @property
    def surroundings(self) -> int:
        """How many taxels beyond a patch it is felt; so many a reading needs around the sensor."""
        ...

    def patch(self, pressed: Indentation, row: float, column: float) -> Patch:
        """An indentation, turned already, with its middle at row, column in [-0.5, 0.5) taxels."""
        ...

    def read(self, values: FloatArray) -> FloatArray:
        """Patch values on sensor and surroundings (H + 2s, W + 2s) to a frame (H, W[, 3])."""
        ...

    def __hash__(self) -> int:
        """Equal sensors are equal keys: patches are cached."""
        ...


@dataclass(frozen=True, kw_only=True)
class TaxelArray:
    """A pressure array: each taxel weighs the normal stress over its square aperture.

    Attributes:
        rows, cols: number of taxels.
        pitch_mm: distance between neighbours.
        aperture_mm: side of the sensitive area; 0 = pitch. What lands between areas is not felt.
        units_per_n: sensor units (counts) of one newton on one taxel.
        topology: "plane", or "cylinder_rows", "cylinder_cols": rows, columns run round a finger.

    Raises:
        SettingsError: if a value is out of range or the sensor is too large.
    """

    rows: int = option(32, minimum=1, maximum=65535)
    cols: int = option(32, minimum=1, maximum=65535)
    pitch_mm: float = option(2.0, minimum=0.01, maximum=1000.0)
    aperture_mm: float = option(0.0, minimum=0.0, maximum=1000.0)
    units_per_n: float = option(1.0, above=0.0, maximum=1e9)
    topology: str = option(PLANE, choices=TOPOLOGIES)

    surroundings: ClassVar[int] = 0

    def __post_init__(self) -> None:
        check(self)
        check_size(self.rows, self.cols)
        if self.aperture_mm > self.pitch_mm:
            raise SettingsError(
                f"aperture_mm is {self.aperture_mm} and pitch_mm {self.pitch_mm}: taxels would "
                "overlap; give an aperture of at most the pitch"
            )

    @property
    def axis(self) -> int | None:
        """See `Sensor.axis`."""
        return wrapped_axis(self.topology)

    @property
    def finest_mm(self) -> float:
        """A sixth of the aperture."""
        return (self.aperture_mm or self.pitch_mm) / 6

    def patch(self, pressed: Indentation, row: float, column: float) -> Patch:
        """See `Sensor.patch`; values in newtons."""
        cells, share = len(pressed.stress), (self.aperture_mm or self.pitch_mm) / self.pitch_mm
        cell = pressed.cell_mm / self.pitch_mm
        first_row, down = overlap(cells, cell, row, share)  # (h, n)
        first_column, across = overlap(cells, cell, column, share)  # (w, n)
        force = down @ pressed.stress @ across.T * pressed.cell_mm**2
        covered = down @ pressed.touching @ across.T * (cell / share) ** 2
        return cropped(first_row, first_column, force, covered)

    def read(self, values: FloatArray) -> FloatArray:
        """See `Sensor.read`; counts (H, W)."""
        return values * np.float32(self.units_per_n)


def overlap(cells: int, cell: float, middle: float, aperture: float) -> tuple[int, Cells]:
    """How much of every cell lies in every taxel, along one axis; lengths in taxels.

    Args:
        cells: number of cells, n.
        cell: their size.
        middle: where the middle of the cells lies, taxel 0 is centred at 0.
        aperture: size of a taxel's sensitive area.

    Returns:
        The first taxel that may meet a cell, and shares of the cells (taxels, n).
    """
    half = cells * cell / 2
    first, last = int(np.floor(middle - half)), int(np.ceil(middle + half))
    _check_patch(last - first + 1)
    taxels = np.arange(first, last + 1)[:, None]
    left = middle - half + np.arange(cells)[None, :] * cell
    shared = np.minimum(left + cell, taxels + aperture / 2) - np.maximum(
        left, taxels - aperture / 2
    )
    return first, np.clip(shared / cell, 0, 1)


def cropped(row: int, column: int, values: NDArray[Any], covered: NDArray[Any]) -> Patch:
    """A patch without its empty rims; values (h, w), `covered` share of contact (h, w)."""
    touched = covered >= TOUCHED_SHARE
    felt = (values.astype(np.float32) > 0) | touched
    down, across = np.flatnonzero(felt.any(axis=1)), np.flatnonzero(felt.any(axis=0))
    if not down.size:
        return Patch(row, column, np.zeros((0, 0), np.float32), np.zeros((0, 0), bool))
    part = slice(down[0], down[-1] + 1), slice(across[0], across[-1] + 1)
    return Patch(
        row + int(down[0]), column + int(across[0]), values[part].astype(np.float32), touched[part]
    )


def check_size(rows: int, columns: int) -> None:
    """Refuse sensors that would not fit into memory.

    Raises:
        SettingsError: names the size and the limit.
    """
    if rows * columns > LARGEST_SENSOR:
        raise SettingsError(
            f"sensor of {rows}x{columns} is too large: rows times cols must be at most "
            f"{LARGEST_SENSOR}"
        )


def _check_patch(side: int) -> None:
    if side > LARGEST_PATCH:
        raise SettingsError(
            f"an object would cover {side} taxels along one side, {LARGEST_PATCH} at most: "
            "take a smaller object, a thinner cover or a coarser sensor"
        )


@dataclass(frozen=True, kw_only=True)
class CameraGel:
    """A gel with a matt coat, lit from three sides in three colours and seen by a camera.

    A pixel's colour is Lambertian in the normal of the coat, one light for each colour (Woodham,
    Optical Engineering 19, 1980; Johnson and Adelson, CVPR 2009; Yuan, Dong and Adelson, Sensors
    17, 2017). Light is even and casts no shadows. Red comes from the left, green and blue 120
    degrees on.

    Attributes:
        rows, cols: pixels.
        mm_per_pixel: size of a pixel on the gel.
        colours: "rgb" (H, W, 3), or raw "bayer_rggb", "bayer_bggr", "bayer_gbrg", "bayer_grbg"
            (H, W); a raw frame moves rigidly only by even numbers of pixels.
        elevation_deg: of the lights above the gel.
        brightness: of flat gel, counts.
        contrast: counts that full light adds.
        relief: how much steeper the coat looks than the cover's displacement.

    Raises:
        SettingsError: if a value is out of range or the sensor is too large.
    """

    rows: int = option(240, minimum=1, maximum=65535)
    cols: int = option(320, minimum=1, maximum=65535)
    mm_per_pixel: float = option(0.06, minimum=0.001, maximum=100.0)
    colours: str = option("rgb", choices=("rgb", *(f"bayer_{order}" for order in BAYER)))
    elevation_deg: float = option(30.0, above=0.0, maximum=89.0)
    brightness: float = option(90.0, minimum=0.0, maximum=1e6)
    contrast: float = option(120.0, minimum=0.0, maximum=1e6)
    relief: float = option(1.0, above=0.0, maximum=100.0)

    surroundings: ClassVar[int] = 1
    axis: ClassVar[int | None] = None

    def __post_init__(self) -> None:
        check(self)
        check_size(self.rows, self.cols)

    @property
    def pitch_mm(self) -> float:
        """Size of a pixel."""
        return self.mm_per_pixel

    @property
    def finest_mm(self) -> float:
        """A pixel."""
        return self.mm_per_pixel

    def patch(self, pressed: Indentation, row: float, column: float) -> Patch:
        """See `Sensor.patch`; values in mm of displacement at the middle of every pixel."""
        cells, cell = len(pressed.displacement), pressed.cell_mm / self.mm_per_pixel
        first_row, down = interpolation(cells, cell, row)
        first_column, across = interpolation(cells, cell, column)
        depth, touching = (
            _interpolated(_interpolated(field.astype(np.float32), down).T, across).T
            for field in (pressed.displacement, pressed.touching)
        )
        return cropped(first_row, first_column, depth, touching)

    def read(self, values: FloatArray) -> FloatArray:
        """See `Sensor.read`; counts (H, W, 3), or (H, W) raw."""
        slope = np.float32(self.relief / (2 * self.mm_per_pixel))
        down = (values[2:, 1:-1] - values[:-2, 1:-1]) * slope  # (H, W)
        across = (values[1:-1, 2:] - values[1:-1, :-2]) * slope
        upright = np.asarray(1 / np.sqrt(1 + down**2 + across**2), np.float32)
        channels = [self._colour(down, across, upright, colour) for colour in range(3)]
        if self.colours == "rgb":
            return np.dstack(channels)
        raw = np.empty(upright.shape, np.float32)
        for place, colour in enumerate(BAYER[self.colours.removeprefix("bayer_")]):
            pixels = slice(place // 2, None, 2), slice(place % 2, None, 2)
            raw[pixels] = channels[colour][pixels]
        return raw

    def _colour(
        self, down: FloatArray, across: FloatArray, upright: FloatArray, colour: int
    ) -> FloatArray:
        """Counts (H, W) of one colour; the coat's normal is (-across, -down, 1) * upright."""
        azimuth = np.pi + colour * 2 * np.pi / 3
        flat, high = np.cos(np.radians(self.elevation_deg)), np.sin(np.radians(self.elevation_deg))
        x, y = np.float32(flat * np.cos(azimuth)), np.float32(flat * np.sin(azimuth))
        light = np.maximum((np.float32(high) - across * x - down * y) * upright, np.float32(0))
        rest = np.float32(self.brightness)
        lit: FloatArray = (light - np.float32(high)) * np.float32(self.contrast) + rest
        return lit


def interpolation(cells: int, cell: float, middle: float) -> tuple[int, Samples]:
    """Where the pixels on a row of cells lie between them, along one axis; lengths in pixels.

    Returns:
        The first pixel, and for each pixel the cell before it and the share of the next one.
    """
    half = (cells - 1) / 2 * cell
    first, last = int(np.ceil(middle - half)), int(np.floor(middle + half))
    _check_patch(last - first + 1)
    place = (np.arange(first, last + 1) - middle + half) / cell
    before = np.clip(np.floor(place).astype(np.int64), 0, cells - 2)
    return first, (before, (place - before).astype(np.float32))


def _interpolated(field: FloatArray, samples: Samples) -> FloatArray:
    """Rows of a field (n, m) at samples (h,) -> (h, m)."""
    before, share = samples
    result: FloatArray = field[before] * (1 - share)[:, None] + field[before + 1] * share[:, None]
    return result
