"""Pictures that a person understands: what the skin felt, where, and what it was taken for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from tactile_equiv.contacts import Contact
from tactile_equiv.percept import Percept
from tactile_equiv.topology import NO_PERIODS, Box, moved

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

FONT = cv2.FONT_HERSHEY_SIMPLEX
WHITE, GREY, GREEN, ORANGE = (255, 255, 255), (150, 150, 150), (90, 220, 90), (60, 160, 255)
INVALID_COLOUR = (200, 60, 200)

SKIN_HEIGHT, SKIN_WIDTH = 480, 640
"""The skin is enlarged by whole numbers to at most so many picture pixels."""
LEAST_WIDTH = 480
HEADER, LEGEND = 36, 40
"""Heights of the lines above and below the skin, pixels."""
BAR = 150
LABEL_SIZE = 0.5
STEPS = (1, 1.5, 2, 3, 5, 7)


def heat_map(values: NDArray[np.float32], full_scale: float, zoom: int) -> Picture:
    """(H, W) to colours (H zoom, W zoom, 3) as BGR; 0 black, `full_scale` bright, NaN violet."""
    scaled = np.nan_to_num(values / max(full_scale, 1e-9) * 255)
    grey = np.clip(scaled, 0, 255).astype(np.uint8)
    coloured = cv2.applyColorMap(grey, cv2.COLORMAP_INFERNO)
    coloured[np.isnan(values)] = INVALID_COLOUR
    picture: Picture = cv2.resize(coloured, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_NEAREST)
    return picture


def zoom_of(rows: int, columns: int) -> int:
    """Picture pixels per taxel at which a skin of any size can be read."""
    return max(1, min(SKIN_HEIGHT // rows, SKIN_WIDTH // columns))


def full_scale_of(pressure: NDArray[np.float32]) -> float:
    """The next of 1, 1.5, 2, 3, 5, 7, 10 ... above the highest pressure; 0 without pressure.

    Steps, so that the colours of a stream do not follow every change of its maximum.
    """
    highest = float(np.nanmax(pressure, initial=0.0))
    if not highest > 0:
        return 0.0
    decade = 10.0 ** math.floor(math.log10(highest))
    return next((step * decade for step in STEPS if highest <= step * decade), 10 * decade)


def overlay(
    percept: Percept, numbers: Sequence[int], threshold: float, zoom: int | None = None
) -> Picture:
    """Pressure as heat, and each contact's outline, centroid, number, class and score.

    Above it stands the class of the whole frame, below it the colour scale. A whole contact is
    green, one that the border clips orange, an invalid taxel violet.

    Args:
        percept: what was felt.
        numbers: a number for each contact.
        threshold: contact probability of the outline.
        zoom: picture pixels per taxel; None: `zoom_of` the frame.

    Returns:
        (HEADER + H zoom + LEGEND, max(W zoom, LEAST_WIDTH), 3) blue, green, red.
    """
    zoom = zoom or zoom_of(*percept.pressure.shape)
    full_scale = full_scale_of(percept.pressure)
    skin = _skin(percept, numbers, threshold, full_scale, zoom)
    height, width = skin.shape[:2]
    picture = np.full((HEADER + height + LEGEND, max(width, LEAST_WIDTH), 3), 40, np.uint8)
    picture[HEADER : HEADER + height, :width] = skin
    put_text(picture, _headline(percept), (8, 25), WHITE, 0.65)
    _put_legend(picture, full_scale, percept.invalid)
    return picture


def colour_of(contact: Contact) -> Colour:
    """Blue, green, red of a whole or a clipped contact."""
    return ORANGE if contact.clipped else GREEN


def label_of(contact: Contact, number: int) -> str:
    """Number, class and score of a contact."""
    if not contact.felt:
        return f"{number}: not felt"
    cut = ", clipped" if contact.clipped else ""
    return f"{number}: {contact.texture.name} {contact.texture.score:.2f}{cut}"


def draw_outlines(
    picture: Picture,
    contact_map: NDArray[np.float32],
    threshold: float,
    zoom: int,
    colours: Mapping[Box, Colour] = MappingProxyType({}),
    otherwise: Colour = WHITE,
    periods: tuple[float, float] = NO_PERIODS,
) -> None:
    """Outline where a contact map (H, W) reaches the threshold; picture is (H zoom, W zoom, 3).

    `colours` holds those of the contacts by their boxes; other outlines are drawn `otherwise`.
    After `periods` rows and columns repeat: what crosses the seam is outlined on both of its sides.
    """
    touched = (np.nan_to_num(contact_map) >= threshold).astype(np.uint8)
    rows, columns = turn = [int(period) if math.isfinite(period) else 0 for period in periods]
    three_turns = cv2.copyMakeBorder(touched, rows, rows, columns, columns, cv2.BORDER_WRAP)
    large = cv2.resize(three_turns, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    skin = picture[: touched.shape[0] * zoom, : touched.shape[1] * zoom]
    for outline in outlines:
        x, y, width, height = (extent // zoom for extent in cv2.boundingRect(outline))
        box = _of_middle_turn((y, x, y + height, x + width), turn)
        if box is None:
            continue
        colour = colours.get(box, otherwise)
        for turns in (0, 1, 2) if any(turn) else (0,):
            away = -turns * columns * zoom, -turns * rows * zoom
            cv2.drawContours(skin, [outline], -1, colour, 2 if zoom > 2 else 1, offset=away)


def _of_middle_turn(box: Box, turn: Sequence[int]) -> Box | None:
    """The box of a contact from one in three turns of so many rows or columns, 0 = no turn.

    None where another turn has the same contact; all the way round it has the lines 0 to n.
    """
    found = moved(box, -turn[0], -turn[1])
    for along in (0, 1):
        lines = turn[along]
        if lines and found[along + 2] - found[along] == 3 * lines:
            top, left, bottom, right = found
            return (0, left, lines, right) if along == 0 else (top, 0, bottom, lines)
        if lines and not 0 <= found[along] < lines:
            return None
    return found


def put_text(
    picture: Picture,
    text: str,
    where: tuple[int, int],
    colour: Colour = WHITE,
    size: float = 0.42,
) -> None:
    """Write on a picture; `where` is the left end of the base line, (x, y) pixels."""
    shadow = where[0] + 1, where[1] + 1
    cv2.putText(picture, text, shadow, FONT, size, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.putText(picture, text, where, FONT, size, colour, 1, cv2.LINE_AA)


def _skin(
    percept: Percept, numbers: Sequence[int], threshold: float, full_scale: float, zoom: int
) -> Picture:
    """Heat map with outlines and labels, (H zoom, max(W zoom, LEAST_WIDTH), 3)."""
    pressure = np.where(np.isnan(percept.contact_map), np.float32(np.nan), percept.pressure)
    heat = heat_map(pressure, full_scale, zoom)
    missing = max(LEAST_WIDTH - heat.shape[1], 0)
    picture: Picture = np.pad(heat, ((0, 0), (0, missing), (0, 0)), constant_values=40)
    colours = {contact.box: colour_of(contact) for contact in percept.contacts}
    draw_outlines(picture, percept.contact_map, threshold, zoom, colours, GREY, percept.periods)
    taken: list[Box] = []
    for contact, number in zip(percept.contacts, numbers, strict=True):
        down = (contact.row + 0.5) % percept.periods[0]
        along = (contact.column + 0.5) % percept.periods[1]
        middle = round(along * zoom), round(down * zoom)
        colour = colour_of(contact)
        cv2.drawMarker(picture, middle, (0, 0, 0), cv2.MARKER_CROSS, 13, 3)
        cv2.drawMarker(picture, middle, colour, cv2.MARKER_CROSS, 11, 1)
        text = label_of(contact, number)
        _put_label(picture, text, contact.box, zoom, colour, taken)
    return picture


def _put_label(
    picture: Picture, text: str, box: Box, zoom: int, colour: Colour, taken: list[Box]
) -> None:
    """Write beside a contact's box on a darkened ground, over no other label where possible."""
    (width, height), _ = cv2.getTextSize(text, FONT, LABEL_SIZE, 1)
    enlarged = box[0] * zoom, box[1] * zoom, box[2] * zoom, box[3] * zoom
    place = label_place((height + 10, width + 8), enlarged, picture.shape[:2], taken)
    taken.append(place)
    picture[place[0] : place[2], place[1] : place[3]] //= 4
    put_text(picture, text, (place[1] + 4, place[2] - 6), colour, LABEL_SIZE)


