"""The table of an audit in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from tactile_equiv.audit.measurements import LayerMeasurement
from tactile_equiv.audit.wording import operation_words
from tactile_equiv.printable import printable

WIDTH = 100
COLUMNS = ("lattice", "shift", "border", "ripple", "sub-px", "pooled", "flips")
CELL = 7
NOTHING = "-"


def table(layers: Sequence[LayerMeasurement]) -> str:
    """One aligned row for every layer, at most 100 characters wide.

    Errors are relative to the layer's largest response; "0" is exactly 0.
    """
    head = ("#", "layer", "operation", "output", *COLUMNS)
    rows = [head, *(_row(measured) for measured in layers)]
    shapes = max(len(row[3]) for row in rows)
    numbers = len(str(len(layers)))
    left = WIDTH - numbers - shapes - len(COLUMNS) * (CELL + 1) - 4
    operations = min(max(len(row[2]) for row in rows), left // 2)
    names = min(max(len(row[1]) for row in rows), left - operations)
    widths = (numbers, names, operations, shapes)
    return "\n".join(_line(cells, widths) for cells in rows)


def _line(cells: Sequence[str], widths: tuple[int, int, int, int]) -> str:
    number, name, operation, shape, *figures = cells
    left = (
        f"{number:>{widths[0]}} {_cut(name, widths[1])} {_cut(operation, widths[2])} "
        f"{shape:>{widths[3]}}"
    )
    return " ".join([left, *(f"{figure:>{CELL}}" for figure in figures)]).rstrip()


def _cut(text: str, width: int) -> str:
    """Exactly `width` characters; what is longer loses its beginning."""
    return f"{text:{width}}" if len(text) <= width else "…" + text[len(text) - width + 1 :]


def _row(measured: LayerMeasurement) -> tuple[str, ...]:
    layer, is_map = measured.layer, measured.grid is not None
    known = (
        str(measured.number),
        printable(layer.name),
        printable(operation_words(layer.operation)),
        "x".join(map(str, layer.shape)),
    )
    if not measured.answers:
        return (*known, *(NOTHING for _ in COLUMNS))
    return (
        *known,
        lattice_text(measured) if is_map else NOTHING,
        figure(measured.shift_error) if is_map else NOTHING,
        figure(measured.border_error) if measured.border.measured else NOTHING,
        figure(measured.ripple_error) if is_map else NOTHING,
        figure(measured.part_error if is_map else measured.shifts.drift_parts),
        figure(measured.drift),
        f"{measured.slides.flips}/{measured.slides.steps}" if measured.slides else NOTHING,
    )


def lattice_text(measured: LayerMeasurement) -> str:
    """Such as 1, 2, 2x1 (down x along) or none."""
    rows, columns = (str(step) if step else "none" for step in measured.lattice)
    return rows if rows == columns else f"{rows}x{columns}"


def figure(error: float) -> str:
    """A relative error in at most 7 characters; 0 is exactly 0."""
    if error == 0:
        return "0"
    return f"{error:.1e}" if error < 1e-3 or error >= 100 else f"{error:.3f}"
