"""Finds, for every property, the layer that loses it first and what makes it."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import numpy as np

from tactile_equiv.audit.border import SIDES, Side
from tactile_equiv.audit.findings import Cause, growth, judged_maps
from tactile_equiv.audit.grids import AXES
from tactile_equiv.audit.measurements import LayerMeasurement
from tactile_equiv.audit.wording import layer_words, listed, percent

ALONG = ("down the rows", "along the columns")

FADED = 0.7
"""An error of the border that reaches the middle is smaller there, at least by this factor."""

ARITHMETIC = ("add", "subtract", "multiply", "divide")
"""Operations that see no border: what they add or multiply by depends on the place."""

Account = tuple[LayerMeasurement, Cause, str]
"""The layer in which something begins, its cause, and the sentence."""
Layers = Sequence[LayerMeasurement]


def account_for_shifts(layers: Layers, first: LayerMeasurement) -> Account:
    """Which shifts a layer breaks: those between the cells of a stride, or all."""
    maps = judged_maps(layers)
    words = layer_words(first)
    if all(_steps_of(first)):
        text = f"{words} breaks integer shifts {_broken(first)} ({error_words(first)})"
        return first, "stride", text + _coarser(maps, first)
    at_border = [m for m in maps if m.number < first.number and not m.border_error <= m.exact]
    rippling = next((m for m in maps if not m.ripple_error <= m.exact), first)
    aligned = _aligned_error(first)
    if at_border and aligned < FADED * first.border_error and not _ripples_inside(rippling):
        origin = f"layer {at_border[0].number} `{at_border[0].layer.name}`"
        text = (
            f"in {words} the error of the border, which begins in {origin}, reaches the middle of "
            f"the map ({percent(aligned)})"
        )
        return first, "border_inside", text
    where = "the same contact is answered differently from place to place"
    if _ripples_inside(first):
        where = "cells of the empty frame differ already"
    text = f"{words} breaks every integer shift ({error_words(first)}): {where}"
    return first, "position", text


def error_words(measured: LayerMeasurement) -> str:
    """The worst error under whole pixels in the middle."""
    return f"error {percent(measured.shift_error)}"


def _steps_of(measured: LayerMeasurement) -> tuple[int | None, int | None]:
    """The lattice; the stride where it is too coarse to be measured."""
    steps: list[int | None] = []
    for axis in AXES:
        known, stride = measured.lattice[axis], _stride(measured, axis)
        beyond = stride > max(measured.shifts.whole[axis], default=0)
        steps.append(stride if known is None and beyond else known)
    return steps[0], steps[1]


def _stride(measured: LayerMeasurement, axis: int) -> int:
    return measured.grid.scale[axis].denominator if measured.grid else 1


def _broken(measured: LayerMeasurement) -> str:
    rows, columns = _steps_of(measured)
    if rows == columns:
        return f"that are not multiples of {rows}"
    clauses = [
        f"{along} that are not multiples of {step}"
        for along, step in zip(ALONG, (rows, columns), strict=True)
        if step != 1
    ]
    return listed(clauses)


def _coarser(maps: list[LayerMeasurement], first: LayerMeasurement) -> str:
    """Which later layers widen the lattice, and the first that has none."""
    known, clauses, lost = _product(_steps_of(first)), [], ""
    for measured in maps[maps.index(first) + 1 :]:
        steps = _steps_of(measured)
        if not all(steps):
            lost = f"; from layer {measured.number} `{measured.layer.name}` on no shift is exact"
            break
        if _product(steps) > known:
            known = _product(steps)
            clauses.append(f"to {_lattice_words(steps)} in {layer_words(measured)}")
    return (f", coarsened {listed(clauses)}" if clauses else "") + lost


def _lattice_words(steps: tuple[int | None, int | None]) -> str:
    return str(steps[0]) if steps[0] == steps[1] else f"{steps[0]}x{steps[1]}"


def _product(steps: tuple[int | None, int | None]) -> int:
    return (steps[0] or 1) * (steps[1] or 1)


def _aligned_error(measured: LayerMeasurement) -> float:
    """Worst under shifts by whole cells of the layer."""
    errors = [
        error
        for axis in AXES
        for shift, error in measured.shifts.whole[axis].items()
        if shift % _stride(measured, axis) == 0
    ]
    return float(np.max(errors)) if errors else 0.0


def _ripples_inside(measured: LayerMeasurement) -> bool:
    return measured.ripple is not None and not measured.ripple.middle <= measured.exact


def account_for_border(layers: Layers, first: LayerMeasurement) -> Account:
    """How far from the border a layer errs, and whether the contact shows at the opposite one."""
    words = layer_words(first)
    raised = growth(judged_maps(layers), first, attrgetter("border_error"))
    if not first.border.phantom <= first.exact:
        sides = _sides([s for s, e in first.border.phantoms.items() if not e <= first.exact])
        text = (
            f"{words} shows a contact at the {sides} a second time at the opposite one "
            f"({percent(first.border.phantom)})"
        )
        return first, "circular", text + raised
    wrong = [
        side
        for side, known in first.border.by_distance.items()
        if any(not error <= first.exact for error in known.values())
    ]
    error = percent(first.border.worst)
    if _felt_everywhere(first):
        text = f"{words}: with a contact near the {_sides(wrong)} its whole map differs by {error}"
        return first, "statistics", text + raised
    no_rim = first.layer.operation in ARITHMETIC or not first.border.depth(first.exact)
    cause: Cause = "position" if no_rim else "padding"
    return first, cause, f"{words}: {_cells(first, _sides(wrong))} by {error}{raised}"


def _felt_everywhere(measured: LayerMeasurement) -> bool:
    """Errors reach the middle of the map in a layer that pads nothing."""
    cells = min(measured.layer.shape[1:])
    depth = measured.border.depth(measured.exact)
    return not any(measured.layer.settings.get("padding", ())) and depth >= cells // 2


def _cells(measured: LayerMeasurement, border: str) -> str:
    """Such as: the first 4 pixels from the border differ; cells where a cell is no pixel."""
    depth = measured.border.depth(measured.exact)
    same = measured.grid and all(scale == 1 for scale in measured.grid.scale)
    unit, rest = ("pixel", "") if same else ("cell", " of its map")
    if depth == 0:
        return f"contacts in a corner at the {border} differ"
    if depth == 1:
        return f"the first {unit}{rest} from the {border} differs"
    return f"the first {depth} {unit}s{rest} from the {border} differ"


def _sides(wrong: Sequence[Side]) -> str:
    return "border" if len(wrong) == len(SIDES) else f"{listed(wrong)} border"


def account_for_ripple(layers: Layers, first: LayerMeasurement) -> Account:
    """What the empty frame already looks like."""
    assert first.ripple is not None
    words = layer_words(first)
    raised = growth(judged_maps(layers), first, attrgetter("ripple_error"))
    if _ripples_inside(first):
        text = (
            f"{words} answers to the empty frame with differences of "
            f"{percent(first.ripple.anywhere)} between its cells, in the middle too"
        )
        return first, "position", text + raised
    text = (
        f"{words} answers to the empty frame with a rim that differs by "
        f"{percent(first.ripple.anywhere)}: its padding is no empty background"
    )
    return first, "padding", text + raised
