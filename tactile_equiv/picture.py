"""Pictures that a person understands: what the skin felt, where, and what it was taken for."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tactile_equiv.percept import Percept

Picture = NDArray[np.uint8]

FONT = cv2.FONT_HERSHEY_SIMPLEX
WHITE, GREY, GREEN, ORANGE = (255, 255, 255), (150, 150, 150), (90, 220, 90), (60, 160, 255)
INVALID_COLOUR = (200, 60, 200)


def heat_map(values: NDArray[np.float32], full_scale: float, zoom: int) -> Picture:
    """(H, W) to colours (H zoom, W zoom, 3) as BGR; 0 black, `full_scale` bright, NaN violet."""
    scaled = np.nan_to_num(values / max(full_scale, 1e-9) * 255)
    grey = np.clip(scaled, 0, 255).astype(np.uint8)
    coloured = cv2.applyColorMap(grey, cv2.COLORMAP_INFERNO)
    coloured[np.isnan(values)] = INVALID_COLOUR
    picture: Picture = cv2.resize(coloured, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_NEAREST)
    return picture


def overlay(percept: Percept, numbers: Sequence[int], threshold: float, zoom: int = 8) -> Picture:
    """Pressure as heat, contact outlines, centroid, number, class and score of each contact.

    Args:
        percept: what was felt.
        numbers: a number for each contact.
        threshold: contact probability of the outline.
        zoom: picture pixels per taxel.

    Returns:
        (H zoom, W zoom, 3) blue, green, red.
    """
    pressure = np.where(np.isnan(percept.contact_map), np.float32(np.nan), percept.pressure)
    picture = heat_map(pressure, float(percept.pressure.max()), zoom)
    draw_outlines(picture, percept.contact_map, threshold, zoom)
    for contact, number in zip(percept.contacts, numbers, strict=True):
        middle = round((contact.column + 0.5) * zoom), round((contact.row + 0.5) * zoom)
        colour = ORANGE if contact.clipped else GREEN
        cv2.drawMarker(picture, middle, colour, cv2.MARKER_CROSS, zoom, 1, cv2.LINE_AA)
        cut = " clipped" if contact.clipped else ""
        text = f"{number} {contact.texture.name} {contact.texture.score:.2f}{cut}"
        top = max(contact.box[0] * zoom - 4, 12)
        left = min(contact.box[1] * zoom, max(picture.shape[1] - 8 * len(text), 0))
        put_text(picture, text, (left, top), colour)
    return picture


def draw_outlines(
    picture: Picture, contact_map: NDArray[np.float32], threshold: float, zoom: int
) -> None:
    """Outline where a contact map (H, W) reaches the threshold; picture is (H zoom, W zoom, 3)."""
    touched = (np.nan_to_num(contact_map) >= threshold).astype(np.uint8)
    large = cv2.resize(touched, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(large, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(picture, outlines, -1, WHITE, 1)


def put_text(
    picture: Picture,
    text: str,
    where: tuple[int, int],
    colour: tuple[int, int, int] = WHITE,
    size: float = 0.42,
) -> None:
    """Write on a picture; `where` is the left end of the base line, (x, y) pixels."""
    shadow = where[0] + 1, where[1] + 1
    cv2.putText(picture, text, shadow, FONT, size, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.putText(picture, text, where, FONT, size, colour, 1, cv2.LINE_AA)
