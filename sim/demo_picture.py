"""The picture that the demonstration leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.picture import (
    GREEN,
    GREY,
    ORANGE,
    WHITE,
    Picture,
    draw_outlines,
    heat_map,
    put_text,
)

ZOOM = 4
CAPTION = 24
GAP = 10
ACROSS = 3
MOVED_ACROSS = 6
PAPER = 48  # grey of the background


@dataclass(frozen=True)
class Seen:
    """A frame and what the node published for it.

    Attributes:
        frame: (H, W) as published.
        contact_map: (H, W) as received.
        true: true class, name seen: class seen (empty: no contact) and its score.
        contacts: number of contacts.
        latency: from publishing the frame to the class, seconds.
    """

    frame: NDArray[Any]
    contact_map: NDArray[np.float32]
    true: str
    name: str
    score: float
    contacts: int
    latency: float


def demo_picture(
    presses: Sequence[Seen], moved: Sequence[Seen], moved_text: str, source: str
) -> Picture:
    """Presses with their contact maps and classes; below, one press moved over the sensor."""
    tiles = [_pair(seen) for seen in presses]
    strip = [_column(seen) for seen in moved]
    width = max(ACROSS * (tiles[0].shape[1] + GAP), MOVED_ACROSS * (strip[0].shape[1] + GAP)) + GAP
    right = sum(seen.name == seen.true for seen in presses)
    parts = [
        _text_line(f"{source}: {right} of {len(presses)} classes right", width, WHITE, 0.6),
        _text_line(
            "left: pressure, contacts outlined; right: contact map; below: class and score",
            width,
            GREY,
        ),
        _grid(tiles, ACROSS, width),
        _text_line(
            "One press, moved: the class stays, the contact map moves along", width, WHITE, 0.6
        ),
        _text_line(f"above: pressure; below: contact map; {moved_text}", width, GREY),
        _grid(strip, MOVED_ACROSS, width),
    ]
    return np.vstack(parts)


def _pair(seen: Seen) -> Picture:
    gap = np.full((seen.frame.shape[0] * ZOOM, GAP // 2, 3), PAPER, np.uint8)
    pictures = np.hstack([_pressure(seen), gap, heat_map(seen.contact_map, 1.0, ZOOM)])
    good = seen.name == seen.true
    text = f"{seen.name or 'no contact'} {seen.score:.2f}" + ("" if good else f" (is {seen.true})")
    return np.vstack([pictures, _text_line(text, pictures.shape[1], GREEN if good else ORANGE)])


def _column(seen: Seen) -> Picture:
    gap = np.full((GAP // 2, seen.frame.shape[1] * ZOOM, 3), PAPER, np.uint8)
    pictures = np.vstack([_pressure(seen), gap, heat_map(seen.contact_map, 1.0, ZOOM)])
    return np.vstack(
        [pictures, _text_line(f"{seen.name} {seen.score:.6f}", pictures.shape[1], GREEN)]
    )


def _pressure(seen: Seen) -> Picture:
    values = seen.frame.astype(np.float32)
    picture = heat_map(values, float(values.max()), ZOOM)
    draw_outlines(picture, seen.contact_map, 0.5, ZOOM)
    return picture


def _text_line(text: str, width: int, colour: tuple[int, int, int], size: float = 0.45) -> Picture:
    line = np.full((CAPTION + 4, width, 3), PAPER, np.uint8)
    put_text(line, text, (6, CAPTION - 6), colour, size)
    return line


def _grid(tiles: Sequence[Picture], across: int, width: int) -> Picture:
    height, tile_width = tiles[0].shape[:2]
    rows = -(-len(tiles) // across)
    sheet = np.full((rows * (height + GAP) + GAP, width, 3), PAPER, np.uint8)
    for index, tile in enumerate(tiles):
        top = GAP + index // across * (height + GAP)
        left = GAP + index % across * (tile_width + GAP)
        sheet[top : top + height, left : left + tile_width] = tile
    return sheet