def label_place(
    size: tuple[int, int], box: Box, skin: tuple[int, ...], taken: Sequence[Box]
) -> Box:
    """Where a label stands: above its contact, below it, or further down, always on the skin.

    Args:
        size: height and width of the label, pixels.
        box: top, left, bottom, right of the contact, pixels.
        skin: height and width of the picture, pixels.
        taken: places of the labels that stand already.
    """
    (height, width), lowest = size, max(skin[0] - size[0], 0)
    left = max(min(box[1], skin[1] - width), 0)
    above, below = box[0] - height - 4, box[2] + 4
    for top in [above, below, *range(max(above, 0), lowest + 1, height), *range(0, above, height)]:
        place = top, left, top + height, left + width
        if 0 <= top <= lowest and not any(_overlap(place, other) for other in taken):
            return place
    top = min(max(above, 0), lowest)
    return top, left, top + height, left + width


def _overlap(one: Box, other: Box) -> bool:
    down = one[0] < other[2] and other[0] < one[2]
    return down and one[1] < other[3] and other[1] < one[3]


def _headline(percept: Percept) -> str:
    if percept.texture is None:
        return "no contact is felt" if percept.contacts else "no contact"
    number = sum(contact.felt for contact in percept.contacts)
    contacts = "1 contact" if number == 1 else f"{number} contacts"
    return f"{percept.texture.name} {percept.texture.score:.2f}, {contacts}"


def _put_legend(picture: Picture, full_scale: float, invalid: int) -> None:
    """The colour scale in sensor units, and what the colours of the outlines mean."""
    top = picture.shape[0] - LEGEND + 6
    scale = np.linspace(0, 1, BAR, dtype=np.float32)[None].repeat(12, axis=0)
    picture[top : top + 12, 8 : 8 + BAR] = heat_map(scale, 1.0, 1)
    limits = f"0 .. {full_scale:g} sensor units" if full_scale else "0 (untouched)"
    put_text(picture, limits, (8, top + 27), WHITE, 0.45)
    entries = [("whole", GREEN), ("clipped", ORANGE)]
    entries += [(f"{invalid} invalid", INVALID_COLOUR)] if invalid else []
    left = BAR + 60
    for name, colour in entries:
        picture[top : top + 12, left : left + 12] = colour
        put_text(picture, name, (left + 18, top + 11), WHITE, 0.45)
        left += 92
