"""What every lesson is made of: a law, a measurement, a table and a picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from tactile_equiv.aligned_lines import aligned_lines

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Cell = str | int | float

SMALLEST_PRINTED = 1e-5
"""Below it rounding differs between machines: only the power of ten is told."""


@dataclass(frozen=True)
class Table:
    """Figures with names: the first cell of each row names it.

    Attributes:
        columns: names of the columns, that of the row names first.
        rows: as many cells each as there are columns.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def value(self, row: str, column: str) -> float:
        """The figure in a row and a column, both by name.

        Raises:
            KeyError: if there is none of that name.
        """
        by_name = {cells[0]: cells for cells in self.rows}
        if column not in self.columns:
            raise KeyError(f"{column!r} is not one of {self.columns}")
        return float(by_name[row][self.columns.index(column)])

    def text(self) -> str:
        """The table as aligned lines; figures to two digits."""
        return aligned_lines([self.columns, *(tuple(map(printed, cells)) for cells in self.rows)])


@dataclass(frozen=True)
class Finding:
    """What a lesson measured.

    Attributes:
        table: the figures.
        pictures: arrays that only the drawing needs, by name.
    """

    table: Table
    pictures: Mapping[str, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Lesson:
    """One law and the experiment that shows it.

    Attributes:
        name: for the command line.
        title: for the page.
        law: what holds and what breaks it, one or two sentences.
        measure: runs the experiment; seeded, so the figures are the same on every run.
        draw: draws a finding onto an empty matplotlib figure.
        tolerance: how far figures may differ on another machine, relative to the largest of the
            row; experiments that train a network need more than those that only evaluate one.
    """

    name: str
    title: str
    law: str
    measure: Callable[[], Finding]
    draw: Callable[[Finding, Figure], None]
    tolerance: float = 0.02


def printed(cell: Cell) -> str:
    """A cell as text: whole numbers as they are, others to two significant digits."""
    if isinstance(cell, (str, int)):
        return str(cell)
    if not math.isfinite(cell) or cell == 0:
        return f"{cell:g}"
    if abs(cell) < SMALLEST_PRINTED:
        return f"<1e{math.floor(math.log10(abs(cell))) + 1:d}"
    digits = max(1 - math.floor(math.log10(abs(float(f"{cell:.1e}")))), 0)
    return f"{cell:.{digits}f}"
