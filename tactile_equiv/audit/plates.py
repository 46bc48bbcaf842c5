"""Turns the pictures of a report into images on its page."""

from __future__ import annotations

import base64
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

from tactile_equiv.audit.pictures import Picture, Plane

SIDE = 160
"""Longer side of a panel on the page, CSS pixels, about."""
UNKNOWN = (225, 215, 230)
NEGATIVE, POSITIVE = (176, 82, 31), (38, 38, 178)
"""Strongest colours, BGR: blue below and red above 0, white is 0."""


def plate(picture: Picture) -> str:
    """The panels of a picture, side by side."""
    panels = "".join(
        f'<figure><img alt="{escape(heading)}" src="data:image/png;base64,'
        f'{base64.b64encode(png(plane, picture.largest)).decode()}">'
        f"<figcaption>{escape(heading)}</figcaption></figure>"
        for heading, plane in picture.panels
    )
    return (
        f'<p class="reading">{escape(picture.caption)} (red {picture.largest:.3g}, white 0, blue '
        f'{-picture.largest:.3g}, violet unknown)</p><div class="panels">{panels}</div>'
    )


def png(plane: Plane, largest: float) -> bytes:
    """Values (H', W') as PNG, every cell a square of whole pixels."""
    side = max(1, round(SIDE / max(plane.shape)))
    wide = np.kron(_colours(plane, largest), np.ones((side, side, 1), np.uint8))
    _, coded = cv2.imencode(".png", wide)
    return bytes(coded)


def _colours(plane: Plane, largest: float) -> NDArray[np.uint8]:
    share = np.clip(np.nan_to_num(plane) / largest, -1, 1)[..., None]  # (H', W', 1)
    strong = np.where(share < 0, np.array(NEGATIVE), np.array(POSITIVE))
    mixed = 255 + np.abs(share) ** 0.7 * (strong - 255)  # shows weak responses too
    mixed[np.isnan(plane)] = UNKNOWN
    colours: NDArray[np.uint8] = mixed.round().astype(np.uint8)
    return colours
