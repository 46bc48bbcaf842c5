"""Pictures of the frames that a person should look at first."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tactile_equiv.overlap import overlap, turned
from tactile_equiv.picture import GREEN, ORANGE, WHITE, Picture, heat_map, put_text

from .measurement import Measurements
from .pairing import Exchange
from .records import Frame
from .shift_pairs import Shift

EACH = 2
"""Frames of every kind of trouble."""
WIDTH = 260
"""Of one picture, pixels."""


@dataclass(frozen=True)
class WorstFrame:
    """A frame worth a look: why, and its picture (H, W, 3), blue, green, red."""

    caption: str
    picture: Picture

    @property
    def png(self) -> str:
        """The picture as PNG in base64."""
        _, encoded = cv2.imencode(".png", self.picture)
        return base64.b64encode(encoded.tobytes()).decode("ascii")


def worst_frames(measurements: Measurements) -> list[WorstFrame]:
    """Worst map errors, changes of class on shifts and slides, worst centroids: `EACH` of each."""
    return [
        *_worst_maps(measurements),
        *_flips(measurements),
        *_disagreeing(measurements),
        *_worst_centroids(measurements),
    ]


def _worst_maps(measurements: Measurements) -> Iterator[WorstFrame]:
    answered = {e.injected.stamp_ns: e for e in measurements.stream.exchanges}
    errors = sorted(measurements.shifts.compared, key=lambda e: -_rank(e.map_error))
    for error in errors[:EACH]:
        if error.map_error == 0:
            return
        exchange, reference = answered[error.stamp_ns], answered[error.reference_ns]
        caption = (
            f"map error {error.map_error:.2g} relative: {_where(exchange)}, shifted by "
            f"{error.shift[0]:+d} rows and {error.shift[1]:+d} columns"
        )
        yield WorstFrame(caption, _sheet(exchange, reference, error.shift))


def _flips(measurements: Measurements) -> Iterator[WorstFrame]:
    answered = {e.injected.stamp_ns: e for e in measurements.stream.exchanges}
    flips = [error for error in measurements.shifts.compared if error.flipped]
    for error in flips[:EACH]:
        exchange, reference = answered[error.stamp_ns], answered[error.reference_ns]
        caption = (
            f"class {exchange.perceived.label or 'none'} instead of "
            f"{reference.perceived.label or 'none'} after a shift of {error.shift[0]:+d} rows and "
            f"{error.shift[1]:+d} columns: {_where(exchange)}"
        )
        yield WorstFrame(caption, _sheet(exchange, reference, error.shift))


def _disagreeing(measurements: Measurements) -> Iterator[WorstFrame]:
    answered = {e.injected.stamp_ns: e for e in measurements.stream.exchanges}
    found = [
        (stamp, track.majority)
        for track in measurements.tracks.tracks
        for stamp, given in zip(track.stamps_ns, track.labels, strict=True)
        if given != track.majority
    ]
    for stamp, majority in found[:EACH]:
        exchange = answered[stamp]
        caption = (
            f"class {exchange.perceived.label or 'none'} along a slide of {majority}: "
            f"{_where(exchange)}"
        )
        yield WorstFrame(caption, _sheet(exchange, None, (0, 0)))


def _worst_centroids(measurements: Measurements) -> Iterator[WorstFrame]:
    answered = {e.injected.stamp_ns: e for e in measurements.stream.exchanges}
    errors = [
        (_rank(float(np.hypot(*error))), stamp)
        for track in measurements.tracks.tracks
        for stamp, error, count in zip(track.stamps_ns, track.errors, track.contacts, strict=True)
        if count
    ]
    for length, stamp in sorted(errors, reverse=True)[:EACH]:
        exchange = answered[stamp]
        caption = f"centroid {length:.2g} taxel from the truth: {_where(exchange)}"
        yield WorstFrame(caption, _sheet(exchange, None, (0, 0)))


def _rank(value: float) -> float:
    return value if value == value else float("inf")


def _where(exchange: Exchange) -> str:
    frame = exchange.injected
    contact = frame.contacts[0]
    return (
        f"{contact.label} at row {contact.row:.2f}, column {contact.column:.2f} of move "
        f"{frame.move!r}, stamp {frame.stamp_ns} ns"
    )


def _sheet(exchange: Exchange, reference: Exchange | None, shift: Shift) -> Picture:
    """Frame and map; with a reference also the map that was expected, and the difference."""
    panels = []
    frame, answer = exchange
    if frame.frame is not None:
        panels.append(_marked(_panel(_flat(frame.frame), "frame"), exchange, frame.frame.shape))
    seen = answer.contact_map
    if seen is not None:
        panels.append(_marked(_panel(seen, "map seen"), exchange, seen.shape))
    expected = reference.perceived.contact_map if reference else None
    if seen is not None and expected is not None and seen.shape == expected.shape:
        expected, left = turned(expected, shift, frame.periods)
        here, there = overlap(left, seen.shape)
        moved = np.full(seen.shape, np.nan, np.float32)
        moved[here] = expected[there]
        panels += [_panel(moved, "map expected"), _panel(np.abs(seen - moved), "difference")]
    return np.hstack(_equally_high(panels)) if panels else np.zeros((1, 1, 3), np.uint8)


def _panel(values: NDArray[np.float32], title: str) -> Picture:
    """Title with full scale above a heat map; violet = nothing to compare."""
    zoom = max(WIDTH // values.shape[1], 1)
    full_scale = float(np.nanmax(np.abs(values), initial=0.0))
    heat = heat_map(np.asarray(values, np.float32), full_scale, zoom)
    caption = np.full((20, heat.shape[1], 3), 40, np.uint8)
    put_text(caption, f"{title}, max {full_scale:.2g}", (4, 14), WHITE, 0.4)
    return np.pad(np.vstack([caption, heat]), ((0, 0), (0, 6), (0, 0)), constant_values=255)


def _marked(picture: Picture, exchange: Exchange, shape: tuple[int, ...]) -> Picture:
    """True places as green crosses, seen ones as orange diagonal crosses."""
    zoom = max(WIDTH // shape[1], 1)

    def mark(row: float, column: float, colour: tuple[int, int, int], form: int) -> None:
        if np.isfinite([row, column]).all():
            where = round((column + 0.5) * zoom), 20 + round((row + 0.5) * zoom)
            cv2.drawMarker(picture, where, colour, form, 9, 1, cv2.LINE_AA)

    for true in exchange.injected.contacts:
        mark(true.row, true.column, GREEN, cv2.MARKER_CROSS)
    for seen in exchange.perceived.contacts or ():
        mark(seen.row, seen.column, ORANGE, cv2.MARKER_TILTED_CROSS)
    return picture


def _flat(frame: Frame) -> NDArray[np.float32]:
    """(H, W) of a frame of several channels: the distance from what is there mostly."""
    values = np.asarray(frame, np.float32)
    if values.ndim == 3:
        values = np.abs(values - np.nanmedian(values, axis=(0, 1))).sum(axis=2)
    return values


def _equally_high(pictures: list[Picture]) -> list[Picture]:
    highest = max(picture.shape[0] for picture in pictures)
    return [
        np.pad(p, ((0, highest - p.shape[0]), (0, 0), (0, 0)), constant_values=255)
        for p in pictures
    ]
