"""Which injected frames are whole-taxel shifts of each other, from their true poses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np

from tactile_equiv.topology import shorter_way

from .records import Frame, Injected

WHOLE = 1e-6
"""Places that differ from a whole number of taxels by no more are a whole-taxel shift."""

Shift = tuple[int, int]
"""Rows down and columns right, taxels; the shorter way round a finger."""


def shift_between(frame: Injected, reference: Injected) -> Shift | None:
    """By how many whole taxels all contacts of `frame` are shifted, or None if they are not."""
    kinds, others = ([c.kind for c in one.contacts] for one in (frame, reference))
    if not kinds or kinds != others or frame.move != reference.move:
        return None
    steps = shorter_way(places(frame) - places(reference), frame.periods)  # (contacts, 2)
    whole = np.rint(steps[0])
    if np.abs(shorter_way(steps - whole, frame.periods)).max() > WHOLE:
        return None
    return int(whole[0]), int(whole[1])


def shift_groups(injected: Iterable[Injected]) -> list[list[Injected]]:
    """Contained frames that are whole-taxel shifts of each other, where at least one moved."""
    cells: dict[tuple[object, ...], list[list[Injected]]] = defaultdict(list)
    groups: list[list[Injected]] = []
    for frame in injected:
        if not frame.contained:
            continue
        group = _group_of(frame, cells)
        if group is None:
            group = []
            groups.append(group)
            cells[_cell(frame, (0, 0))].append(group)
        group.append(frame)
    return [
        group for group in groups if any(shift_between(one, group[0]) != (0, 0) for one in group)
    ]


def places(frame: Injected) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Row and column of every contact, (contacts, 2)."""
    return np.array([(c.row, c.column) for c in frame.contacts], np.float64)


def margin(frame: Injected) -> float:
    """Taxels from the border to the contact nearest to it."""
    return min(contact.margin for contact in frame.contacts)


def sensor_size(frames: Iterable[Frame | None]) -> tuple[int, int] | None:
    """Rows and columns of the first frame that is there."""
    found = next((frame for frame in frames if frame is not None), None)
    return None if found is None else (found.shape[0], found.shape[1])


def most_central(frames: Sequence[Injected], size: tuple[int, int] | None) -> Injected:
    """The frame nearest to the middle; without a size, the farthest from a border."""
    if size is None:
        return max(frames, key=margin)
    middle = (np.array(size) - 1) / 2
    return min(frames, key=lambda frame: float(((places(frame) - middle) ** 2).sum()))


def _group_of(
    frame: Injected, cells: dict[tuple[object, ...], list[list[Injected]]]
) -> list[Injected] | None:
    """Rounding may put equal fractions into neighbouring cells, so all of them are looked at."""
    for down, right in product((0, -1, 1), repeat=2):
        for group in cells.get(_cell(frame, (down, right)), []):
            if shift_between(frame, group[0]) is not None:
                return group
    return None


def _cell(frame: Injected, around: Shift) -> tuple[object, ...]:
    per_taxel = round(0.1 / WHOLE)
    first = frame.contacts[0]
    fractions = tuple(
        (round(value * per_taxel) + step) % per_taxel
        for value, step in zip((first.row, first.column), around, strict=True)
    )
    return frame.move, tuple(contact.kind for contact in frame.contacts), fractions
